"""Tests of the sandbox, with the real discord.py as the client."""
