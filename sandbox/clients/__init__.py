"""People with a Discord client, seen from outside: over HTTP, or at the page in a real browser.

Ask `person` to act and to wait for what appears, and `transcript` how a message reads.
"""
