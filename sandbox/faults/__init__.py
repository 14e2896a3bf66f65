"""The outside world's bad moments, for any aiohttp server: before a request's effect or after it.

Ask `injector` which request is struck and when, and `answers` for what it gets instead.
"""
