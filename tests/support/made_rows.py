"""Rows of any table, made up about one person, in whose words a mark stands."""

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, Integer, LargeBinary, Table
from sqlmodel import SQLModel

from myna.ids import new_id
from support import privacy_decisions as decided
from support.migrating import declare_all

MARK = "Tea Pot"
PEOPLE, GONE = set(decided.PEOPLE.split()), set(decided.GONE.split())
SUBJECTS = {
    "agent_guidance": "author",
    "agent_mark": "made_by",
    "audit": "actor",
    "import_key": "id",
    "users": "id",
}
"""Whom a row is about, where no column of `PEOPLE` says it."""
WORDS = {
    "alert": {"address", "key"},
    "filter_listing": {"name"},
    "held": {"body", "appeal"},
    "import_row": {"title", "detail"},
    "rating": {"comment"},
}
"""The columns of rows that stay in which something of a person stands; the others hold words of the program."""
READ_AGAIN: dict[str, dict[str, Any]] = {
    "agent_appointment": {"state": "booked"},
    "agent_fact": {"expires_at": 4e9},
    "agent_mark": {"sources": "[]"},
    "bot_delivery": {"due_at": 4e9, "leased_until": 4e9},
    "bot_event": {"data": '{"sender": {"id": "VICTIM", "name": "Tea Pot"}}'},
    "bot_state": {"key": "1:VICTIM"},
    "file": {"state": "ready", "parts": "[]", "digest": None, "thumbnail": None, "codes": "[]"},
    "held": {
        "body": '{"text": "Tea Pot"}',
        "verdict": '{"action": "hold", "reasons": [], "score": 1.0}',
        "state": "blocked",
        "appeal": None,
        "appeal_state": None,
    },
    "filter_listing": {"kind": "user", "value": "VICTIM"},
    "import_job": {"origin": "intercom", "state": "done"},
    "import_row": {"kind": "contact", "key": "Tea Pot"},
    "application": {"redirects": "[]", "scopes": "[]"},
    "privacy_job": {"task": "export", "state": "failed", "blob": None},
    "provider": {"role": None, "custom_role": None, "domains": "[]"},
    "scheduled": {"due_at": 4e9, "body": "{}", "state": "waiting"},
    "sign_in": {"ended_at": None},
}
"""Values that the program itself understands, in rows that are made up here."""


@cache
def tables() -> dict[str, Table]:
    """Every table of the program, by name."""
    declare_all()
    return dict(SQLModel.metadata.tables)


def subject(name: str) -> str | None:
    """The column that says whom a row is about."""
    columns = [each.name for each in tables()[name].columns]
    return SUBJECTS.get(name) or next((each for each in columns if each in PEOPLE), None)


def made_up(name: str, victim: int, place: int) -> dict[str, Any]:
    """A row in which every word is a mark."""
    made: dict[str, Any] = {}
    for column in tables()[name].columns:
        if column.name == subject(name):
            made[column.name] = victim
        elif column.name in {"conversation", "bot", "job", "gap"} or (
            name in {"kb_gap", "import_job"} and column.name == "id"
        ):
            made[column.name] = place
        elif column.name == "workspace":
            made[column.name] = 0
        elif isinstance(column.type, Boolean):
            made[column.name] = False
        elif isinstance(column.type, BigInteger):
            made[column.name] = 7 if column.name in {"seq", "rev"} else new_id()
        elif isinstance(column.type, Integer):
            made[column.name] = 1
        elif isinstance(column.type, Float):
            made[column.name] = 1.0
        elif isinstance(column.type, LargeBinary):
            made[column.name] = b""
        else:
            marked = name in GONE or column.name in WORDS.get(name, set())
            made[column.name] = "Tea Pot" if marked else "x"
    told = READ_AGAIN.get(name, {})
    return made | {
        key: value.replace("VICTIM", str(victim)) if isinstance(value, str) else value
        for key, value in told.items()
    }
