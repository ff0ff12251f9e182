"""Forum topics: a topic is a thread that begins with a message of the bot. "General" is what stands in no thread.

Who runs the conversation opens, renames, closes and deletes topics. Closing one is said in it, and binds everybody who does
not run the conversation: a message for it is refused, whatever client it comes from.
"""

from collections.abc import Callable
from typing import Any

from myna.model.message import Message
from myna.rights import Verb, may, require
from myna_bots.telegram.call import Call, Chat, method
from myna_bots.telegram.edits import edited, pinned_seqs, recalled, unpinned
from myna_bots.telegram.errors import TelegramError, bad

COLOURS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)
MAX_NAME_CHARS = 128
PAGE = 200
GENERAL = 1
"""The `message_thread_id` of what stands in no thread, as in the Bot API."""


async def _forum(call: Call) -> Chat:
    chat = await call.chat()
    if chat.other is not None:
        raise bad("the chat is not a forum")
    try:
        require(call.principal, Verb.CONFIGURE, chat.seat)
    except Exception:
        raise bad("not enough rights to manage topics") from None
    return chat


async def _topic(call: Call) -> tuple[Chat, int, dict[str, Any]]:
    chat, seq = await _forum(call), call.params.need_integer("message_thread_id")
    topics = (await call.platform.about.read(chat.place.id)).get("topics", {})
    if str(seq) not in topics:
        raise bad("TOPIC_ID_INVALID")
    return chat, seq, dict(topics[str(seq)])


def _name(call: Call, *, needed: bool) -> str | None:
    name = (call.params.text("name") or "").strip()
    if not name and needed:
        raise bad("TOPIC_NAME_EMPTY")
    if len(name) > MAX_NAME_CHARS:
        raise bad("TOPIC_NAME_TOO_LONG")
    return name or None


async def _noted(call: Call, chat: Chat, seq: int, **values: Any) -> None:
    def edit(about: dict[str, Any]) -> None:
        topics = about.setdefault("topics", {})
        topics[str(seq)] = {**topics.get(str(seq), {}), **values}

    await call.platform.about.change(chat.place.id, edit)


async def _told(call: Call, chat: Chat, kind: str, text: str, thread: int | None) -> None:
    """A message of service, so that everybody sees what happened."""
    await call.send(chat, text, {"telegram": {kind: {}, "bare": True}}, thread=thread)


@method("createForumTopic")
async def create(call: Call) -> Any:
    """A new topic; `message_thread_id` names it from then on."""
    chat, name = await _forum(call), _name(call, needed=True)
    assert name is not None
    colour = call.params.integer("icon_color", COLOURS[0])
    if colour not in COLOURS:
        raise bad("TOPIC_ICON_COLOR_INVALID")
    made: dict[str, Any] = {"name": name, "icon_color": colour}
    if icon := call.params.text("icon_custom_emoji_id"):
        made["icon_custom_emoji_id"] = icon
    sent = await call.send(chat, name, {"telegram": {"forum_topic_created": made, "bare": True}})
    await _noted(call, chat, sent["message_id"], **made, closed=False)
    return {"message_thread_id": sent["message_id"], **made}


@method("editForumTopic")
async def rename(call: Call) -> Any:
    """Another name or icon."""
    chat, seq, topic = await _topic(call)
    name = _name(call, needed=False) or topic["name"]
    icon = call.params.text("icon_custom_emoji_id")
    values = {"name": name} | ({} if icon is None else {"icon_custom_emoji_id": icon})
    if all(topic.get(key) == value for key, value in values.items()):
        raise bad("TOPIC_NOT_MODIFIED")
    first = await call.message(chat, seq, "TOPIC_DELETED")
    if first.sender == call.bot.user:
        created = {**first.body["telegram"]["forum_topic_created"], **values}
        telegram = {**first.body["telegram"], "forum_topic_created": created}
        await edited(call, chat, first, name, {"telegram": telegram})
    await _noted(call, chat, seq, **values)
    return True


async def _closed(call: Call, closed: bool) -> bool:
    chat, seq, topic = await _topic(call)
    if bool(topic.get("closed")) == closed:
        raise bad("TOPIC_NOT_MODIFIED")
    kind, mark = ("forum_topic_closed", "🔒") if closed else ("forum_topic_reopened", "🔓")
    await _told(call, chat, kind, f"{mark} {topic['name']}", seq)
    await _noted(call, chat, seq, closed=closed)
    return True


@method("closeForumTopic")
async def close(call: Call) -> Any:
    """Nothing more is to be said in a topic."""
    return await _closed(call, True)


