"""Rules broken on purpose, each alone and in a copy, to see which tests notice."""
