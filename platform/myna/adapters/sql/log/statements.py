"""The statements of the commit transaction, fixed texts for both databases so that each is prepared once.

Keys go in as one JSON parameter: the statement does not change with the size of the batch.
"""

from dataclasses import dataclass
from functools import cache

from myna.adapters.sql.log.texts import direct_of, heirs, questions, retain, saved_of, seen, support_of
from myna.adapters.sql.statement_texts import (
    by_keys,
    delete_of,
    insert_of,
    keys_in,
    update_of,
    upsert_of,
)
from myna.adapters.sql.tables.content import FileRow, FileUseRow
from myna.adapters.sql.tables.conversations import (
    BlockRow,
    CommandRow,
    ConversationRow,
    EventRow,
    InviteRow,
    JoinRequestRow,
    LaneRow,
    MemberRow,
)
from myna.adapters.sql.tables.desk import HeldRow, TicketRow, TurnRow
from myna.adapters.sql.tables.messages import (
    DraftRow,
    HiddenRow,
    MentionRow,
    MessageRow,
    MessageVersionRow,
    PinRow,
    ReactionRow,
    ScheduledRow,
)
from myna.adapters.sql.tables.moderation import AuditRow, FilterPolicyRow, ListingRow

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


@cache
def statements(*, sqlite_driver: bool) -> Statements:
    """The statements for SQLite (sqlite3) or PostgreSQL (asyncpg)."""
    return Statements(
        lane=f"SELECT pos, epoch FROM lane WHERE id = 1{'' if sqlite_driver else ' FOR UPDATE'}",
        conversations=by_keys(ConversationRow, {"id": "b"}, sqlite_driver),
        members=by_keys(MemberRow, {"conversation": "b", "user": "b"}, sqlite_driver),
        seen=seen(sqlite_driver),
        tickets=by_keys(TicketRow, {"conversation": "b"}, sqlite_driver, lock=True),
        turns=by_keys(
            TurnRow, {"conversation": "b"}, sqlite_driver, where="x.state IN ('queued', 'leased')", lock=True
        ),
        held=by_keys(HeldRow, {"id": "b"}, sqlite_driver, lock=True),
        questions=questions(sqlite_driver),
        streams=by_keys(
            MessageRow, {"conversation": "b", "seq": "b"}, sqlite_driver, where="x.state = 'streaming'"
        ),
        support_of=support_of(sqlite_driver),
        direct_of=direct_of(sqlite_driver),
        insert_message=insert_of(MessageRow, sqlite_driver),
        insert_event=insert_of(EventRow, sqlite_driver),
        insert_conversation=insert_of(ConversationRow, sqlite_driver),
        update_conversation=update_of(
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
        finish_message=update_of(MessageRow, ("body", "state"), ("conversation", "seq"), sqlite_driver),
        # The read cursor is raised outside of commits, so a commit must not write back what it loaded.
        put_member=upsert_of(MemberRow, sqlite_driver, but=("read_seq",)),
        put_ticket=upsert_of(TicketRow, sqlite_driver),
        put_turn=upsert_of(TurnRow, sqlite_driver),
        put_held=upsert_of(HeldRow, sqlite_driver),
        move_lane=update_of(LaneRow, ("pos",), ("id",), sqlite_driver),
        **_of_changes(sqlite_driver),
        **_of_seats(sqlite_driver),
        **_of_moderation(sqlite_driver),
        retain=retain(sqlite_driver),
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
        "change_message": update_of(
            MessageRow, ("body", "state", "edited_at", "reactions"), place, sqlite_driver
        ),
        "insert_version": insert_of(MessageVersionRow, sqlite_driver),
        "insert_command": insert_of(CommandRow, sqlite_driver),
        "put_reaction": upsert_of(ReactionRow, sqlite_driver),
        "drop_reaction": delete_of(ReactionRow, (*place, "emoji", "user"), sqlite_driver),
        "put_pin": upsert_of(PinRow, sqlite_driver),
        "drop_pin": delete_of(PinRow, place, sqlite_driver),
        "drop_versions": delete_of(MessageVersionRow, place, sqlite_driver),
        "drop_reactions": delete_of(ReactionRow, place, sqlite_driver),
        "put_hidden": upsert_of(HiddenRow, sqlite_driver),
    }


def _of_seats(sqlite_driver: bool) -> dict[str, str]:
    """What seats, links, requests and a user's own things need."""
    own = {"user": "b", "other": "b"}
    return {
        "heirs": heirs(sqlite_driver),
        "saved_of": saved_of(sqlite_driver),
        "blocks": by_keys(BlockRow, own, sqlite_driver),
        "invites": by_keys(InviteRow, {"id": "b"}, sqlite_driver, lock=True),
        "requests": by_keys(JoinRequestRow, {"conversation": "b", "user": "b"}, sqlite_driver, lock=True),
        "scheduled": by_keys(ScheduledRow, {"id": "b"}, sqlite_driver, lock=True),
        "insert_mention": upsert_of(MentionRow, sqlite_driver),
        "put_invite": upsert_of(InviteRow, sqlite_driver),
        "put_request": upsert_of(JoinRequestRow, sqlite_driver),
        "put_draft": upsert_of(DraftRow, sqlite_driver),
        "drop_draft": delete_of(DraftRow, ("user", "conversation"), sqlite_driver),
        "put_block": upsert_of(BlockRow, sqlite_driver),
        "drop_block": delete_of(BlockRow, ("user", "other"), sqlite_driver),
        "put_scheduled": upsert_of(ScheduledRow, sqlite_driver),
        "files": by_keys(
            FileRow, {"id": "b"}, sqlite_driver, columns="id", where="x.state = 'ready'", lock=True
        ),
        "put_use": upsert_of(FileUseRow, sqlite_driver),
        "touch_file": update_of(FileRow, ("used_at",), ("id",), sqlite_driver),
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
            f"SELECT x.workspace, x.number, x.hash FROM {keys_in({'workspace': 'b'}, sqlite_driver)} "
            "JOIN audit x ON x.workspace = k.workspace "
            "AND x.number = (SELECT max(y.number) FROM audit y WHERE y.workspace = k.workspace)"
        ),
        "insert_audit": insert_of(AuditRow, sqlite_driver),
        "put_filter": upsert_of(FilterPolicyRow, sqlite_driver),
        "drop_filter": delete_of(FilterPolicyRow, ("workspace", "kind", "place"), sqlite_driver),
        "put_listing": upsert_of(ListingRow, sqlite_driver),
        "drop_listing": delete_of(ListingRow, ("id",), sqlite_driver),
    }
