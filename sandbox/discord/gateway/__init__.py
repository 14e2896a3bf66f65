"""The gateway: websockets with their close codes, and sessions that can be resumed."""
