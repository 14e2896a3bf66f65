"""A database copied into another one, of either kind."""
