"""What people read where something is wrong, by what it is about."""
