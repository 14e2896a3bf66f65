"""Links in a file's place, followed by the whole bot."""
