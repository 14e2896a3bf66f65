"""What is said of a model, a quality or a prompt that cannot be had."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences, Variants
from bot.errors import Problem

CHOICES: Sentences = {
    Problem.NO_QUALITY: mark(
        "In this server videos are for certain roles, and you have none of them: ask its "
        "moderators."
    ),
    Problem.QUALITY_NOT_ALLOWED: Variants(
        "allowed",
        {(): mark("{quality} is not open to you in this server: choose another model.")},
        otherwise=mark("{quality} is not open to you in this server: choose {allowed}."),
    ),
    Problem.QUALITY_UNKNOWN: mark("{model} does not make {quality}: choose {makes}."),
    Problem.MODEL_NOT_ALLOWED: mark("{model} is not open to you in this server: choose {allowed}."),
    Problem.MODEL_NOT_OFFERED: mark("{model} is not offered: choose {offered}."),
    Problem.MODEL_DOWN: mark(
        "{model} is unavailable right now: choose {others}, or try again in some minutes."
    ),
    Problem.MOTION_LENGTH: mark(
        "{model} takes videos of {least_s} to {most_s} seconds, and yours has {duration_s}: "
        "give another one, or choose another model."
    ),
    Problem.NO_PROMPT: mark("{model} takes no prompt: leave it out, or choose another model."),
    Problem.PROMPT_TOO_LONG: mark("The prompt is too long: say it in {most} characters at most."),
}
