"""What moderation reads and writes in the commit transaction. Every such batch leaves lines in an audit log."""

from typing import Any

from myna.adapters.sql.log.connection import Connection, keys_of
from myna.adapters.sql.log.statements import Statements
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.rows import desk as rows_desk
from myna.log.audit import START
from myna.log.moderation import need_released
from myna.log.plan import Needs, Sheet, State
from myna.model.moderation import AuditEntry


def load_held(connection: Connection, texts: Statements, needs: Needs, state: State) -> None:
    """The held messages that the batch decides, with what else of their senders waits in the same place."""
    for row in connection.fetch(texts.held, keys_of((each,) for each in needs.held)):
        found = rows_desk.held_of(row)
        state.held[found.held.id] = found
        need_released(needs, found.held)
    for row in connection.fetch(texts.waiting, keys_of(needs.waiting)):
        found = rows_desk.held_of(row)
        state.held.setdefault(found.held.id, found)
        need_released(needs, found.held)


def load_moderation(connection: Connection, texts: Statements, needs: Needs, state: State) -> None:
    """Where each audit log ends, and which delivered messages are in review."""
    if needs.asides:
        needs.audited_places.update(place for place, user in needs.asides if _waits(state, place, user))
    if needs.flagged:
        for row in connection.fetch(texts.flagged, keys_of(needs.flagged)):
            draft = rows_desk.held_of(row)
            state.held[draft.held.id] = draft
            state.flagged[(draft.held.conversation, draft.held.seq or 0)] = draft.held.id
    places = (state.conversations.get(each) for each in needs.audited_places)
    workspaces = needs.audited | {place.workspace for place in places if place is not None}
    if workspaces:
        state.audits = dict.fromkeys(workspaces, (0, START))
        for workspace, number, made in connection.fetch(
            texts.audit_heads, keys_of((each,) for each in workspaces)
        ):
            state.audits[workspace] = (number, made)


def _waits(state: State, conversation: int, user: int) -> bool:
    seat = state.members.get((conversation, user))
    return seat is not None and seat.waiting > 0


def store_moderation(connection: Connection, texts: Statements, sheet: Sheet, now: float) -> None:
    """Write the lines down, and the policies and lists that they are about."""
    filters, listings = sheet.filters.items(), sheet.listings.values()
    work: tuple[tuple[str, list[tuple[Any, ...]]], ...] = (
        (texts.insert_audit, [audit_row(each) for each in sheet.audit]),
        (
            texts.put_filter,
            [
                (workspace, kind.value, place, rows.to_json(policy), now)
                for (workspace, kind, place), policy in filters
                if policy is not None
            ],
        ),
        (
            texts.drop_filter,
            [
                (workspace, kind.value, place)
                for (workspace, kind, place), policy in filters
                if policy is None
            ],
        ),
        (
            texts.put_listing,
            [
                (one.id, one.workspace, one.kind.value, one.value, one.decision, one.name, one.by, one.at)
                for one, on in listings
                if on
            ],
        ),
        (texts.drop_listing, [(one.id,) for one, on in listings if not on]),
    )
    for sql, parameters in work:
        if parameters:
            connection.many(sql, parameters)


def audit_row(entry: AuditEntry) -> tuple[Any, ...]:
    """All columns of a line of an audit log."""
    return (
        entry.workspace,
        entry.number,
        entry.at,
        entry.actor,
        entry.action,
        entry.subject,
        entry.data,
        entry.before,
        entry.hash,
    )
