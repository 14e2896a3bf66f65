"""Reading a request: JSON, or a form of `payload_json` and files, with Discord's size limits."""

import re
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web

from sandbox.discord.schema.forms import Fields, Form
from sandbox.discord.state.world import MIB
from sandbox.discord.wire import ApiError, Fault, decode

REQUEST_LIMIT_BYTES = 25 * MIB
MOST_FILES = 10
BODY: web.RequestKey[object] = web.RequestKey("body", object)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a form."""

    filename: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """A request's JSON object and its files by their number."""

    fields: Fields
    uploads: dict[int, Upload] = field(default_factory=dict)

    def inner(self, fields: Fields) -> "Body":
        """The same files with an object inside the body."""
        return Body(fields, self.uploads)


async def read_json(request: web.Request) -> object:
    """The JSON value of a body; ApiError 50109 for anything else."""
    if request.content_type != "application/json":
        form = Form()
        expected = "{'application/json', 'multipart/form-data'}"
        form.fail(
            (),
            "CONTENT_TYPE_INVALID",
            f'Expected "Content-Type" header to be one of {expected}.',
        )
        form.check()
    request[BODY] = value = _parse(await request.read())
    return value


async def read_fields(request: web.Request) -> Fields:
    """The JSON object of a body."""
    return Fields(Form(), await read_json(request))


async def read_body(request: web.Request, file_limit_bytes: int) -> Body:
    """JSON or a form; ApiError 40005 when a file or the whole is too large.

    An oversized body is read to its end first: a client that is still sending would see a
    broken connection instead of the answer.
    """
    if request.content_type != "multipart/form-data":
        return Body(await read_fields(request))
    payload: object = {}
    uploads: dict[int, Upload] = {}
    total_bytes = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = bytes(await part.read())
        total_bytes += len(data)
        if part.name == "payload_json":
            payload = _parse(data)
        elif number := re.fullmatch(r"files?\[(\d+)\]|file", part.name or ""):
            index = int(number[1] or 0)
            uploads[index] = Upload(part.filename or "unknown", data)
    request[BODY] = payload
    too_large = any(len(upload.data) > file_limit_bytes for upload in uploads.values())
    if too_large or total_bytes > max(REQUEST_LIMIT_BYTES, file_limit_bytes + MIB):
        raise ApiError(Fault.REQUEST_TOO_LARGE)
    form = Form()
    if len(uploads) > MOST_FILES:
        form.fail(("files",), "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_FILES} or fewer in length.")
    return Body(Fields(form, payload), uploads)


def _parse(data: bytes) -> object:
    try:
        return decode(data)
    except ValueError as error:
        raise ApiError(Fault.INVALID_JSON) from error


def path_id(request: web.Request, name: str) -> int:
    """An id in the path; ApiError 50035 if it is not a number."""
    text = request.match_info[name]
    if not re.fullmatch(r"\d{1,20}", text):
        form = Form()
        form.fail((name,), "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
        form.check()
    return int(text)
