"""A Discord on the wire: REST v10 and gateway v10 on 127.0.0.1, and the people who use it.

Ask `server` for a running one of a `state.world`; `state.seed` makes the world that all runs share.
"""
