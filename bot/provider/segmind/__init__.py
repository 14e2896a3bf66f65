"""Segmind, and whoever speaks as it does: what goes over the wire, and what the answers say."""
