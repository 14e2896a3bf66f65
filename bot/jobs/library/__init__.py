"""What jobs of the same motion share: one link to it at each provider."""
