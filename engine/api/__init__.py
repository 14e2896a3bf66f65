"""The provider's v2 API over HTTP: its jobs, history, files, habits and faults.

Ask `server` for a running one; it knows a renderer only as a program to start.
"""
