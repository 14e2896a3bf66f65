"""Moving a bot from one database to another."""
