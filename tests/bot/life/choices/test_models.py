"""Several models: in the command, on cards, in a server's rules; each is sent what it takes."""

import pytest

from bot.core.models import MODELS, Model
from engine.api import models as stand_ins
from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from tests.bot.life.moderators.deeds import add_patrons, choose, settings
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

OFFERED: dict[str, dict[str, float]] = {"pixverse-mimic": {}, "p-video-animate": {}, "scail": {}}
MADE_UP = Model(
    slug="made-up",
    name="Made Up",
    character="dreams",
    subject="face",
    motion="dance",
    quality="sharpness",
    usual_quality="1080p",
    dollars_per_s={"480p": 0.01, "1080p": 0.5},
    usual_run_s=30.0,
    always={"wish": "Dance."},
)


@pytest.fixture
def _made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry here, and one where the provider is stood in for."""
    stand_in = stand_ins.Model(
        slug="made-up",
        subject="face",
        motion="dance",
        quality="sharpness",
        short_sides={"480p": 480, "1080p": 1080},
        default_quality="1080p",
        dollars_per_s={"480p": 0.01, "1080p": 0.5},
        others={"wish": str},
        required=frozenset({"wish"}),
    )
    monkeypatch.setitem(MODELS, "made-up", MADE_UP)
    monkeypatch.setitem(stand_ins.MODELS, "made-up", stand_in)


async def mimic(life: Life, person: PersonClient, **options: str) -> int:
    files = {"image": life.picture, "video": life.motion}
    return await person.use(life.channel("general"), "mimic", options, files)


async def test_one_model_is_no_choice(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    offered = {one["name"]: one for one in await ada.commands(life.channel("general"))}
    assert [option["name"] for option in offered["mimic"]["options"]] == [
        "image",
        "video",
        "image_url",
        "video_url",
        "motion",
        "quality",
        "start",
        "length",
    ]
    quality = offered["mimic"]["options"][5]
    assert [choice["value"] for choice in quality["choices"]] == ["360p", "540p", "720p"]
    named = [option["name"] for option in offered["settings"]["options"]]
    assert "qualities" in named
    assert "models" not in named


@pytest.mark.usefixtures("_made_up")
@pytest.mark.parametrize(
    ("slug", "made", "cost"),
    [
        ("pixverse-mimic", "PixVerse Mimic 540p", 2),
        ("p-video-animate", "P-Video Animate 720p", 1),
        ("wan-animate", "Wan Animate 480p", 4),
        ("scail", "SCAIL 480p", 4),
        ("made-up", "Made Up 1080p", 10),
    ],
)
async def test_each_makes_a_video(life: Life, slug: str, made: str, cost: int) -> None:
    await life.start(models={slug: {} for slug in MODELS})
    ada = await life.person("ada")
    await mimic(life, ada, model=slug)
    await ada.wait_for(says("learning to move", made, f"{cost} credit"))
    await life.reaches("delivered", step_s=1.0)
    [run] = life.provider.accepted
    assert (run.inputs.model.slug, run.inputs.quality) == (slug, made.rpartition(" ")[2])
    assert life.rows("SELECT model, quality FROM attempts") == [(slug, run.inputs.quality)]
    [post] = await life.posts(ada, life.channel("general"))
    assert f"{made} · 2 s" in text_of(post)
    assert life.money() == ["hold", "capture"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "scail", "quality": "1080p"}, "SCAIL does not make 1080p: choose 480p"),
        (
            {"model": "kling-2.6-pro-motion-control"},
            "Kling 2.6 Pro takes videos of 3 to 30 seconds, and yours has 2: give another one",
        ),
    ],
)
async def test_what_a_model_cannot_do_is_said_and_costs_nothing(
    life: Life, options: dict[str, str], said: str
) -> None:
    await life.start(models={slug: {} for slug in MODELS})
    ada = await life.person("ada")
    await mimic(life, ada, **options)
    await ada.wait_for(says(said))
    assert (life.money(), life.provider.accepted) == ([], [])


async def test_an_offer_shows_the_cheapest_the_usual_and_the_best(life: Life) -> None:
    await life.start(models=OFFERED)
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    assert [label for label in buttons_of(card) if label != "Never mind"] == [
        "P-Video Animate 720p · 1 credit",
        "PixVerse Mimic 540p · 2 credits",
        "P-Video Animate 1080p · 2 credits",
    ]
    usual = (
        "**PixVerse Mimic 540p** is the usual, and takes about 2 min: for people and animals alike."
    )
    assert usual in text_of(card)
    await ben.outcome(await ben.click(channel, int(card["id"]), button(card, "P-Video")))
    await life.reaches("delivered", step_s=1.0)
    [run] = life.provider.accepted
    assert (run.inputs.model.slug, run.inputs.quality) == ("p-video-animate", "720p")
    credits = await ben.outcome(await ben.use(channel, "credits"))
    assert "P-Video Animate 720p 3 · 1080p 6; SCAIL 480p 20" in text_of(credits["message"])


async def test_a_server_opens_some_and_a_role_adds_others(life: Life) -> None:
    patron = add_patrons(life, "cleo")
    await life.start(models=OFFERED)
    ada, ben, cleo = [await life.person(name) for name in ("ada", "ben", "cleo")]
    general = life.channel("general")
    card = await settings(life, ada, "models")
    outcome = await choose(ada, general, card, "pixverse-mimic")
    assert "**Models**: all that there are → PixVerse Mimic" in text_of(outcome["message"])
    card = await settings(life, ada, "models", role=str(patron))
    outcome = await choose(ada, general, card, "scail")
    assert "**Models**: nothing more → SCAIL" in text_of(outcome["message"])
    shown = text_of(await settings(life, ada, "show"))
    assert "**Models**: PixVerse Mimic, for everybody" in shown
    assert f"<@&{patron}>: also SCAIL" in shown

    outcome = await ben.outcome(await mimic(life, ben, model="scail"))
    said = "SCAIL is not open to you in this server: choose PixVerse Mimic."
    assert said in text_of(outcome["message"])
    await mimic(life, cleo, model="scail")
    await life.reaches("rendering")
    assert [run.inputs.model.slug for run in life.provider.accepted] == ["scail"]


async def test_what_is_offered_no_more_is_said_where_it_was_promised(life: Life) -> None:
    await life.start(models=OFFERED)
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    await life.stop()
    await life.start()
    outcome = await ben.outcome(await ben.click(channel, int(card["id"]), button(card, "P-Video")))
    assert "P-Video Animate is not offered: choose PixVerse Mimic." in text_of(outcome["message"])
    assert life.money() == []


async def test_a_prompt_is_told_to_who_listens(life: Life) -> None:
    await life.start(models=OFFERED)
    ada = await life.person("ada")
    outcome = await ada.outcome(await mimic(life, ada, prompt="Wave."))
    assert "PixVerse Mimic takes no prompt: leave it out" in text_of(outcome["message"])
    await mimic(life, ada, model="scail", prompt="  Wave,\n and smile. ")
    await life.reaches("delivered", step_s=1.0)
    [run] = life.provider.accepted
    assert run.inputs.as_sent["prompt"] == "Wave, and smile."
    assert life.rows("SELECT prompt FROM attempts") == [("Wave, and smile.",)]
