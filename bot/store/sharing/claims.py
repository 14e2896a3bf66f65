"""How a program stands on a database, and on the folder of files that goes with it."""

from enum import Enum, auto


class Claim(Enum):
    """Who else may be there."""

    BESIDE = auto()
    """Anybody: a command beside the bot."""

    PEER = auto()
    """Other processes of the same bot, where the database can be shared."""

    ALONE = auto()
    """Nobody that runs the bot, or takes it all: copies, repairs."""
