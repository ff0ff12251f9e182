"""What a service team keeps beside conversations, over HTTP: notes, prepared replies, ratings, contacts, figures, inboxes."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, StringConstraints, field_validator

from myna.api.desk.visitors import PrechatField
from myna.api.ids import MAX_ID, ConversationPath, IdText, Limit
from myna.api.principal import Asker, Core
from myna.errors import Forbidden, Malformed, NotFound
from myna.ids import new_id
from myna.model.conversation import ConversationKind
from myna.model.message import MessageKind
from myna.model.service import WHOLE, Contact, Note, PreparedReply, Rating
from myna.model.workspace import Inbox, UserKind
from myna.rights import Principal, Verb, may, require
from myna.services import Services
from myna.wire import stamp, user_object

router = APIRouter(prefix="/v1", tags=["service"])
DAY_S = 86_400

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Origin = Annotated[
    str, StringConstraints(pattern=r"^https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?$", max_length=200)
]
Lang = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class NewNote(BaseModel):
    """Something for the other operators."""

    text: Words = Field(examples=["She has called twice about this already."])
    mentions: list[IdText] = Field(
        default_factory=list[str],
        max_length=20,
        description="Colleagues who get it on their list of mentions.",
    )


class NewReply(BaseModel):
    """A text that is inserted with `/shortcut`."""

    shortcut: str = Field(pattern=r"^[\w-]{1,40}$", examples=["refund-time"])
    text: Words = Field(examples=["Hello {{name}}, refunds take three working days."])


class Thumb(BaseModel):
    """Whether a message helped."""

    helpful: bool


class Stars(BaseModel):
    """How a conversation was, with an optional remark."""

    stars: int = Field(ge=1, le=5)
    comment: str = Field(default="", max_length=1_000)


class InboxChange(BaseModel):
    """What is to be different; what is missing stays."""

    name: Line | None = None
    greeting: dict[Lang, Words] | None = Field(default=None, max_length=10)
    suggestions: dict[Lang, list[Line]] | None = Field(default=None, max_length=10)
    allowed_origins: list[Origin] | None = Field(default=None, max_length=50)
    prechat: list[PrechatField] | None = Field(
        default=None, max_length=10, description="Questions before the first message."
    )

    @field_validator("suggestions")
    @classmethod
    def few(cls, value: dict[str, list[str]] | None) -> dict[str, list[str]] | None:
        """At most six suggestions fit above the composer."""
        if value and any(len(each) > 6 for each in value.values()):
            raise ValueError("at most 6 suggestions in a language")
        return value


@router.get("/conversations/{conversation}/notes", summary="Private notes of a conversation")
async def notes(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """Oldest first. Only operators see notes; a visitor is answered as if there were none of this."""
    await _desk(core, asker, conversation)
    found = await core.service.notes(conversation)
    known = await core.accounts.users(sorted({each.author for each in found}), asker.workspace)
    authors = {user.id: user_object(user) for user in known}
    return {"notes": [_note(each) | {"author": authors.get(each.author)} for each in found]}


@router.post("/conversations/{conversation}/notes", status_code=201, summary="Leave a private note")
async def add_note(
    conversation: ConversationPath, asked: NewNote, asker: Asker, core: Core
) -> dict[str, Any]:
    """For the other operators; it never reaches the visitor or an agent."""
    await _desk(core, asker, conversation)
    called = await core.accounts.users([int(each) for each in asked.mentions], asker.workspace)
    mentions = tuple(sorted(user.id for user in called if user.kind is UserKind.HUMAN and user.role))
    made = Note(new_id(), conversation, asker.user, asked.text, time.time(), mentions)
    await core.service.add_note(made)
    author = await core.accounts.user(asker.user)
    return _note(made) | {"author": user_object(author) if author else None}


@router.delete("/conversations/{conversation}/notes/{note}", status_code=204, summary="Remove a note")
async def remove_note(
    conversation: ConversationPath, note: Annotated[int, Path(ge=1, lt=MAX_ID)], asker: Asker, core: Core
) -> None:
    """One's own note; administrators remove any."""
    await _desk(core, asker, conversation)
    administers = may(asker, Verb.ADMINISTER)
    if not await core.service.remove_note(conversation, note, None if administers else asker.user):
        raise NotFound("There is no such note of yours.")


