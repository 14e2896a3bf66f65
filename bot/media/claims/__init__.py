"""What files claim of themselves: read and counted before any decoder is shown them.

Ask `animations` whether a GIF, WebP or PNG moves, and for how long.
"""
