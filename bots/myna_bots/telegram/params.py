"""Parameters of a call, wherever they came from: the same names arrive as JSON values, as strings, or as strings of JSON."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from myna_bots.telegram.errors import bad

_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no", ""}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Params:
    """Query, body and files of one call, merged. Each getter raises 400 for a value of the wrong kind."""

    values: Mapping[str, Any]
    files: Mapping[str, Upload]

    def has(self, name: str) -> bool:
        """Whether it was given."""
        return self.values.get(name) not in (None, "")

    def text(self, name: str, default: str | None = None) -> str | None:
        """A string."""
        found = self.values.get(name)
        if found is None:
            return default
        if isinstance(found, dict | list | bool):
            raise bad(f"parameter {name!r} must be a String")
        text = str(found)
        if "\x00" in text:
            raise bad("strings must be encoded in UTF-8")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise bad("strings must be encoded in UTF-8") from None
        return text

    def need_text(self, name: str) -> str:
        """A string that must be there."""
        found = self.text(name)
        if found is None or not found:
            raise bad(f"parameter {name!r} is required")
        return found

    def integer(self, name: str, default: int | None = None) -> int | None:
        """A whole number."""
        found = self.values.get(name)
        if found is None or found == "":
            return default
        if isinstance(found, bool) or (isinstance(found, float) and not found.is_integer()):
            raise bad(f"parameter {name!r} must be an Integer")
        try:
            value = int(found)
        except (ValueError, TypeError):
            raise bad(f"parameter {name!r} must be an Integer") from None
        if abs(value) >= 2**63:
            raise bad(f"parameter {name!r} is out of range")
        return value

    def need_integer(self, name: str) -> int:
        """A whole number that must be there."""
        found = self.integer(name)
        if found is None:
            raise bad(f"parameter {name!r} is required")
        return found

    def number(self, name: str) -> float:
        """A number that must be there."""
        found = self.values.get(name)
        try:
            value = float(cast(Any, found))
        except (ValueError, TypeError):
            raise bad(f"parameter {name!r} must be a Float") from None
        if not math.isfinite(value):
            raise bad(f"parameter {name!r} must be a Float")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Yes or no."""
        found = self.values.get(name)
        if found is None:
            return default
        if isinstance(found, bool):
            return found
        word = str(found).lower()
        if word in _TRUE | _FALSE:
            return word in _TRUE
        raise bad(f"parameter {name!r} must be a Boolean")

    def object(self, name: str) -> dict[str, Any] | None:
        """A JSON object."""
        found = self._json(name)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise bad(f"can't parse {name.replace('_', ' ')} JSON object")
        return cast("dict[str, Any]", found)

    def array(self, name: str) -> list[Any] | None:
        """A JSON array."""
        found = self._json(name)
        if found is None:
            return None
        if not isinstance(found, list):
            raise bad(f"can't parse {name.replace('_', ' ')} JSON array")
        return cast("list[object]", found)

    def objects(self, name: str) -> list[dict[str, Any]]:
        """A JSON array of objects; empty when it is left out."""
        found = self.array(name) or []
        if not all(isinstance(each, dict) for each in found):
            raise bad(f"can't parse {name.replace('_', ' ')}: expected an Array of Objects")
        return cast("list[dict[str, Any]]", found)

    def _json(self, name: str) -> Any:
        found = self.values.get(name)
        if not isinstance(found, str):
            return found
        if not found.strip():
            return None
        try:
            return json.loads(found)
        except (ValueError, RecursionError):
            raise bad(f"can't parse {name.replace('_', ' ')} JSON object") from None
