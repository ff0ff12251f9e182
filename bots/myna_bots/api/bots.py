"""Managing bots: keys, installations, webhooks, dead letters."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from myna.api.ids import MAX_ID, ConversationPath, Limit
from myna.api.principal import Asker
from myna.errors import Malformed
from myna.model.conversation import MemberRole
from myna_bots.api.lookups import COMMANDS, INLINE, CommandText, InlineHint
from myna_bots.api.who import Platform
from myna_bots.host.envelope import bot_object, installation_object, token_object
from myna_bots.host.model import DEFAULT_SCOPES, DeliveryState, Privacy, Scope
from myna_bots.host.registry import NewBot

router = APIRouter(prefix="/v1/bots", tags=["bots"])
BotPath = Annotated[int, Path(ge=1, lt=MAX_ID, description="The bot's user id.")]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Scopes = Annotated[list[Scope], Field(max_length=20)]
Type = Annotated[str, Field(min_length=1, max_length=64)]


class MakeBot(BaseModel):
    """A new bot."""

    name: Name
    handle: str = Field(min_length=3, max_length=32, examples=["order_bot"])
    description: str = Field(default="", max_length=500, pattern=r"^[^\x00]*$")
    privacy: Privacy = Privacy.MENTIONS
    hears_bots: bool = False
    scopes: Scopes = sorted(DEFAULT_SCOPES)


class ChangeBot(BaseModel):
    """What may change; what is left out stays."""

    name: Name | None = None
    description: str | None = Field(default=None, max_length=500, pattern=r"^[^\x00]*$")
    privacy: Privacy | None = None
    hears_bots: bool | None = None
    commands: Annotated[list[CommandText], Field(max_length=100)] | None = None
    inline: InlineHint | None = None


class MakeToken(BaseModel):
    """A further key."""

    name: Name
    scopes: Scopes = sorted(DEFAULT_SCOPES)


class Install(BaseModel):
    """What a bot may do in a conversation, and what it hears there."""

    scopes: Scopes = sorted(DEFAULT_SCOPES)
    privacy: Privacy | None = None
    role: Literal["member", "moderator", "admin"] = "member"


class PutWebhook(BaseModel):
    """Where events go."""

    url: str = Field(min_length=1, max_length=2000, examples=["https://bot.example.org/events"])
    types: list[Type] = Field(default=[], max_length=50)
    parallel: int = Field(default=8, ge=1, le=32)


class Replay(BaseModel):
    """Which dead letter; all when it is left out."""

    seq: int | None = Field(default=None, ge=1, lt=MAX_ID)


@router.post("", status_code=201, summary="Make a bot")
async def make(asked: MakeBot, asker: Asker, bots: Platform) -> dict[str, Any]:
    """The bot with its first key. The key is shown only now; only its digest is kept."""
    _need_read_all(asked.privacy, asked.scopes)
    new = NewBot(
        asked.name,
        asked.handle,
        asked.description,
        asked.privacy,
        asked.hears_bots,
        frozenset(asked.scopes),
    )
    bot, token, key = await bots.registry.create(asker, new)
    return {"bot": bot_object(bot), "token": {**token_object(token), "key": key}}


@router.get("", summary="The bots of my workspace")
async def list_bots(asker: Asker, bots: Platform) -> dict[str, Any]:
    """All bots that have not been removed."""
    return {"bots": [bot_object(each) for each in await bots.registry.bots(asker)]}


@router.get("/{bot}", summary="One bot")
async def one(bot: BotPath, asker: Asker, bots: Platform) -> dict[str, Any]:
    """The bot with its keys (without their secrets), installations and how far it has read."""
    found = await bots.registry.bot(asker, bot)
    return {
        "bot": bot_object(found),
        "tokens": [token_object(each) for each in await bots.store.tokens(bot)],
        "installations": [installation_object(each) for each in await bots.store.installations(bot)],
        "head": found.seq,
    }


@router.patch("/{bot}", summary="Change a bot")
async def change(bot: BotPath, asked: ChangeBot, asker: Asker, bots: Platform) -> dict[str, Any]:
    """The bot as it is now."""
    given = {name: value for name, value in asked.model_dump().items() if value is not None}
    shown = {name: given.pop(name) for name in (COMMANDS, INLINE) if name in given}
    if shown:
        found = await bots.registry.bot(asker, bot)
        given["settings"] = {**found.settings, **shown}
    return {"bot": bot_object(await bots.registry.change(asker, bot, given))}


@router.delete("/{bot}", status_code=204, summary="Remove a bot")
async def remove(bot: BotPath, asker: Asker, bots: Platform) -> None:
    """Its keys end at once and it hears nothing more; what it said stays."""
    await bots.registry.remove(asker, bot)


@router.post("/{bot}/tokens", status_code=201, summary="Make a further key")
async def issue(bot: BotPath, asked: MakeToken, asker: Asker, bots: Platform) -> dict[str, Any]:
    """The key, shown only now."""
    token, key = await bots.registry.issue(asker, bot, asked.name, frozenset(asked.scopes))
    return {"token": {**token_object(token), "key": key}}


@router.delete("/{bot}/tokens/{token}", status_code=204, summary="Revoke a key")
async def revoke(bot: BotPath, token: BotPath, asker: Asker, bots: Platform) -> None:
    """The key ends at once, everywhere."""
    await bots.registry.revoke(asker, bot, token)


@router.put("/{bot}/installations/{conversation}", summary="Install a bot in a conversation")
async def install(
    bot: BotPath, conversation: ConversationPath, asked: Install, asker: Asker, bots: Platform
) -> dict[str, Any]:
    """Give the bot a seat with these scopes, or change them. For those who run the conversation."""
    made = await bots.registry.install(
        asker,
        bot,
        conversation,
        scopes=frozenset(asked.scopes),
        privacy=asked.privacy,
        role=MemberRole(asked.role),
    )
    return {"installation": installation_object(made)}


@router.delete(
    "/{bot}/installations/{conversation}", status_code=204, summary="Take a bot out of a conversation"
)
async def uninstall(bot: BotPath, conversation: ConversationPath, asker: Asker, bots: Platform) -> None:
    """It hears and says nothing there any more."""
    await bots.registry.uninstall(asker, bot, conversation)


@router.put("/{bot}/webhook", summary="Set the webhook")
async def put_webhook(bot: BotPath, asked: PutWebhook, asker: Asker, bots: Platform) -> dict[str, Any]:
    """The webhook; with its signing secret when it was made now."""
    await bots.registry.bot(asker, bot)
    _, secret = await bots.webhooks.put(bot, asked.url, tuple(asked.types), asked.parallel)
    bots.deliverer.nudge()
    shown = {"webhook": await bots.webhooks.shown(bot)}
    return shown if secret is None else {**shown, "secret": secret}


@router.get("/{bot}/webhook", summary="The webhook and how it does")
async def webhook(bot: BotPath, asker: Asker, bots: Platform) -> dict[str, Any]:
    """Address, state, last error, and how much waits."""
    await bots.registry.bot(asker, bot)
    return {"webhook": await bots.webhooks.shown(bot)}


@router.delete("/{bot}/webhook", status_code=204, summary="Remove the webhook")
async def drop_webhook(bot: BotPath, asker: Asker, bots: Platform) -> None:
    """Nothing is sent any more; the events stay in the bot's log for a week."""
    await bots.registry.bot(asker, bot)
    await bots.webhooks.drop(bot)


