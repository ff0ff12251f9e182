"""What members do with bots' messages: click, fill in, stop."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from pydantic import BaseModel, Field

from myna.api.forms import checked_form
from myna.api.ids import MAX_ID, ConversationPath
from myna.api.principal import Asker, Core
from myna.errors import Conflict, Forbidden, Malformed
from myna.rights import Principal
from myna.services import Services
from myna_agents.turns.filling import fill_in, form_of_agent
from myna_bots.api.parts import find_button
from myna_bots.api.who import Platform
from myna_bots.host.polls import ACTION as POLL

router = APIRouter(prefix="/v1/conversations", tags=["bots"])
SeqPath = Annotated[int, Path(ge=1, lt=MAX_ID, description="The message's seq.")]
Key = Annotated[str, Header(min_length=1, max_length=64)]


class Click(BaseModel):
    """Which button."""

    action: str = Field(min_length=1, max_length=64)
    value: str = Field(default="", max_length=1000)


class Filled(BaseModel):
    """What was written, by field."""

    values: dict[str, Any] = Field(max_length=100)


@router.post(
    "/{conversation}/messages/{seq}/actions", status_code=202, summary="Click a button of a bot's message"
)
async def click(
    conversation: ConversationPath,
    seq: SeqPath,
    asked: Click,
    asker: Asker,
    bots: Platform,
    idempotency_key: Key,
) -> dict[str, Any]:
    """The bot hears of it once, whatever is sent twice; what it answers comes as the signal `action_answer`."""
    message = await bots.interactions.message(asker, conversation, seq)
    if asked.action == POLL and message["body"].get("telegram", {}).get("poll"):
        event = await bots.polls.vote(asker, message, asked.value, idempotency_key)
        return {"event": event, "duplicate": not event}
    button = find_button(message["body"], asked.action, asked.value)
    data = {"action": asked.action, "value": asked.value, "label": button["label"]}
    event = await bots.interactions.put(asker, message, "action.clicked", data, idempotency_key)
    return {"event": event, "duplicate": not event}


@router.post(
    "/{conversation}/messages/{seq}/forms", status_code=202, summary="Send a form of a bot's message"
)
async def fill(
    conversation: ConversationPath,
    seq: SeqPath,
    asked: Filled,
    asker: Asker,
    core: Core,
    bots: Platform,
    idempotency_key: Key,
) -> dict[str, Any]:
    """400 with `fields` says what is wrong with which field; nothing was sent then. An agent's form becomes a message of whoever
    filled it in, once: `seq`, or `held` when a moderator looks at it first."""
    if (theirs := await form_of_agent(core, asker, conversation, seq)) is not None:
        values = checked_form(theirs, asked.values)
        ack = await fill_in(core, asker, conversation, seq, theirs, values)
        held = None if ack.held is None else str(ack.held)
        return {"event": None, "seq": ack.seq, "held": held, "duplicate": ack.duplicate}
    message = await bots.interactions.message(asker, conversation, seq)
    form = message["body"].get("form")
    if form is None:
        raise Malformed("This message has no form.", code="no_form")
    if form.get("user") not in {None, str(asker.user)}:
        raise Forbidden("This form is for somebody else.")
    data = {"form": form["id"], "values": checked_form(form, asked.values)}
    event = await bots.interactions.put(asker, message, "form.submitted", data, idempotency_key)
    return {"event": event, "duplicate": not event}


@router.post("/{conversation}/messages/{seq}/stop", status_code=202, summary="Stop a bot's or agent's answer")
async def stop(
    conversation: ConversationPath, seq: SeqPath, asker: Asker, core: Core, bots: Platform
) -> dict[str, Any]:
    """The text stays as far as it came; a bot hears `draft.stopped`, an agent is cut off at its provider too."""
    if await _of_agent(core, asker, conversation, seq):
        await core.handoff.stop(asker, conversation)
        return {"event": None, "duplicate": False}
    message = await bots.interactions.message(asker, conversation, seq)
    if message["state"] != "streaming":
        raise Conflict("This answer is not being written any more.", code="no_stream")
    text = bots.streams.text(conversation, seq)
    await bots.streams.abort(int(message["sender"]), conversation, seq)
    event = await bots.interactions.put(asker, message, "draft.stopped", {"text": text}, str(seq))
    return {"event": event, "duplicate": not event}


async def _of_agent(core: Services, asker: Principal, conversation: int, seq: int) -> bool:
    """Whether an agent is writing this message: it has no program that could hear of the stop."""
    page = await core.directory.messages(asker, conversation, after=seq - 1, limit=1)
    for message in page["messages"]:
        if message["seq"] == seq and message["state"] == "streaming":
            sender = await core.accounts.user(int(message["sender"]))
            return sender is not None and sender.agent
    return False
