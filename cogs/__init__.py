"""Thin Discord commands and buttons: each parses, asks a service, and shows a card."""
