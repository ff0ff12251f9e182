"""A user's own things over HTTP: saved messages, deletions, drafts, messages for later, mentions."""

from datetime import UTC
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from myna.api.bodies import Body
from myna.api.ids import MAX_ID, ConversationPath, IdText, Limit
from myna.api.principal import Asker, Core

router = APIRouter(prefix="/v1", tags=["mine"])

HERE = "/conversations/{conversation}"
Seq = Annotated[int, Field(ge=1, lt=MAX_ID)]
ScheduledPath = Annotated[int, Path(ge=1, lt=MAX_ID)]


class Hidden(BaseModel):
    """What goes away for me."""

    seqs: list[Seq] = Field(default_factory=list[int], max_length=200)
    up_to: int = Field(default=0, ge=0, lt=MAX_ID)


class Notify(BaseModel):
    """What I want to be told of."""

    notify: Literal["all", "mentions", "none"]


class NewDraft(BaseModel):
    """What I have begun to write."""

    text: str = Field(min_length=1, max_length=10_000)
    reply_to: Seq | None = None
    thread: Seq | None = None


class Later(BaseModel):
    """A message for later; its client_id comes in the Idempotency-Key header."""

    conversation: IdText
    body: Body
    due_at: AwareDatetime
    reply_to: Seq | None = None
    thread: Seq | None = None


@router.get("/saved", summary="My own conversation")
async def saved(asker: Asker, core: Core) -> dict[str, Any]:
    """Where I keep messages for myself; it is opened at its first use. Its events tell my devices what I changed."""
    return await core.directory.one(asker, await core.mine.saved(asker))


@router.post(HERE + "/hidden", status_code=204, summary="Delete messages for me")
async def hide(conversation: ConversationPath, asked: Hidden, asker: Asker, core: Core) -> None:
    """Single messages, or everything up to one; the others still see them."""
    await core.mine.hide(asker, conversation, tuple(asked.seqs), asked.up_to)


@router.put(HERE + "/notify", status_code=204, summary="What to be told of")
async def notify(conversation: ConversationPath, asked: Notify, asker: Asker, core: Core) -> None:
    """All messages, mentions only, or none."""
    await core.mine.notify(asker, conversation, asked.notify)


@router.get("/drafts", summary="What I have begun to write")
async def drafts(asker: Asker, core: Core) -> dict[str, Any]:
    """All drafts, newest first."""
    return {"drafts": await core.mine.drafts(asker)}


@router.put(HERE + "/draft", status_code=204, summary="Keep a draft")
async def keep_draft(conversation: ConversationPath, asked: NewDraft, asker: Asker, core: Core) -> None:
    """The newest one counts on all my devices."""
    await core.mine.keep_draft(asker, conversation, asked.text, asked.reply_to, asked.thread)


@router.delete(HERE + "/draft", status_code=204, summary="Drop a draft")
async def drop_draft(conversation: ConversationPath, asker: Asker, core: Core) -> None:
    """It was sent, or is not wanted any more."""
    await core.mine.keep_draft(asker, conversation, None)


@router.get("/scheduled", summary="My messages for later")
async def scheduled(asker: Asker, core: Core) -> dict[str, Any]:
    """Those that wait or failed, the next one first."""
    return {"scheduled": await core.mine.scheduled(asker)}


@router.post("/scheduled", status_code=201, summary="Schedule a message")
async def schedule(
    asked: Later,
    asker: Asker,
    core: Core,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=64)],
) -> dict[str, Any]:
    """It is judged and sent at its time, as if it were sent then."""
    return await _schedule(core, asker, asked, idempotency_key, None)


@router.put("/scheduled/{scheduled}", summary="Change a message for later")
async def reschedule(
    scheduled: ScheduledPath,
    asked: Later,
    asker: Asker,
    core: Core,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=64)],
) -> dict[str, Any]:
    """As long as it waits."""
    return await _schedule(core, asker, asked, idempotency_key, scheduled)


@router.delete("/scheduled/{scheduled}", status_code=204, summary="Give up a message for later")
async def give_up(scheduled: ScheduledPath, asker: Asker, core: Core) -> None:
    """409 when it was sent already."""
    await core.mine.give_up(asker, scheduled)


@router.get("/mentions", summary="Messages that call me")
async def mentions(
    asker: Asker,
    core: Core,
    before: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,12}(\.[0-9]{1,9})?-[0-9]{1,16}-[0-9]{1,16}$")
    ] = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Those that mention me by name, newest first; `next` goes into `before`."""
    at = None
    if before is not None:
        when, place, seq = before.split("-")
        at = (float(when), int(place), int(seq))
    found, following = await core.mine.mentions(asker, at, limit)
    return {
        "messages": found,
        "next": None if following is None else f"{following[0]!r}-{following[1]}-{following[2]}",
    }


async def _schedule(core: Core, asker: Asker, asked: Later, key: str, known: int | None) -> dict[str, Any]:
    return await core.mine.schedule(
        asker,
        int(asked.conversation),
        key,
        asked.body.given(),
        due_at=asked.due_at.astimezone(UTC).timestamp(),
        reply_to=asked.reply_to,
        thread=asked.thread,
        known=known,
    )
