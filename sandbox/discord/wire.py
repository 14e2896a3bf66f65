"""What goes over the wire, and the errors that Discord's API answers with."""

import json
import math
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from aiohttp import web

# A JSON object whose shape Discord's documentation gives, not Python's types.
Json = dict[str, Any]


def encode(value: object) -> str:
    """JSON without spaces, as Discord sends it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def decode(data: str | bytes) -> object:
    """A JSON value. ValueError also for what only Python takes for one, and for endless nesting."""
    try:
        value: object = json.loads(data, parse_constant=_number, parse_float=_number)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def _number(text: str) -> float:
    """`NaN`, `Infinity` and `1e999` are no numbers to anybody else who reads them."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number")
    return number


def answer(value: object, status: int = 200) -> web.Response:
    """A JSON answer; its content type has no charset, which clients compare literally."""
    return web.Response(body=encode(value).encode(), status=status, content_type="application/json")


def timestamp(unix_s: float) -> str:
    """ISO 8601 in UTC with microseconds, as in every time field."""
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="microseconds")


class Fault(Enum):
    """HTTP status, Discord's JSON error code and its text."""

    UNAUTHORIZED = (401, 0, "401: Unauthorized")
    NOT_FOUND = (404, 0, "404: Not Found")
    METHOD_NOT_ALLOWED = (405, 0, "405: Method Not Allowed")
    UNKNOWN_APPLICATION = (404, 10002, "Unknown Application")
    UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
    UNKNOWN_GUILD = (404, 10004, "Unknown Guild")
    UNKNOWN_MEMBER = (404, 10007, "Unknown Member")
    UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
    UNKNOWN_ROLE = (404, 10011, "Unknown Role")
    UNKNOWN_USER = (404, 10013, "Unknown User")
    NO_EMOJI = (400, 10014, "Unknown Emoji")
    UNKNOWN_EMOJI = (404, 10014, "Unknown Emoji")
    UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
    UNKNOWN_INTERACTION = (404, 10062, "Unknown interaction")
    UNKNOWN_COMMAND = (404, 10063, "Unknown application command")
    TOO_MANY_EMOJIS = (400, 30008, "Maximum number of emojis reached (2000)")
    TOO_MANY_REACTIONS = (403, 30010, "Maximum number of reactions reached (20)")
    TOO_MANY_COMMANDS = (400, 30032, "Maximum number of application commands reached (100)")
    REQUEST_TOO_LARGE = (413, 40005, "Request entity too large")
    ALREADY_ACKNOWLEDGED = (400, 40060, "Interaction has already been acknowledged.")
    MISSING_ACCESS = (403, 50001, "Missing Access")
    NOT_ON_DM = (403, 50003, "Cannot execute action on a DM channel")
    NOT_THE_AUTHOR = (403, 50005, "Cannot edit a message authored by another user")
    EMPTY_MESSAGE = (400, 50006, "Cannot send an empty message")
    CANNOT_DM = (403, 50007, "Cannot send messages to this user")
    NOT_A_TEXT_CHANNEL = (400, 50008, "Cannot send messages in a non-text channel")
    MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
    INVALID_TOKEN = (401, 50027, "Invalid Webhook Token")
    INVALID_RECIPIENT = (400, 50033, "Invalid Recipient(s)")
    INVALID_FORM = (400, 50035, "Invalid Form Body")
    ASSET_TOO_LARGE = (400, 50138, "Failed to resize asset below the maximum size: 262144")
    INVALID_JSON = (400, 50109, "The request body contains invalid JSON.")
    NO_HISTORY_TO_REPLY = (
        400,
        160002,
        "You cannot reply without permission to read message history",
    )
    NOT_SERVED = (501, 0, "The sandbox does not serve this yet")


class ApiError(Exception):
    """An answer that is an error; `errors` names the fields of an invalid form."""

    def __init__(self, fault: Fault, errors: Json | None = None, detail: str | None = None) -> None:
        status, code, message = fault.value
        super().__init__(detail or message)
        self.status: int = status
        self.body: Json = {"message": detail or message, "code": code}
        if errors is not None:
            self.body["errors"] = errors
