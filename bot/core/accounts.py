"""How somebody stands, as it is shown to them and to a server's moderators, and what they like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.actions import HistoryLine
from bot.core.admission import Budget, Standing
from bot.core.jobs import Job, Quality
from bot.core.ledger import Balance
from bot.core.models import Choice
from bot.core.people.languages import Language
from bot.core.rules import Rules
from bot.errors import Refused

CLOSED_FOR_S = 24 * 3600.0
"""Direct messages that were refused are not counted on again before that."""

MOST_PAYERS = 24
"""So many servers have room beside one's own credits where it is chosen who pays."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a server; `timed_out_until` (unix s) is when they may act there again."""

    roles: frozenset[int]
    timed_out_until: float | None = None


@dataclass(frozen=True, slots=True)
class Payer:
    """A server that may pay for somebody's direct messages."""

    server_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Preferences:
    """What somebody likes, wherever they ask; the rules of where they ask come first.

    `notify_directly`: a direct message tells them when a video is ready in a server. `model` and
    `quality` are what is made where they name none (`None`: the usual). Before a price above
    `ask_above` credits they are asked first (`None`: never). `keep_private`: others may use nothing
    of what they post. `language` is what is spoken to them (`None`: that of their Discord).
    `direct_closed_at` (unix s) is when their direct messages last refused such a message.
    """

    notify_directly: bool = False
    model: str | None = None
    quality: Quality | None = None
    ask_above: int | None = None
    keep_private: bool = False
    language: Language | None = None
    direct_closed_at: float | None = None

    @property
    def choice(self) -> Choice | None:
        """What they would have made."""
        return Choice(self.model, self.quality) if self.model and self.quality else None

    def tells_directly(self, at: float) -> bool:
        """Whether a direct message is to tell them of a video, as far as that can reach them."""
        closed_at = self.direct_closed_at
        is_closed = closed_at is not None and 0 <= at - closed_at < CLOSED_FOR_S
        return self.notify_directly and not is_closed


@dataclass(frozen=True, slots=True)
class PartTerms:
    """What the first `length_s` seconds of a motion would be made as, and for how much.

    `beyond` is why that cannot be paid now.
    """

    length_s: float
    choice: Choice
    price: int
    beyond: Refused | None


@dataclass(frozen=True, slots=True)
class Terms:
    """On which an offer could be taken now; its button is judged anew when it is pressed.

    `payer` is the server that would pay (`None`: its requester), `credits` what they have there,
    `prices` are of what is open to them, and `beyond` is why some of it cannot be paid. Where the
    motion is too long, `parts` of it could be taken instead. `preferred` is what they like best,
    whether it is open to them or not.
    """

    payer: str | None
    credits: int
    prices: Mapping[Choice, int]
    beyond: Mapping[Choice, Refused]
    parts: Sequence[PartTerms] = ()
    preferred: Choice | None = None

    @property
    def told(self) -> list[object]:
        """What a card says of them, but not how much others have spent."""
        beyond = [f"{choice} {no.problem}" for choice, no in self.beyond.items()]
        parts = [
            (part.length_s, part.choice, part.price, part.beyond and part.beyond.problem)
            for part in self.parts
        ]
        return [self.credits, self.preferred, *self.prices.items(), *beyond, *parts]


@dataclass(frozen=True, slots=True)
class Wallet:
    """What somebody has here, and what it is worth: `prices` of what is open to them, for ten
    seconds of motion.

    In direct messages `payers` are the servers that may pay instead, `payers_unknown` counts those
    that might, if this person were known to be in them, and `payer` is who pays now; `unusable` is
    why the chosen one does not. `barred` is what keeps them from asking at all, and `budgets` are
    what else must have room for a price, the narrowest circle first. `drafts_left` today, where
    there are any. `jobs` has, by id, those of `last` that are not long past.
    """

    rules: Rules
    balance: Balance
    spendable: int
    budgets: list[Budget]
    renews_at: float
    prices: Mapping[Choice, int]
    under_way: list[Job]
    last: list[HistoryLine]
    jobs: Mapping[str, Job]
    payers: list[Payer]
    payers_unknown: int = 0
    payer: Payer | None = None
    unusable: Refused | None = None
    barred: Refused | None = None
    drafts_left: int | None = None


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Everything that decides whether somebody may run a video now.

    `is_member` is whether they are in the server now, `obstacles` why not, the first first;
    `under_way` are their unended jobs here.
    """

    server_id: int
    person_id: int
    is_member: bool
    rules: Rules
    standing: Standing
    renews_at: float
    day_ends_at: float
    obstacles: list[Refused]
    under_way: list[Job]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a server's past; `number` is from 0."""

    lines: list[HistoryLine]
    number: int
    pages: int
