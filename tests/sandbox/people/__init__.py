"""People's own clients."""
