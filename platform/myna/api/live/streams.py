"""Sync, long poll, Server-Sent Events and commands: the socket's objects for clients without a socket."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from myna.api.ids import Limit
from myna.api.live.commands import Commands
from myna.api.live.frames import MAX_FRAME_BYTES, Hello, Send, decode_frames, nack
from myna.api.principal import Asker, Core, principal
from myna.deliver.frames import EventFrame
from myna.deliver.queued import Farewell
from myna.deliver.session import Session
from myna.errors import Busy, Forbidden, MynaError, TooLarge, Unauthorised
from myna.identity.socket_tickets import MAX_CHARS
from myna.rights import Principal
from myna.services import Services
from myna.wire import encode

router = APIRouter(prefix="/v1", tags=["sync"])
PING_S = 15
RETRY_MS = 3000
POLL_EVENTS = 200
GOODBYE_S = 5.0
"""How long a stream may take to say goodbye when the server stops."""


@router.get("/sync", summary="What moved since a commit position")
async def sync(
    asker: Asker, core: Core, pos: Annotated[int, Query(ge=0, lt=2**53)] = 0, limit: Limit = 200
) -> dict[str, Any]:
    """Heads of my conversations with changes after `pos`; pull the ranges that are missing."""
    heads, reached, more = await core.directory.heads(asker, pos, limit)
    return {"conversations": heads, "pos": reached, "more": more, "epoch": str(core.relay.epoch)}


@router.get("/poll", summary="Wait for events")
async def poll(
    asker: Asker,
    core: Core,
    pos: Annotated[int, Query(ge=0, lt=2**53)],
    wait: Annotated[float, Query(ge=0, le=55)] = 25,
) -> Response:
    """Events after `pos`, at once or as soon as there are some. `resync` means that the cursor is too old."""
    core.admit()
    inbox = await _inbox_of(core, asker)
    try:
        await _subscribe(core, inbox, asker)
        found = _found(core, inbox.session, pos)
        if found == [] and wait:
            seen = core.relay.pos
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await inbox.wait()
            # Also after a timeout: an event may have come with it, and `pos` below counts it as given.
            found = _found(core, inbox.session, seen)
    finally:
        core.hub.remove(inbox.session)
    if found is None:
        return _raw({"events": [], "pos": core.relay.pos, "more": False, "resync": True})
    more = len(found) > POLL_EVENTS
    found = found[:POLL_EVENTS]
    reached = found[-1].pos if more else core.relay.pos
    return _raw({"events": [msgspec.Raw(event.frame) for event in found], "pos": reached, "more": more})


async def _listener(
    request: Request, core: Core, ticket: Annotated[str | None, Query(max_length=MAX_CHARS)] = None
) -> Principal | Unauthorised:
    """Who listens, by the header or a ticket. A ticket that is no good is told in the stream: see `events`."""
    if ticket is None:
        return await principal(request, core)
    try:
        return await core.tickets.redeem(ticket)
    except Unauthorised as refused:
        return refused


Listener = Annotated[Principal | Unauthorised, Depends(_listener)]


@router.get("/events", summary="Events and signals as a stream", response_class=EventSourceResponse)
async def events(
    asker: Listener,
    core: Core,
    request: Request,
    pos: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> EventSourceResponse:
    """Server-Sent Events. `id` is `<epoch>.<pos>`; with Last-Event-ID the stream goes on there, or says `resync`.

    A ticket opens one stream: when an EventSource comes back with a used one, a `bye` with code 401 tells it to take another.
    """
    # In the stream: an HTTP error would end an EventSource for good.
    if isinstance(asker, Unauthorised):
        return EventSourceResponse(_refused(asker))
    try:
        core.admit()
    except Busy as crowded:
        return EventSourceResponse(_refused(crowded))
    inbox = await _inbox_of(core, asker, signals=True)
    cursor = _cursor(core, last_event_id, pos)
    return EventSourceResponse(
        _stream(core, inbox, asker, cursor, request),
        ping=PING_S,
        headers={"X-Accel-Buffering": "no"},
        shutdown_grace_period=GOODBYE_S,
    )


@router.post("/commands", summary="Client frames over HTTP")
async def commands(asker: Asker, core: Core, request: Request) -> Response:
    """The frames of the socket (one object or an array); the answers come as an array in the same order."""
    raw = await request.body()
    if len(raw) > MAX_FRAME_BYTES:
        raise TooLarge(f"At most {MAX_FRAME_BYTES} bytes go into one request.")
    answering: Commands = request.app.state.commands
    answers: list[dict[str, Any]] = []
    for frame in decode_frames(raw):
        if isinstance(frame, tuple):
            answers.append(nack(frame[0], frame[1]))
            continue
        try:
            if isinstance(frame, Hello):
                continue
            answer = await answering.answer(asker, frame)
        except MynaError as refused:
            answers.append(nack(frame.ref, refused, frame.client_id if isinstance(frame, Send) else None))
            continue
        if answer is not None:
            answers.append(answer)
    return _raw(answers)


class _Inbox:
    """A session whose frames are awaited."""

    def __init__(self) -> None:
        self._ready = asyncio.Event()
        self.session: Session

    def ready(self) -> None:
        self._ready.set()

    async def wait(self) -> None:
        await self._ready.wait()
        self._ready.clear()


async def _inbox_of(core: Services, asker: Principal, *, signals: bool = False) -> _Inbox:
    if asker.scopes is not None:
        raise Forbidden("Bots listen at /v1/bot/updates, where they hear what they may hear.")
    user = await core.accounts.user(asker.user)
    if user is None:
        raise Unauthorised("This user does not exist any more.", code="token_invalid")
    inbox = _Inbox()
    inbox.session = Session(user, operator=asker.operator, ready=inbox.ready, signals=signals)
    return inbox


async def _subscribe(core: Services, inbox: _Inbox, asker: Principal) -> None:
    """Obligation: remove the session in a `finally` that is entered before this."""
    core.hub.add(inbox.session, ())
    inbox.session.floors = await core.directory.seats_of(asker)
    core.hub.add(inbox.session, inbox.session.floors)


def _found(core: Services, session: Session, pos: int) -> list[EventFrame] | None:
    missed = core.relay.since(pos)
    return None if missed is None else [event for event in missed if _sees(session, event)]


async def _refused(failed: Busy | Unauthorised) -> AsyncIterator[ServerSentEvent]:
    bye = Farewell(failed.status, failed.code, failed.retry_ms or RETRY_MS)
    yield ServerSentEvent(bye.frame.decode(), event="bye", retry=bye.retry_ms)


async def _stream(
    core: Services, inbox: _Inbox, asker: Principal, cursor: int | None, request: Request
) -> AsyncIterator[ServerSentEvent]:
    epoch = core.relay.epoch
    try:
        await _subscribe(core, inbox, asker)
        yield ServerSentEvent(comment="open", retry=RETRY_MS + random.randrange(2000))  # noqa: S311 - jitter
        missed = core.relay.since(cursor) if cursor is not None else None
        if missed is None:
            yield ServerSentEvent(
                encode({"op": "resync", "pos": core.relay.pos}).decode(),
                event="resync",
                id=f"{epoch}.{core.relay.pos}",
            )
            reached = core.relay.pos
        else:
            reached = cursor or 0
            for event in missed:
                reached = event.pos
                if _sees(inbox.session, event):
                    yield ServerSentEvent(event.frame.decode(), id=f"{epoch}.{event.pos}")
        while inbox.session.ended is None and not await request.is_disconnected():
            await inbox.wait()
            for pos, frame in inbox.session.take():
                if pos == 0:
                    yield ServerSentEvent(frame.decode())
                elif pos > reached:
                    reached = pos
                    yield ServerSentEvent(frame.decode(), id=f"{epoch}.{pos}")
        if (bye := inbox.session.ended) is not None:
            yield ServerSentEvent(bye.frame.decode(), event="bye", retry=bye.retry_ms)
    finally:
        core.hub.remove(inbox.session)


def _cursor(core: Services, last_event_id: str | None, pos: int | None) -> int | None:
    if last_event_id:
        epoch, _, at = last_event_id.partition(".")
        return int(at) if epoch == str(core.relay.epoch) and at.isdecimal() else None
    return pos


def _sees(session: Session, event: EventFrame) -> bool:
    watched = event.support and session.operator and event.workspace == session.user.workspace
    if not watched and event.conversation not in session.conversations:
        return False
    return event.seq == 0 or event.seq >= session.floors.get(event.conversation, 1)


def _raw(body: Any) -> Response:
    return Response(encode(body), media_type="application/json")
