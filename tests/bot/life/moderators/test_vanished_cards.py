"""A card that somebody deletes while its press is answered: what was done is told all the same."""

from sandbox.discord.schema.parts import walk
from sandbox.discord.state.model import InteractionType
from tests.bot.life.members.test_door import SELECT, Sender
from tests.bot.life.moderators.desk import desk
from tests.bot.life.moderators.test_moderating import waiting
from tests.bot.life.world import Life


def whose(life: Life, name: str) -> str:
    """The server's and the person's id, as cards carry them."""
    return f"{life.world.guilds['studio'].id}:{life.world.users[name].id}"


async def test_a_choice_counts(life: Life) -> None:
    await life.start()
    await (await desk(life, "ada")).use("settings qualities")
    choice = f"marionette:qualities:{whose(life, 'ada')}:0"
    said = await Sender(life).presses(choice, "360p", kind=SELECT, vanishes=True)
    assert "360p" in said
    assert life.rows("SELECT count(*) FROM actions WHERE action = 'settings'") == [(1,)]


async def test_a_confirmation_counts(life: Life) -> None:
    await life.start()
    dana = await desk(life, "dana")
    question = await dana.use("quota block", member=str(life.world.users["ben"].id), reason="spam")
    yes = next(part["custom_id"] for part in walk(question["components"]) if "custom_id" in part)
    assert "is blocked" in await Sender(life, "dana").presses(yes, vanishes=True)


async def test_a_page_is_shown_anew(life: Life) -> None:
    await life.start()
    await (await desk(life, "dana")).use("moderate jobs")
    page = f"marionette-jobs:here:{whose(life, 'dana')}:0:all:0"
    assert "in this server" in await Sender(life, "dana").presses(page, vanishes=True)


async def test_a_form_goes_on(life: Life) -> None:
    _, queued = await waiting(life)
    await (await desk(life, "dana")).use("moderate jobs")
    sender = Sender(life, "dana")
    control = {"type": 2, "id": 2, "style": 2, "label": "?", "disabled": False}
    custom_id = f"marionette-job:cancel:{whose(life, 'dana')}:{queued}"
    card = sender.card([control | {"custom_id": custom_id}])
    press = {"custom_id": custom_id, "component_type": 2, "id": 2}
    for vanishes in (True, False):  # just now, or a while ago
        opened = await sender.send(press, InteractionType.COMPONENT, card)
        assert opened.modal
        field = {"type": 4, "id": 2, "custom_id": "reason", "value": "because"}
        form = {"custom_id": opened.modal["custom_id"]}
        form["components"] = [{"type": 1, "id": 1, "components": [field]}]
        kind = InteractionType.MODAL_SUBMIT
        said = await sender.says(form, kind, card if vanishes else None, vanishes=vanishes)
        assert f"waiting job `{queued}`?" in said
        card = sender.card([control | {"custom_id": custom_id}])
