"""Whose wallet pays for a request, and who belongs to a server with which roles.

Ask `wallets` what somebody has and who pays; ask `members` who is in a server now. Of links that
people give, `links` says what they are, and `messages` which file of a message they lead to.
"""
