"""Bad moments on demand."""