@router.get("/replies", summary="Prepared replies")
async def replies(asker: Asker, core: Core) -> dict[str, Any]:
    """All of the workspace, by shortcut."""
    require(asker, Verb.OPERATE)
    return {"replies": [_reply(each) for each in await core.service.replies(asker.workspace)]}


@router.put("/replies", summary="Keep a prepared reply")
async def put_reply(asked: NewReply, asker: Asker, core: Core) -> dict[str, Any]:
    """Under its shortcut; the text that was there before is replaced. `{{name}}` becomes the visitor's name."""
    require(asker, Verb.OPERATE)
    made = PreparedReply(new_id(), asker.workspace, asked.shortcut.lower(), asked.text, time.time())
    return _reply(await core.service.put_reply(made))


@router.delete("/replies/{reply}", status_code=204, summary="Remove a prepared reply")
async def remove_reply(reply: Annotated[int, Path(ge=1, lt=MAX_ID)], asker: Asker, core: Core) -> None:
    """It is gone for everybody of the workspace."""
    require(asker, Verb.OPERATE)
    if not await core.service.remove_reply(asker.workspace, reply):
        raise NotFound("There is no such reply.")


@router.put(
    "/conversations/{conversation}/messages/{seq}/feedback", status_code=204, summary="Say whether it helped"
)
async def thumb(
    conversation: ConversationPath,
    seq: Annotated[int, Path(ge=1, lt=MAX_ID)],
    asked: Thumb,
    asker: Asker,
    core: Core,
) -> None:
    """A visitor about a message of somebody else in their own conversation; saying it again replaces it."""
    await _own(core, asker, conversation)
    found = await core.directory.messages(asker, conversation, after=seq - 1, limit=1)
    about = next((each for each in found["messages"] if each["seq"] == seq), None)
    if about is None or about["kind"] != MessageKind.TEXT or about["sender"] == str(asker.user):
        raise NotFound("There is no such message to rate.")
    score = 1 if asked.helpful else -1
    await core.service.rate(Rating(conversation, asker.user, seq, score, "", time.time()))


@router.put("/conversations/{conversation}/rating", status_code=204, summary="Rate a conversation")
async def stars(conversation: ConversationPath, asked: Stars, asker: Asker, core: Core) -> None:
    """A visitor about their own conversation, one to five; rating it again replaces it."""
    await _own(core, asker, conversation)
    rating = Rating(conversation, asker.user, WHOLE, asked.stars, asked.comment.strip(), time.time())
    await core.service.rate(rating)


