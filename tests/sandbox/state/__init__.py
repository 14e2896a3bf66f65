"""What is true in the world."""
