"""What only a PostgreSQL can show."""
