"""The client's frames of `myna.v1`, decoded and checked in one step. Unknown fields are ignored, unknown ops refused."""

from typing import Annotated, Any, get_args

import msgspec

from myna.errors import Malformed, MynaError

MAX_FRAME_BYTES = 64 * 1024
MAX_BATCH = 64
"""Frames in one array."""

MAX_CURSORS = 1_000
"""Cursors in one hello; of further conversations the client pulls what it lacks."""
DELTA, CATCH_UP, QUIET = "delta", "catch_up", "quiet"
CAPABILITIES = frozenset({DELTA, CATCH_UP, QUIET})
"""What a client may ask for in its hello; others are ignored, so that a client of tomorrow works with a server of today."""
USUAL = frozenset({DELTA})
"""What holds for a client that names none."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,15}$")]
Capability = Annotated[str, msgspec.Meta(max_length=32)]
Ref = Annotated[str, msgspec.Meta(max_length=64)] | Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Counter = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Hello(msgspec.Struct, tag="hello", tag_field="op"):
    """The first frame of a connection. `cursors` (conversation to rev) are of the log that `epoch` names."""

    token: str = ""
    v: int = 1
    device: Annotated[str, msgspec.Meta(max_length=64)] = ""
    cursors: Annotated[dict[Id, Counter], msgspec.Meta(max_length=MAX_CURSORS)] = {}
    epoch: Annotated[str, msgspec.Meta(max_length=20)] = ""
    capabilities: Annotated[list[Capability], msgspec.Meta(max_length=32)] | None = None
    ref: Ref = ""


class Send(msgspec.Struct, tag="send", tag_field="op"):
    """A draft."""

    conversation: Id
    client_id: str
    body: dict[str, Any]
    ref: Ref = ""
    reply_to: Counter | None = None
    thread: Counter | None = None
    age_ms: Counter | None = None
    """How long ago it was written, when it waited in the client: an outbox sent after a cut is no flood."""


class Edit(msgspec.Struct, tag="edit", tag_field="op"):
    """Other words for an own message."""

    conversation: Id
    seq: Counter
    client_id: str
    body: dict[str, Any]
    ref: Ref = ""


class Recall(msgspec.Struct, tag="recall", tag_field="op"):
    """Take a message back for everybody."""

    conversation: Id
    seq: Counter
    client_id: str
    ref: Ref = ""


class React(msgspec.Struct, tag="react", tag_field="op"):
    """Put a reaction on a message, or take it off."""

    conversation: Id
    seq: Counter
    client_id: str
    emoji: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    on: bool = True
    ref: Ref = ""


class Pin(msgspec.Struct, tag="pin", tag_field="op"):
    """Pin a message, or take the pin off."""

    conversation: Id
    seq: Counter
    client_id: str
    on: bool = True
    ref: Ref = ""


class Read(msgspec.Struct, tag="read", tag_field="op"):
    """How far the user has read."""

    conversation: Id
    seq: Counter
    ref: Ref = ""


class Received(msgspec.Struct, tag="received", tag_field="op"):
    """How far this device has received."""

    conversation: Id
    seq: Counter
    ref: Ref = ""


class Watch(msgspec.Struct, tag="watch", tag_field="op"):
    """Whose presence is on the screen, and whose no more."""

    add: Annotated[list[Id], msgspec.Meta(max_length=500)] = []
    remove: Annotated[list[Id], msgspec.Meta(max_length=500)] = []
    ref: Ref = ""


class Typing(msgspec.Struct, tag="typing", tag_field="op"):
    """The user writes, or stopped."""

    conversation: Id
    on: bool = True
    ref: Ref = ""


class Pull(msgspec.Struct, tag="pull", tag_field="op"):
    """Events after a cursor, or messages before one."""

    conversation: Id
    after_rev: Counter | None = None
    before_seq: Counter | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 200
    ref: Ref = ""


class Sync(msgspec.Struct, tag="sync", tag_field="op"):
    """What moved since a commit position."""

    pos: Counter = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 200
    ref: Ref = ""


class Ping(msgspec.Struct, tag="ping", tag_field="op"):
    """A sign of life."""

    n: Counter = 0
    ref: Ref = ""


Frame = Hello | Send | Edit | Recall | React | Pin | Read | Received | Watch | Typing | Pull | Sync | Ping
OPS = frozenset(str(each.__struct_config__.tag) for each in get_args(Frame))
_one: msgspec.json.Decoder[Frame] = msgspec.json.Decoder(Frame)
_many = msgspec.json.Decoder(list[msgspec.Raw])
_loose = msgspec.json.Decoder(dict[str, Any])
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises; RecursionError for brackets nested a thousand deep, which fit into one frame."""


def decode_frames(raw: bytes) -> list[Frame | tuple[Any, MynaError]]:
    """The frames of a text message in order; a malformed one comes as (its ref, what is wrong).

    Raises:
        Malformed: the text is not a JSON object or a short array of them.
    """
    if raw.lstrip(b" \t\r\n")[:1] != b"[":
        return [_decode(raw)]
    try:
        parts = _many.decode(raw)
    except _UNREADABLE as wrong:
        raise Malformed(f"This is not JSON: {wrong}.") from wrong
    if len(parts) > MAX_BATCH:
        raise Malformed(f"At most {MAX_BATCH} frames go into one array.")
    return [_decode(bytes(part)) for part in parts]


def _decode(raw: bytes) -> Frame | tuple[Any, MynaError]:
    try:
        return _one.decode(raw)
    except _UNREADABLE as wrong:
        return _explain(raw, wrong)


def _explain(raw: bytes, wrong: Exception) -> tuple[Any, MynaError]:
    try:
        loose = _loose.decode(raw)
    except _UNREADABLE:
        return None, Malformed(f"This is not a JSON object: {wrong}.")
    ref = loose.get("ref")
    ref = ref if isinstance(ref, str | int) and not isinstance(ref, bool) and len(str(ref)) <= 64 else None
    op = loose.get("op")
    if not isinstance(op, str) or op not in OPS:
        return ref, Malformed(f"There is no op {str(op)[:40]!r}.", code="unknown_op")
    return ref, Malformed(f"{wrong}.")


def nack(ref: Any, failed: MynaError, client_id: str | None = None) -> dict[str, Any]:
    """What is wrong with a frame, in the socket's own shape."""
    frame: dict[str, Any] = {
        "op": "nack",
        "ref": ref,
        "code": failed.status,
        "error": failed.code,
        "detail": failed.message,
        "temporary": failed.temporary,
    }
    if client_id is not None:
        frame["client_id"] = client_id
    if failed.retry_ms is not None:
        frame["retry_ms"] = failed.retry_ms
    if failed.extra:
        frame["extra"] = failed.extra
    return frame
