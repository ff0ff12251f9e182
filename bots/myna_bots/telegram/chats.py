"""Methods about the bot, its chats and their members, that only look."""

import time
from typing import Any

from myna.model.conversation import MemberRole
from myna_bots.telegram import members, objects
from myna_bots.telegram.call import Call, method
from myna_bots.telegram.errors import bad

MAX_COMMANDS = 100
ADMINISTERS = frozenset({MemberRole.OWNER, MemberRole.ADMIN, MemberRole.MODERATOR})
SHOWN_MEMBERS = 500


@method("getMe")
async def get_me(call: Call) -> Any:
    """The bot."""
    return objects.me(call.bot)


@method("logOut", "close")
async def log_out(call: Call) -> Any:
    """There is no other server to move to, so there is nothing to do."""
    return True


@method("getChat")
async def get_chat(call: Call) -> Any:
    """`ChatFullInfo`."""
    chat = await call.chat()
    extra: dict[str, Any] = {}
    about = await call.platform.about.read(chat.place.id)
    if about.get("description"):
        extra["description"] = about["description"]
    if about.get("photo"):
        names = ("small_file_id", "small_file_unique_id", "big_file_id", "big_file_unique_id")
        extra["photo"] = dict.fromkeys(names, about["photo"])
    if about.get("topics"):
        extra["is_forum"] = True
    pins = await call.platform.services.amender.pins(call.principal, chat.place.id)
    if pins:
        seq = pins[0]["message"]["seq"]
        pinned = await call.message(chat, seq, "message not found")
        extra["pinned_message"] = await call.json_of(pinned, chat, nested=False)
    return members.full_chat(chat.json(), extra)


@method("getChatMember")
async def get_member(call: Call) -> Any:
    """A user's place in a chat."""
    chat, user = await call.chat(), await call.user()
    about = await call.platform.about.read(chat.place.id)
    return members.member(await call.seat_of(chat, user.id), user, time.time(), about)


@method("getChatAdministrators")
async def administrators(call: Call) -> Any:
    """Everybody who runs the chat, without other bots."""
    chat = await call.chat()
    if chat.other is not None:
        raise bad("there are no administrators in the private chat")
    people = await call.platform.conversations.members(chat.place.id, SHOWN_MEMBERS)
    about = await call.platform.about.read(chat.place.id)
    bots = call.params.flag("return_bots")
    return [
        members.member(seat, user, time.time(), about)
        for seat, user in people
        if seat.role in ADMINISTERS and (bots or user.kind != "bot" or user.id == call.bot.user)
    ]


@method("getChatMemberCount", "getChatMembersCount")
async def count(call: Call) -> Any:
    """How many members a chat has."""
    chat = await call.chat()
    return len(await call.platform.conversations.members(chat.place.id, 100_000))


@method("setMyCommands")
async def set_commands(call: Call) -> Any:
    """The commands that clients offer, by scope and language."""
    commands = call.params.objects("commands")
    if len(commands) > MAX_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    checked: list[dict[str, str]] = []
    for each in commands:
        name, text = str(each.get("command", "")).lstrip("/"), str(each.get("description", ""))
        if not (
            1 <= len(name) <= 32
            and name.replace("_", "a").isalnum()
            and name == name.lower()
            and name.isascii()
        ):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(text) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        checked.append({"command": name, "description": text})
    kept = {**call.settings().get("commands", {}), _scope(call): checked}
    await call.remember(commands=kept)
    if _scope(call) == "default:":
        bot = await call.platform.store.bot(call.bot.user)
        assert bot is not None
        shown = [{"name": each["command"], "help": each["description"]} for each in checked]
        await call.platform.store.change(bot.user, {"settings": {**bot.settings, "commands": shown}})
    return True


@method("getMyCommands")
async def get_commands(call: Call) -> Any:
    """The commands of a scope and language."""
    return call.settings().get("commands", {}).get(_scope(call), [])


@method("deleteMyCommands")
async def delete_commands(call: Call) -> Any:
    """Forget the commands of a scope and language."""
    kept = dict(call.settings().get("commands", {}))
    kept.pop(_scope(call), None)
    await call.remember(commands=kept)
    return True


