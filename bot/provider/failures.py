"""What the provider's text about a rejection or a failure means: read by number, then by words."""

import re
from collections.abc import Mapping

from bot.errors import Problem

_OTHERS_WORDS = re.compile(r"\S*(?:/|\.\w)\S*")
"""Links and names of files: whoever chose them has chosen their words."""

_NUMBERS: Mapping[str, Problem] = {
    "701002": Problem.SUBJECT_NOT_FOUND,
    "701003": Problem.MOTION_NOT_FOUND,
    "400011": Problem.REQUEST_FAULTY,
    "400013": Problem.REQUEST_FAULTY,
    "400017": Problem.REQUEST_FAULTY,
    "500044": Problem.PROVIDER_BUSY,
    "status 7": Problem.MODERATED,
    "status 8": Problem.GENERATION_FAILED,
}
_NUMBER = re.compile(r"\b(?:\d{6}|status\W{0,3}[78])\b", re.IGNORECASE)

_MODERATED = (
    r"moderat|nsfw|\bsafety\b|inappropriate|prohibited|guidelines"
    r"|content\W+(?:policy|filter|violation|blocked|was blocked|is blocked)|blocked\W+content"
)
_NOBODY = (
    r"\b(?:no|not|without|missing|unclear|cannot|can't|couldn't|unable|failed to)\b.*"
    r"\b(?:person|people|human|body|pose|face|subject|character|animal)s?\b"
    r"|\b(?:person|people|human|body|pose|face|subject|character|animal)s?\b.*"
    r"\b(?:not|missing|unclear|cannot|couldn't)\b"
)
_IN_VIDEO = r"\b(?:video|motion|footage|clip|video_url)\b"
_IN_PICTURE = r"\b(?:image|picture|photo|portrait|image_url)\b"
_BUSY = (
    r"too many|concurren|overload|\bbusy\b|\bcapacity\b|rate.?limit|queue is full"
    r"|resources? exhausted|no (?:gpu|worker)s?\b"
)
_FAULTY = (
    r"\bparameters?\b|content.?type|\brequired\b|must be one of|unknown field|\bjson\b|request body"
    r"|not an? (?:valid )?(?:url|uri)\b|is missing"
)
_FILES = (
    r"decod|corrupt|readable|cannot be (?:read|opened)|unsupported|\bformat\b|resolution"
    r"|aspect ratio|too (?:large|big|small|long|short|many pixels)"
    r"|(?:larg|small|long|short)er than|more than"
)


def own_words(text: str) -> str:
    """What the provider says itself, without what people have brought into it."""
    return _OTHERS_WORDS.sub(" ", text)


def numbered_problem(text: str) -> Problem | None:
    """What a documented number in it says, if it has one."""
    found = (_NUMBERS.get(re.sub(r"\W+", " ", n.lower())) for n in _NUMBER.findall(own_words(text)))
    return next((problem for problem in found if problem), None)


def rejected_for(text: str) -> Problem:
    """Why a submit was rejected for good: too many people in a picture are no busy moment."""
    problem = problem_in(text, otherwise=Problem.PROVIDER_REJECTED)
    is_about_files = re.search(f"{_IN_VIDEO}|{_IN_PICTURE}", own_words(text), re.IGNORECASE)
    is_no_moment = problem is Problem.PROVIDER_BUSY and is_about_files
    return Problem.PROVIDER_REJECTED if is_no_moment else problem


def problem_in(text: str, *, otherwise: Problem) -> Problem:
    """Whose matter it is, as a problem with a sentence of its own; `otherwise` for other texts."""
    said = own_words(text)
    if known := numbered_problem(text):
        return known

    def has(words: str) -> bool:
        return re.search(words, said, re.IGNORECASE) is not None

    if has(_MODERATED):
        return Problem.MODERATED
    if has(_NOBODY):
        in_video, in_picture = has(_IN_VIDEO), has(_IN_PICTURE)
        if in_video is not in_picture:
            return Problem.MOTION_NOT_FOUND if in_video else Problem.SUBJECT_NOT_FOUND
        return Problem.SUBJECT_NOT_FOUND if has(r"\bsubject\b") and not in_video else otherwise
    kinds = {
        _BUSY: Problem.PROVIDER_BUSY,
        _FAULTY: Problem.REQUEST_FAULTY,
        _FILES: Problem.PROVIDER_REJECTED,
    }
    return next((problem for words, problem in kinds.items() if has(words)), otherwise)
