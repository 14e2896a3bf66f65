"""How the tables came to be as they are, step by step, on either kind of database."""
