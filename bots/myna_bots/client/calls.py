"""The HTTP API, typed. Every call raises the server's error (`myna.errors`), or Unreachable when there was no answer."""

import uuid
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from myna.errors import Unauthorised
from myna_bots.client.frames import Page
from myna_bots.client.outbox import Sent
from myna_bots.client.ports import Http
from myna_bots.client.problems import checked
from myna_bots.client.shapes import (
    Conversation,
    Conversations,
    HeldPage,
    History,
    Inbox,
    KnowledgeBase,
    KnowledgeBases,
    Me,
    Passage,
    Tickets,
    Turns,
    Users,
)
from myna_bots.client.tokens import Tokens
from myna_bots.client.wire import Held, Object, Ticket, User, decoded

T = TypeVar("T")


class _Ack(Object, frozen=True):
    conversation: str
    client_id: str
    seq: int | None = None
    rev: int | None = None
    duplicate: bool = False
    held: str | None = None


async def inbox(http: Http, key: str) -> Inbox:
    """What an inbox shows to everybody, before any sign-in."""
    return decoded(checked(await http.request("GET", f"/v1/inboxes/{key}")), Inbox)


class Api:
    """The API as one signed-in user. A token that the server finds too old is renewed and the request made once more."""

    def __init__(self, http: Http, tokens: Tokens) -> None:
        self._http, self._tokens = http, tokens

    async def me(self) -> Me:
        """Who I am."""
        return await self._get("/v1/me", Me)

    async def open_support(self, inbox_key: str) -> Conversation:
        """My conversation with an inbox, as its visitor."""
        return await self._post("/v1/conversations", {"kind": "support", "inbox": inbox_key}, Conversation)

    async def open_group(self, title: str, members: Sequence[str]) -> Conversation:
        """A new group of mine."""
        asked = {"kind": "group", "title": title, "members": list(members)}
        return await self._post("/v1/conversations", asked, Conversation)

    async def open_direct(self, user: str) -> Conversation:
        """My conversation with another user."""
        return await self._post("/v1/conversations", {"kind": "direct", "user": user}, Conversation)

    async def conversations(self, after: str | None = None, limit: int = 25) -> Conversations:
        """A page of my conversations, latest change first."""
        return await self._get("/v1/conversations", Conversations, after=after, limit=limit)

    async def conversation(self, conversation: str) -> Conversation:
        """One conversation."""
        return await self._get(f"/v1/conversations/{conversation}", Conversation)

    async def messages(
        self,
        conversation: str,
        *,
        before_seq: int | None = None,
        after_seq: int | None = None,
        limit: int = 50,
    ) -> History:
        """A page of messages, ascending: the newest, or those before or after a seq."""
        path = f"/v1/conversations/{conversation}/messages"
        return await self._get(path, History, before_seq=before_seq, after_seq=after_seq, limit=limit)

    async def events(self, conversation: str, after_rev: int = 0, limit: int = 200) -> Page:
        """Durable changes after a cursor."""
        path = f"/v1/conversations/{conversation}/events"
        return await self._get(path, Page, after_rev=after_rev, limit=limit)

    async def send(
        self, conversation: str, text: str, *, client_id: str | None = None, reply_to: int | None = None
    ) -> Sent:
        """Send without a socket. After Unreachable, send again with the same client_id."""
        path = f"/v1/conversations/{conversation}/messages"
        asked: dict[str, Any] = {"body": {"text": text}}
        if reply_to is not None:
            asked["reply_to"] = reply_to
        key = {"Idempotency-Key": client_id or uuid.uuid4().hex}
        ack = decoded(await self._call("POST", path, json=asked, headers=key), _Ack)
        return Sent(ack.conversation, ack.client_id, ack.seq, ack.rev, ack.duplicate, ack.held)

    async def upload(self, name: str, content: bytes) -> str:
        """Store a file in one piece; its id."""
        begun = decoded(
            await self._call("POST", "/v1/files", json={"name": name, "size": len(content)}), dict[str, Any]
        )
        file = str(begun["id"])
        await self._call("PATCH", f"/v1/files/{file}", content=content, headers={"Upload-Offset": "0"})
        return file

    async def read(self, conversation: str, seq: int) -> None:
        """Mark everything up to this message as read."""
        await self._call("PUT", f"/v1/conversations/{conversation}/read", json={"seq": seq})

    async def hand_off(self, conversation: str, reason: str | None = None) -> Ticket:
        """Ask for a person."""
        asked = {} if reason is None else {"reason": reason}
        return await self._post(f"/v1/conversations/{conversation}/hand-off", asked, Ticket)

    async def claim(self, conversation: str, epoch: int | None = None) -> Ticket:
        """Take a conversation over. Conflict when the epoch has moved on."""
        return await self._post(f"/v1/conversations/{conversation}/claim", _epoch(epoch), Ticket)

    async def release(
        self, conversation: str, to: Literal["agent", "queue"] = "agent", epoch: int | None = None
    ) -> Ticket:
        """Give a conversation back."""
        path = f"/v1/conversations/{conversation}/release"
        return await self._post(path, {"to": to, **_epoch(epoch)}, Ticket)

    async def resolve(self, conversation: str, epoch: int | None = None) -> Ticket:
        """The matter is closed."""
        return await self._post(f"/v1/conversations/{conversation}/resolve", _epoch(epoch), Ticket)

    async def turns(self, conversation: str, limit: int = 20) -> Turns:
        """What the agent did, and why; newest first."""
        return await self._get(f"/v1/conversations/{conversation}/turns", Turns, limit=limit)

    async def tickets(
        self,
        view: Literal["open", "mine", "queue", "agent", "resolved"] = "open",
        after: str | None = None,
        limit: int = 50,
    ) -> Tickets:
        """A page of tickets, latest change first."""
        return await self._get("/v1/tickets", Tickets, view=view, after=after, limit=limit)

    async def held(
        self,
        state: Literal["waiting", "allowed", "blocked"] = "waiting",
        after: str | None = None,
        limit: int = 50,
    ) -> HeldPage:
        """A page of held messages: waiting ones oldest first, decided ones newest first."""
        return await self._get("/v1/held", HeldPage, state=state, after=after, limit=limit)

    async def decide(self, held: str, decision: Literal["allow", "block"]) -> Held:
        """Let a held message in, or keep it out for good. Conflict when it was decided before."""
        return await self._post(f"/v1/held/{held}/decide", {"decision": decision}, Held)

    async def knowledge_bases(self) -> list[KnowledgeBase]:
        """The workspace's knowledge bases."""
        return (await self._get("/v1/knowledge-bases", KnowledgeBases)).bases

    async def passage(self, chunk: str, version: int | None = None) -> Passage:
        """What a citation points at. NotFound when it was deleted or replaced since."""
        return await self._get(f"/v1/passages/{chunk}", Passage, version=version)

    async def users(self, ids: Sequence[str]) -> list[User]:
        """Those of the users that I may see."""
        return (await self._get("/v1/users", Users, ids=",".join(ids))).users

    async def _get(self, path: str, kind: type[T], **query: object) -> T:
        given = {key: str(value) for key, value in query.items() if value is not None}
        return decoded(await self._call("GET", path, query=given), kind)

    async def _post(self, path: str, asked: dict[str, Any], kind: type[T]) -> T:
        return decoded(await self._call("POST", path, json=asked), kind)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> bytes:
        token = await self._tokens.access()
        try:
            return await self._once(token, method, path, json, query, headers, content)
        except Unauthorised:
            await self._tokens.renew(token)
        return await self._once(
            self._tokens.session.access_token, method, path, json, query, headers, content
        )

    async def _once(
        self,
        token: str,
        method: str,
        path: str,
        json: Any,
        query: dict[str, str] | None,
        headers: dict[str, str] | None,
        content: bytes | None,
    ) -> bytes:
        sent = {"Authorization": f"Bearer {token}", **(headers or {})}
        return checked(
            await self._http.request(method, path, json=json, query=query, headers=sent, content=content)
        )


def _epoch(epoch: int | None) -> dict[str, Any]:
    return {} if epoch is None else {"epoch": epoch}
