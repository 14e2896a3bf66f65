"""What may be chosen, in words: models and qualities, what each costs, and what it is good for."""

from collections.abc import Mapping

from babel.numbers import format_decimal

from bot.cards.languages.speech import mark, spoken, tr
from bot.cards.wording import listed, model_text, seconds_text
from bot.core.jobs import QUALITIES, Quality
from bot.core.models import MODELS, Choice, Model, Rates

Prices = Mapping[Choice, int]
"""Credits of each that is open, the usual model's first."""

GOOD_FOR: Mapping[Quality, str] = {
    "360p": mark("360p is a quick draft"),
    "480p": mark("480p is for small screens"),
    "540p": mark("540p is the usual"),
    "576p": mark("576p is sharper"),
    "720p": mark("720p is for final renders"),
    "1080p": mark("1080p is the finest"),
}
"""Each quality among others of its model."""

CHEAPEST = mark("**{choice}** costs the least, and takes about {time}")
USUAL = mark("**{choice}** is the usual, and takes about {time}")
FINEST = mark("**{choice}** is the finest, and takes about {time}")
FREE = mark("**{choice}** shows the motion for nothing, and takes about {time}")
LIKED = mark("**{choice}** is what you like best, and takes about {time}")
AMONG_MODELS: Mapping[Quality, str] = {
    "360p": mark("**{choice}** is a quick draft, and takes about {time}"),
    "480p": mark("**{choice}** is for small screens, and takes about {time}"),
    "540p": USUAL,
    "576p": mark("**{choice}** is sharper, and takes about {time}"),
    "720p": mark("**{choice}** is for final renders, and takes about {time}"),
    "1080p": FINEST,
}
"""Each quality among other models; what is known of its model may follow."""

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
    name = model_text(choice.model)
    if MODELS[choice.model].is_free:
        return name
    return f"{name} {choice.quality}" if _are_several(prices) else choice.quality


def uses(prices: Prices, preferred: Choice | None = None) -> str:
    """A sentence, or a line each, on what those with a button are good for."""
    if not _are_several(prices):
        good_for = listed([tr(GOOD_FOR[choice.quality]) for choice in prices])
        return f"{good_for}." if prices else ""
    chosen = shown(prices, preferred)
    lines = [""]
    for n, choice in enumerate(chosen):
        known = MODELS[choice.model]
        use = tr(
            _use(choice, prices, preferred), choice=name_of(choice, prices), time=_usual_time(known)
        )
        is_new = choice.model not in {earlier.model for earlier in chosen[:n]}
        if is_new:
            use = tr("{use}: {character}", use=use, character=tr(known.character))
        lines.append(f"{use}.")
    return "\n".join(lines)


def _use(choice: Choice, prices: Prices, preferred: Choice | None) -> str:
    """The sentence of `uses` that says the most of it."""
    if choice == preferred:
        return LIKED
    priced = paid(prices)
    if choice not in priced:
        return FREE
    if _are_several(priced):
        for best, use in ((usual, USUAL), (_finest, FINEST), (_cheapest, CHEAPEST)):
            if choice == best(priced):
                return use
    return AMONG_MODELS[choice.quality]


def prices_text(prices: Prices) -> str:
    """All of it in a line: "360p 9 · 540p 10"."""
    models = dict.fromkeys(choice.model for choice in prices)
    of = {
        model: " · ".join(
            f"{choice.quality} {cost}" if cost else tr("free")
            for choice, cost in prices.items()
            if choice.model == model
        )
        for model in models
    }
    if len(of) < 2:
        return next(iter(of.values()), "")
    return "; ".join(f"{model_text(model)} {costs}" for model, costs in of.items())


def model_line(slug: str, rates: Rates) -> str:
    """A model as a choice to pick from, in plain text of at most `MOST_CHOICE_CHARS`.

    Without its time where there is no room for that.
    """
    model, costs = MODELS[slug], rates.by_model[slug].values()
    parts = (
        tr("{model}: {character}", model=model_text(slug), character=tr(model.character)),
        _rates_text(min(costs), max(costs)),
        tr("about {time}", time=_usual_time(model)),
    )
    line = " · ".join(parts)
    return line if len(line) <= MOST_CHOICE_CHARS else " · ".join(parts[:-1])[:MOST_CHOICE_CHARS]


def _rates_text(least: float, most: float) -> str:
    """What a second of motion costs, in credits."""
    if not most:
        return tr("free")
    rates = [format_decimal(rate, "0.###", locale=spoken()) for rate in (least, most)]
    if least == most:
        return tr("{rate} credits/s", rate=rates[0])
    return tr("{least} to {most} credits/s", least=rates[0], most=rates[1])


def _usual_time(model: Model) -> str:
    """How long its runs take, roughly."""
    each_s = MINUTE_S if model.usual_run_s >= MINUTE_S else 10.0
    return seconds_text(round(model.usual_run_s / each_s) * each_s)


def _cheapest(prices: Prices) -> Choice:
    """If it is one of these, the usual."""
    return min(prices, key=lambda choice: (prices[choice], choice != usual(prices)))


def _finest(prices: Prices) -> Choice:
    """The finest and, of several, the dearest."""
    return max(prices, key=lambda choice: (QUALITIES.index(choice.quality), prices[choice]))


def _are_several(prices: Prices) -> bool:
    return len({choice.model for choice in prices}) > 1
