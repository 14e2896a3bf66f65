"""The provider's API on the wire."""
