"""What the application has of its own: its commands, and its emoji."""
