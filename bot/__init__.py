"""Marionette: a Discord bot that makes a still picture move like a video."""
