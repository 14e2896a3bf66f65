"""Drawn people: pictures and clips whose joints are known exactly, so that nobody's are needed.

Ask `figures` for a picture or a clip.
"""
