"""From a stance to a frame: the subject as a puppet of layers, moved and put before its background.

Ask `stage` to paint a frame; nothing here opens a file.
"""
