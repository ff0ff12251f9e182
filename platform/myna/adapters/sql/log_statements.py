"""The statements of the commit transaction, fixed texts for both databases so that each is prepared once.

Keys go in as one JSON parameter: the statement does not change with the size of the batch.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlmodel import SQLModel

from myna.adapters.sql.moderation_tables import AuditRow, FilterPolicyRow, ListingRow
from myna.adapters.sql.tables import (
    BlockRow,
    CommandRow,
    ConversationRow,
    DraftRow,
    EventRow,
    FileRow,
    FileUseRow,
    HeldRow,
    HiddenRow,
    InviteRow,
    JoinRequestRow,
    LaneRow,
    MemberRow,
    MentionRow,
    MessageRow,
    MessageVersionRow,
    PinRow,
    ReactionRow,
    ScheduledRow,
    TicketRow,
    TurnRow,
    table,
)
from myna.model import MemberRole

_TYPES = {"b": "bigint", "t": "text"}


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL texts by what they do, in the parameter style of the driver."""

    lane: str
    conversations: str
    members: str
    seen: str
    tickets: str
    turns: str
    held: str
    questions: str
    streams: str
    support_of: str
    direct_of: str
    insert_message: str
    insert_event: str
    insert_conversation: str
    update_conversation: str
    finish_message: str
    put_member: str
    put_ticket: str
    put_turn: str
    put_held: str
    move_lane: str
    commands: str
    messages: str
    reactions: str
    pins: str
    change_message: str
    insert_version: str
    insert_command: str
    put_reaction: str
    drop_reaction: str
    put_pin: str
    drop_pin: str
    drop_versions: str
    drop_reactions: str
    put_hidden: str
    heirs: str
    saved_of: str
    blocks: str
    invites: str
    requests: str
    scheduled: str
    insert_mention: str
    put_invite: str
    put_request: str
    put_draft: str
    drop_draft: str
    put_block: str
    drop_block: str
    put_scheduled: str
    drop_mentions: str
    files: str
    put_use: str
    touch_file: str
    drop_uses: str
    forget_flagged: str
    flagged: str
    waiting: str
    audit_heads: str
    insert_audit: str
    put_filter: str
    drop_filter: str
    put_listing: str
    drop_listing: str
    retain: tuple[str, ...]


def statements(*, sqlite_driver: bool) -> Statements:
    """The statements for SQLite (sqlite3) or PostgreSQL (asyncpg)."""
    return Statements(
        lane=f"SELECT pos, epoch FROM lane WHERE id = 1{'' if sqlite_driver else ' FOR UPDATE'}",
        conversations=by_keys(ConversationRow, {"id": "b"}, sqlite_driver),
        members=by_keys(MemberRow, {"conversation": "b", "user": "b"}, sqlite_driver),
        seen=_seen(sqlite_driver),
        tickets=by_keys(TicketRow, {"conversation": "b"}, sqlite_driver, lock=True),
        turns=by_keys(
            TurnRow, {"conversation": "b"}, sqlite_driver, where="x.state IN ('queued', 'leased')", lock=True
        ),
        held=by_keys(HeldRow, {"id": "b"}, sqlite_driver, lock=True),
        questions=_questions(sqlite_driver),
        streams=by_keys(
            MessageRow, {"conversation": "b", "seq": "b"}, sqlite_driver, where="x.state = 'streaming'"
        ),
        support_of=_support_of(sqlite_driver),
        direct_of=_direct_of(sqlite_driver),
        insert_message=insert_of(MessageRow, sqlite_driver),
        insert_event=insert_of(EventRow, sqlite_driver),
        insert_conversation=insert_of(ConversationRow, sqlite_driver),
        update_conversation=_update(
            ConversationRow,
            (
                "seq",
                "rev",
                "last_pos",
                "changed_at",
                "agents",
                "title",
                "policy",
                "all_seq",
                "retained_through",
            ),
            ("id",),
            sqlite_driver,
        ),
        finish_message=_update(MessageRow, ("body", "state"), ("conversation", "seq"), sqlite_driver),
        # The read cursor is raised outside of commits, so a commit must not write back what it loaded.
        put_member=_upsert(MemberRow, sqlite_driver, but=("read_seq",)),
        put_ticket=_upsert(TicketRow, sqlite_driver),
        put_turn=_upsert(TurnRow, sqlite_driver),
        put_held=_upsert(HeldRow, sqlite_driver),
        move_lane=_update(LaneRow, ("pos",), ("id",), sqlite_driver),
        **_of_changes(sqlite_driver),
        **_of_seats(sqlite_driver),
        **_of_moderation(sqlite_driver),
        retain=_retain(sqlite_driver),
    )


