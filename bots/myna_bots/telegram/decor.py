"""What a chat, its members and the bot look like: description, picture, titles, tags."""

from collections.abc import Callable
from typing import Any

from myna.errors import Forbidden
from myna.model.conversation import MemberRole
from myna.rights import Verb, require
from myna_bots.host.files import Kept
from myna_bots.telegram.call import Call, Chat, method
from myna_bots.telegram.errors import bad
from myna_bots.telegram.files import file_of
from myna_bots.telegram.groups import group_of

MAX_DESCRIPTION_CHARS, MAX_TITLE_CHARS = 255, 16


async def _run_by(call: Call, verb: Verb, what: str) -> Chat:
    """The chat, when the bot may do this in it."""
    chat = await group_of(call)
    try:
        require(call.principal, verb, chat.seat)
    except Forbidden:
        raise bad(f"not enough rights to {what}") from None
    return chat


@method("setChatDescription")
async def set_description(call: Call) -> Any:
    """What the chat is about; empty takes it away."""
    chat = await _run_by(call, Verb.CONFIGURE, "change chat description")
    text = (call.params.text("description") or "").strip()
    if len(text) > MAX_DESCRIPTION_CHARS:
        raise bad("CHAT_ABOUT_TOO_LONG")
    if text == (await call.platform.about.read(chat.place.id)).get("description", ""):
        raise bad("chat description is not modified")
    await call.platform.about.change(chat.place.id, lambda about: about.update(description=text))
    return True


@method("setChatPhoto")
async def set_photo(call: Call) -> Any:
    """The chat's picture."""
    chat = await _run_by(call, Verb.CONFIGURE, "change chat photo")
    found = await file_of(call, "photo", call.params.values.get("photo"))
    if not found.width:
        raise bad("IMAGE_PROCESS_FAILED")
    await call.platform.about.change(chat.place.id, lambda about: about.update(photo=found.id))
    return True


@method("deleteChatPhoto")
async def drop_photo(call: Call) -> Any:
    """No picture any more."""
    chat = await _run_by(call, Verb.CONFIGURE, "change chat photo")
    if not (await call.platform.about.read(chat.place.id)).get("photo"):
        raise bad("CHAT_NOT_MODIFIED")
    await call.platform.about.change(chat.place.id, lambda about: about.update(photo=""))
    return True


async def _named(call: Call, kind: str, name: str, fits: Callable[[MemberRole], bool], wrong: str) -> bool:
    chat, user = await _run_by(call, Verb.SET_ROLE, "promote a chat member"), await call.user()
    text = (call.params.text(name) or "").strip()
    if len(text) > MAX_TITLE_CHARS:
        raise bad("ADMIN_RANK_INVALID" if kind == "titles" else "TAG_INVALID")
    seat = await call.seat_of(chat, user.id)
    if seat is None or seat.to_seq is not None or not fits(seat.role):
        raise bad(wrong)

    def edit(about: dict[str, Any]) -> None:
        about.setdefault(kind, {})[str(user.id)] = text

    await call.platform.about.change(chat.place.id, edit)
    return True


@method("setChatAdministratorCustomTitle")
async def set_title(call: Call) -> Any:
    """What an administrator is called."""

    def administers(role: MemberRole) -> bool:
        return role in {MemberRole.ADMIN, MemberRole.MODERATOR}

    return await _named(call, "titles", "custom_title", administers, "user is not an administrator")


@method("setChatMemberTag")
async def set_tag(call: Call) -> Any:
    """What a plain member is called."""

    def plain(role: MemberRole) -> bool:
        return role not in {MemberRole.OWNER, MemberRole.ADMIN, MemberRole.MODERATOR}

    return await _named(call, "tags", "tag", plain, "CHAT_ADMIN_REQUIRED")


@method("setMyProfilePhoto")
async def set_own_photo(call: Call) -> Any:
    """The bot's picture."""
    given = call.params.object("photo") or {}
    if given.get("type") != "static":
        raise bad("PHOTO_INVALID_DIMENSIONS")
    found = await file_of(call, "photo", given.get("photo"))
    if not found.width:
        raise bad("IMAGE_PROCESS_FAILED")
    await call.remember(photo=found.id)
    return True


@method("removeMyProfilePhoto")
async def drop_own_photo(call: Call) -> Any:
    """No picture any more."""
    await call.remember(photo=None)
    return True


@method("getUserProfilePhotos")
async def profile_photos(call: Call) -> Any:
    """A bot's picture; people have none here."""
    user = await call.user()
    bot = await call.platform.store.bot(user.id)
    named = None if bot is None else bot.settings.get("telegram", {}).get("photo")
    found: Kept | None = None if named is None else await call.platform.files.find(str(named))
    if found is None:
        return {"total_count": 0, "photos": []}
    size = {"file_id": found.id, "file_unique_id": found.digest[:16], "file_size": found.size}
    return {"total_count": 1, "photos": [[{**size, "width": found.width, "height": found.height}]]}


@method("getManagedBotToken", "replaceManagedBotToken")
async def managed(call: Call) -> Any:
    """A bot manages no other bots."""
    call.params.need_integer("user_id")
    raise bad("BOT_NOT_MANAGED")
