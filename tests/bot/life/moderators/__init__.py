"""Moderators at work."""
