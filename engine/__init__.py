"""The offline stand-in for the provider: its v2 API on this machine, and a renderer behind it."""
