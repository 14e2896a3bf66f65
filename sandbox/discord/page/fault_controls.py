"""A tester's switches for Discord's bad moments: answers that fail, a gateway that goes away."""

from collections.abc import Mapping

from sandbox.discord.gateway.sockets import Gateway
from sandbox.discord.page.controls import Control, Kind
from sandbox.faults import answers
from sandbox.faults.injector import Fault, Faults, Rule

GROUP = "Discord"
NONE = "none"
REST = "discord"
"""The name of the bots' REST among the servers that faults befall."""

REST_FAULTS: Mapping[str, tuple[str, Fault]] = {
    "503-before": ("503, and nothing happens", answers.text(503)),
    "502-after": ("502, though it has happened", answers.text(502, after=True)),
}


class FaultControls:
    """`chosen` is what befalls each of a bot's REST calls: a key of `REST_FAULTS`, or "none"."""

    def __init__(self, faults: Faults, gateway: Gateway) -> None:
        self._faults = faults
        self._gateway = gateway
        self._rule: Rule | None = None
        self.chosen = NONE

    async def choose(self, name: str) -> None:
        """Let this befall every call, until it is set back."""
        if self._rule is not None:
            self._faults.rules.remove(self._rule)
        self._rule = None if name == NONE else Rule(REST_FAULTS[name][1], server=REST)
        if self._rule is not None:
            self._faults.rules.insert(0, self._rule)
        self.chosen = name

    def controls(self) -> list[Control]:
        """A tester's switches for all of this."""

        async def shown() -> str:
            return self.chosen

        async def drop() -> None:
            self._gateway.drop_all()

        async def invalidate() -> None:
            self._gateway.invalidate_all()

        return [
            Control(
                id="rest-fault",
                group=GROUP,
                label="Answers to the bot",
                help="Lets every call of the bot's fail until it is set back.",
                kind=Kind.CHOICE,
                apply=self.choose,
                value=shown,
                choices={
                    NONE: "as usual",
                    **{name: label for name, (label, _) in REST_FAULTS.items()},
                },
            ),
            Control.button(
                *("gateway-drop", GROUP, "Drop the bot's connection"),
                "Closes the gateway; the bot should come back and miss nothing.",
                drop,
            ),
            Control.button(
                *("gateway-invalidate", GROUP, "End the bot's session"),
                "Tells the bot that its session is gone; it should log in anew.",
                invalidate,
            ),
        ]