def _of_changes(sqlite_driver: bool) -> dict[str, str]:
    """What edits, recalls, reactions and pins need."""
    place = ("conversation", "seq")
    message = {"conversation": "b", "seq": "b"}
    return {
        "commands": by_keys(CommandRow, {"conversation": "b", "user": "b", "client_id": "t"}, sqlite_driver),
        "messages": by_keys(MessageRow, message, sqlite_driver),
        "reactions": by_keys(ReactionRow, message | {"emoji": "t", "user": "b"}, sqlite_driver),
        "pins": by_keys(PinRow, {"conversation": "b"}, sqlite_driver),
        "change_message": _update(
            MessageRow, ("body", "state", "edited_at", "reactions"), place, sqlite_driver
        ),
        "insert_version": insert_of(MessageVersionRow, sqlite_driver),
        "insert_command": insert_of(CommandRow, sqlite_driver),
        "put_reaction": _upsert(ReactionRow, sqlite_driver),
        "drop_reaction": delete_of(ReactionRow, (*place, "emoji", "user"), sqlite_driver),
        "put_pin": _upsert(PinRow, sqlite_driver),
        "drop_pin": delete_of(PinRow, place, sqlite_driver),
        "drop_versions": delete_of(MessageVersionRow, place, sqlite_driver),
        "drop_reactions": delete_of(ReactionRow, place, sqlite_driver),
        "put_hidden": _upsert(HiddenRow, sqlite_driver),
    }


def _of_seats(sqlite_driver: bool) -> dict[str, str]:
    """What seats, links, requests and a user's own things need."""
    own = {"user": "b", "other": "b"}
    return {
        "heirs": _heirs(sqlite_driver),
        "saved_of": _saved_of(sqlite_driver),
        "blocks": by_keys(BlockRow, own, sqlite_driver),
        "invites": by_keys(InviteRow, {"id": "b"}, sqlite_driver, lock=True),
        "requests": by_keys(JoinRequestRow, {"conversation": "b", "user": "b"}, sqlite_driver, lock=True),
        "scheduled": by_keys(ScheduledRow, {"id": "b"}, sqlite_driver, lock=True),
        "insert_mention": _upsert(MentionRow, sqlite_driver),
        "put_invite": _upsert(InviteRow, sqlite_driver),
        "put_request": _upsert(JoinRequestRow, sqlite_driver),
        "put_draft": _upsert(DraftRow, sqlite_driver),
        "drop_draft": delete_of(DraftRow, ("user", "conversation"), sqlite_driver),
        "put_block": _upsert(BlockRow, sqlite_driver),
        "drop_block": delete_of(BlockRow, ("user", "other"), sqlite_driver),
        "put_scheduled": _upsert(ScheduledRow, sqlite_driver),
        "files": by_keys(
            FileRow, {"id": "b"}, sqlite_driver, columns="id", where="x.state = 'ready'", lock=True
        ),
        "put_use": _upsert(FileUseRow, sqlite_driver),
        "touch_file": _update(FileRow, ("used_at",), ("id",), sqlite_driver),
        "drop_uses": delete_of(FileUseRow, ("conversation", "seq"), sqlite_driver),
        "drop_mentions": delete_of(MentionRow, ("conversation", "seq"), sqlite_driver),
    }


def _of_moderation(sqlite_driver: bool) -> dict[str, str]:
    """What appeals, reports, policies, lists and the audit log need."""
    one, two = ("?", "?") if sqlite_driver else ("$1", "$2")
    return {
        "forget_flagged": 'UPDATE held SET body = \'{"text":""}\' '
        f"WHERE conversation = {one} AND seq = {two} AND state = 'flagged'",
        "waiting": by_keys(
            HeldRow,
            {"conversation": "b", "sender": "b"},
            sqlite_driver,
            where="x.state = 'waiting'",
            lock=True,
        ),
        "flagged": by_keys(HeldRow, {"conversation": "b", "seq": "b"}, sqlite_driver, lock=True),
        "audit_heads": (
            f"SELECT x.workspace, x.number, x.hash FROM {_keys({'workspace': 'b'}, sqlite_driver)} "
            "JOIN audit x ON x.workspace = k.workspace "
            "AND x.number = (SELECT max(y.number) FROM audit y WHERE y.workspace = k.workspace)"
        ),
        "insert_audit": insert_of(AuditRow, sqlite_driver),
        "put_filter": _upsert(FilterPolicyRow, sqlite_driver),
        "drop_filter": delete_of(FilterPolicyRow, ("workspace", "kind", "place"), sqlite_driver),
        "put_listing": _upsert(ListingRow, sqlite_driver),
        "drop_listing": delete_of(ListingRow, ("id",), sqlite_driver),
    }


