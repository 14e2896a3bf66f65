"""What everybody may do."""
