"""A server's own lists, rules and thresholds, from one JSON file."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from myna.errors import MynaError
from myna.model.moderation import Action
from myna_agents.moderation.patterns import Rulebook, rule
from myna_agents.moderation.policy import Policy
from myna_agents.moderation.rules import Lists

_DEFAULT = Policy()
_Chance = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _Lists(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    hosts: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()


class _Allow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    hosts: frozenset[str] = frozenset()


class _Rule(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    match: str
    action: Literal["flag", "hold", "block"] = "hold"


class _Thresholds(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    flag: _Chance = _DEFAULT.flag_at
    hold: _Chance = _DEFAULT.hold_at
    block: _Chance = _DEFAULT.block_at
    offensive: _Chance = _DEFAULT.offensive_at


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    allow: _Allow = _Allow()
    deny: _Lists = _Lists()
    rules: tuple[_Rule, ...] = ()
    thresholds: _Thresholds = _Thresholds()
    may_block: bool = False


def read_rules(path: Path) -> tuple[Policy, Lists, Rulebook]:
    """What the file says.

    Raises:
        MynaError: it is missing, no JSON of the documented shape, or has a rule that must not be entered; says which.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as wrong:
        raise MynaError(
            f"The moderation rules {str(path)!r} cannot be read: {wrong.strerror}.", code="bad_setting"
        ) from None
    except msgspec.MsgspecError as wrong:
        raise MynaError(
            f"The moderation rules {str(path)!r} are wrong: {wrong}.", code="bad_setting"
        ) from None
    limits = found.thresholds
    return (
        Policy(limits.flag, limits.hold, limits.block, limits.offensive, found.may_block),
        Lists(_low(found.allow.hosts), _low(found.deny.hosts), found.deny.phones, _low(found.deny.handles)),
        Rulebook.of(rule(each.name, each.match, Action(each.action)) for each in found.rules),
    )


def _low(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.lower().removeprefix("@") for name in names)
