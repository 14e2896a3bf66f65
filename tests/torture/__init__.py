"""The real bot between two servers that fail and kill, and what must be true afterwards."""
