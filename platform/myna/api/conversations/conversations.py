"""Conversations, messages and their history over HTTP."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, Field

from myna.api.bodies import Body
from myna.api.ids import ConversationPath, Cursor, IdText, Limit
from myna.api.principal import Asker, Core
from myna.errors import Malformed, NotFound
from myna.model.conversation import ConversationKind
from myna.rights import Verb, require
from myna.wire import ack_object, user_object

router = APIRouter(prefix="/v1", tags=["conversations"])


class OpenSupport(BaseModel):
    """A visitor's conversation with an inbox."""

    kind: Literal["support"]
    inbox: str = Field(min_length=1, max_length=64)


class OpenGroup(BaseModel):
    """A group with its first members."""

    kind: Literal["group"]
    title: str = Field(min_length=1, max_length=200)
    members: list[IdText] = Field(default_factory=list, max_length=500)


class OpenChannel(BaseModel):
    """A channel with its first members: moderators write, all members read."""

    kind: Literal["channel"]
    title: str = Field(min_length=1, max_length=200)
    members: list[IdText] = Field(default_factory=list, max_length=500)


class OpenDirect(BaseModel):
    """A conversation of two."""

    kind: Literal["direct"]
    user: IdText


class NewMessage(BaseModel):
    """A draft; its client_id comes in the Idempotency-Key header."""

    body: Body
    reply_to: int | None = Field(default=None, ge=1, lt=2**53)
    thread: int | None = Field(default=None, ge=1, lt=2**53)
    age_ms: int | None = Field(
        default=None, ge=0, lt=2**53, description="How long ago it was written, when it waited in the client."
    )


class ReadUpTo(BaseModel):
    """The last message that was read."""

    seq: int = Field(ge=1, lt=2**53)


@router.post("/conversations", status_code=201, summary="Open a conversation")
async def open_conversation(
    asked: Annotated[OpenSupport | OpenGroup | OpenChannel | OpenDirect, Field(discriminator="kind")],
    asker: Asker,
    core: Core,
    response: Response,
) -> dict[str, Any]:
    """201 with the new conversation; 200 with the known one when a visitor or a pair of users has it already."""
    new = True
    match asked:
        case OpenSupport():
            inbox = await core.accounts.inbox_by_key(asked.inbox) if asked.inbox.isprintable() else None
            if inbox is None:
                raise NotFound(f"There is no inbox {asked.inbox!r}.")
            made, new = await core.opening.support(asker, inbox)
        case OpenGroup() | OpenChannel():
            kind = ConversationKind(asked.kind)
            users = [int(each) for each in asked.members]
            made = await core.opening.group(asker, asked.title, users, kind)
        case OpenDirect():
            made, new = await core.opening.direct(asker, int(asked.user))
    if not new:
        response.status_code = 200
    return await core.directory.one(asker, made.id)


@router.get("/conversations", summary="My conversations, latest change first")
async def conversations(asker: Asker, core: Core, after: Cursor = None, limit: Limit = 25) -> dict[str, Any]:
    """A page of conversations in which I have a seat; `next` goes into `after`."""
    shown, following = await core.directory.mine(asker, after, limit)
    return {"conversations": shown, "next": None if following is None else str(following)}


