"""Full-text search over everything a user may see, and the indexer that follows the log."""

import asyncio
import logging
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from myna.conversations.access import Access
from myna.errors import Malformed, MynaError
from myna.log.ports import Log
from myna.model.message import Event, EventKind, Message, MessageState
from myna.ports.accounts import Accounts
from myna.ports.content import Document, Index, Sought
from myna.rights import Principal
from myna.wire import message_object
from myna.words import found_words, holds, snippet, terms_of, wanted_of

MAX_QUERY_CHARS = 500
BATCH = 200
"""Events that are indexed in one transaction: it takes the write lock of SQLite, so it stays short."""
PAUSE_S = 0.05
REST = 3.0
"""Rest between two of them, in seconds and as a multiple of what the last one took: under load, commits come first."""
LOOK_S = 5.0
CANDIDATES = 5
"""So many times a page is looked through for phrases, which the index does not know: the next page goes on after them."""
HAS = ("file", "picture", "link")
_LINK = re.compile(r"https?://\S", re.IGNORECASE)
_FILTER = re.compile(r"(?:^|\s)(from|in|has|before|after):(\S+)", re.IGNORECASE)
_MESSAGE_EVENTS = frozenset(
    {
        EventKind.MESSAGE_CREATED,
        EventKind.MESSAGE_FINISHED,
        EventKind.MESSAGE_EDITED,
        EventKind.MESSAGE_RECALLED,
    }
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody searches for; the filters may stand in the text too, as `from:ann in:123 has:file after:2026-01-31`."""

    text: str
    sender: str | None = None
    conversation: int | None = None
    has: str | None = None
    before: float | None = None
    after: float | None = None


class Search:
    """Finds messages above the searcher's floors, the newest first."""

    def __init__(self, access: Access, accounts: Accounts, index: Index) -> None:
        self._access, self._accounts, self._index = access, accounts, index

    async def find(
        self, principal: Principal, query: Query, before_pos: int | None, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Hits with message and snippet, and where the next page begins.

        Raises:
            Malformed: nothing is asked for, or a filter makes no sense.
            NotFound: the conversation of the filter is not visible.
        """
        query = _parsed(query)
        wanted = wanted_of(query.text)
        if wanted.empty and not (query.sender or query.has or query.conversation):
            raise Malformed("Search for a word, or give from, in or has.")
        if query.conversation is not None:
            await self._access.fresh_seat(principal, query.conversation)
        sender = await self._sender(principal, query.sender)
        if query.sender is not None and sender is None:
            return [], None
        sought = Sought(
            principal.user,
            principal.workspace if principal.operator else None,
            wanted,
            sender,
            query.conversation,
            query.has,
            query.before,
            query.after,
        )
        hits: list[dict[str, Any]] = []
        # One read: each begins by putting together all places of the words, which is most of its time.
        most = limit * CANDIDATES if wanted.exact else limit
        found = await self._index.find(sought, before_pos, most)
        for pos, message, title in found:
            before_pos = pos
            if holds(_text_of(message), wanted):
                hits.append(_hit(message, title, wanted))
            if len(hits) == limit:
                return hits, before_pos
        return hits, before_pos if len(found) == most else None

    async def _sender(self, principal: Principal, named: str | None) -> int | None:
        if named is None:
            return None
        if named == "me":
            return principal.user
        if named.isascii() and named.isdecimal() and len(named) <= 16:
            return int(named)
        handle = named.removeprefix("@").casefold()
        people = await self._accounts.humans(principal.workspace, 1000)
        return next((each.id for each in people if (each.handle or "").casefold() == handle), None)


class Indexer:
    """Follows the log by `pos` and keeps the index at most moments behind it; an ack never waits for it.

    Each process runs one: who is first moves the cursor, the others see that and go on from there.
    """

    def __init__(self, log: Log, index: Index) -> None:
        self._log, self._index = log, index
        self._wake = asyncio.Event()

    def heard(self, _: object) -> None:
        """Something was committed."""
        self._wake.set()

    async def run(self) -> None:
        """Index until cancelled."""
        while True:
            self._wake.clear()
            began = time.monotonic()
            more = await self.once()
            await asyncio.sleep(max(PAUSE_S, (time.monotonic() - began) * REST))
            if more:
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()

    async def once(self) -> bool:
        """Index the next events; whether there may be more."""
        cursor = await self._index.cursor()
        found = await self._log.events_after(cursor, BATCH)
        if not found:
            return False
        documents, retained = await asyncio.to_thread(_read, [event for event, _, _ in found])
        try:
            moved = await self._index.store(cursor, found[-1][0].pos, list(documents.values()), retained)
        except MynaError as failed:
            logger.warning("the search index waits: %s", failed)
            return False
        # Another process was faster: go on from where it got to.
        return not moved or len(found) == BATCH


def _read(events: Sequence[Event]) -> tuple[dict[tuple[int, int], Document], dict[int, int]]:
    """The newest document of each message, and the conversations that lost old ones. Cutting words takes a thread's time."""
    documents: dict[tuple[int, int], Document] = {}
    retained: dict[int, int] = {}
    for event in events:
        if event.kind in _MESSAGE_EVENTS and event.seq is not None:
            documents[(event.conversation, event.seq)] = document(event)
        elif event.kind is EventKind.CONVERSATION_CHANGED and "retained_through" in event.data:
            retained[event.conversation] = event.data["retained_through"]
    return documents, retained


def document(event: Event) -> Document:
    """What the index holds of a message as it is now; without terms it is taken out."""
    data = event.data
    body: Mapping[str, Any] = data["body"]
    files: list[Mapping[str, Any]] = body.get("files") or []
    text = found_words([str(body.get("text", "")), *(str(each["name"]) for each in files)])
    gone = data["state"] == MessageState.RECALLED
    has = [
        name
        for name, there in (
            ("file", bool(files)),
            ("picture", any(str(each["type"]).startswith("image/") for each in files)),
            ("link", bool(_LINK.search(str(body.get("text", ""))))),
        )
        if there
    ]
    assert event.seq is not None
    return Document(
        event.pos,
        event.conversation,
        event.seq,
        int(data["sender"]),
        datetime.fromisoformat(data["created_at"]).timestamp(),
        tuple(has),
        () if gone or data["kind"] != "text" else tuple(terms_of(text)),
    )


def _parsed(query: Query) -> Query:
    if len(query.text) > MAX_QUERY_CHARS or "\x00" in query.text:
        raise Malformed(f"A search has at most {MAX_QUERY_CHARS} characters, without NUL.")
    given: dict[str, Any] = {}
    for name, value in _FILTER.findall(query.text):
        match name.lower():
            case "from":
                given["sender"] = value
            case "in":
                if not (value.isascii() and value.isdecimal() and len(value) <= 16):
                    raise Malformed("in: is followed by a conversation's id.")
                given["conversation"] = int(value)
            case "has":
                given["has"] = value.lower()
            case _:
                given[name.lower()] = _day(value)
    made = replace(query, text=_FILTER.sub(" ", query.text).strip(), **given)
    if made.has is not None and made.has not in HAS:
        raise Malformed(f"has: is one of {', '.join(HAS)}.")
    return made


def _day(value: str) -> float:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise Malformed(f"{value!r} is no date; write it as 2026-01-31.") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _text_of(message: Message) -> str:
    files: list[Mapping[str, Any]] = message.body.get("files") or []
    return found_words([str(message.body.get("text", "")), *(str(each["name"]) for each in files)])


def _hit(message: Message, title: str, wanted: Any) -> dict[str, Any]:
    return {
        "conversation": str(message.conversation),
        "conversation_title": title,
        "seq": message.seq,
        "message": message_object(message),
        "snippet": snippet(_text_of(message), wanted),
    }
