"""What members keep here for themselves, as they see it."""
