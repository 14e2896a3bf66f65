"""What a tester can set and press on the page."""

from typing import Any

import aiohttp
import pytest

from sandbox.clients.person import PersonClient
from sandbox.discord.page.controls import Control, Controls, Kind
from sandbox.discord.refusals import Refusal
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.sandbox.raw import Rest


class Panel:
    """The controls, over HTTP."""

    def __init__(self, session: aiohttp.ClientSession, server: DiscordServer) -> None:
        self._session = session
        self._url = f"{server.people_url}/controls"

    async def shown(self) -> dict[str, Any]:
        """Each control by its id."""
        async with self._session.get(self._url) as response:
            assert response.status == 200
            return by_id(await response.json())

    async def set(self, id_: object, value: object = None) -> Any:
        """The controls by id, or the sentence of a refusal."""
        async with self._session.post(self._url, json={"id": id_, "value": value}) as response:
            body = await response.json()
            return by_id(body) if response.status == 200 else body["message"]


def by_id(body: Any) -> dict[str, Any]:
    return {control["id"]: control for control in body["controls"]}


@pytest.fixture
def panel(rest: Rest, server: DiscordServer) -> Panel:
    return Panel(rest.session, server)


class Lamp:
    """Something to control."""

    def __init__(self) -> None:
        self.value: Any = False
        self.is_broken = False

    async def read(self) -> object:
        if self.is_broken:
            raise Refusal("The lamp is broken.")
        return self.value

    async def set(self, value: Any) -> None:
        await self.read()
        self.value = value

    def control(self, kind: Kind, id_: str = "lamp") -> Control:
        return Control(
            id=id_,
            group="Room",
            label="Lamp",
            help="Lights up.",
            kind=kind,
            apply=self.set,
            value=self.read,
            choices={"dim": "a little", "bright": "much"} if kind is Kind.CHOICE else None,
            unit="lm" if kind is Kind.NUMBER else None,
        )


async def test_the_servers_own_controls_say_what_they_are(panel: Panel) -> None:
    shown = await panel.shown()
    assert list(shown) == [
        *("rest-fault", "gateway-drop", "gateway-invalidate", "clock"),
        *("locale-studio", "locale-garden", "locale-attic"),
    ]
    for control in shown.values():
        assert set(control) == {
            *("id", "group", "label", "help", "kind", "value", "choices", "unit"),
        }
        assert control["help"].endswith(".")
        assert control["kind"] in {"switch", "button", "choice", "number"}
    assert shown["gateway-drop"]["value"] is None
    assert shown["rest-fault"]["choices"][0] == {"value": "none", "label": "as usual"}


@pytest.mark.parametrize(
    ("kind", "fits", "others"),
    [
        (Kind.SWITCH, [True, False], [1, "on", None]),
        (Kind.CHOICE, ["dim", "bright"], ["dark", None, ["dim"], True]),
        (Kind.NUMBER, [0, 1.5, -3], ["1", None, True, 1e300, [1]]),
        (Kind.BUTTON, [None, "anything"], []),
    ],
)
async def test_a_value_must_fit(
    panel: Panel, server: DiscordServer, kind: Kind, fits: list[object], others: list[object]
) -> None:
    lamp = Lamp()
    server.controls.add(lamp.control(kind))
    for value in fits:
        assert (await panel.set("lamp", value))["lamp"]["value"] == value
        assert lamp.value == value
    lamp.value = "untouched"
    for value in others:
        sentence = await panel.set("lamp", value)
        assert isinstance(sentence, str)
        assert sentence.startswith("“Lamp” ")
    assert lamp.value == "untouched"


async def test_what_is_not_there_or_not_json_is_refused(panel: Panel, rest: Rest) -> None:
    for id_ in ("nothing", None, ["clock"]):
        assert await panel.set(id_) == "There is no such control."
    async with rest.session.post(panel._url, data=b"{") as response:
        assert response.status == 400
        assert (await response.json())["message"]


async def test_everybody_hears_of_a_change(
    panel: Panel, server: DiscordServer, ada: PersonClient, ben: PersonClient
) -> None:
    lamp = Lamp()
    server.controls.add(lamp.control(Kind.SWITCH))
    await panel.set("lamp", True)
    for person in (ada, ben):
        event = await person.wait_for(lambda event: event["type"] == "controls")
        assert by_id(event)["lamp"]["value"] is True
    lamp.is_broken = True
    await server.controls.tell()
    event = await ada.wait_for(lambda event: event["type"] == "controls")
    assert by_id(event)["lamp"]["value"] is None
    assert await panel.set("lamp", False) == "The lamp is broken."


async def test_controls_from_outside_come_next_or_take_a_place(world: World) -> None:
    own = [Lamp().control(Kind.SWITCH), Lamp().control(Kind.NUMBER, "clock")]
    async with DiscordServer(world, controls=own) as server, aiohttp.ClientSession() as session:
        shown = await Panel(session, server).shown()
        assert list(shown)[3:5] == ["clock", "lamp"]
        assert shown["clock"]["label"] == "Lamp"


async def test_the_clock_is_set_ahead_and_never_back(panel: Panel, world: World) -> None:
    before = world.clock.time()
    assert (await panel.set("clock", 900))["clock"]["value"] == 900
    assert 900 <= world.clock.time() - before < 1000
    assert (await panel.set("clock", 900))["clock"]["value"] == 900
    assert await panel.set("clock", 60) == ("Time only moves forward: it is 900 s ahead already.")
    assert "A year is enough" in await panel.set("clock", 1e9)
    assert world.clock.ahead_s == 900


def test_ids_are_unique() -> None:
    controls = Controls()
    controls.add(Lamp().control(Kind.SWITCH), Lamp().control(Kind.NUMBER))
    controls.add(Lamp().control(Kind.BUTTON))
    assert len(controls.routes()) == 2
