"""Links in a file's place: what comes of them, and that nobody else ever follows them."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from ipaddress import ip_address

import pytest
from aiohttp import web

from bot.media import addresses
from bot.media.downloads import Downloads
from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from tests.bot import tls
from tests.bot.life.choices.test_parts import name_part
from tests.bot.life.world import Life
from tests.bot.local_server import serve
from tests.bot.media.test_downloads import Names
from tests.e2e.stage import says
from tests.media_samples import make_motion

HOST = "elsewhere.example"


class Strangers:
    """A server of somebody's, with both files; it counts who asks, and may become another."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self.base = ""
        self.asked: list[str] = []
        self.goes_on = asyncio.Event()
        self.long = life.motion

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        match request.path.split("/")[-1]:
            case "cat.jpg":
                return web.FileResponse(self._life.picture)
            case "long.mp4":
                return web.FileResponse(self.long)
            case "dance.mp4":
                return web.FileResponse(self._life.motion)
            case "page":
                return web.Response(text="<p>", content_type="text/html")
            case "slow.jpg":
                await self.goes_on.wait()
                return web.FileResponse(self._life.picture)
            case "large.jpg":
                return web.Response(body=bytes(20_000_001))
            case "in":
                raise web.HTTPFound(f"{self._life.provider.api_url}/metrics")
        return web.Response(status=404)


@pytest.fixture
async def strangers(life: Life, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Strangers]:
    """It is on the open internet, at the usual port, and the bot runs."""
    really, here = addresses.is_public, ip_address("127.0.0.1")
    monkeypatch.setattr(
        "bot.media.downloads.is_public", lambda address: address == here or really(address)
    )
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", tls.of_a_client())
    monkeypatch.setattr("bot.wiring.Downloads", partial(Downloads, Names({HOST: [str(here)]})))
    made = Strangers(life)
    async with serve(made.handle, tls.of_a_server()) as url:
        port = int(url.rpartition(":")[2])
        monkeypatch.setattr("bot.media.downloads._USUAL_PORT", port)
        made.base = f"https://{HOST}:{port}"
        await life.start()
        yield made


async def ask(life: Life, person: PersonClient, **links: str) -> int:
    files = {
        name: path
        for name, path in (("image", life.picture), ("video", life.motion))
        if f"{name}_url" not in links
    }
    options = {"quality": "360p", **links}
    return await person.use(life.channel("general"), "mimic", options, files)


async def test_the_provider_never_gets_a_strangers_link(life: Life, strangers: Strangers) -> None:
    """The files are fetched once and sent from here: the second time there could be others."""
    ada = await life.person("ada")
    urls = {"image_url": f"{strangers.base}/cat.jpg", "video_url": f"{strangers.base}/dance.mp4"}
    await ask(life, ada, **urls)
    await life.reaches("delivered", step_s=1.0)
    assert strangers.asked == ["/cat.jpg", "/dance.mp4"]
    [run] = life.provider.accepted
    assert HOST not in f"{run.inputs} {life.rows('SELECT * FROM attempts')}"
    assert "/assets/" in (run.inputs.image_url or "")
    assert "/assets/" in run.inputs.video_url
    assert life.money() == ["hold", "capture"]


async def test_discords_own_link_to_a_motion_is_handed_on(life: Life) -> None:
    """The picture's is not, which somebody else may give as well."""
    await life.start()
    ada = await life.person("ada")
    message = await ada.send(life.channel("showroom"), files=[life.picture, life.motion])
    picture, motion = (each["url"] for each in message["attachments"])
    await ask(life, ada, image_url=f"<{picture}>", video_url=motion)
    await life.reaches("rendering", step_s=1.0)
    [run] = life.provider.accepted
    assert run.inputs.video_url == motion
    assert "/assets/" in (run.inputs.image_url or "")


async def test_slow_servers_keep_only_links_waiting(life: Life, strangers: Strangers) -> None:
    for name in ("ada", "cleo", "dana", "eve"):
        await ask(life, await life.person(name), image_url=f"{strangers.base}/slow.jpg")
    await life.until(lambda: len(strangers.asked) == 4)
    await life.mimic(await life.person("ben"))
    await life.reaches(*["checking"] * 4, "rendering")
    strangers.goes_on.set()
    await life.until(lambda: "checking" not in life.states())


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/page", "That link leads to a page, and not to the picture itself"),
        ("/gone.jpg", "I could not get the picture from that link"),
        ("/large.jpg", "The picture behind that link has over 20 MB"),
        ("/dance.mp4", "`dance.mp4` is a video, and I need a picture"),
        ("/in", "I could not get the picture from that link"),
    ],
)
async def test_what_a_link_leads_to_is_said(
    life: Life, strangers: Strangers, path: str, words: str
) -> None:
    ada = await life.person("ada")
    await ask(life, ada, image_url=strangers.base + path)
    card = (await ada.wait_for(says(words)))["message"]
    assert card["flags"] & 64
    assert life.states() == ["failed"]


async def test_what_runs_here_is_not_asked(life: Life, strangers: Strangers) -> None:
    """Not even in a world that is all on this machine."""
    ada = await life.person("ada")
    for url in (f"{life.discord.api_url}/gateway", "http://127.0.0.1:9090/metrics"):
        before = len(life.discord.requests)
        await ask(life, ada, image_url=url)
        await ada.wait_for(says("I could not get the picture from that link"))
        assert not [r for r in list(life.discord.requests)[before:] if r.path == "/gateway"]
    assert strangers.asked == []


async def test_one_of_each_is_needed(life: Life) -> None:
    """Told to the person alone, and nothing is saved."""
    await life.start()
    ada = await life.person("ada")
    both = {"image": life.picture, "video": life.motion}
    link = "https://example.com/a"
    for options, files, words in (
        ({}, {}, "Give a picture (`image`), and a `video` or one of my motions (`motion`)"),
        ({"image_url": " ", "video_url": " ", "motion": " "}, {}, "Give a picture (`image`)"),
        ({"motion": "Bow"}, {}, "The picture is missing: give it as `image` or its link as"),
        ({"image_url": link}, {}, "The video is missing: give it as `video`"),
        ({"image_url": " ", "video_url": link}, {}, "The picture is missing"),
        ({"image_url": link}, both, "leave out `image` or `image_url`"),
        ({"video_url": link}, both, "keep one of `video`, `video_url` and `motion`"),
        ({"image_url": "cat.jpg", "video_url": link}, {}, "for the picture is no link"),
    ):
        used = await ada.use(life.channel("general"), "mimic", options, files)
        outcome = await ada.outcome(used)
        assert outcome["ephemeral"]
        assert words in text_of(outcome["message"])
    assert life.states() == []


async def test_what_signs_a_link_is_for_nobody_else(life: Life, strangers: Strangers) -> None:
    """A question about a command's files stands where everybody reads it."""
    long = life.folder / "long.mp4"
    strangers.long = make_motion(long, duration_s=40.0, fps=3, size=(120, 160))
    ada, ben, general = await life.person("ada"), await life.person("ben"), life.channel("general")
    await ask(life, ada, video_url=f"{strangers.base}/long.mp4?X-Amz-Signature=topsecret")
    card = (await ben.wait_for(says("Which part", "`long.mp4`")))["message"]
    assert "topsecret" not in str(await ben.messages(general))
    for start in range(2, 10):
        label = "Choose…" if start == 2 else "Another part…"
        await name_part(ada, general, card, label, start=str(start), length="5")
        card = (await ada.wait_for(says(f"5 s from 0:0{start} of")))["message"]
    assert life.states() == ["checking"], "looking at parts is no further link"
