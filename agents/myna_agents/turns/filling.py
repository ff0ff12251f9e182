"""An agent's form that a customer fills in: it becomes a message of theirs, by the one road, and so reaches the agent's turn."""

from collections.abc import Mapping
from typing import Any

from myna.api.forms import written
from myna.errors import Conflict, Forbidden
from myna.model.message import Ack, MessageKind
from myna.rights import Principal
from myna.services import Services
from myna_agents.hearing.scene import FILLED


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
    if message is None or message["kind"] != MessageKind.TEXT or not message["body"].get("form"):
        return None
    sender = await core.accounts.user(int(message["sender"]))
    if sender is None or not sender.agent:
        return None
    form: Mapping[str, Any] = message["body"]["form"]
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
        return await core.sender.send(
            asker,
            conversation,
            f"form-{seq}",
            {"text": written(form, said)},
            parts={FILLED: filled},
        )
    except Conflict as twice:
        raise Conflict("You have sent this form already.", code="form_sent") from twice
