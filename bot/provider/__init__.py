"""The provider's API as it goes over the wire; it knows nothing of jobs or Discord.

Ask `client` to submit, poll and look in the history, and the breaker whether to ask at all.
"""