@method("reopenForumTopic")
async def reopen(call: Call) -> Any:
    """It goes on."""
    return await _closed(call, False)


async def _said_in(call: Call, chat: Chat, seq: int) -> list[Message]:
    """The messages of a topic that are still there, newest last."""
    found: list[Message] = []
    while True:
        page = await call.platform.history.messages(
            chat.place.id,
            floor=chat.seat.floor,
            before=None,
            after=found[-1].seq if found else seq,
            limit=PAGE,
            thread=seq,
        )
        found += page
        if len(page) < PAGE:
            return [each for each in found if each.state != "recalled"]


@method("deleteForumTopic")
async def remove(call: Call) -> Any:
    """A topic with everything in it."""
    chat, seq, _ = await _topic(call)
    first = await call.message(chat, seq, "TOPIC_DELETED")
    for each in (*await _said_in(call, chat, seq), first):
        await recalled(call, chat, each)

    def edit(about: dict[str, Any]) -> None:
        about.get("topics", {}).pop(str(seq), None)

    await call.platform.about.change(chat.place.id, edit)
    return True


@method("unpinAllForumTopicMessages")
async def unpin_topic(call: Call) -> Any:
    """Take the pins of a topic off."""
    chat, seq, _ = await _topic(call)
    inside = {seq, *(each.seq for each in await _said_in(call, chat, seq))}
    for each in await pinned_seqs(call, chat):
        if each in inside:
            await unpinned(call, chat, each)
    return True


@method("unpinAllGeneralForumTopicMessages")
async def unpin_general(call: Call) -> Any:
    """Take the pins off that stand in no topic."""
    chat = await _forum(call)
    for seq in await pinned_seqs(call, chat):
        if (await call.message(chat, seq, "message to unpin not found")).thread is None:
            await unpinned(call, chat, seq)
    return True


async def _general(call: Call, edit: Callable[[dict[str, Any]], bool], kind: str, text: str) -> bool:
    chat = await _forum(call)
    changed = False

    def change(about: dict[str, Any]) -> None:
        nonlocal changed
        changed = edit(about.setdefault("general", {}))

    await call.platform.about.change(chat.place.id, change)
    if not changed:
        raise bad("TOPIC_NOT_MODIFIED")
    await _told(call, chat, kind, text, None)
    return True


def _set(name: str, value: Any, **also: bool) -> Callable[[dict[str, Any]], bool]:
    def edit(general: dict[str, Any]) -> bool:
        before = general.get(name) or False
        general.update({name: value, **also})
        return bool(before != value)

    return edit


@method("editGeneralForumTopic")
async def rename_general(call: Call) -> Any:
    """Another name for what stands in no topic."""
    name = _name(call, needed=True)
    return await _general(call, _set("name", name), "forum_topic_edited", f"# {name}")


@method("closeGeneralForumTopic")
async def close_general(call: Call) -> Any:
    """Only who runs the group says more outside of topics, people and bots alike."""
    return await _general(call, _set("closed", True), "forum_topic_closed", "🔒")


@method("reopenGeneralForumTopic")
async def reopen_general(call: Call) -> Any:
    """It goes on; what was hidden is shown again."""
    return await _general(call, _set("closed", False, hidden=False), "forum_topic_reopened", "🔓")


@method("hideGeneralForumTopic")
async def hide_general(call: Call) -> Any:
    """Hide what stands in no topic, and close it."""
    return await _general(call, _set("hidden", True, closed=True), "general_forum_topic_hidden", "🙈")


@method("unhideGeneralForumTopic")
async def unhide_general(call: Call) -> Any:
    """Show it again."""
    return await _general(call, _set("hidden", False), "general_forum_topic_unhidden", "👀")


@method("getForumTopicIconStickers")
async def icon_stickers(call: Call) -> Any:
    """There are none."""
    return []


async def thread_of(call: Call, chat: Chat) -> int | None:
    """The thread that a call speaks in.

    Raises:
        TelegramError: there is no such thread, or its topic is closed and the bot does not run the conversation.
    """
    seq = call.params.integer("message_thread_id")
    thread = None if seq in {None, 0, GENERAL} else seq
    about = await call.platform.about.read(chat.place.id)
    if thread is not None:
        first = await call.message(chat, thread, "message thread not found")
        if first.thread is not None:
            raise bad("message thread not found")
    state = about.get("general", {}) if thread is None else about.get("topics", {}).get(str(thread), {})
    if state.get("closed") and not may(call.principal, Verb.CONFIGURE, chat.seat):
        raise TelegramError(400, "TOPIC_CLOSED")
    return thread
