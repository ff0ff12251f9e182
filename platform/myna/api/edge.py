"""What every request passes first: limits per address, and bounds on the size, time and nesting of bodies."""

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from itertools import accumulate
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from myna.api.problems import problem_of
from myna.api.strangers import Strangers, credential_of, leaving
from myna.errors import Malformed, MynaError, TooLarge
from myna.intrusion.model import Response
from myna.intrusion.shield import SLOWER
from myna.limits.addresses import place_of
from myna.services import Services

MAX_BODY_BYTES = 1024 * 1024
"""Most bytes of a request, but for the routes that count themselves."""
BODY_S = 30.0
"""How long such a body may take, and each piece of a longer one."""
MAX_DEPTH = 64
"""How deep JSON may be nested: what is stored is read again by programs with less patience."""
STREAMED = re.compile(r"/v1/files(/|$)|/v1/knowledge-bases/|/bot[^/]*/|/file/bot|/openai/|/hooks/|/mcp(/|$)")
"""Routes that take longer bodies, read them piece by piece and bound them by themselves."""
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_OPENS, _CLOSES = b"[{", b"]}"
_OTHERS = bytes(each for each in range(256) if each not in _OPENS + _CLOSES)
_STEPS = {**dict.fromkeys(_OPENS, 1), **dict.fromkeys(_CLOSES, -1)}
EXEMPT = frozenset({"/health/live", "/health/ready"})


class BodyTooSlow(MynaError):
    """The body did not come in time; nothing was stored."""

    status, code, temporary = 408, "too_slow", True


class Edge:
    """The outermost layer of the application. What it refuses costs no routing, no database and no parsing."""

    def __init__(self, app: ASGIApp, state: FastAPI) -> None:
        self._app, self._state = app, state
        self._strangers = Strangers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        services: Services | None = getattr(self._state.state, "services", None)
        if scope["type"] != "http" or services is None or scope["path"] in EXEMPT:
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        address, watched, leave = client[0] if client else "", _Watched(send), _nothing
        try:
            _admit(services, scope, address)
            receive = await _bounded(scope, receive)
            credential = credential_of(scope)
            if not self._strangers.knows(credential):
                leave = await self._strangers.turn()
        except MynaError as refused:
            if refused.status != 403:
                services.intrusion.requests.answered(
                    address, scope["path"], refused.status, refused.code, None, ""
                )
            answer = problem_of(refused)
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)
            return
        try:
            await self._app(scope, receive, watched if leave is _nothing else leaving(watched, leave))
        finally:
            leave()
        self._strangers.tell(credential, scope, watched.status)
        if watched.status >= 400:
            told = scope.get("state", {})
            services.intrusion.requests.answered(
                address,
                scope["path"],
                watched.status,
                told.get("code", ""),
                told.get("principal"),
                told.get("handle", ""),
            )


def _nothing() -> None:
    """Nothing is to be given back."""


class _Watched:
    """A `send` that remembers the status."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def _admit(services: Services, scope: Scope, address: str) -> None:
    place = place_of(address)
    services.intrusion.requests.asked(address, scope["path"], scope["query_string"])
    slowed = services.intrusion.shield.pass_or_refuse(place) is Response.SLOW
    services.limits.use("request_address", place, SLOWER if slowed else 1)


async def _bounded(scope: Scope, receive: Receive) -> Receive:
    """A `receive` that gives no more, no longer and no deeper than allowed.

    Raises:
        TooLarge, Malformed, BodyTooSlow: the body is not taken.
    """
    headers: Mapping[bytes, bytes] = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    if not length and b"transfer-encoding" not in headers:
        return receive
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        # A few bytes could unpack to gigabytes (a decompression bomb), and no client of ours packs its requests.
        raise MynaError("Send the body as it is, without Content-Encoding.", status=415, code="encoded_body")
    if STREAMED.match(scope["path"]):
        return _paced(receive)
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise TooLarge(f"A request has at most {MAX_BODY_BYTES} bytes.")
    body = await _read(receive)
    if body is None:
        return receive
    if b"json" in headers.get(b"content-type", b"json") and too_deep(body):
        raise Malformed(f"JSON is nested at most {MAX_DEPTH} deep here.", code="too_deep")
    return _replayed(body, receive)


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None when the client went away."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MAX_BODY_BYTES:
                    raise TooLarge(f"A request has at most {MAX_BODY_BYTES} bytes.")
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError as late:
        raise BodyTooSlow(f"The body did not come within {BODY_S:.0f} s.") from late


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _paced(receive: Receive) -> Receive:
    done = False

    async def paced() -> Message:
        nonlocal done
        if done:
            return await receive()
        try:
            async with asyncio.timeout(BODY_S):
                message = await receive()
        except TimeoutError:
            # As if the client had gone away: whatever reads the body knows what to do then.
            message = {"type": "http.disconnect"}
        done = not message.get("more_body")
        return message

    return paced


def too_deep(body: bytes) -> bool:
    """Whether brackets outside of strings are nested deeper than `MAX_DEPTH`."""
    if sum(body.count(each) for each in (b"[", b"{")) <= MAX_DEPTH:
        return False
    brackets = _STRING.sub(b"", body).translate(None, _OTHERS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > MAX_DEPTH


def head_of(refused: MynaError, body: bytes, more: Mapping[str, str] | None = None) -> bytes:
    """The answer to a request that is not taken, as bytes of HTTP/1.1; usually the last on its connection."""
    lines: dict[str, Any] = {
        "content-type": "application/problem+json",
        "content-length": len(body),
        **({"connection": "close"} if more is None else more),
    }
    phrase = HTTPStatus(refused.status).phrase
    told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {refused.status} {phrase}\r\n{told}\r\n".encode() + body
