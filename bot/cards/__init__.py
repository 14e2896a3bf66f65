"""Everything that a person reads, in words and as Discord's components; it decides nothing.

Ask a module for the card that it is named after, and `sentences` for any refusal in words.
"""
