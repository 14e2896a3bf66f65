"""The cards of `/settings`: all that holds in a server, what was changed, and what to choose."""
