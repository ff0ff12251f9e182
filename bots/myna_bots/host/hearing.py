"""Who hears what: log events become entries of the bots' logs. Pure functions.

A bot in privacy mode hears commands, mentions, replies to itself, answers to what it asked, and all of a direct conversation.
Bots do not hear each other unless they ask for it, and never more than `MAX_HOPS` messages of bots in a row, so that two
of them cannot talk for ever.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from myna.model.conversation import ConversationKind
from myna.model.message import Event
from myna.model.workspace import UserKind
from myna.wire import stamp, user_object
from myna_bots.host.model import Listener, NewEntry, Privacy, Scope
from myna_bots.host.ports import Heard

MAX_HOPS = 4
"""Messages of bots in a row that other bots still hear."""
_COMMAND = re.compile(r"^/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_.-]{1,64}))?(?:\s+([\s\S]*))?$")
_CREATED, _FINISHED, _EDITED = "message.created", "message.finished", "message.edited"
_MARKS = {"reaction.changed", "pin.changed"}
_RECALLED, _GONE = "message.recalled", {"streaming", "recalled"}


def heard_by(heard: Heard) -> Iterator[NewEntry]:
    """The entries that an event makes."""
    kind = heard.event.kind.value
    if kind in {_CREATED, _FINISHED, _EDITED}:
        yield from _message(heard)
    elif kind == _RECALLED:
        yield from _others(heard, kind, {"message": dict(heard.event.data)})
    elif kind in _MARKS:
        yield from _marked(heard, kind)
    elif kind == "request.changed":
        yield from _asked_in(heard)
    elif kind == "ticket.changed":
        yield from _others(heard, ticket_type(heard.event.data), {"ticket": dict(heard.event.data)})
    else:
        yield from _others(heard, kind, dict(heard.event.data))


def _marked(heard: Heard, kind: str) -> Iterator[NewEntry]:
    """What others put on a message or take off it; `by` says who."""
    who = heard.sender
    data = {**heard.event.data, "by": None if who is None else user_object(who)}
    for entry in _others(heard, kind, data):
        if who is None or entry.bot != who.id:
            yield entry


def _asked_in(heard: Heard) -> Iterator[NewEntry]:
    """Who waits to be let in, for bots that run the conversation. Each wish is told once."""
    for wish in heard.wishes:
        data = {
            "user": user_object(wish.user),
            "note": wish.note,
            "asked_at": stamp(wish.asked_at),
            "invite": wish.code,
        }
        for entry in _others(heard, "member.requested", data):
            if any(each.bot == entry.bot and Scope.MEMBERS_MANAGE in each.scopes for each in heard.listeners):
                key = f"wish:{heard.event.conversation}:{wish.user.id}:{wish.asked_at:.6f}"
                yield replace(entry, key=key)


def ticket_type(ticket: Mapping[str, Any]) -> str:
    """What a change of a ticket means to a bot."""
    if ticket.get("status") == "resolved":
        return "conversation.resolved"
    moved = {"queue": "handoff.requested", "operator": "conversation.assigned", "agent": "handoff.returned"}
    return moved.get(str(ticket.get("owner")), "conversation.changed")


def command_of(text: str, handle: str | None) -> tuple[str, str] | None:
    """Name and arguments of a command that is for this bot: `/name args` or `/name@handle args`."""
    found = _COMMAND.match(text.strip())
    if found is None:
        return None
    name, addressee, rest = found.groups()
    if addressee is not None and addressee.lower() != (handle or "").lower():
        return None
    return name.lower(), (rest or "").strip()


def mentioned(text: str, handle: str | None) -> bool:
    """Whether the text names the bot by `@handle`."""
    if not handle:
        return False
    return _call_of(handle).search(text) is not None


def unaddressed(text: str, handle: str | None) -> str:
    """The text without `@handle`: what is asked, and not of whom. A text that is nothing else stays as it is."""
    if not handle:
        return text
    rest = " ".join(_call_of(handle).sub(" ", text).split()) if mentioned(text, handle) else text
    return rest.lstrip(" ,:;") or text


def _call_of(handle: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w@])@{re.escape(handle)}(?![\w-])", re.IGNORECASE)


def _message(heard: Heard) -> Iterator[NewEntry]:
    event = heard.event
    if event.data.get("state") in _GONE or event.data.get("kind") == "notice":
        return
    text = str(event.data.get("body", {}).get("text", ""))
    sender = heard.sender
    for listener in _present(heard):
        if sender is None or sender.id == listener.bot:
            continue
        by_bot = sender.kind is UserKind.BOT
        if by_bot and (not listener.hears_bots or heard.bots_in_a_row > MAX_HOPS):
            continue
        flags = _flags(heard, listener, text)
        if not _meant(listener, flags):
            continue
        command = command_of(text, listener.handle)
        data = {**_base(heard), **flags, "message": dict(event.data), "sender": user_object(sender)}
        if command is not None:
            data["command"] = {"name": command[0], "args": command[1]}
        edited = event.kind.value == _EDITED
        type_ = _EDITED if edited else "command.invoked" if command is not None else _CREATED
        yield NewEntry(listener.bot, type_, event.conversation, data, _at(event))


def _flags(heard: Heard, listener: Listener, text: str) -> dict[str, bool]:
    direct = heard.conversation.kind is ConversationKind.DIRECT
    return {
        "direct": direct,
        "mentioned": mentioned(text, listener.handle),
        "replied": heard.replied is not None and heard.replied.sender == listener.bot,
        "expected": heard.sender is not None and heard.sender.id in listener.expects,
        "command_for_me": command_of(text, listener.handle) is not None,
    }


def _meant(listener: Listener, flags: dict[str, bool]) -> bool:
    command = flags.pop("command_for_me")
    if listener.privacy is Privacy.ALL and Scope.READ_ALL in listener.scopes:
        return True
    return command or flags["direct"] or flags["mentioned"] or flags["replied"] or flags["expected"]


def _others(heard: Heard, type_: str, data: dict[str, Any]) -> Iterator[NewEntry]:
    """Changes of members and of the conversation; those of single messages only when the bot hears everything."""
    about_message = heard.event.seq is not None
    direct = heard.conversation.kind is ConversationKind.DIRECT
    for listener in _present(heard):
        everything = listener.privacy is Privacy.ALL and Scope.READ_ALL in listener.scopes
        if about_message and not (everything or direct or _own(heard, listener)):
            continue
        yield NewEntry(
            listener.bot, type_, heard.event.conversation, {**_base(heard), **data}, _at(heard.event)
        )


def _own(heard: Heard, listener: Listener) -> bool:
    if heard.event.kind.value in _MARKS:
        return heard.replied is not None and heard.replied.sender == listener.bot
    return heard.sender is not None and heard.sender.id == listener.bot


def _present(heard: Heard) -> Iterable[Listener]:
    """The bots that were in the conversation when the event happened."""
    event = heard.event
    about = str(event.data.get("user", {}).get("id", "")) if isinstance(event.data.get("user"), dict) else ""
    for listener in heard.listeners:
        if about == str(listener.bot):
            yield listener
            continue
        left = listener.to_seq is not None and (event.seq is None or event.seq > listener.to_seq)
        said_at = _at(event)
        if left or (said_at and said_at < int(listener.joined_at * 1000) / 1000):
            continue
        yield listener


def _base(heard: Heard) -> dict[str, Any]:
    place = heard.conversation
    return {
        "rev": heard.event.rev,
        "pos": heard.event.pos,
        "seq": heard.event.seq,
        "place": {"id": str(place.id), "kind": place.kind.value, "title": place.title},
    }


def _at(event: Event) -> float:
    """When it happened: messages carry their time to the millisecond, other events have none (0)."""
    stamp = event.data.get("created_at") if event.seq is not None else None
    return datetime.fromisoformat(str(stamp)).timestamp() if stamp else 0.0
