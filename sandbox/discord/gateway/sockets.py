"""The gateway's front door: websockets, their opcodes and close codes."""

import asyncio
import re
import zlib
from enum import IntEnum

from aiohttp import WSMsgType, web

from sandbox.discord.gateway.sessions import PRIVILEGED, Intent, Session, Sessions
from sandbox.discord.schema.forms import Fields, Form
from sandbox.discord.traffic import Traffic
from sandbox.discord.wire import ApiError, Json, decode, encode

MOST_PAYLOAD_BYTES = 4096
MOST_SENT = 120
SENT_WINDOW_S = 60.0
EVERY_INTENT = (1 << 26) - 1
# An answer that is there before the client has noted its question spoils the latency it measures.
ACK_DELAY_S = 0.01
# Closing with one of these, a client says that it will not come back.
FINAL_CODES = frozenset({1000, 1001})


class Op(IntEnum):
    """Gateway opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE_UPDATE = 3
    VOICE_STATE_UPDATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11
    REQUEST_SOUNDBOARD_SOUNDS = 31


class Close(IntEnum):
    """Gateway close codes."""

    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQ = 4007
    RATE_LIMITED = 4008
    INVALID_SHARD = 4010
    SHARDING_REQUIRED = 4011
    INVALID_API_VERSION = 4012
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


class Closing(Exception):
    """The connection must be closed with this code."""

    def __init__(self, code: Close) -> None:
        super().__init__(code.name)
        self.code = code


class Connection:
    """One websocket: frames in order, compressed as one stream if the client asked for it."""

    def __init__(
        self, socket: web.WebSocketResponse, traffic: Traffic, *, compressed: bool
    ) -> None:
        self._socket = socket
        self._traffic = traffic
        self._deflate = zlib.compressobj() if compressed else None
        self._queue: asyncio.Queue[Json | str | Close] = asyncio.Queue()
        self._closed_by_us = False
        self.session: Session | None = None

    @property
    def closed_for_good(self) -> bool:
        """Whether the client closed it with a code that ends its session."""
        return not self._closed_by_us and self._socket.close_code in FINAL_CODES

    def send(self, op: Op, data: object = None, **dispatch: object) -> None:
        """Queue a payload; a dispatch also has its name `t` and number `s`."""
        self._queue.put_nowait({"op": int(op), "d": data, "s": None, "t": None} | dispatch)

    def dispatch(self, name: str, number: int, data: Json) -> None:
        """Queue an event."""
        self.send(Op.DISPATCH, data, t=name, s=number)

    def garble(self) -> None:
        """Queue a frame that is no payload."""
        self._queue.put_nowait('{"op": ')

    def close(self, code: Close) -> None:
        """Close once everything queued is sent."""
        self._queue.put_nowait(code)

    async def write(self) -> None:
        """Send what is queued until the connection is to be closed."""
        while not isinstance(item := await self._queue.get(), Close):
            if isinstance(item, str):
                text = item
            else:
                if item["op"] != Op.HEARTBEAT_ACK:
                    self._traffic.gateway("out", item["t"] or Op(item["op"]).name, item["d"])
                text = encode(item)
            if self._deflate is None:
                await self._socket.send_str(text)
            else:
                data = self._deflate.compress(text.encode())
                await self._socket.send_bytes(data + self._deflate.flush(zlib.Z_SYNC_FLUSH))
        self._traffic.gateway("out", f"CLOSE {item.name}", None, code=int(item))
        self._closed_by_us = True
        await self._socket.close(code=int(item), message=item.name.encode())


class Gateway:
    """Accepts connections and speaks Discord's gateway protocol v10 with them."""

    def __init__(self, sessions: Sessions, traffic: Traffic, heartbeat_interval_s: float) -> None:
        self._sessions = sessions
        self._traffic = traffic
        self._interval_s = heartbeat_interval_s
        self._open: set[Connection] = set()
        self._resumes_to_refuse = 0
        self.shut_out: set[int] = set()
        """The shards that are not let in: whoever comes as one of them is closed with 4000."""
        self.url = ""

    def routes(self) -> list[web.RouteDef]:
        """Where a bot connects; some clients put a slash behind the address."""
        return [web.get(path, self.accept) for path in ("/gateway", "/gateway/")]

    @property
    def connected(self) -> int:
        """How many bots are connected and have said who they are."""
        return sum(connection.session is not None for connection in self._open)

    def reconnect_all(self) -> None:
        """Ask every bot to reconnect and resume (opcode 7)."""
        for connection in self._open:
            connection.send(Op.RECONNECT)

    def drop_all(self, code: Close = Close.UNKNOWN_ERROR) -> None:
        """Close every bot's connection; their sessions wait to be resumed."""
        for connection in self._open:
            if connection.session is not None:
                self._sessions.detach(connection.session, connection)
            connection.close(code)

    def drop(self, shard_id: int) -> None:
        """Close the connections of one shard; their sessions wait to be resumed."""
        for session in self._sessions.of_shard(shard_id):
            if isinstance(connection := session.outlet, Connection):
                self._sessions.detach(session, connection)
                connection.close(Close.UNKNOWN_ERROR)

    def invalidate_all(self) -> None:
        """Tell every bot that its session is gone (opcode 9)."""
        for connection in self._open:
            if connection.session is not None:
                self._sessions.forget(connection.session)
            connection.send(Op.INVALID_SESSION, False)

    def garble_all(self) -> None:
        """Send every bot something that is no JSON."""
        for connection in self._open:
            connection.garble()

    def refuse_resumes(self, count: int = 1) -> None:
        """Tell the next bots that want to resume that their session is gone (opcode 9)."""
        self._resumes_to_refuse = count

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """One connection, from hello to close."""
        encoding, compress = request.query.get("encoding", "json"), request.query.get("compress")
        if encoding != "json" or compress not in {None, "", "zlib-stream"}:
            return web.Response(status=400, text="Only json, plain or zlib-stream, is served.")
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(socket, self._traffic, compressed=bool(compress))
        self._open.add(connection)
        writer = asyncio.create_task(connection.write())
        try:
            if request.query.get("v", "10") != "10":
                await _finish(connection, writer, Close.INVALID_API_VERSION)
                return socket
            connection.send(Op.HELLO, {"heartbeat_interval": int(self._interval_s * 1000)})
            await self._converse(connection, socket, writer)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._open.discard(connection)
            if connection.session is not None:
                self._sessions.detach(connection.session, connection)
                if connection.closed_for_good:
                    self._sessions.forget(connection.session)
        return socket

    async def _converse(
        self, connection: Connection, socket: web.WebSocketResponse, writer: asyncio.Task[None]
    ) -> None:
        loop = asyncio.get_running_loop()
        beat_at = loop.time()
        sent: list[float] = []
        while not socket.closed:
            # Discord allows for a slow network; half an interval more is its usual patience.
            left_s = beat_at + 1.5 * self._interval_s - loop.time()
            try:
                frame = await socket.receive(timeout=max(left_s, 0.001))
            except TimeoutError:
                await _finish(connection, writer, Close.UNKNOWN_ERROR)
                return
            if frame.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED}:
                return
            try:
                op, data = _decode(frame.data)
                if op == Op.HEARTBEAT:
                    beat_at = loop.time()
                    loop.call_later(ACK_DELAY_S, connection.send, Op.HEARTBEAT_ACK)
                    continue
                self._traffic.gateway("in", Op(op).name if op in set(Op) else f"OP {op}", data)
                _count(sent, loop.time())
                self._act(connection, op, data)
            except Closing as closing:
                await _finish(connection, writer, closing.code)
                return

    def _act(self, connection: Connection, op: int, data: object) -> None:
        if op not in set(Op):
            raise Closing(Close.UNKNOWN_OPCODE)
        if op == Op.IDENTIFY:
            self._identify(connection, data)
        elif op == Op.RESUME:
            self._resume(connection, data)
        elif connection.session is None:
            raise Closing(Close.NOT_AUTHENTICATED)
        elif op == Op.REQUEST_GUILD_MEMBERS:
            self._request_members(connection.session, data)
        elif op not in {Op.PRESENCE_UPDATE, Op.VOICE_STATE_UPDATE, Op.REQUEST_SOUNDBOARD_SOUNDS}:
            raise Closing(Close.UNKNOWN_OPCODE)

    def _identify(self, connection: Connection, data: object) -> None:
        if connection.session is not None:
            raise Closing(Close.ALREADY_AUTHENTICATED)
        fields = Fields(Form(), data)
        token = fields.text("token", required=True)
        intents = fields.raw.get("intents")
        properties = fields.child("properties", required=True)
        shard = fields.raw.get("shard") or [0, 1]
        try:
            fields.form.check()
        except ApiError as error:
            raise Closing(Close.DECODE_ERROR) from error
        if properties is None or token is None:
            raise Closing(Close.DECODE_ERROR)
        if token.removeprefix("Bot ") != self._sessions.world.token:
            raise Closing(Close.AUTHENTICATION_FAILED)
        if not isinstance(intents, int) or isinstance(intents, bool) or intents & ~EVERY_INTENT:
            raise Closing(Close.INVALID_INTENTS)
        if intents & PRIVILEGED & ~self._sessions.world.privileged_intents:
            raise Closing(Close.DISALLOWED_INTENTS)
        match shard:
            case [int(number), int(count)] if 0 <= number < count:
                pass
            case _:
                raise Closing(Close.INVALID_SHARD)
        if self._lets_in(number, count):
            self._sessions.begin(connection, Intent(intents), (number, count), self.url)
        else:
            connection.send(Op.INVALID_SESSION, False)

    def _lets_in(self, number: int, count: int) -> bool:
        """Whether a shard may start a session now; one too many costs the bot its token."""
        starts = self._sessions.world.session_starts
        if number in self.shut_out:
            raise Closing(Close.UNKNOWN_ERROR)
        if count < starts.least_shards:
            raise Closing(Close.SHARDING_REQUIRED)
        if starts.remaining == 0:
            self._sessions.world.reset_token()
            self._sessions.forget_all()
            self.drop_all(Close.AUTHENTICATION_FAILED)
            raise Closing(Close.AUTHENTICATION_FAILED)
        return starts.begin(number)

    def _resume(self, connection: Connection, data: object) -> None:
        if connection.session is not None:
            raise Closing(Close.ALREADY_AUTHENTICATED)
        fields = Fields(Form(), data)
        token = fields.text("token", required=True)
        session_id = fields.text("session_id", required=True)
        seq = fields.integer("seq", required=True, least=0)
        if token is None or session_id is None or seq is None:
            raise Closing(Close.DECODE_ERROR)
        if token.removeprefix("Bot ") != self._sessions.world.token:
            raise Closing(Close.AUTHENTICATION_FAILED)
        session = self._sessions.find(session_id)
        if session is not None and self._resumes_to_refuse:
            self._resumes_to_refuse -= 1
            self._sessions.forget(session)
            session = None
        if session is None:
            connection.send(Op.INVALID_SESSION, False)
        elif session.shard[0] in self.shut_out:
            raise Closing(Close.UNKNOWN_ERROR)
        elif seq > session.number:
            raise Closing(Close.INVALID_SEQ)
        elif not self._sessions.resume(session, connection, seq):
            connection.send(Op.INVALID_SESSION, False)

    def _request_members(self, session: Session, data: object) -> None:
        fields = Fields(Form(), data)
        guild_id = fields.snowflake("guild_id", required=True)
        ids = fields.raw.get("user_ids")
        user_ids = ids if isinstance(ids, list) else [ids] if ids else []
        query = fields.raw.get("query")
        limit = fields.integer("limit", least=0) or 0
        everyone = query == "" and limit == 0 and not user_ids
        if everyone and not session.intents & Intent.GUILD_MEMBERS:
            raise Closing(Close.DISALLOWED_INTENTS)
        if fields.boolean("presences") and not session.intents & Intent.GUILD_PRESENCES:
            raise Closing(Close.DISALLOWED_INTENTS)
        self._sessions.send_members(
            session,
            guild_id or 0,
            user_ids=[int(id_) for id_ in user_ids if re.fullmatch(r"\d{1,20}", str(id_))],
            query=query if isinstance(query, str) and not user_ids else None,
            limit=limit,
            nonce=fields.raw.get("nonce"),
        )


async def _finish(connection: Connection, writer: asyncio.Task[None], code: Close) -> None:
    """Send what is queued, then close; a client that is already gone is no fault of ours."""
    connection.close(code)
    await asyncio.gather(writer, return_exceptions=True)


def _count(sent: list[float], now: float) -> None:
    """Note a payload sent at `now` (seconds), unless it is one too many within a minute."""
    sent[:] = [at for at in sent if now - at < SENT_WINDOW_S] + [now]
    if len(sent) > MOST_SENT:
        raise Closing(Close.RATE_LIMITED)


def _decode(data: object) -> tuple[int, object]:
    if not isinstance(data, str | bytes) or len(data) > MOST_PAYLOAD_BYTES:
        raise Closing(Close.DECODE_ERROR)
    try:
        payload = decode(data)
    except ValueError as error:
        raise Closing(Close.DECODE_ERROR) from error
    fields = payload if isinstance(payload, dict) else {}
    op = fields.get("op")
    if not isinstance(op, int):
        raise Closing(Close.DECODE_ERROR)
    return op, fields.get("d")
