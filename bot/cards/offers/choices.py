"""What may be chosen, in words: models and qualities, what each costs, and what it is good for."""

from collections.abc import Mapping

from bot.cards.wording import listed, seconds_text
from bot.core.jobs import QUALITIES, Quality
from bot.core.models import MODELS, Choice, Rates

Prices = Mapping[Choice, int]
"""Credits of each that is open, the usual model's first."""

GOOD_FOR: Mapping[Quality, str] = {
    "360p": "360p is a quick draft",
    "480p": "480p is for small screens",
    "540p": "540p is the usual",
    "576p": "576p is sharper",
    "720p": "720p is for final renders",
    "1080p": "1080p is the finest",
}
MINUTE_S = 60.0
MOST_CHOICE_CHARS = 100
"""Discord's limit for what one may choose, and for what is said of it."""


def usual(prices: Prices, preferred: Choice | None = None) -> Choice:
    """What is made where nobody chooses, or what comes nearest to it."""
    if preferred is not None and preferred in prices:
        return preferred
    model = next(iter(prices)).model
    choice = Choice(model, MODELS[model].usual_quality)
    return choice if choice in prices else next(iter(prices))


def paid(prices: Prices) -> Prices:
    """Those that cost something."""
    return {choice: cost for choice, cost in prices.items() if cost}


def shown(prices: Prices, preferred: Choice | None = None) -> list[Choice]:
    """What has a button: what is preferred; what is free; then of one model each quality, and of
    several the cheapest, the usual, the finest."""
    free, priced = [choice for choice in prices if not prices[choice]], paid(prices)
    liked = [choice for choice in prices if choice == preferred]
    if not _are_several(priced):
        return list(dict.fromkeys([*liked, *free, *priced]))
    ends = _cheapest(priced), usual(priced), _finest(priced)
    return list(dict.fromkeys((*liked, *free, *ends)))


def name_of(choice: Choice, prices: Prices) -> str:
    """What it is called among these."""
    name = MODELS[choice.model].name
    if MODELS[choice.model].is_free:
        return name
    return f"{name} {choice.quality}" if _are_several(prices) else choice.quality


def uses(prices: Prices, preferred: Choice | None = None) -> str:
    """A sentence, or a line each, on what those with a button are good for."""
    if not _are_several(prices):
        return f"{listed([GOOD_FOR[choice.quality] for choice in prices])}." if prices else ""
    chosen = shown(prices, preferred)
    notes = {choice: GOOD_FOR[choice.quality].partition(" ")[2] for choice in chosen}
    priced = paid(prices)
    if _are_several(priced):
        notes |= {_cheapest(priced): "costs the least", _finest(priced): "is the finest"}
        notes |= {usual(priced): "is the usual"}
    notes |= {choice: "shows the motion for nothing" for choice in chosen if choice not in priced}
    notes |= {choice: "is what you like best" for choice in chosen if choice == preferred}
    lines = [""]
    for n, choice in enumerate(chosen):
        is_new = choice.model not in {earlier.model for earlier in chosen[:n]}
        known = f": {MODELS[choice.model].character}" if is_new else ""
        name = name_of(choice, prices)
        lines.append(f"**{name}** {notes[choice]}, and takes {_takes(choice)}{known}.")
    return "\n".join(lines)


def prices_text(prices: Prices) -> str:
    """All of it in a line: "360p 9 · 540p 10"."""
    models = dict.fromkeys(choice.model for choice in prices)
    of = {
        model: " · ".join(
            f"{choice.quality} {cost}" if cost else "free"
            for choice, cost in prices.items()
            if choice.model == model
        )
        for model in models
    }
    if len(of) < 2:
        return next(iter(of.values()), "")
    return "; ".join(f"{MODELS[model].name} {costs}" for model, costs in of.items())


def model_line(slug: str, rates: Rates) -> str:
    """A model as a choice to pick from, in plain text of at most `MOST_CHOICE_CHARS`."""
    costs = rates.by_model[slug].values()
    least, most = min(costs), max(costs)
    each = f"{least:g}" if least == most else f"{least:g} to {most:g}"
    costs_text = f"{each} credits/s" if most else "free"
    takes = _takes(Choice(slug, MODELS[slug].usual_quality))
    model = MODELS[slug]
    return f"{model.name}: {model.character} · {costs_text} · {takes}"[:MOST_CHOICE_CHARS]


def _takes(choice: Choice) -> str:
    usual_s = MODELS[choice.model].usual_run_s
    each_s = MINUTE_S if usual_s >= MINUTE_S else 10.0
    return f"about {seconds_text(round(usual_s / each_s) * each_s)}"


def _cheapest(prices: Prices) -> Choice:
    """If it is one of these, the usual."""
    return min(prices, key=lambda choice: (prices[choice], choice != usual(prices)))


def _finest(prices: Prices) -> Choice:
    """The finest and, of several, the dearest."""
    return max(prices, key=lambda choice: (QUALITIES.index(choice.quality), prices[choice]))


def _are_several(prices: Prices) -> bool:
    return len({choice.model for choice in prices}) > 1
