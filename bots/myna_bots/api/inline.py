"""Inline mode, and what bots say about a conversation."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response
from pydantic import BaseModel, Field, StringConstraints

from myna.api.ids import MAX_ID, ConversationPath
from myna.api.principal import Asker
from myna.errors import NotFound
from myna.rights import Verb, require
from myna_bots.api.parts import Parts
from myna_bots.api.who import BotAsker, Platform
from myna_bots.host.envelope import inline_hint
from myna_bots.host.inline import MAX_RESULTS

router = APIRouter(prefix="/v1", tags=["bots"])
Key = Annotated[str, Header(min_length=1, max_length=64)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Question(BaseModel):
    """What is asked of which bot."""

    bot: Annotated[str, StringConstraints(pattern=r"^@?[A-Za-z][A-Za-z0-9_]{2,31}$")]
    query: Annotated[str, StringConstraints(max_length=256, pattern=r"^[^\x00]*$")] = ""
    offset: Annotated[str, StringConstraints(max_length=64)] = ""


class Choice(BaseModel):
    """Which result of which question is sent."""

    query: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,15}\.[1-9][0-9]{0,15}$")]
    result: Id
    reply_to: Annotated[int, Field(ge=1, lt=MAX_ID)] | None = None
    thread: Annotated[int, Field(ge=1, lt=MAX_ID)] | None = None


class Result(Parts):
    """One thing that a bot found: what is shown to choose from, and the message that it becomes."""

    id: Id
    title: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    description: Annotated[str, StringConstraints(max_length=512)] = ""
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\x00]+$")]


class Results(BaseModel):
    """A bot's answer to a question."""

    results: list[Result] = Field(max_length=MAX_RESULTS)
    next_offset: Annotated[str, StringConstraints(max_length=64)] = ""


@router.get(
    "/conversations/{conversation}/inline", summary="The bots that can be asked for something to send"
)
async def offered(conversation: ConversationPath, asker: Asker, bots: Platform) -> dict[str, Any]:
    """Those of the workspace that have inline mode, whether they are members here or not, with what they can be asked for."""
    found = await bots.inline.offered(asker, conversation)
    return {
        "bots": [
            {"id": str(each.user), "name": each.name, "handle": each.handle, "hint": inline_hint(each)}
            for each in found
        ]
    }


@router.post("/conversations/{conversation}/inline", summary="Ask a bot for something to send")
async def ask(
    conversation: ConversationPath, asked: Question, asker: Asker, bots: Platform
) -> dict[str, Any]:
    """What the bot found for the query, to choose from; 504 `no_answer` when it does not answer within ten seconds."""
    return await bots.inline.ask(asker, conversation, asked.bot.lstrip("@"), asked.query, asked.offset)


@router.post("/conversations/{conversation}/inline/choice", status_code=201, summary="Send what a bot found")
async def choose(
    conversation: ConversationPath, asked: Choice, asker: Asker, bots: Platform, idempotency_key: Key
) -> dict[str, Any]:
    """The result becomes a message of the asker, with `via_bot` in its body; the bot hears `inline.chosen`."""
    return await bots.inline.choose(
        asker,
        conversation,
        asked.query,
        asked.result,
        idempotency_key,
        reply_to=asked.reply_to,
        thread=asked.thread,
    )


@router.post("/bot/inline/{event}/answer", status_code=204, summary="Answer what was asked")
async def answer(
    event: Annotated[int, Path(ge=1, lt=MAX_ID, description="The seq of the event `inline.asked`.")],
    asked: Results,
    asker: BotAsker,
    bots: Platform,
) -> Response:
    """At most fifty results; they can be chosen for an hour."""
    shown = [
        {
            "id": each.id,
            "type": "article",
            "title": each.title,
            "description": each.description,
            "thumbnail": "",
            "text": each.text,
            "parts": each.body(),
        }
        for each in asked.results
    ]
    await bots.inline.answer(asker.user, event, shown, asked.next_offset)
    return Response(status_code=204)


@router.get("/conversations/{conversation}/about", summary="What bots say about a conversation")
async def about(conversation: ConversationPath, asker: Asker, bots: Platform) -> dict[str, Any]:
    """Its description, picture, topics by the seq of their first message, and titles and tags of members by user."""
    seat = await bots.services.access.seat(asker, conversation)
    require(asker, Verb.READ, seat)
    found = await bots.about.read(conversation)
    return {
        "description": found.get("description", ""),
        "photo": bool(found.get("photo")),
        "titles": {user: each for user, each in found.get("titles", {}).items() if each},
        "tags": {user: each for user, each in found.get("tags", {}).items() if each},
        "topics": found.get("topics", {}),
        "general": found.get("general", {}),
    }


@router.get("/conversations/{conversation}/about/photo", summary="The picture of a conversation")
async def photo(conversation: ConversationPath, asker: Asker, bots: Platform) -> Response:
    """404 when no bot has set one."""
    seat = await bots.services.access.seat(asker, conversation)
    require(asker, Verb.READ, seat)
    named = (await bots.about.read(conversation)).get("photo")
    kept = await bots.files.find(str(named)) if named else None
    if kept is None:
        raise NotFound("This conversation has no picture.")
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=3600",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response((await bots.files.read(kept)).content, media_type=kept.type, headers=headers)
