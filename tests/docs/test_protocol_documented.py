"""The protocol's documents say what the code does: generated, served, and explained."""

from dataclasses import replace
from typing import Any, get_args

import msgspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from myna.api.live.answers import Message, ServerFrame
from myna.api.live.asyncapi import document, op_of, router
from myna.api.live.frames import OPS, Frame
from myna.model.message import EventKind, MessageKind, MessageState
from myna.model.message import Message as Stored
from myna.wire import message_object
from support.backends import ROOT

CLIENT, SERVER = get_args(Frame), get_args(ServerFrame)
PAGE = (ROOT / "docs" / "protocol.md").read_text()


def test_the_document_is_served_as_it_is_made() -> None:
    app = FastAPI()
    app.include_router(router)
    served = TestClient(app).get("/v1/asyncapi.json")
    assert served.status_code == 200
    assert served.json() == msgspec.json.decode(msgspec.json.encode(document()))


def test_every_frame_is_in_the_document_with_its_fields() -> None:
    made = document()
    schemas = made["components"]["schemas"]
    for frame in (*CLIENT, *SERVER):
        properties = schemas[frame.__name__]["properties"]
        assert set(properties) == {"op", *frame.__struct_fields__}
        assert properties["op"]["enum"] == [op_of(frame)]
        assert schemas[frame.__name__]["description"]


def test_every_reference_leads_somewhere() -> None:
    made = document()

    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            here = [part["$ref"]] if "$ref" in part else []
            return here + [each for value in part.values() for each in references(value)]
        return [each for value in part for each in references(value)] if isinstance(part, list) else []

    found = references(made)
    assert len(found) > 50
    for reference in found:
        place: Any = made
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_the_decoder_knows_the_ops_that_the_document_names() -> None:
    assert {op_of(each) for each in CLIENT} == set(OPS)


@pytest.mark.parametrize("op", sorted({op_of(each) for each in (*CLIENT, *SERVER)}))
def test_every_op_is_explained(op: str) -> None:
    assert f"`{op}`" in PAGE


@pytest.mark.parametrize("frame", CLIENT, ids=op_of)
def test_every_field_of_a_clients_frame_is_explained(frame: type[msgspec.Struct]) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{op_of(frame)}` |"))
    missing = {name for name in frame.__struct_fields__ if name not in row} - {"ref"}
    assert missing == set()


def test_a_message_has_the_fields_that_the_document_names() -> None:
    plain = Stored(7, 1, 11, "a", MessageKind.TEXT, MessageState.SENT, {"text": "hello"}, 0.0)
    full = replace(plain, thread=1, edited_at=1.0, expires_at=2.0, reactions={"👍": 1})
    assert set(message_object(full)) == set(Message.__struct_fields__)
    optional = set(Message.__struct_fields__[-len(Message.__struct_defaults__) :])
    assert set(message_object(plain)) == set(Message.__struct_fields__) - optional


def test_the_page_names_every_invariant() -> None:
    assert all(f"| I{number} |" in PAGE for number in range(1, 15))


def test_every_kind_of_event_has_its_shape_in_the_document() -> None:
    made = document()
    assert set(made["x-events"]) == {kind.value for kind in EventKind}
    for reference in made["x-events"].values():
        assert made["components"]["schemas"][reference["$ref"].rsplit("/", 1)[1]]["description"]


def test_every_status_is_in_the_document_and_explained() -> None:
    codes = PAGE.split("## Codes")[1].split("## What holds")[0]
    found = document()["x-errors"]
    assert {each["status"] for each in found} >= {
        400,
        401,
        403,
        404,
        409,
        410,
        413,
        422,
        425,
        429,
        499,
        500,
        503,
    }
    for each in found:
        assert str(each["status"]) in codes
        assert each["meaning"]
        assert each["error"]
