"""How what comes over the network gets to disk."""
