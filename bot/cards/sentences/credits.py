"""What is said where something costs more than can be paid."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences, Variants
from bot.errors import Problem

CREDITS: Sentences = {
    Problem.NO_CREDITS: Variants(
        "left",
        {
            0: mark(
                "This costs {price_text} and you have none. Your allowance renews "
                "<t:{renews_at}:R>."
            )
        },
        otherwise=mark(
            "This costs {price_text} and you have {left}. Your allowance renews <t:{renews_at}:R>. "
            "A shorter video costs less."
        ),
    ),
    Problem.NOTHING_LEFT: Variants(
        "allowance",
        {
            None: mark(
                "You have no credits left here. Your allowance renews <t:{renews_at}:R>; "
                "`/credits` shows it."
            )
        },
        otherwise=mark(
            "You have no credits left here. Your allowance, {allowance_text}, renews "
            "<t:{renews_at}:R>; `/credits` shows it."
        ),
    ),
    Problem.NO_DRAFTS_LEFT: mark(
        "You have made all of your {limit} free drafts of today: there are new ones "
        "<t:{renews_at}:R>."
    ),
    Problem.NO_ALLOWANCE: mark(
        "You have no credits here, and no allowance that would bring new ones."
    ),
    Problem.DEAR: mark(
        "This costs **{price_text}**. You wanted to be asked before so much is spent."
    ),
    Problem.TOO_EXPENSIVE: mark(
        "This costs {price_text}, and you can have no more than {most} here at once. A shorter "
        "video costs less."
    ),
    Problem.BUDGET_TOO_LOW: mark(
        "This costs {price_text}, and today's budget for everybody has {left} left. It renews "
        "<t:{renews_at}:R>; a shorter video or a lower quality costs less."
    ),
    Problem.OVER_BUDGET: mark(
        "This costs {price_text}, more than a whole day's budget for everybody, {budget}: give a "
        "shorter video or choose a lower quality."
    ),
    Problem.BUDGET_SPENT: Variants(
        "budget",
        {
            None: mark(
                "Today's budget for everybody is spent. It renews <t:{renews_at}:R>: please come "
                "back then."
            )
        },
        otherwise=mark(
            "Today's budget for everybody, {budget_text}, is spent. It renews <t:{renews_at}:R>: "
            "please come back then."
        ),
    ),
    Problem.SERVER_CAP_SPENT: mark(
        "What this server may use in a day, {budget_text}, is spent. It renews <t:{renews_at}:R>."
    ),
    Problem.SERVER_CAP_TOO_LOW: mark(
        "This costs {price_text}, and this server has {left} left of what it may use in a day. It "
        "renews <t:{renews_at}:R>; a shorter video or a lower quality costs less."
    ),
    Problem.OVER_SERVER_CAP: mark(
        "This costs {price_text}, more than this server may use in a day, {budget}: "
        "give a shorter video or choose a lower quality."
    ),
    Problem.PERSON_CAP_SPENT: mark(
        "What one person may use in a day, all servers together, {budget_text}, is spent. It "
        "renews <t:{renews_at}:R>."
    ),
    Problem.PERSON_CAP_TOO_LOW: mark(
        "This costs {price_text}, and you have {left} left of what one person may use in a day, "
        "all servers together. It renews <t:{renews_at}:R>; a shorter video or a lower quality "
        "costs less."
    ),
    Problem.OVER_PERSON_CAP: mark(
        "This costs {price_text}, more than one person may use in a day, {budget}: "
        "give a shorter video or choose a lower quality."
    ),
    Problem.NO_SERVER_BUDGET: mark(
        "This server's budget for videos is set to nothing, so none are made here for now."
    ),
    Problem.SERVER_BUDGET_SPENT: Variants(
        "budget",
        {
            None: mark(
                "This server's budget for videos is spent. It renews <t:{renews_at}:R>: please "
                "come back then."
            )
        },
        otherwise=mark(
            "This server's budget for videos, {budget_text}, is spent. It renews "
            "<t:{renews_at}:R>: please come back then."
        ),
    ),
    Problem.SERVER_BUDGET_TOO_LOW: mark(
        "This costs {price_text}, and this server's budget has {left} left. It renews "
        "<t:{renews_at}:R>; a shorter video or a lower quality costs less."
    ),
    Problem.OVER_SERVER_BUDGET: mark(
        "This costs {price_text}, more than this server's whole budget of {budget}: give a shorter "
        "video or choose a lower quality."
    ),
    Problem.LEFT_PAYER: mark(
        "You have chosen {server} to pay for your direct messages, but you are not a member there "
        "now: choose again with `/credits`."
    ),
    Problem.PAYER_REFUSES: mark(
        "{server} does not pay for direct messages now: choose again with `/credits`."
    ),
    Problem.LEFT_SERVER: mark(
        "I do not find you among the members of {server} now, so your credits there cannot pay."
    ),
    Problem.TIMED_OUT: mark(
        "You are timed out in {server} until <t:{until}:f> (<t:{until}:R>): until then your "
        "credits there pay for nothing."
    ),
}
