"""The audit log's chain: each line's hash covers the line before, so that none can be changed or left out unseen."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from myna.model.moderation import AuditEntry
from myna.wire import encode

START = "0" * 64
"""What the first line of a workspace follows."""


def linked(
    workspace: int,
    number: int,
    at: float,
    actor: int | None,
    action: str,
    subject: str,
    data: Mapping[str, Any],
    before: str,
) -> AuditEntry:
    """A line that follows the one with the hash `before`."""
    text = encode(data).decode()
    made = hash_of(workspace, number, at, actor, action, subject, text, before)
    return AuditEntry(workspace, number, at, actor, action, subject, text, before, made)


def hash_of(
    workspace: int,
    number: int,
    at: float,
    actor: int | None,
    action: str,
    subject: str,
    data: str,
    before: str,
) -> str:
    """SHA-256, in hexadecimal digits, of the JSON array of these values in this order; `data` is a string in it."""
    return sha256(encode([workspace, number, at, actor, action, subject, data, before])).hexdigest()


def first_broken(entries: Iterable[AuditEntry], number: int, before: str) -> int | None:
    """The number of the first line that does not follow the ones before it, starting after `number` with hash `before`."""
    for entry in entries:
        number += 1
        values = (entry.workspace, entry.number, entry.at, entry.actor, entry.action, entry.subject)
        if (
            entry.number != number
            or entry.before != before
            or entry.hash != hash_of(*values, entry.data, before)
        ):
            return number
        before = entry.hash
    return None
