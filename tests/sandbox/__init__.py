"""Tests of the sandbox, with the real discord.py as the client."""

import warnings

# For voice, discord.py imports audioop, which Python 3.11 deprecates: nothing of ours to mend.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord as discord
