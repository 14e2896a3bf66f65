"""What people may do with motions that are kept by name."""
