"""A person with a Discord client, as seen from the outside: from any process, over HTTP."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp

# An event or a message: JSON whose shape Discord's documentation gives.
Json = dict[str, Any]


class PersonError(Exception):
    """The person's client, or the server, did not do it; the message is the sentence they read."""


class PersonClient:
    """One person in the sandbox; use it with `async with`."""

    def __init__(self, people_url: str, user_id: int) -> None:
        self.user_id = user_id
        self._base = f"{people_url}/{user_id}"
        self._stack = AsyncExitStack()
        self._http: aiohttp.ClientSession | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._gone = False
        self._taken: set[int] = set()
        self.events: list[Json] = []

    async def __aenter__(self) -> Self:
        """Connect; from here on nothing is missed."""
        async with AsyncExitStack() as stack:
            self._http = await stack.enter_async_context(aiohttp.ClientSession())
            socket = await stack.enter_async_context(
                self._http.ws_connect(f"{self._base}/events", max_msg_size=0)
            )
            await socket.receive()
            self._reader = asyncio.create_task(self._read(socket))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        await self._stack.aclose()

    async def send(
        self,
        channel_id: int,
        content: str = "",
        files: Sequence[Path] = (),
        reply_to: int | None = None,
        *,
        spoiler: bool = False,
    ) -> Json:
        """Write an ordinary message, or a reply to the one of that id, and return it.

        With `spoiler` its files are marked as such.
        """
        body: Json = {"channel_id": str(channel_id), "content": content, "spoiler": spoiler}
        body |= {} if reply_to is None else {"reply_to": str(reply_to)}
        message: Json = await self._post("messages", body, files)
        return message

    async def forward(self, channel_id: int, message_id: int, to_channel_id: int) -> Json:
        """Hand a message on as it is now, and return the new one."""
        body = _place(channel_id, message_id) | {"to_channel_id": str(to_channel_id)}
        return await self._post("forward", body)

    async def delete(self, channel_id: int, message_id: int) -> None:
        """Take a message back; somebody else's needs Manage Messages."""
        await self._delete("messages", _place(channel_id, message_id))

    async def type(self, channel_id: int) -> None:
        """Be seen typing."""
        await self._post("typing", {"channel_id": str(channel_id)})

    async def react(self, channel_id: int, message_id: int, emoji: str) -> None:
        """React to a message with a Unicode emoji."""
        await self._post("reactions", _place(channel_id, message_id) | {"emoji": emoji})

    async def unreact(self, channel_id: int, message_id: int, emoji: str) -> None:
        """Take a reaction back."""
        await self._delete("reactions", _place(channel_id, message_id) | {"emoji": emoji})

    async def set_locale(self, locale: str) -> None:
        """Have one's client in a language, such as "de" or "es-419"."""
        await self._post("locale", {"locale": locale})

    async def set_guild_locale(self, guild_id: int, locale: str) -> None:
        """Have a server prefer a language; that needs Manage Server."""
        await self._post(f"guilds/{guild_id}/locale", {"locale": locale})

    async def open_dm(self) -> int:
        """Open the direct messages with the bot; returns their channel's id."""
        return int((await self._post("dm", {}))["channel_id"])

    async def commands(self, channel_id: int) -> list[Json]:
        """The commands on offer in a channel.

        Each, its options and choices have `name_localized` and `description_localized` beside the
        real ones: what this person reads in their client's language.
        """
        found: list[Json] = await self._get(f"commands?channel_id={channel_id}")
        return found

    async def use(
        self,
        channel_id: int,
        command: str,
        options: Mapping[str, object] | None = None,
        files: Mapping[str, Path] | None = None,
    ) -> int:
        """Use a slash command such as "jobs show"; returns the interaction's id.

        PersonError says what the client refuses: an unknown command, a missing option, a value
        or a file that does not fit.
        """
        files = files or {}
        body = {
            "channel_id": str(channel_id),
            "command": command,
            "options": dict(options or {}),
            "files": list(files),
        }
        return int((await self._post("use", body, list(files.values())))["interaction_id"])

    async def use_on_user(self, channel_id: int, command: str, user_id: int) -> int:
        """Use a command in somebody's menu; returns the interaction's id."""
        return await self._use_menu(channel_id, command, 2, user_id)

    async def use_on_message(self, channel_id: int, command: str, message_id: int) -> int:
        """Use a command in a message's menu; returns the interaction's id."""
        return await self._use_menu(channel_id, command, 3, message_id)

    async def _use_menu(self, channel_id: int, command: str, kind: int, target_id: int) -> int:
        body = {
            "channel_id": str(channel_id),
            "command": command,
            "type": kind,
            "target_id": str(target_id),
        }
        return int((await self._post("use", body))["interaction_id"])

    async def autocomplete(
        self, channel_id: int, command: str, options: Mapping[str, object], focused: str
    ) -> list[Json]:
        """What is offered for the focused option, as names and values, to someone who types.

        PersonError if nobody answers within three seconds, or the option offers nothing.
        """
        body = {
            "channel_id": str(channel_id),
            "command": command,
            "options": dict(options),
            "focused": focused,
        }
        choices: list[Json] = (await self._post("autocomplete", body))["choices"]
        return choices

    async def click(
        self, channel_id: int, message_id: int, custom_id: str, values: Sequence[str] = ()
    ) -> int:
        """Press a button, or choose values (or ids) in a menu; returns the interaction's id."""
        body = _place(channel_id, message_id) | {"custom_id": custom_id, "values": list(values)}
        return int((await self._post("click", body))["interaction_id"])

    async def submit(
        self,
        interaction_id: int,
        values: Mapping[str, object] | None = None,
        files: Mapping[str, Sequence[Path]] | None = None,
    ) -> int:
        """Submit the form that an interaction was answered with; returns the new interaction's id.

        A value is a text, a list of values or ids, or true or false, as its field has it; what is
        not named keeps what the form was opened with. PersonError says what does not fit.
        """
        numbered: dict[str, list[int]] = {}
        paths: list[Path] = []
        for custom_id, chosen in (files or {}).items():
            numbered[custom_id] = list(range(len(paths), len(paths) + len(chosen)))
            paths += chosen
        body = {
            "interaction_id": str(interaction_id),
            "values": dict(values or {}),
            "files": numbered,
        }
        return int((await self._post("modal", body, paths))["interaction_id"])

    async def outcome(self, interaction_id: int, timeout_s: float = 30) -> Json:
        """Wait for the first answer to an interaction, and say how things stand then.

        `state` is "replied", "deferred", "modal" (then `modal` is the form that was opened) or
        "failed" (nobody answered within three seconds).
        TimeoutError if nothing at all is known by then.
        """
        async with asyncio.timeout(timeout_s), self._news:
            while True:
                found: Json = await self._get(f"interactions/{interaction_id}")
                if found["state"] != "pending":
                    return found
                await self._wait_for_news()

    async def messages(self, channel_id: int) -> list[Json]:
        """A whole channel as this person sees it, newest last."""
        found: list[Json] = []
        while True:
            before = int(found[0]["id"]) if found else None
            page = await self.page(channel_id, before=before, limit=100)
            found = page + found
            if len(page) < 100:
                return found

    async def page(
        self, channel_id: int, *, before: int | None = None, limit: int = 50
    ) -> list[Json]:
        """The last messages of a channel, or the last ones before a message; newest last."""
        query = f"limit={limit}" + (f"&before={before}" if before is not None else "")
        found: list[Json] = await self._get(f"channels/{channel_id}/messages?{query}")
        return found

    async def follow(self, link: str) -> Json:
        """The `message` that a link leads to, with its `channel_id`."""
        found: Json = await self._get(f"message?{urlencode({'link': link})}")
        return found

    async def until_online(self, user_id: int, timeout_s: float = 30) -> None:
        """Wait until somebody, such as the bot, is online. TimeoutError if they are not by then.

        What is written to a bot before that is lost to it.
        """
        async with asyncio.timeout(timeout_s), self._news:
            while not self._sees_online(user_id):
                await self._wait_for_news()

    def _sees_online(self, user_id: int) -> bool:
        presences = [
            event["online"]
            for event in self.events
            if event["type"] == "presence" and event["user_id"] == str(user_id)
        ]
        return bool(presences) and presences[-1]

    async def wait_for(self, predicate: Callable[[Json], bool], timeout_s: float = 30) -> Json:
        """The first event, past or to come, that fits and was not returned before.

        TimeoutError if there is none by then.
        """
        seen = 0
        async with asyncio.timeout(timeout_s), self._news:
            while True:
                for index in range(seen, len(self.events)):
                    if index not in self._taken and predicate(self.events[index]):
                        self._taken.add(index)
                        return self.events[index]
                seen = len(self.events)
                await self._wait_for_news()

    async def download(self, url: str) -> bytes:
        """The bytes behind a link; PersonError if it does not work (any more)."""
        async with self._session().get(url) as response:
            data = await response.read()
            if response.status != 200:
                raise PersonError(f"{response.status}: {data.decode(errors='replace')[:200]}")
            return data

    async def _wait_for_news(self) -> None:
        if self._gone:
            raise PersonError("The sandbox is gone.")
        await self._news.wait()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            async with self._news:
                self.events.append(json.loads(frame.data))
                self._news.notify_all()
        async with self._news:
            self._gone = True
            self._news.notify_all()

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise PersonError("Use the client with `async with`.")
        return self._http

    # The sandbox answers with lists or objects; each caller names the one it expects.
    async def _get(self, path: str) -> Any:
        async with self._session().get(f"{self._base}/{path}") as response:
            return await _result(response)

    async def _delete(self, path: str, body: Json) -> None:
        async with self._session().delete(f"{self._base}/{path}", json=body) as response:
            await _result(response)

    async def _post(self, path: str, body: Json, files: Sequence[Path] = ()) -> Json:
        data = aiohttp.FormData(quote_fields=False)
        data.add_field("payload_json", json.dumps(body), content_type="application/json")
        for index, file in enumerate(files):
            content = await asyncio.to_thread(file.read_bytes)
            data.add_field(f"files[{index}]", BytesIO(content), filename=file.name)
        sent: dict[str, Any] = {"data": data} if files else {"json": body}
        async with self._session().post(f"{self._base}/{path}", **sent) as response:
            result: Json = await _result(response)
            return result


def _place(channel_id: int, message_id: int) -> Json:
    return {"channel_id": str(channel_id), "message_id": str(message_id)}


async def _result(response: aiohttp.ClientResponse) -> Any:
    text = await response.text()
    if response.content_type != "application/json":
        raise PersonError(f"{response.status}: {text}")
    result = json.loads(text)
    if response.status != 200:
        raise PersonError(result["message"])
    return result
