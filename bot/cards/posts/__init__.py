"""The finished post, and the cards of what hangs on it."""