def _heirs(sqlite_driver: bool) -> str:
    """The members that stand highest and longest; run for one conversation at a time, with a limit."""
    ranks = " ".join(
        f"WHEN '{role.value}' THEN {place}"
        for place, role in enumerate(
            (
                MemberRole.OWNER,
                MemberRole.ADMIN,
                MemberRole.MODERATOR,
                MemberRole.MEMBER,
                MemberRole.GUEST,
            )
        )
    )
    columns = ", ".join(f"x.{each}" for each in _quoted_columns(MemberRow))
    return (
        f"SELECT {columns} FROM {_keys({'conversation': 'b'}, sqlite_driver)} JOIN member x "
        "ON x.conversation = k.conversation AND x.to_seq IS NULL "
        f'ORDER BY CASE x.role {ranks} ELSE 9 END, x.joined_at, x."user"'
    )


def _saved_of(sqlite_driver: bool) -> str:
    return (
        f'SELECT k."user", min(c.id) FROM {_keys({"user": "b"}, sqlite_driver)} '
        'JOIN member m ON m."user" = k."user" '
        "JOIN conversation c ON c.id = m.conversation AND c.kind = 'saved' GROUP BY k.\"user\""
    )


def _retain(sqlite_driver: bool) -> tuple[str, ...]:
    """Take the words of old messages away; parameters are (conversation, through)."""
    one, two = ("?", "?") if sqlite_driver else ("$1", "$2")
    below = f"conversation = {one} AND seq <= {two}"
    return (
        f"UPDATE held SET body = '{{\"text\":\"\"}}' WHERE {below} AND state = 'flagged'",
        "UPDATE message SET body = '{\"text\":\"\"}', state = 'recalled', reactions = NULL, edited_at = NULL, "
        f"expires_at = NULL WHERE {below} AND state <> 'recalled'",
        *(
            f"DELETE FROM {name} WHERE {below}"
            for name in ("message_version", "reaction", "pin", "mention", "file_use")
        ),
    )


def columns_of(row: type[SQLModel]) -> tuple[str, ...]:
    """The column names in the order in which statements bind and select them."""
    return tuple(column.name for column in table(row).columns)


def by_keys(
    row: type[SQLModel],
    keys: dict[str, str],
    sqlite_driver: bool,
    *,
    columns: str = "",
    where: str = "",
    lock: bool = False,
) -> str:
    """The rows with the keys that its one JSON parameter lists; key types are b (integer) and t (text)."""
    name = _quoted(table(row))
    selected = ", ".join(
        f"x.{each.strip()}" for each in (columns.split(",") if columns else _quoted_columns(row))
    )
    joined = " AND ".join(f'x."{key}" = k."{key}"' for key in keys)
    condition = f" WHERE {where}" if where else ""
    locking = " FOR UPDATE OF x" if lock and not sqlite_driver else ""
    return (
        f"SELECT {selected} FROM {_keys(keys, sqlite_driver)} JOIN {name} x ON {joined}{condition}{locking}"
    )


def _keys(keys: dict[str, str], sqlite_driver: bool) -> str:
    if sqlite_driver:
        picked = ", ".join(f'value ->> {place} AS "{key}"' for place, key in enumerate(keys))
        return f"(SELECT {picked} FROM json_each(?)) k"
    picked = ", ".join(
        f'(v ->> {place})::{_TYPES[kind]} AS "{key}"' for place, (key, kind) in enumerate(keys.items())
    )
    return f"(SELECT {picked} FROM jsonb_array_elements($1::jsonb) v) k"


def _seen(sqlite_driver: bool) -> str:
    """What came of drafts before, in the log (`held` is null) or waiting for a moderator, in one trip to the server.

    Columns: conversation, sender, client_id, digest, seq, created_at, rev, id of the held one, its state.
    """
    drafts = {"conversation": "b", "sender": "b", "client_id": "t"}
    shared = "conversation, sender, client_id, digest, seq, created_at"
    said = by_keys(MessageRow, drafts, sqlite_driver, columns=shared)
    held = by_keys(HeldRow, drafts, sqlite_driver, columns=shared)
    both = (
        f"{said.replace(' FROM ', ', x.rev, NULL, NULL FROM ', 1)} UNION ALL "
        f"{held.replace(' FROM ', ', NULL, x.id, x.state FROM ', 1)}"
    )
    return both.replace("json_each(?)", "json_each(?1)")


