"""Whose wallet pays for a request, and who belongs to a server with which roles.

Ask `wallets` what somebody has and who pays; ask `members` who is in a server now.
"""
