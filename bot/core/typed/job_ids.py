"""The ids that jobs have: short, easy to read aloud, and not to be guessed."""

import re
import secrets

ID_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
ID_LENGTH = 10
_JOB_ID = re.compile(rf"(?<![a-z0-9])[{ID_ALPHABET}]{{{ID_LENGTH}}}(?![a-z0-9])")


def new_job_id() -> str:
    """An id that nobody guesses."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))


def job_id_in(text: str) -> str | None:
    """A job's id as people paste it: with backticks, capitals, or the word "job" before it."""
    found = _JOB_ID.search(text.lower())
    return found[0] if found else None
