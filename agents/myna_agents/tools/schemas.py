"""Schemas of tools as others declare them: nothing in one may run away, reach out or go round in circles. Pure."""

import importlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from jsonschema import Draft202012Validator, SchemaError, ValidationError
from referencing import Registry

from myna.errors import Malformed

# The parser of the patterns that `re` runs, which the standard library names as its own only.
kinds: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
MAX_SCHEMA_CHARS: Final = 40_000
MAX_PATTERN_CHARS: Final = 500
MAX_REPEATS: Final = 2
"""Open repeats in one pattern: the time for a text of n characters grows like n to this power at most."""
MAX_TEXT_CHARS: Final = 2_000
"""Of a value that a pattern looks at."""
_NOWHERE: Final[Registry[Any]] = Registry()
"""Knows no other schema, so that none is fetched from an address that a schema names."""
_REPEATS: Final = (kinds.MAX_REPEAT, kinds.MIN_REPEAT)
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")


def check_schema(schema: Mapping[str, Any], name: str) -> None:
    """Let a schema pass that can be validated against in bounded time, without asking anybody.

    Raises:
        Malformed: it is no JSON Schema, is too long, refers to another document, or has a pattern that could run away.
    """
    if len(json.dumps(dict(schema))) > MAX_SCHEMA_CHARS:
        raise Malformed(f"The schema of tool {name!r} has more than {MAX_SCHEMA_CHARS} characters.")
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as wrong:
        raise Malformed(f"The schema of tool {name!r} is none: {wrong.message}") from wrong
    for place in _objects(schema):
        for reference in (place.get(each) for each in _REFERENCES):
            if isinstance(reference, str) and not reference.startswith("#"):
                raise Malformed(f"The schema of tool {name!r} refers to another document.")
        patterns: list[str] = [place["pattern"]] if isinstance(place.get("pattern"), str) else []
        named: Any = place.get("patternProperties")
        names = cast("Mapping[str, Any]", named) if isinstance(named, Mapping) else ()
        for pattern in (*patterns, *names):
            if not is_quick(pattern):
                raise Malformed(f"A pattern in the schema of tool {name!r} could take for ever.")


def check_instance(schema: Mapping[str, Any], value: Any) -> None:
    """Let a value of the declared form pass.

    Raises:
        ValidationError: it has another form, says jsonschema, or is too long or too deep to be looked at.
    """
    validator: Any = Draft202012Validator(dict(schema), registry=_NOWHERE)
    if any(len(each) > MAX_TEXT_CHARS for each in _texts(value)) and "pattern" in json.dumps(dict(schema)):
        raise ValidationError(f"a text has more than {MAX_TEXT_CHARS} characters")
    try:
        validator.validate(value)
    except RecursionError as endless:
        raise ValidationError("the schema goes round in circles") from endless


def is_quick(pattern: str) -> bool:
    """Whether a pattern is one that `re` matches in time that grows with a small power of the text, whatever the text.

    Refused: repeats in repeats, choices in repeats, references to groups, more than `MAX_REPEATS` open repeats.
    """
    if len(pattern) > MAX_PATTERN_CHARS:
        return False
    try:
        parsed = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    repeats = [inside for kind, inside in _steps(parsed) if kind in _REPEATS and inside[1] > 1]
    hard = {*_REPEATS, kinds.BRANCH, kinds.GROUPREF, kinds.GROUPREF_EXISTS, kinds.ASSERT, kinds.ASSERT_NOT}
    if any(kind in hard for each in repeats for kind, _ in _steps(each[2])):
        return False
    if any(kind in {kinds.GROUPREF, kinds.GROUPREF_EXISTS} for kind, _ in _steps(parsed)):
        return False
    endless = [each for each in repeats if each[1] == kinds.MAXREPEAT or each[1] > MAX_PATTERN_CHARS]
    return len(endless) <= MAX_REPEATS


def _steps(parsed: Any) -> Iterator[tuple[Any, Any]]:
    """Every step of a parsed pattern, however deep."""
    for kind, inside in parsed:
        yield kind, inside
        for part in _parts(inside):
            yield from _steps(part)


def _parts(inside: Any) -> Iterator[Any]:
    if isinstance(inside, parser.SubPattern):
        yield inside
    elif isinstance(inside, tuple | list):
        several = cast("Sequence[Any]", inside)
        for each in several:
            yield from _parts(each)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        found = cast("Mapping[str, Any]", value)
        yield found
        for each in found.values():
            yield from _objects(each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        several = cast("list[Any]", value)
        for each in several:
            yield from _objects(each)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        found = cast("Mapping[str, Any]", value)
        for name, each in found.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, Sequence):
        several = cast("list[Any]", value)
        for each in several:
            yield from _texts(each)