@router.post("/{bot}/webhook/rotate", summary="Make a new signing secret")
async def rotate(bot: BotPath, asker: Asker, bots: Platform) -> dict[str, Any]:
    """The new secret; for a day requests carry a signature of each."""
    await bots.registry.bot(asker, bot)
    return {"secret": await bots.webhooks.rotate(bot), "webhook": await bots.webhooks.shown(bot)}


@router.post("/{bot}/webhook/resume", summary="Try a paused webhook again")
async def resume(bot: BotPath, asker: Asker, bots: Platform) -> dict[str, Any]:
    """The webhook as it is now."""
    await bots.registry.bot(asker, bot)
    await bots.webhooks.resume(bot)
    bots.deliverer.nudge()
    return {"webhook": await bots.webhooks.shown(bot)}


@router.get("/{bot}/deliveries", summary="Deliveries that wait or were given up")
async def deliveries(
    bot: BotPath,
    asker: Asker,
    bots: Platform,
    state: DeliveryState = DeliveryState.DEAD,
    after: Annotated[int, Query(ge=0, lt=MAX_ID)] = 0,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Oldest first; `next` goes into `after`."""
    await bots.registry.bot(asker, bot)
    found = await bots.webhooks.deliveries(bot, state, after, limit)
    return {"deliveries": found, "next": found[-1]["seq"] if len(found) == limit else None}


@router.post("/{bot}/deliveries/replay", summary="Send dead letters again")
async def replay(bot: BotPath, asked: Replay, asker: Asker, bots: Platform) -> dict[str, Any]:
    """How many are on their way again, each with all its attempts."""
    await bots.registry.bot(asker, bot)
    count = await bots.webhooks.replay(bot, asked.seq)
    bots.deliverer.nudge()
    return {"replayed": count}


def _need_read_all(privacy: Privacy, scopes: list[Scope]) -> None:
    if privacy is Privacy.ALL and Scope.READ_ALL not in scopes:
        raise Malformed(f"To hear everything the bot needs the scope {Scope.READ_ALL.value!r}.")