def _scope(call: Call) -> str:
    scope = call.params.object("scope") or {"type": "default"}
    named = [str(scope.get(name, "")) for name in ("type", "chat_id", "user_id") if scope.get(name)]
    return f"{'/'.join(named)}:{call.params.text('language_code') or ''}"


_TEXTS = {
    "name": ("name", 64),
    "description": ("description", 512),
    "short_description": ("short_description", 120),
}


async def _set_text(call: Call, name: str) -> bool:
    text, most = call.params.text(name) or "", _TEXTS[name][1]
    if len(text) > most:
        raise bad(f"{name.upper()}_TOO_LONG")
    language = call.params.text("language_code") or ""
    kept = {**call.settings().get("texts", {}), f"{name}:{language}": text}
    await call.remember(texts=kept)
    if name == "name" and text and not language:
        await call.platform.store.change(call.bot.user, {"name": text})
    return True


def _get_text(call: Call, name: str, default: str) -> dict[str, str]:
    texts = call.settings().get("texts", {})
    language = call.params.text("language_code") or ""
    return {name: texts.get(f"{name}:{language}") or texts.get(f"{name}:") or default}


@method("setMyName")
async def set_name(call: Call) -> Any:
    """Another name, for all or for a language."""
    return await _set_text(call, "name")


@method("getMyName")
async def get_name(call: Call) -> Any:
    """The name."""
    return _get_text(call, "name", call.bot.name)


@method("setMyDescription")
async def set_description(call: Call) -> Any:
    """What an empty chat with the bot shows."""
    return await _set_text(call, "description")


@method("getMyDescription")
async def get_description(call: Call) -> Any:
    """The description."""
    return _get_text(call, "description", call.bot.description)


@method("setMyShortDescription")
async def set_short(call: Call) -> Any:
    """What the bot's profile shows."""
    return await _set_text(call, "short_description")


@method("getMyShortDescription")
async def get_short(call: Call) -> Any:
    """The short description."""
    return _get_text(call, "short_description", "")


@method("setChatMenuButton")
async def set_menu(call: Call) -> Any:
    """The button beside the input line."""
    button = call.params.object("menu_button") or {"type": "default"}
    if button.get("type") not in {"commands", "web_app", "default"}:
        raise bad("MENU_BUTTON_INVALID")
    kept = {**call.settings().get("menus", {}), str(call.params.integer("chat_id") or ""): button}
    await call.remember(menus=kept)
    return True


@method("getChatMenuButton")
async def get_menu(call: Call) -> Any:
    """The button of a chat."""
    menus = call.settings().get("menus", {})
    chat = str(call.params.integer("chat_id") or "")
    return menus.get(chat) or menus.get("") or {"type": "commands"}


@method("setMyDefaultAdministratorRights")
async def set_rights(call: Call) -> Any:
    """What the bot asks for when it is made an administrator."""
    given = call.params.object("rights") or {}
    rights = {each: bool(given.get(each)) for each in (*objects.ADMIN_RIGHTS, "is_anonymous")}
    kept = {**call.settings().get("rights", {}), str(call.params.flag("for_channels")): rights}
    await call.remember(rights=kept)
    return True


@method("getMyDefaultAdministratorRights")
async def get_rights(call: Call) -> Any:
    """The same."""
    none = dict.fromkeys((*objects.ADMIN_RIGHTS, "is_anonymous"), False)
    return call.settings().get("rights", {}).get(str(call.params.flag("for_channels")), none)


@method("answerCallbackQuery")
async def answer_callback(call: Call) -> Any:
    """Show something to whoever clicked."""
    given = call.params.need_text("callback_query_id")
    if not given.isdecimal():
        raise bad("query is too old and response timeout expired or query ID is invalid")
    text = call.params.text("text")
    if text is not None and len(text) > 200:
        raise bad("MESSAGE_TOO_LONG")
    from myna.errors import Conflict, NotFound

    try:
        await call.platform.interactions.answer(
            call.principal,
            int(given),
            text=text,
            alert=call.params.flag("show_alert"),
            url=call.params.text("url"),
        )
    except (NotFound, Conflict):
        raise bad("query is too old and response timeout expired or query ID is invalid") from None
    return True
