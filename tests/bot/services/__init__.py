"""What people may do, many at once."""
