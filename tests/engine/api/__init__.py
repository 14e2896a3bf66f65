"""The provider's API."""
