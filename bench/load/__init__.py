"""How the bot bears load, beside two bare bots on the same stand-ins: `python -m bench.load`."""
