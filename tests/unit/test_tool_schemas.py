"""Schemas that others declare: patterns that could run away, references that reach out, circles."""

import time

import pytest
from jsonschema import ValidationError

from myna.errors import Malformed
from myna_agents.tools.schemas import check_instance, check_schema, is_quick


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "^(a|a)*$",
        "^(a|aa)+$",
        "(x+x+)+y",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(?:a?){30}a{30}",
        "([a-z]+)*@",
        r"(.*a){20}",
        r"(a)\1+",
        "a*a*a*a*b",
        "(?=(a+)+b)x",
        "x" * 501,
    ],
)
def test_a_pattern_that_could_run_away_is_refused(pattern: str) -> None:
    assert not is_quick(pattern)
    with pytest.raises(Malformed, match="for ever"):
        check_schema({"type": "object", "properties": {"x": {"type": "string", "pattern": pattern}}}, "tool")
    with pytest.raises(Malformed, match="for ever"):
        check_schema({"type": "object", "patternProperties": {pattern: {"type": "string"}}}, "tool")


@pytest.mark.parametrize(
    "pattern",
    [
        "^[A-Z]{2}-[0-9]{4,10}$",
        r"^\S+@\S+$",
        "^(open|closed)$",
        "^(?:A-)?[0-9]+$",
        "^https?://[a-z.]{1,80}(/x)?$",
        "",
    ],
)
def test_a_pattern_of_everyday_is_allowed_and_quick(pattern: str) -> None:
    schema = {"type": "object", "properties": {"x": {"type": "string", "pattern": pattern}}}
    check_schema(schema, "tool")
    started = time.process_time()
    for piece in ("a", "@", "A-", "0", " ", "/x"):
        with pytest.raises(ValidationError):
            check_instance(schema, {"x": piece * 900 + "\n!", "y": 1} | ({"x": 1} if not pattern else {}))
    assert time.process_time() - started < 20.0


@pytest.mark.parametrize("reference", ["http://192.0.2.1/schema", "file:///etc/passwd", "other.json"])
def test_a_schema_that_refers_elsewhere_is_refused(reference: str) -> None:
    with pytest.raises(Malformed, match="another document"):
        check_schema({"type": "object", "properties": {"x": {"$ref": reference}}}, "tool")


def test_a_schema_that_goes_round_in_circles_ends() -> None:
    schema = {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}
    check_schema(schema, "tool")
    with pytest.raises(ValidationError, match="circles"):
        check_instance(schema, {"x": 1})


def test_references_within_a_schema_work() -> None:
    schema = {"$defs": {"n": {"type": "integer"}}, "properties": {"x": {"$ref": "#/$defs/n"}}}
    check_schema(schema, "tool")
    check_instance(schema, {"x": 1})
    with pytest.raises(ValidationError):
        check_instance(schema, {"x": "1"})


def test_a_text_that_is_too_long_for_a_pattern_is_refused() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "string", "pattern": "^a*$"}}}
    check_instance(schema, {"x": "a" * 2_000})
    with pytest.raises(ValidationError, match="2000"):
        check_instance(schema, {"x": "a" * 2_001})
