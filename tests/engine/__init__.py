"""Tests of the stand-in provider and its renderer."""
