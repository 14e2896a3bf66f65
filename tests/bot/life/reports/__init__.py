"""Deleting videos, and reporting what should not stand."""
