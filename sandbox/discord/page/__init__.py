"""The page at which a person uses this Discord, and what a tester can set on it."""
