"""What people may do: members about their requests, moderators about credits, rules and jobs.

Ask it to do one thing; it does it whole, or raises `Refused` and nothing has changed.
"""
