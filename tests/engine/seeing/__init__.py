"""From pixels to people."""
