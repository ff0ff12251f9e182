"""Pooled connections are asked whether they still live after a rest only: each question costs three trips to the server."""

import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

RESTED_S = 5.0
"""Rest after which a connection is asked. One that died sooner fails its first statement, as one would that dies in use."""


def ask_after_rest(engine: Engine) -> None:
    """Let the pool of an engine replace connections that died while nobody used them.

    As in SQLAlchemy's own pessimistic disconnect handling, which asks at every checkout:
    https://docs.sqlalchemy.org/en/20/core/pooling.html#custom-legacy-pessimistic-ping
    """
    event.listen(engine, "checkin", _remember)
    event.listen(engine, "checkout", _ask)


def _remember(_connection: Any, record: Any) -> None:
    record.info["rested_at"] = time.monotonic()


def _ask(connection: Any, record: Any, _proxy: Any) -> None:
    rested_at = record.info.get("rested_at")
    if rested_at is None or time.monotonic() - rested_at < RESTED_S:
        return
    try:
        connection.ping()
    except Exception as dead:
        raise DisconnectionError from dead
