"""The real bot between servers that fail and kill, and what must be true afterwards."""
