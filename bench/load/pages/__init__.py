"""What was measured, as docs/performance.md tells it."""
