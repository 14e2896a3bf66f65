"""What people's Discord clients do: they see, write, react, and use the bot.

Ask `client` for all of it. These routes are the sandbox's own; their other end is
`sandbox.clients.person.PersonClient`.
"""
