"""What a person's own client refuses before anything reaches Discord."""


class Refusal(Exception):
    """The sentence that the person reads."""
