"""Polls: kept with the message, answered by its buttons, counted on the server; when one ends, the bot gets a `poll` update."""

import time
import uuid
from collections.abc import Mapping
from typing import Any, cast

from myna.errors import MynaError
from myna.ids import new_id
from myna_bots.host.polls import buttons_of
from myna_bots.telegram.call import Call, method
from myna_bots.telegram.errors import bad
from myna_bots.telegram.keyboards import parts_of
from myna_bots.telegram.markup import parsed

MAX_OPTIONS = 12


@method("sendPoll")
async def send_poll(call: Call) -> Any:
    """A question with options."""
    chat = await call.chat()
    question, entities = parsed(
        call.params.need_text("question"), call.params.text("question_parse_mode"), None
    )
    if not 1 <= len(question) <= 300:
        raise bad("poll question must be 1-300 characters long")
    options = [_option(each) for each in call.params.array("options") or []]
    if not 1 <= len(options) <= MAX_OPTIONS:
        raise bad(f"poll must have at least 1 and at most {MAX_OPTIONS} options")
    poll: dict[str, Any] = {
        "id": str(new_id()),
        "question": question,
        "options": options,
        "total_voter_count": 0,
        "is_closed": call.params.flag("is_closed"),
        "is_anonymous": call.params.flag("is_anonymous", True),
        "type": call.params.text("type") or "regular",
        "allows_multiple_answers": call.params.flag("allows_multiple_answers"),
        "allows_revoting": call.params.flag("allows_revoting", True),
        "members_only": call.params.flag("members_only"),
    }
    if entities:
        poll["question_entities"] = entities
    _quiz(call, poll)
    lines = [question, *(f"{number}. {each['text']}" for number, each in enumerate(options, 1))]
    parts: dict[str, Any] = {"telegram": {"poll": poll, "bare": True}}
    keyboard = parts_of(call.params.object("reply_markup"))
    parts |= {**keyboard, "buttons": [*buttons_of(poll), *keyboard.get("buttons", [])]}
    sent = await call.send(chat, "\n".join(lines), parts, await call.reply_to(chat))
    if (ends := poll.get("close_date")) is not None and not poll["is_closed"]:
        await call.platform.polls.ends(call.bot.user, chat.place.id, sent["message_id"], float(ends))
    return sent


def _quiz(call: Call, poll: dict[str, Any]) -> None:
    if poll["type"] not in {"regular", "quiz"}:
        raise bad("unsupported poll type specified")
    for name in ("open_period", "close_date"):
        if (value := call.params.integer(name)) is not None:
            poll[name] = value
    if "open_period" in poll:
        poll["close_date"] = int(time.time()) + poll["open_period"]
    if poll["type"] != "quiz":
        return
    given = call.params.array("correct_option_ids") or [call.params.integer("correct_option_id")]
    if not all(str(each).isdecimal() and int(each) < len(poll["options"]) for each in given):
        raise bad("wrong correct option ID specified")
    poll["correct_option_ids"] = [int(each) for each in given]
    poll["correct_option_id"] = int(given[0])
    if call.params.has("explanation"):
        text, marks = parsed(
            call.params.text("explanation") or "", call.params.text("explanation_parse_mode"), None
        )
        poll |= {"explanation": text, "explanation_entities": marks}


def _option(given: Any) -> dict[str, Any]:
    text: Any = cast("dict[str, Any]", given).get("text") if isinstance(given, dict) else given
    if not isinstance(text, str) or not 1 <= len(text.strip()) <= 100:
        raise bad("poll options must be 1-100 characters long")
    return {"persistent_id": uuid.uuid4().hex[:12], "text": text.strip(), "voter_count": 0}


@method("stopPoll")
async def stop_poll(call: Call) -> Any:
    """No more votes; the poll as it ended."""
    chat = await call.chat()
    found = await call.message(
        chat, call.params.need_integer("message_id"), "message with poll to stop not found"
    )
    telegram: Mapping[str, Any] = found.body.get("telegram", {})
    poll = telegram.get("poll")
    if poll is None or found.sender != call.bot.user:
        raise bad("message with poll to stop not found")
    if poll["is_closed"]:
        raise bad("poll has already been closed")
    try:
        return await call.platform.polls.closed(
            call.principal, {"conversation": str(chat.place.id), "seq": found.seq}
        )
    except MynaError as refused:
        raise bad("poll can't be stopped") from refused
