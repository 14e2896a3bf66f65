"""Every REST call that a test makes, held against Discord's own OpenAPI description.

`DISCORD_OPENAPI` names the file; without it nothing is checked. A request body that the server
accepted must be one that the description allows, and every answer must be one that it describes.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema_rs import Draft202012Validator, ValidationError

from sandbox.discord.traffic import RequestRecord

FILE = os.environ.get("DISCORD_OPENAPI")
UNANSWERED = {501, 499}
"""Not served yet; and the client that has gone before the answer was there."""

Json = dict[str, Any]


class Exemption(NamedTuple):
    """Where this server leaves the description, on purpose."""

    method: str
    path: str
    message: str
    reason: str
    status: str = r"\d+"


ALLOWED: tuple[Exemption, ...] = (
    Exemption(
        r"\w+",
        r".*",
        r"^\$\.errors",
        "The description gives field errors a number for a code; the documentation and the real "
        "service give names such as BASE_TYPE_REQUIRED.",
    ),
    Exemption(
        r"POST",
        r"/users/@me/channels",
        r"^\$\.recipient_id: \d+ is not",
        "The documentation lets clients send ids as numbers, and discord.py does here.",
    ),
    Exemption(
        r"POST|PATCH",
        r".*",
        r"^\$\.allowed_mentions\.users\[\d+\]: \d+ is not",
        "Likewise, ids as numbers: discord.py writes the people that may be mentioned so.",
    ),
    Exemption(
        r"POST",
        r"/channels/\d+/messages",
        r"^\$\.message_reference\.\w+_id: \d+ is not",
        "Likewise: discord.py writes the message that is answered so.",
    ),
    Exemption(
        r"\w+",
        r".*",
        r'^\$: "code" is a required property',
        "In a 429 the documentation has the code as optional, and its examples leave it out.",
        status="429",
    ),
    Exemption(
        r"\w+",
        r"/channels/.*",
        r"message_reference\.type: 1 is not valid",
        "The documentation's message object has type 1, FORWARD, in its reference.",
    ),
    Exemption(
        r"POST|PUT|PATCH",
        r"/applications/\d+/.*commands.*",
        r'default_member_permissions: "\d+" is not of type',
        "The documentation's command object has these bits as a string.",
    ),
)


class Mismatch(NamedTuple):
    """One place where a call and the description differ."""

    method: str
    path: str
    status: int
    side: str
    message: str

    def allowed(self) -> bool:
        """Whether the allow-list explains it."""
        return any(
            re.fullmatch(entry.method, self.method)
            and re.fullmatch(entry.path, self.path)
            and re.fullmatch(entry.status, str(self.status))
            and re.search(entry.message, self.message)
            for entry in ALLOWED
        )


def mismatches(records: Sequence[RequestRecord]) -> list[Mismatch]:
    """What the description does not allow in these calls; empty without the file."""
    if FILE is None:
        return []
    return [
        mismatch
        for record in records
        if record.template is not None and record.fault is None and record.status not in UNANSWERED
        for mismatch in _compare(record)
        if not mismatch.allowed()
    ]


def _compare(record: RequestRecord) -> Iterator[Mismatch]:
    def differs(side: str, message: str) -> Mismatch:
        return Mismatch(record.method, record.path, record.status, side, message)

    operation = _operation(record.method, record.path)
    if operation is None:
        yield differs("route", "The description has no such route.")
        return
    content = operation.get("requestBody", {}).get("content", {})
    if record.status < 400 and record.body is not None:
        for message in _faults(
            content.get("application/json", {}).get("schema"), _as_documented(record.body)
        ):
            yield differs("request", message)
    responses = operation["responses"]
    described = responses.get(str(record.status))
    if described is None and 400 <= record.status < 500:
        described = responses["4XX"]
    if described is None:
        yield differs("status", f"{record.status} is not described.")
        return
    if "$ref" in described:
        described = _document()["components"]["responses"][described["$ref"].rsplit("/", 1)[-1]]
    schema = described.get("content", {}).get("application/json", {}).get("schema")
    for message in _faults(schema, record.answer):
        yield differs("answer", message)


def _as_documented(body: Any) -> Any:
    """A body with some ids as text, which discord.py writes as numbers.

    Of what a menu has chosen at first the documentation allows that, and the description does not;
    of files that are sent Discord's own examples do so.
    """
    if isinstance(body, list):
        return [_as_documented(part) for part in body]
    if not isinstance(body, dict):
        return body
    parts = {name: _as_documented(part) for name, part in body.items()}
    for name in ("default_values", "attachments"):
        if name in parts:
            parts[name] = [{**each, "id": str(each["id"])} for each in parts[name] or []]
    return parts


def _faults(schema: Json | None, value: object) -> Iterator[str]:
    if schema is None:
        if value is not None:
            yield "A body where none is described."
        return
    for error in _validator(json.dumps(schema)).iter_errors(value):
        deepest = max(_with_causes(error), key=lambda found: len(found.instance_path))
        where = "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in deepest.instance_path
        )
        yield f"${where}: {deepest.message}"[:600]


def _with_causes(error: ValidationError) -> Iterator[ValidationError]:
    """A fault, and why each alternative that was open to the value is none."""
    yield error
    for alternative in getattr(error.kind, "context", []):
        for cause in alternative:
            yield from _with_causes(cause)


@cache
def _validator(schema: str) -> Draft202012Validator:
    """Holds values against a part of the description, whose references count from its root."""
    return Draft202012Validator(json.loads(schema) | {"components": _document()["components"]})


@cache
def _document() -> Json:
    document: Json = json.loads(Path(FILE or "").read_bytes())
    return document


def _operation(method: str, path: str) -> Json | None:
    for pattern, operations in _paths():
        if pattern.fullmatch(path):
            found: Json | None = operations.get(method.lower())
            return found
    return None


@cache
def _paths() -> list[tuple[re.Pattern[str], Json]]:
    """Routes as patterns, the ones with fewer placeholders first."""
    ordered = sorted(_document()["paths"].items(), key=lambda item: item[0].count("{"))
    return [
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))), operations)
        for template, operations in ordered
    ]
