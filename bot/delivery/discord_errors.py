"""What a call to Discord may raise, and whether that is its last word."""

import discord
from aiohttp import ClientError

LOST = (discord.HTTPException, ClientError, OSError, TimeoutError)
"""Whatever a call to Discord may raise."""

EDITED_TOO_OFTEN = 30046
"""Discord's word for a message older than an hour: it may be edited, but later."""


def is_refusal(error: BaseException) -> bool:
    """Whether Discord said no for good; asking on would get the bot blocked."""
    if not isinstance(error, discord.HTTPException) or error.code == EDITED_TOO_OFTEN:
        return False
    return error.status < 500 and error.status != 429
