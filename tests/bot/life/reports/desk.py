"""What deleting and reporting begin with: a finished post, and buttons that anybody could see."""

from pathlib import Path

from sandbox.clients.person import Json, PersonClient
from sandbox.discord.state.model import Overwrite
from sandbox.discord.state.permissions import Permission
from sandbox.discord.state.seed import BOT_ID, MODERATOR_ID, STUDIO_ID
from tests.bot.life.members.test_door import Sender
from tests.bot.life.world import Life


async def delivered(life: Life, name: str = "ben", channel: str = "general") -> PersonClient:
    """Somebody with a finished post."""
    if not life.bot_is_online:
        await life.start()
    person = await life.person(name)
    await life.mimic(person, channel)
    await life.reaches("delivered", step_s=1.0)
    await life.until(lambda: "delivered" in str(life.rows("SELECT card_shown FROM jobs")))
    return person


def hide(life: Life, channel: str = "showroom") -> None:
    """From here on only moderators and the bot see this channel."""
    view = int(Permission.VIEW_CHANNEL)
    life.world.channels[channel].overwrites += [
        Overwrite(STUDIO_ID, 0, deny=view),
        Overwrite(MODERATOR_ID, 0, allow=view),
        Overwrite(BOT_ID, 1, allow=view),
    ]


def kept(life: Life) -> list[Path]:
    """The files that are kept of the only job."""
    folder = life.folder / "data" / "media" / life.job_id()
    return list(folder.iterdir()) if folder.exists() else []


async def post_of(life: Life, person: PersonClient, channel: str = "general") -> Json | None:
    """The finished post, as long as it stands."""
    return next(iter(await life.posts(person, life.channel(channel))), None)


def card_with(life: Life, custom_id: str, channel: str = "general") -> Json:
    """A message of the bot's with this button."""
    button = {"type": 2, "id": 2, "style": 2, "label": "Press", "disabled": False}
    buttons = [button | {"custom_id": custom_id}]
    row = {"type": 1, "id": 1, "components": buttons}
    return {"id": str(Sender(life, channel=channel).card(buttons)), "components": [row]}
