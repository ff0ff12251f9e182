"""What edits, recalls, reactions, pins and deletions read and write in the commit transaction."""

from typing import Any

from myna.adapters.sql import rows
from myna.adapters.sql.log_connection import Connection, keys_of
from myna.adapters.sql.log_statements import Statements
from myna.log.plan import Done, Needs, Sheet, State


def load_changes(connection: Connection, texts: Statements, needs: Needs, state: State) -> None:
    """The messages that the batch changes, with what was done to them before."""
    if needs.commands:
        for row in connection.fetch(texts.commands, keys_of(needs.commands)):
            state.done[(row[0], row[1], row[2])] = Done(row[3], row[4], row[5], row[6])
    if needs.messages:
        for row in connection.fetch(texts.messages, keys_of(needs.messages)):
            message = rows.message_of(row)
            state.messages[(message.conversation, message.seq)] = message
        senders = {(each.conversation, each.sender) for each in state.messages.values()}
        for row in connection.fetch(texts.members, keys_of(senders - state.members.keys())):
            member = rows.member_of(row)
            state.members[(member.conversation, member.user)] = member
    if needs.reactions:
        for row in connection.fetch(texts.reactions, keys_of(needs.reactions)):
            state.reactions.add((row[0], row[1], row[2], row[3]))
    if needs.pins:
        for row in connection.fetch(texts.pins, keys_of((each,) for each in needs.pins)):
            state.pins.setdefault(row[0], set()).add(row[1])


def store_changes(connection: Connection, texts: Statements, sheet: Sheet, now: float) -> None:
    """Write the changes down, erasing what a recall takes away."""
    versions = [
        (before.conversation, before.seq, rev, rows.to_json(before.body), editor, now)
        for before, rev, editor in sheet.versions
    ]
    work: tuple[tuple[str, list[tuple[Any, ...]]], ...] = (
        (texts.change_message, [rows.message_change(each) for each in sheet.changed.values()]),
        (texts.insert_version, versions),
        (texts.put_reaction, [(*key, now) for key, on in sheet.reactions.items() if on]),
        (texts.drop_reaction, [key for key, on in sheet.reactions.items() if not on]),
        (texts.put_pin, [(*key, user, now) for key, user in sheet.pins.items() if user is not None]),
        (texts.drop_pin, [key for key, user in sheet.pins.items() if user is None]),
        (texts.drop_versions, list(sheet.erased)),
        (texts.drop_reactions, list(sheet.erased)),
        (texts.put_hidden, list(sheet.hidden)),
        (
            texts.insert_command,
            [(*key, done.digest, done.seq, done.rev, done.at) for key, done in sheet.commands],
        ),
    )
    for sql, parameters in work:
        if parameters:
            connection.many(sql, parameters)
