"""Statements of the commit that no table gives: written by hand, for both databases."""

from myna.adapters.sql.statement_texts import by_keys, keys_in, quoted_columns
from myna.adapters.sql.tables.conversations import MemberRow
from myna.adapters.sql.tables.desk import HeldRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.model.conversation import MemberRole


def heirs(sqlite_driver: bool) -> str:
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
    columns = ", ".join(f"x.{each}" for each in quoted_columns(MemberRow))
    return (
        f"SELECT {columns} FROM {keys_in({'conversation': 'b'}, sqlite_driver)} JOIN member x "
        "ON x.conversation = k.conversation AND x.to_seq IS NULL "
        f'ORDER BY CASE x.role {ranks} ELSE 9 END, x.joined_at, x."user"'
    )


def saved_of(sqlite_driver: bool) -> str:
    """(user, own conversation) of the users that have one."""
    return (
        f'SELECT k."user", min(c.id) FROM {keys_in({"user": "b"}, sqlite_driver)} '
        'JOIN member m ON m."user" = k."user" '
        "JOIN conversation c ON c.id = m.conversation AND c.kind = 'saved' GROUP BY k.\"user\""
    )


def retain(sqlite_driver: bool) -> tuple[str, ...]:
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


def seen(sqlite_driver: bool) -> str:
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


def questions(sqlite_driver: bool) -> str:
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
        f"FROM {keys_in({'conversation': 'b'}, sqlite_driver)} JOIN ticket t ON t.conversation = k.conversation"
    )


def support_of(sqlite_driver: bool) -> str:
    """(inbox, visitor, conversation) of the visitors that have one in that inbox."""
    keys = keys_in({"inbox": "b", "visitor": "b"}, sqlite_driver)
    return (
        f"SELECT k.inbox, k.visitor, min(t.conversation) FROM {keys} "
        "JOIN ticket t ON t.inbox = k.inbox AND t.visitor = k.visitor GROUP BY k.inbox, k.visitor"
    )


def direct_of(sqlite_driver: bool) -> str:
    """(one user, the other, their conversation) of the pairs that have one."""
    keys = keys_in({"one": "b", "other": "b"}, sqlite_driver)
    return (
        f'SELECT k.one, k.other, min(c.id) FROM {keys} JOIN member m ON m."user" = k.one '
        'JOIN member n ON n.conversation = m.conversation AND n."user" = k.other '
        "JOIN conversation c ON c.id = m.conversation AND c.kind = 'direct' GROUP BY k.one, k.other"
    )
