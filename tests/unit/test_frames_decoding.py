"""The client's frames: every field missing, of the wrong kind, or too large is answered, and nothing else breaks."""

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.api.live.frames import MAX_BATCH, Hello, Ping, Pull, Read, Send, Sync, Typing, decode_frames, nack
from myna.errors import Busy, Conflict, Malformed, MynaError

GOOD: dict[str, dict[str, Any]] = {
    "hello": {"token": "t", "v": 1, "device": "phone", "ref": "1"},
    "send": {"conversation": "12", "client_id": "c", "body": {"text": "hi"}, "ref": 1, "reply_to": 3},
    "read": {"conversation": "12", "seq": 3, "ref": "1"},
    "typing": {"conversation": "12", "on": False, "ref": "1"},
    "pull": {"conversation": "12", "after_rev": 0, "before_seq": 9, "limit": 200, "ref": "1"},
    "sync": {"pos": 0, "limit": 1, "ref": "1"},
    "ping": {"n": 0, "ref": "1"},
}
KINDS = {
    "hello": Hello,
    "send": Send,
    "read": Read,
    "typing": Typing,
    "pull": Pull,
    "sync": Sync,
    "ping": Ping,
}
REQUIRED = {
    ("send", "conversation"),
    ("send", "client_id"),
    ("send", "body"),
    ("read", "conversation"),
    ("read", "seq"),
    ("typing", "conversation"),
    ("pull", "conversation"),
}
FIELDS = [(op, name) for op, fields in GOOD.items() for name in fields]
WRONG: dict[str, list[Any]] = {
    "token": [1, None, []],
    "v": ["1", None, 1.5],
    "device": ["x" * 65, 1, None],
    "ref": ["x" * 65, -1, 2**53 + 1, 1.5, None, [], {}],
    "conversation": ["", "0", "-1", "1.0", "0x1", " 1", "1 ", "١", "1" * 17, 12, None, [], {}],
    "client_id": [1, None, []],
    "body": ["hi", 1, None, [{}]],
    "reply_to": ["3", -1, 2**53 + 1, 1.5],
    "seq": ["3", -1, 2**53 + 1, None, 1.5],
    "on": [1, "true", None],
    "after_rev": ["0", -1, 2**53 + 1, 0.5],
    "before_seq": ["0", -1, 2**53 + 1, 0.5],
    "limit": [0, 201, "200", None],
    "pos": [-1, "0", 2**53 + 1, None],
    "n": [-1, "0", 2**53 + 1, None],
}


def one(frame: object) -> Any:
    raw = frame if isinstance(frame, bytes) else msgspec.json.encode(frame)
    (found,) = decode_frames(raw)
    return found


def refused(frame: object) -> tuple[Any, MynaError]:
    found = one(frame)
    assert isinstance(found, tuple), found
    return found


@pytest.mark.parametrize("op", list(GOOD))
def test_a_whole_frame_is_read(op: str) -> None:
    found = one({"op": op, **GOOD[op]})
    assert isinstance(found, KINDS[op])
    assert {name: getattr(found, name) for name in GOOD[op]} == GOOD[op]


@pytest.mark.parametrize(("op", "name"), FIELDS)
def test_a_missing_field_is_an_error_only_if_it_is_needed(op: str, name: str) -> None:
    fields = {key: value for key, value in GOOD[op].items() if key != name}
    found = one({"op": op, **fields})
    if (op, name) in REQUIRED:
        assert found[1].code == "malformed"
        assert name in found[1].message
    else:
        assert isinstance(found, KINDS[op])


@pytest.mark.parametrize(
    ("op", "name", "value"), [(op, name, value) for op, name in FIELDS for value in WRONG[name]]
)
def test_a_field_of_the_wrong_kind_is_refused(op: str, name: str, value: Any) -> None:
    ref, wrong = refused({"op": op, **GOOD[op], name: value})
    assert isinstance(wrong, Malformed)
    assert wrong.code == "malformed"
    if name != "ref":
        assert ref == GOOD[op]["ref"]


@pytest.mark.parametrize("op", list(GOOD))
def test_unknown_fields_are_ignored(op: str) -> None:
    assert isinstance(one({"op": op, **GOOD[op], "later": {"x": [1]}}), KINDS[op])


@pytest.mark.parametrize("frame", [{"op": "fly", "ref": 7}, {"ref": 7}, {"op": None, "ref": 7}])
def test_an_unknown_op_is_named(frame: dict[str, Any]) -> None:
    ref, wrong = refused(frame)
    assert (ref, wrong.code, wrong.status) == (7, "unknown_op", 400)


@pytest.mark.parametrize(
    "raw", [b"", b"nonsense", b"12", b'"hello"', b"null", b'{"op":"ping"', b'{"op":"\xff"}', b"\x00"]
)
def test_what_is_no_object_is_answered_without_a_ref(raw: bytes) -> None:
    ref, wrong = refused(raw)
    assert ref is None
    assert isinstance(wrong, Malformed)


def test_an_array_is_a_batch_in_order() -> None:
    frames = decode_frames(b' \n[{"op":"ping","n":1}, {"op":"nope"}, {"op":"ping","n":2}, 5, []]')
    assert frames[0] == Ping(1)
    assert frames[2] == Ping(2)
    assert [isinstance(each, tuple) for each in frames] == [False, True, False, True, True]
    assert decode_frames(b"[]") == []


@pytest.mark.parametrize("raw", [b"[", b"[{]", b"[1,", b'[{"op":"ping"}'])
def test_a_broken_array_is_refused_as_a_whole(raw: bytes) -> None:
    with pytest.raises(Malformed):
        decode_frames(raw)


def test_a_batch_is_bounded() -> None:
    assert len(decode_frames(msgspec.json.encode([{"op": "ping"}] * MAX_BATCH))) == MAX_BATCH
    with pytest.raises(Malformed):
        decode_frames(msgspec.json.encode([{"op": "ping"}] * (MAX_BATCH + 1)))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"op":"send","ref":1,"conversation":"1","client_id":"c","body":{"text":' + b"[" * 60_000,
        b'{"op":"ping","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"op":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
    ],
)
def test_deep_nesting_is_answered(raw: bytes) -> None:
    found = decode_frames(raw)[0]
    assert isinstance(found, Ping) or isinstance(found[1], Malformed)  # type: ignore[index]


def test_a_deeply_nested_array_is_refused() -> None:
    try:
        frames = decode_frames(b"[" * 60_000)
    except Malformed:
        return
    assert all(isinstance(each, tuple) for each in frames)


def test_a_long_op_does_not_come_back_in_full() -> None:
    _, wrong = refused({"op": "x" * 60_000})
    assert len(wrong.message) < 100


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    with contextlib.suppress(Malformed):
        decode_frames(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(list(GOOD)), st.dictionaries(st.sampled_from(sorted(WRONG)), json_values, max_size=6))
def test_no_object_breaks_the_reader(op: str, fields: dict[str, Any]) -> None:
    found = one(msgspec.json.encode({"op": op, **GOOD[op], **fields}))
    assert isinstance(found, KINDS[op]) or isinstance(found[1], Malformed)


def test_a_nack_tells_what_to_do() -> None:
    assert nack("7", Malformed("no")) == {
        "op": "nack",
        "ref": "7",
        "code": 400,
        "error": "malformed",
        "detail": "no",
        "temporary": False,
    }
    busy = nack(None, Busy("full", retry_ms=500), "c1")
    assert (busy["temporary"], busy["retry_ms"], busy["client_id"]) == (True, 500, "c1")
    assert nack(1, Conflict("x", extra={"epoch": 2}))["extra"] == {"epoch": 2}
