"""The pages ask for routes that exist, and read fields that the server sends: both documents are made from the server's code."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from myna.api.live.asyncapi import document
from myna.settings import Settings
from myna.wiring.server import build_app
from support.backends import ROOT

SOURCES = sorted(path for path in (ROOT / "web" / "src").rglob("*.ts*") if "docs" not in path.parts)
TYPES = (ROOT / "web" / "src" / "core" / "types.ts").read_text("utf-8")
CALL = re.compile(
    r"""\.(?P<verb>get|post)(?:<(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>)?\(\s*(?P<a>[`"]/v1/[^`"]*[`"])
      | (?:request|call)(?:<(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>)?\(\s*"(?P<method>[A-Z]+)",\s*(?P<b>`[^`]*`|"[^"]*")""",
    re.X,
)
SHAPES = {
    "AckFrame": "Ack",
    "NackFrame": "Nack",
    "ReadyFrame": "Ready",
    "PageFrame": "Page",
    "EventFrame": "Event",
    "Message": "Message",
    "Ticket": "TicketChanged",
}
"""Interfaces of the client, each with the schema of the socket's document whose fields it reads."""


OF_BOTS = {"action_answer"}
"""What the bot platform says beside the core's protocol, see docs/bots."""


@cache
def paths() -> dict[str, set[str]]:
    """The methods of each path of the OpenAPI document, with `{}` for whatever stands in it."""
    app, _ = build_app(Settings(), lambda _: None)
    found = app.openapi()["paths"]
    return {re.sub(r"\{[^}]*\}", "{}", path): {each.upper() for each in told} for path, told in found.items()}


def plain(literal: str) -> str:
    """A path as it is written in a source: without the query, and `{}` for each value that is put in."""
    text = re.sub(r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", "{}", literal.strip("`\"'"))
    text = text[text.index("/v1/") :] if "/v1/" in text else text
    return text.partition("?")[0]


def fits(asked: str, path: str) -> bool:
    """Whether a path is meant; what is put in may be a word of the path too."""
    wanted, has = asked.strip("/").split("/"), path.strip("/").split("/")
    return len(wanted) == len(has) and all("{}" in (a, b) or a == b for a, b in zip(wanted, has, strict=True))


def calls() -> list[tuple[str, str, str]]:
    """File, method and path of every call whose path stands in the call."""
    found: list[tuple[str, str, str]] = []
    for source in SOURCES:
        for call in CALL.finditer(source.read_text("utf-8")):
            literal = call["a"] or call["b"]
            if "/v1/" in literal:
                found.append((source.name, call["method"] or call["verb"].upper(), plain(literal)))
    return found


def test_every_call_of_the_pages_is_a_route_with_that_method() -> None:
    found = calls()
    assert len(found) > 80
    wrong = [
        each
        for each in found
        if not any(fits(each[2], path) and each[1] in methods for path, methods in paths().items())
    ]
    assert wrong == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_every_address_in_a_source_is_a_route_or_the_beginning_of_one(source: Path) -> None:
    for literal in re.findall(r"[`\"](?:\$\{[^}]*\})?/v1/[^`\"\s]*[`\"]", source.read_text("utf-8")):
        steps = plain(literal).strip("/").split("/")
        begun = ["/".join(path.strip("/").split("/")[: len(steps)]) for path in paths()]
        assert any(fits("/".join(steps), each) for each in begun) or steps[-1] == "socket", literal


def fields(name: str) -> set[str]:
    """The fields of an interface of the client."""
    body = re.search(rf"export interface {name} \{{\n(.*?)\n\}}", TYPES, re.S)
    assert body is not None, name
    return set(re.findall(r"^  (\w+)\??:", body[1], re.M))


@pytest.mark.parametrize("name", SHAPES)
def test_the_client_reads_only_fields_that_the_socket_sends(name: str) -> None:
    schemas: dict[str, Any] = document()["components"]["schemas"]
    assert fields(name) <= set(schemas[SHAPES[name]]["properties"])


def test_the_client_sends_only_frames_and_fields_that_the_server_takes() -> None:
    schemas: dict[str, Any] = document()["components"]["schemas"]
    known = {
        shape["properties"]["op"]["enum"][0]: set(shape["properties"])
        for shape in schemas.values()
        if "op" in shape.get("properties", {}) and "enum" in shape["properties"]["op"]
    }
    core = "\n".join(path.read_text("utf-8") for path in SOURCES if path.parent.name == "core")
    sent = re.findall(r"(?:frame: |send\(\[)\{ op: \"(\w+)\"([^}]*)", core)
    assert {op for op, _ in sent} >= {"send", "pull", "typing", "read", "ping", "hello"}
    for op, rest in sent:
        names = set(re.findall(r"[,{ ](\w+)(?=[:,}]|\s*$)", re.sub(r": [^,]+", "", rest)))
        assert names <= known[op], op


def test_the_client_knows_every_op_that_it_is_told() -> None:
    schemas: dict[str, Any] = document()["components"]["schemas"]
    told = {
        each
        for shape in schemas.values()
        for each in shape.get("properties", {}).get("op", {}).get("enum", ())
    }
    heard = set(re.findall(r"op: \"(\w+)\"", TYPES))
    assert heard <= told | OF_BOTS
