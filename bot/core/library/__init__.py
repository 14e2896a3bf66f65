"""Motions that are kept for everybody in a server, and those that ship with the bot."""