@router.get("/conversations/{conversation}/ratings", summary="What the visitor thinks")
async def ratings(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """Of single messages (`helpful`) and of the whole conversation (`stars`). For operators and the visitor."""
    await core.directory.seat(asker, conversation)
    found = await core.service.ratings(conversation)
    whole = next((each for each in found if each.seq == WHOLE), None)
    return {
        "messages": {str(each.seq): each.score > 0 for each in found if each.seq != WHOLE},
        "stars": whole.score if whole else None,
        "comment": whole.comment if whole else "",
    }


@router.get("/contacts", summary="Visitors who wrote")
async def contacts(
    asker: Asker,
    core: Core,
    search: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str | None, Query(max_length=64, pattern=r"^[0-9.]+_[0-9]+$")] = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Last active first."""
    require(asker, Verb.OPERATE)
    before = None
    if after is not None:
        at, _, user = after.partition("_")
        try:
            before = (float(at), int(user))
        except ValueError:
            raise Malformed("`after` must be the `next` of the page before.") from None
    found = await core.service.contacts(asker.workspace, search.strip(), before, limit)
    last = found[-1] if len(found) == limit else None
    return {
        "contacts": [_contact(each) for each in found],
        "next": f"{last.last_at!r}_{last.user.id}" if last else None,
    }


@router.get("/reports", summary="Figures per day")
async def reports(asker: Asker, core: Core, days: Annotated[int, Query(ge=1, le=366)] = 30) -> dict[str, Any]:
    """Days in UTC, oldest first, every day of the span.

    `opened` and `resolved` count conversations; `answer`, `ask_back`, `hand_off`, `decline` what agents did; `held`
    and `blocked` messages; `helpful`, `unhelpful`, `rated` ratings, and `stars` the mean of that day's 1–5 or null.
    """
    require(asker, Verb.SEE_TURNS)
    today = int(time.time() // DAY_S)
    found = {
        each.day: each.counts for each in await core.service.days(asker.workspace, (today - days + 1) * DAY_S)
    }
    named = ("opened", "resolved", "answer", "ask_back", "hand_off", "decline", "held", "blocked")
    rated = ("helpful", "unhelpful", "rated")

    def figures(day: int) -> dict[str, Any]:
        counts = found.get(day, {})
        date = time.strftime("%Y-%m-%d", time.gmtime(day * DAY_S))
        numbers: dict[str, Any] = {name: int(counts.get(name, 0)) for name in (*named, *rated)}
        return {"day": date, **numbers, "stars": counts.get("stars")}

    return {"days": [figures(day) for day in range(today - days + 1, today + 1)]}


@router.get("/inboxes", summary="The inboxes of my workspace")
async def inboxes(asker: Asker, core: Core) -> dict[str, Any]:
    """With greeting, suggestions and the sites that may embed them."""
    require(asker, Verb.OPERATE)
    return {"inboxes": [_inbox(each) for each in await core.accounts.inboxes(asker.workspace)]}


@router.patch("/inboxes/{key}", summary="Change an inbox")
async def change_inbox(
    key: Annotated[str, Path(max_length=64)], asked: InboxChange, asker: Asker, core: Core
) -> dict[str, Any]:
    """What visitors see from their next visit on."""
    require(asker, Verb.ADMINISTER)
    found = await core.accounts.inbox_by_key(key) if key.isprintable() else None
    if found is None or found.workspace != asker.workspace:
        raise NotFound(f"There is no inbox {key!r}.")
    texts = dict(found.texts)
    for name in ("greeting", "suggestions"):
        if (value := getattr(asked, name)) is not None:
            texts[name] = value
    if asked.prechat is not None:
        texts["prechat"] = [each.model_dump() for each in asked.prechat]
    origins = found.allowed_origins if asked.allowed_origins is None else tuple(asked.allowed_origins)
    changed = Inbox(
        found.id,
        found.workspace,
        found.key,
        asked.name or found.name,
        found.agent,
        origins,
        found.locale,
        texts,
    )
    await core.service.change_inbox(changed)
    return _inbox(changed)


async def _desk(core: Services, asker: Principal, conversation: int) -> None:
    seat = await core.directory.seat(asker, conversation)
    if seat.conversation.kind is not ConversationKind.SUPPORT:
        raise NotFound("Only support conversations have notes.")
    require(asker, Verb.TAKE, seat)


async def _own(core: Services, asker: Principal, conversation: int) -> None:
    seat = await core.directory.seat(asker, conversation)
    if asker.kind is not UserKind.VISITOR or seat.member is None:
        raise Forbidden("Only the visitor of this conversation rates it.")


def _note(note: Note) -> dict[str, Any]:
    return {"id": str(note.id), "text": note.text, "created_at": stamp(note.created_at)}


def _reply(reply: PreparedReply) -> dict[str, Any]:
    return {
        "id": str(reply.id),
        "shortcut": reply.shortcut,
        "text": reply.text,
        "changed_at": stamp(reply.changed_at),
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "user": user_object(contact.user),
        "conversations": contact.conversations,
        "conversation": str(contact.conversation),
        "first_at": stamp(contact.first_at),
        "last_at": stamp(contact.last_at),
    }


def _inbox(inbox: Inbox) -> dict[str, Any]:
    return {
        "id": str(inbox.id),
        "key": inbox.key,
        "name": inbox.name,
        "locale": inbox.locale,
        "greeting": inbox.texts.get("greeting", {}),
        "suggestions": inbox.texts.get("suggestions", {}),
        "allowed_origins": list(inbox.allowed_origins),
        "prechat": inbox.texts.get("prechat", []),
    }