def _questions(sqlite_driver: bool) -> str:
    """The customer's newest text, and up to where the newest text of others answers; cut-off streams answer nothing."""
    said = "FROM message m WHERE m.conversation = t.conversation AND m.kind = 'text' AND m.state = 'sent'"
    newest = "ORDER BY m.seq DESC LIMIT 1"
    trigger = (
        "SELECT min(u.trigger_seq) FROM turn u "
        "WHERE u.conversation = m.conversation AND u.state = 'done' AND u.seq = m.seq"
    )
    return (
        f"SELECT t.conversation, (SELECT m.seq {said} AND m.sender = t.visitor {newest}), "
        f"(SELECT coalesce(({trigger}), m.seq) {said} AND m.sender <> t.visitor {newest}) "
        f"FROM {_keys({'conversation': 'b'}, sqlite_driver)} JOIN ticket t ON t.conversation = k.conversation"
    )


def _support_of(sqlite_driver: bool) -> str:
    keys = _keys({"inbox": "b", "visitor": "b"}, sqlite_driver)
    return (
        f"SELECT k.inbox, k.visitor, min(t.conversation) FROM {keys} "
        "JOIN ticket t ON t.inbox = k.inbox AND t.visitor = k.visitor GROUP BY k.inbox, k.visitor"
    )


def _direct_of(sqlite_driver: bool) -> str:
    keys = _keys({"one": "b", "other": "b"}, sqlite_driver)
    return (
        f'SELECT k.one, k.other, min(c.id) FROM {keys} JOIN member m ON m."user" = k.one '
        'JOIN member n ON n.conversation = m.conversation AND n."user" = k.other '
        "JOIN conversation c ON c.id = m.conversation AND c.kind = 'direct' GROUP BY k.one, k.other"
    )


def _dialect(sqlite_driver: bool) -> Dialect:
    kind: Any = sqlite.dialect if sqlite_driver else asyncpg_dialect.dialect
    made = kind(paramstyle="qmark") if sqlite_driver else kind()
    assert isinstance(made, Dialect)
    return made


def insert_of(row: type[SQLModel], sqlite_driver: bool) -> str:
    """Insert a row with all its columns in their order."""
    return str(table(row).insert().compile(dialect=_dialect(sqlite_driver)))


def _upsert(row: type[SQLModel], sqlite_driver: bool, *, but: tuple[str, ...] = ()) -> str:
    target = table(row)
    make: Any = sqlite.insert if sqlite_driver else postgresql.insert
    insert = make(target)
    keys = [column.name for column in target.primary_key]
    changed = {name: insert.excluded[name] for name in columns_of(row) if name not in (*keys, *but)}
    if changed:
        statement = insert.on_conflict_do_update(index_elements=keys, set_=changed)
    else:
        statement = insert.on_conflict_do_nothing(index_elements=keys)
    return str(statement.compile(dialect=_dialect(sqlite_driver)))


def delete_of(row: type[SQLModel], keys: tuple[str, ...], sqlite_driver: bool) -> str:
    """Delete the row with a key."""
    marks = ["?" if sqlite_driver else f"${place}" for place in range(1, len(keys) + 1)]
    where = " AND ".join(f'"{name}" = {mark}' for name, mark in zip(keys, marks, strict=True))
    return f"DELETE FROM {_quoted(table(row))} WHERE {where}"


def _update(row: type[SQLModel], changed: tuple[str, ...], keys: tuple[str, ...], sqlite_driver: bool) -> str:
    marks = ["?" if sqlite_driver else f"${place}" for place in range(1, len(changed) + len(keys) + 1)]
    sets = ", ".join(f'"{name}" = {mark}' for name, mark in zip(changed, marks, strict=False))
    where = " AND ".join(f'"{name}" = {mark}' for name, mark in zip(keys, marks[len(changed) :], strict=True))
    return f"UPDATE {_quoted(table(row))} SET {sets} WHERE {where}"


def _quoted(target: Table) -> str:
    return f'"{target.name}"'


def _quoted_columns(row: type[SQLModel]) -> list[str]:
    return [f'"{name}"' for name in columns_of(row)]
