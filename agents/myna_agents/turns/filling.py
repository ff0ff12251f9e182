"""An agent's form that a customer fills in: it becomes a message of theirs, by the one road, and so reaches the agent's turn."""

import logging
from collections.abc import Mapping
from typing import Any

from myna.api.forms import written
from myna.errors import Conflict, Forbidden, MynaError
from myna.model.message import Ack, MessageKind
from myna.model.workspace import UserKind
from myna.rights import Principal
from myna.services import Services
from myna_agents.hearing.scene import FILLED, FORM, FORM_SENT

logger = logging.getLogger(__name__)


async def form_of_agent(
    core: Services, asker: Principal, conversation: int, seq: int
) -> Mapping[str, Any] | None:
    """The form of an agent's message that the asker sees and may fill in; None where there is none.

    Raises:
        NotFound: the conversation is not visible to the asker.
        Forbidden: the form is for somebody else.
    """
    page = await core.directory.messages(asker, conversation, after=seq - 1, limit=1)
    message = next((each for each in page["messages"] if each["seq"] == seq), None)
    if message is None or message["kind"] != MessageKind.TEXT:
        return None
    body: Mapping[str, Any] = message["body"]
    form: Mapping[str, Any] | None = body.get(FORM) or body.get(FORM_SENT)
    if not form:
        return None
    sender = await core.accounts.user(int(message["sender"]))
    if sender is None or not sender.agent:
        return None
    # What it asks for was asked of one person, and what comes of it is done in their name.
    if form.get("user") != str(asker.user):
        raise Forbidden("This form is for somebody else.")
    return form


async def fill_in(
    core: Services,
    asker: Principal,
    conversation: int,
    seq: int,
    form: Mapping[str, Any],
    values: Mapping[str, Any],
) -> Ack:
    """The customer's message with what they wrote; sent again it is the first one.

    `values` were checked against the form.

    Raises:
        Conflict: it was filled in before with other values; nothing was sent.
        Refused, TooLarge, TooMany, Forbidden: as any message.
    """
    said = {name: value for name, value in values.items() if value is not None}
    filled = {"form": form["id"], "seq": seq, "values": said}
    try:
        ack = await core.sender.send(
            asker,
            conversation,
            f"form-{seq}",
            {"text": written(form, said)},
            parts={FILLED: filled},
        )
    except Conflict as twice:
        raise Conflict("You have sent this form already.", code="form_sent") from twice
    if not ack.duplicate:
        await _put_away(core, asker, conversation, seq)
    return ack


async def _put_away(core: Services, asker: Principal, conversation: int, seq: int) -> None:
    """Show the form no longer: it was sent. That it stays shown where this fails changes nothing of what was sent."""
    page = await core.directory.messages(asker, conversation, after=seq - 1, limit=1)
    message = page["messages"][0]
    # An edit keeps what it does not name.
    parts = {FORM: None, FORM_SENT: message["body"].get(FORM)}
    agent = Principal(int(message["sender"]), asker.workspace, UserKind.BOT)
    text = {"text": message["body"]["text"]}
    try:
        await core.amender.edit(agent, conversation, f"form-sent-{seq}", seq, text, parts=parts)
    except MynaError as failed:
        logger.warning("form %d of conversation %d stays shown: %s", seq, conversation, failed)
