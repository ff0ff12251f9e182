"""From what a client wrote to the body that is stored: text, mentions, forwards and files, each checked."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from myna.conversations.access import Access
from myna.errors import Malformed, NotFound, TooLarge
from myna.log.mentions import ALL
from myna.log.ports import Log
from myna.model.message import MessageKind, MessageState
from myna.ports.accounts import Accounts
from myna.rights import Principal, Seat, Verb, require
from myna.wire import stamp

MAX_TEXT_CHARS = 10_000
MAX_CLIENT_ID_CHARS = 64
MAX_MENTIONS = 50
MAX_FILES = 10
KNOWN = frozenset({"text", "mentions", "forward", "files"})
RESERVED = ("turn:", "notice:")


class Attachments(Protocol):
    """What the store of files tells about those that a message carries."""

    async def attached(self, user: int, workspace: int, files: Sequence[int]) -> list[dict[str, Any]]:
        """The files as objects of a body.

        Raises:
            NotFound: one of them does not exist, is not complete, or is somebody else's.
        """
        ...


class Composer:
    """Makes bodies. Names, sizes and texts of what is quoted come from the server's own rows, so they cannot be forged."""

    def __init__(self, access: Access, accounts: Accounts, log: Log) -> None:
        self._access, self._accounts, self._log = access, accounts, log
        self.files: Attachments | None = None

    async def body(self, principal: Principal, seat: Seat, given: Mapping[str, Any]) -> dict[str, Any]:
        """The body as it is stored.

        Raises:
            Malformed, TooLarge: it has the wrong shape.
            NotFound: a forwarded message or a file is not visible to the sender.
            Forbidden: the sender may not call everybody here.
        """
        if not any(given.get(each) for each in ("mentions", "forward", "files")):
            return {"text": check_text(given)}
        made: dict[str, Any] = {"text": ""}
        forward, files = given.get("forward"), given.get("files")
        if forward:
            made = await self._forwarded(principal, forward)
        elif given.get("text") or not files:
            made["text"] = check_text(given)
        if files:
            made["files"] = await self._attached(principal, files)
        if given.get("mentions"):
            made["mentions"] = self._mentions(principal, seat, given["mentions"])
        return made

    def _mentions(self, principal: Principal, seat: Seat, given: object) -> list[str]:
        if not isinstance(given, list):
            raise Malformed("body.mentions is a list of user ids, or 'all'.")
        listed = [str(each) for each in cast("list[object]", given)]
        if len(listed) > MAX_MENTIONS:
            raise Malformed(f"A message mentions at most {MAX_MENTIONS} users; use 'all' for everybody.")
        for each in listed:
            if each != ALL and not _is_id(each):
                raise Malformed(f"body.mentions has {each[:40]!r}, which is no user's id.")
        if ALL in listed:
            require(principal, Verb.MENTION_ALL, seat)
        return list(dict.fromkeys(listed))

    async def _forwarded(self, principal: Principal, given: object) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            raise Malformed("body.forward is {conversation, seq}.")
        named = cast("Mapping[str, object]", given)
        place, seq = named.get("conversation"), named.get("seq")
        if not isinstance(place, str) or not _is_id(place) or not isinstance(seq, int) or seq < 1:
            raise Malformed("body.forward is {conversation, seq}.")
        there = await self._access.fresh_seat(principal, int(place))
        found = await self._log.messages(
            int(place),
            floor=max(there.floor, seq),
            before=seq + 1,
            after=None,
            limit=1,
            hides_for=there.hides_for,
        )
        original = found[0] if found else None
        whole = original is not None and original.state not in {MessageState.RECALLED, MessageState.STREAMING}
        if original is None or not whole or original.kind is not MessageKind.TEXT:
            raise NotFound(f"There is no message {seq} that you can forward.", code="no_such_message")
        user = await self._accounts.user(original.sender)
        first = {
            "conversation": place,
            "seq": seq,
            "sender": str(original.sender),
            "name": "" if user is None else user.name,
            "at": stamp(original.created_at),
        }
        # A forward of a forward names who wrote it, not who passed it on.
        made = {"text": original.body.get("text", ""), "forward": original.body.get("forward", first)}
        return made | ({"files": original.body["files"]} if original.body.get("files") else {})

    async def _attached(self, principal: Principal, given: object) -> list[dict[str, Any]]:
        if not isinstance(given, list):
            raise Malformed("body.files is a list of file ids.")
        listed = [str(each) for each in cast("list[object]", given)]
        if len(listed) > MAX_FILES or len(set(listed)) != len(listed):
            raise Malformed(f"A message carries at most {MAX_FILES} files, each once.")
        if not all(_is_id(each) for each in listed):
            raise Malformed("body.files is a list of file ids.")
        if self.files is None:
            raise NotFound("This server keeps no files.")
        return await self.files.attached(principal.user, principal.workspace, [int(each) for each in listed])


def codes_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """What the QR codes in a message's pictures say."""
    return tuple(code for each in body.get("files") or () for code in each.get("codes") or ())


def check_client_id(client_id: str) -> None:
    """Let a client's own id pass.

    Raises:
        Malformed: it is too long, empty, unprintable, or of the server's own kind.
    """
    if not 1 <= len(client_id) <= MAX_CLIENT_ID_CHARS or not client_id.isprintable():
        raise Malformed(f"client_id must have 1 to {MAX_CLIENT_ID_CHARS} printable characters.")
    if client_id.startswith(RESERVED):
        raise Malformed("client_id must not begin with 'turn:' or 'notice:'; these are the server's own.")


def check_text(body: Mapping[str, Any]) -> str:
    """The text of a body of the right shape.

    Raises:
        Malformed, TooLarge: with what is wrong; nothing was stored.
    """
    text = body.get("text")
    if not isinstance(text, str):
        raise Malformed("body.text must be a string.")
    if len(text) > MAX_TEXT_CHARS:
        raise TooLarge(f"body.text has {len(text)} characters; at most {MAX_TEXT_CHARS} are allowed.")
    if not text.strip() or "\x00" in text:
        raise Malformed("body.text must not be empty and must not contain NUL.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Malformed("body.text has an unpaired surrogate, so it is not text.") from None
    return text


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 16 and text[0] != "0" and int(text) < 2**53
