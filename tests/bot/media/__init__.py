"""Strangers' files."""