@router.get("/conversations/{conversation}", summary="One conversation")
async def conversation(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """The conversation with members, ticket, my seat and its last message."""
    return await core.directory.one(asker, conversation)


@router.get("/conversations/{conversation}/messages", summary="Messages of a conversation")
async def messages(
    conversation: ConversationPath,
    asker: Asker,
    core: Core,
    before_seq: Cursor = None,
    after_seq: Cursor = None,
    around: Cursor = None,
    thread: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """A page in ascending order: the newest, those before or after a message, those around it, or a thread's.

    `my_reactions` and `threads` say by seq what I reacted with and which threads begin on this page.
    """
    given = [each for each in (before_seq, after_seq, around) if each is not None]
    if len(given) > 1:
        raise Malformed("Give one of before_seq, after_seq and around.")
    if around is not None:
        after_seq = max(0, around - limit // 2 - 1)
    page = await core.directory.messages(
        asker, conversation, before=before_seq, after=after_seq, limit=limit, thread=thread
    )
    seat = await core.directory.seat(asker, conversation)
    return {
        **page,
        **await core.amender.marks(seat, page["messages"]),
        "held": await core.review.own(conversation, asker.user),
    }


@router.post(
    "/conversations/{conversation}/messages",
    status_code=201,
    summary="Send a message",
    responses={200: {"description": "Sent before"}, 202: {"description": "Waits for a moderator"}},
)
async def send(
    conversation: ConversationPath,
    asked: NewMessage,
    asker: Asker,
    core: Core,
    response: Response,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=64)],
) -> dict[str, Any]:
    """The ack of a durable message. The same key and body again give the first ack; another body gives 409."""
    ack = await core.sender.send(
        asker,
        conversation,
        idempotency_key,
        asked.body.given(),
        asked.reply_to,
        asked.thread,
        age_ms=asked.age_ms,
    )
    response.status_code = 202 if ack.held is not None else 200 if ack.duplicate else 201
    return ack_object(ack)


@router.get("/conversations/{conversation}/events", summary="Durable changes after a cursor")
async def events(
    conversation: ConversationPath,
    asker: Asker,
    core: Core,
    after_rev: Annotated[int, Query(ge=0, lt=2**53)] = 0,
    limit: Limit = 200,
) -> dict[str, Any]:
    """A page of events with `rev` above the cursor, or an explicit snapshot when the gap is too long."""
    return await core.directory.page(asker, conversation, after_rev, limit)


@router.put("/conversations/{conversation}/read", status_code=204, summary="Mark as read")
async def read(conversation: ConversationPath, asked: ReadUpTo, asker: Asker, core: Core) -> None:
    """Raise my read cursor; it never falls."""
    seat = await core.directory.seat(asker, conversation)
    core.receipts.read(asker, seat, asked.seq)


@router.get("/conversations/{conversation}/receipts", summary="Who has read and received a message")
async def receipts(
    conversation: ConversationPath, asker: Asker, core: Core, seq: Annotated[int, Query(ge=1, lt=2**53)]
) -> dict[str, Any]:
    """Counts of up to 5,000 members, with everybody's watermark up to 100; null where there are more members."""
    return await core.receipts.of(asker, conversation, seq)


@router.get("/conversations/{conversation}/presence", summary="Who of a conversation is online")
async def presence_within(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """How many members are online, and who, unless there are more than 5,000 members."""
    return await core.presence.within(asker, conversation)


@router.get("/presence", summary="Status of users")
async def presence(
    asker: Asker, core: Core, ids: Annotated[str, Query(max_length=9000, pattern=r"^[0-9,]*$")] = ""
) -> dict[str, Any]:
    """`[status, last activity]` of those of the users whom I may see."""
    wanted = [int(each) for each in ids.split(",") if each and len(each) <= 16]
    return {"users": await core.presence.of(asker, wanted)}


@router.get("/users", summary="Users by id")
async def users(
    asker: Asker, core: Core, ids: Annotated[str, Query(max_length=4000, pattern=r"^[0-9,]*$")] = ""
) -> dict[str, Any]:
    """Those of the users that I may see."""
    wanted = [int(each) for each in ids.split(",") if each and len(each) <= 16]
    return {"users": [user_object(user) for user in await core.directory.users(asker, wanted)]}


@router.get("/people", summary="People and bots of my workspace")
async def people(asker: Asker, core: Core) -> dict[str, Any]:
    """Whom I can open a group or a direct conversation with, with their workspace roles; only for members of the workspace."""
    require(asker, Verb.OPEN_GROUP)
    found = await core.accounts.humans(asker.workspace, 500)
    return {"users": [user_object(user) | {"role": user.role} for user in found]}
