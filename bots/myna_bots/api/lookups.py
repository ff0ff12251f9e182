"""What bots look up and publish: passages of the knowledge bases, and the commands that they know."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from myna.api.ids import ConversationPath
from myna.api.principal import Asker
from myna.rights import Principal, Verb, require
from myna_bots.api.who import BotAsker, Platform
from myna_bots.host.hearing import unaddressed
from myna_bots.host.platform import BotPlatform
from myna_knowledge.model import Passage

router = APIRouter(prefix="/v1", tags=["bots"])
PUBLIC = "public"
COMMANDS = "commands"
INLINE = "inline"
InlineHint = Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f]*$")]
"""What a bot can be asked for in inline mode, shown where it is written; empty turns inline mode off."""


class CommandText(BaseModel):
    """A command with what it does."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,32}$")
    help: str = Field(default="", max_length=256, pattern=r"^[^\x00]*$")


class PublishCommands(BaseModel):
    """All commands of a bot."""

    commands: list[CommandText] = Field(max_length=100)
    inline: InlineHint | None = None


@router.get("/bot/knowledge", summary="Passages that answer a question")
async def knowledge(
    asker: BotAsker,
    bots: Platform,
    q: Annotated[str, Query(min_length=1, max_length=2000)],
    k: Annotated[int, Query(ge=1, le=20)] = 4,
) -> dict[str, Any]:
    """The best passages of the workspace's public knowledge bases; needs the scope `knowledge:read`.

    `@handle` of the bot itself says who is asked, and is no part of the question.
    """
    bot = await bots.store.bot(asker.user)
    return await found(bots, asker, unaddressed(q, bot.handle if bot else None), k)


@router.put("/bot/commands", summary="Say which commands there are")
async def publish(asked: PublishCommands, asker: BotAsker, bots: Platform) -> dict[str, Any]:
    """Shown when somebody types a slash where the bot is."""
    bot = await bots.store.bot(asker.user)
    assert bot is not None
    told: dict[str, Any] = {COMMANDS: [each.model_dump() for each in asked.commands]}
    if asked.inline is not None:
        told[INLINE] = asked.inline
    if any(bot.settings.get(name) != value for name, value in told.items()):
        await bots.store.change(asker.user, {"settings": {**bot.settings, **told}})
    return told


@router.get("/conversations/{conversation}/commands", summary="The commands of a conversation's bots")
async def commands(conversation: ConversationPath, asker: Asker, bots: Platform) -> dict[str, Any]:
    """For completion; `/name@handle` names one of several bots."""
    shown = await bots.services.directory.one(asker, conversation)
    made: list[dict[str, Any]] = []
    for member in shown["members"]:
        user = member["user"]
        bot = await bots.store.bot(int(user["id"])) if user["kind"] == "bot" else None
        if bot is None or bot.disabled_at is not None:
            continue
        made += [{**each, "bot": user["id"], "handle": bot.handle} for each in bot.settings.get(COMMANDS, [])]
    return {"commands": made}


async def found(bots: BotPlatform, principal: Principal, question: str, k: int) -> dict[str, Any]:
    """Passages of the public bases of the principal's workspace, as objects."""
    require(principal, Verb.SEE_KNOWLEDGE)
    summaries = await bots.library.bases(principal.workspace)
    bases = [each.base.id for each in summaries if each.base.audience == PUBLIC]
    if not bases:
        return {"passages": [], "confidence": 0.0, "answerable": False}
    got = await bots.library.retrieve(bases, question, k=k)
    return {
        "passages": [passage_object(each) for each in got.passages],
        "confidence": round(got.confidence, 4),
        "answerable": got.answerable,
    }


def passage_object(passage: Passage) -> dict[str, Any]:
    """A passage as bots see it."""
    return {
        "chunk": str(passage.chunk),
        "title": passage.title,
        "heading": passage.heading,
        "text": passage.text,
        "question": passage.question,
        "answer": passage.answer,
        "url": passage.url,
        "score": round(passage.score, 4),
    }
