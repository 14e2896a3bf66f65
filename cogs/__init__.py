"""Thin Discord faces: a command parses, calls the service, and shows a card."""
