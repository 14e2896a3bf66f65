"""Writing a file anew, inside the worker, as whoever gets it takes it.

Ask `motion` for videos, of which `colours` has the colours, and `picture` for pictures.
"""
