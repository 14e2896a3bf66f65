"""The runner's own parts."""
