"""What a tester can set and press while this Discord runs, as the page shows it."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

from sandbox.clock import MovableClock
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.bodies import read_fields
from sandbox.discord.wire import Json, answer

MOST_AHEAD_S = 366 * 24 * 3600.0


class Kind(StrEnum):
    """How a control is used; its value is a bool, nothing, one of the choices, or a number."""

    SWITCH = "switch"
    BUTTON = "button"
    CHOICE = "choice"
    NUMBER = "number"


async def _nothing() -> None:
    """A button has no value."""


@dataclass(frozen=True, slots=True)
class Control:
    """One thing to set or to press.

    `apply` gets a value that fits the kind; it may raise `Refusal`, as may `value`, which is then
    shown as unknown. `choices` are labels by value. `label` and `help` are one plain sentence each.
    """

    id: str
    group: str
    label: str
    help: str
    kind: Kind
    apply: Callable[[Any], Awaitable[None]]
    value: Callable[[], Awaitable[object]] = _nothing
    choices: Mapping[str, str] | None = None
    unit: str | None = None

    @classmethod
    def button(
        cls, name: str, group: str, label: str, helps: str, press: Callable[[], Awaitable[None]]
    ) -> "Control":
        """One to press; `name` is its id, and `helps` what it does."""

        async def apply(_: object) -> None:
            await press()

        return cls(name, group, label, helps, Kind.BUTTON, apply)

    async def shown(self) -> Json:
        """The control as the page gets it."""
        try:
            value = await self.value()
        except Refusal:
            value = None
        choices = self.choices or {}
        return {
            "id": self.id,
            "group": self.group,
            "label": self.label,
            "help": self.help,
            "kind": self.kind.value,
            "value": value,
            "choices": [{"value": key, "label": label} for key, label in choices.items()] or None,
            "unit": self.unit,
        }

    def check(self, value: object) -> None:
        """Refusal if a value does not fit the kind."""
        match self.kind, value:
            case (Kind.BUTTON, _) | (Kind.SWITCH, bool()):
                return
            case Kind.SWITCH, _:
                raise Refusal(f"“{self.label}” is either on or off.")
            case Kind.CHOICE, str() if value in (self.choices or {}):
                return
            case Kind.CHOICE, _:
                choices = ", ".join(self.choices or {})
                raise Refusal(f"“{self.label}” is one of {choices}.")
            case Kind.NUMBER, int() | float() if not isinstance(value, bool) and _is_finite(value):
                return
            case _:
                raise Refusal(f"“{self.label}” takes a number.")


class Controls:
    """Every control, in the order of its adding; one with an id that is there takes its place."""

    def __init__(self) -> None:
        self._controls: dict[str, Control] = {}
        self.listeners: list[Callable[[Json], None]] = []

    def add(self, *controls: Control) -> None:
        """Show these too."""
        self._controls |= {control.id: control for control in controls}

    def routes(self) -> list[web.RouteDef]:
        """Paths below the people's address, and handlers."""
        return [web.get("/controls", self.show), web.post("/controls", self.use)]

    async def show(self, _request: web.Request) -> web.Response:
        """`{"controls": [...]}` with each one's value now."""
        return answer(await self.shown())

    async def use(self, request: web.Request) -> web.Response:
        """Set or press one, `{"id", "value"}`; how all are then is the answer, and told to all."""
        asked = (await read_fields(request)).raw
        control = self._controls.get(str(asked.get("id")))
        if control is None:
            raise Refusal("There is no such control.")
        control.check(asked.get("value"))
        await control.apply(asked.get("value"))
        return answer(await self.tell())

    async def tell(self) -> Json:
        """Show everybody how the controls are now, for instance after something ended by itself."""
        shown = await self.shown()
        for listener in self.listeners:
            listener(shown)
        return shown

    async def shown(self) -> Json:
        """Every control as the page gets it."""
        return {
            "controls": await asyncio.gather(
                *(control.shown() for control in self._controls.values())
            )
        }


def clock_control(clock: MovableClock, advance: Callable[[float], Awaitable[None]]) -> Control:
    """How far a clock is ahead of real time; `advance` moves it on by so many seconds."""

    async def ahead_s() -> float:
        return clock.ahead_s

    async def move_to(seconds: float) -> None:
        if seconds < clock.ahead_s:
            raise Refusal(f"Time only moves forward: it is {clock.ahead_s:g} s ahead already.")
        if seconds > MOST_AHEAD_S:
            raise Refusal(f"A year is enough: at most {MOST_AHEAD_S:.0f} s.")
        await advance(seconds - clock.ahead_s)

    return Control(
        id="clock",
        group="Time",
        label="Clock, ahead of real time",
        help="Moves time forward, so that links, tokens and deadlines end sooner.",
        kind=Kind.NUMBER,
        apply=move_to,
        value=ahead_s,
        unit="s",
    )


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < 2**53 and math.isfinite(value)
