"""Discord's REST API v10, as far as it is served.

Ask `routes` for all of it; a module is a family of routes, or what several share.
"""
