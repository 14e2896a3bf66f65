"""Strangers' files: bounded downloads, and what a file really is, found in a process of its own.

Ask `downloads` for a file's bytes and `inspect` for its facts; decoders are loaded by `forkserver`
alone.
"""
