"""What edits, recalls, reactions, pins and deletions read and write in the commit transaction."""

from typing import Any

from myna.adapters.sql.log.connection import Connection, keys_of
from myna.adapters.sql.log.statements import Statements
from myna.adapters.sql.rows import content
from myna.adapters.sql.rows import core as rows
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


def load_seats(connection: Connection, texts: Statements, needs: Needs, state: State) -> None:
    """What writes of seats and of a user's own things look at."""
    for place, count in needs.heirs.items():
        for row in connection.fetch(f"{texts.heirs} LIMIT {count:d}", keys_of([(place,)])):
            state.heirs.setdefault(place, []).append(rows.member_of(row))
    if needs.invites:
        for row in connection.fetch(texts.invites, keys_of((each,) for each in needs.invites)):
            state.invites[row[0]] = content.invite_of(row)
    if needs.requests:
        for row in connection.fetch(texts.requests, keys_of(needs.requests)):
            state.requests[(row[0], row[1])] = content.request_of(row)
    if needs.scheduled:
        for row in connection.fetch(texts.scheduled, keys_of((each,) for each in needs.scheduled)):
            state.scheduled[row[0]] = content.scheduled_of(row)
    if needs.files:
        found = connection.fetch(texts.files, keys_of((each,) for each in needs.files))
        state.files = {row[0] for row in found}
    if needs.blocks:
        _load_blocks(connection, texts, needs, state)


def _load_blocks(connection: Connection, texts: Statements, needs: Needs, state: State) -> None:
    for row in connection.fetch(texts.blocks, keys_of(needs.blocks)):
        state.blocks.add((row[0], row[1]))
    pairs = [(place, user) for pair, place in state.direct.items() for user in pair]
    for row in connection.fetch(texts.members, keys_of(each for each in pairs if each not in state.members)):
        member = rows.member_of(row)
        state.members[(member.conversation, member.user)] = member


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
        (texts.drop_mentions, list(sheet.erased)),
        (texts.drop_uses, list(sheet.erased)),
        (texts.forget_flagged, list(sheet.erased)),
        (
            texts.insert_command,
            [(*key, done.digest, done.seq, done.rev, done.at) for key, done in sheet.commands],
        ),
    )
    for sql, parameters in work:
        if parameters:
            connection.many(sql, parameters)


def store_seats(connection: Connection, texts: Statements, sheet: Sheet, now: float) -> None:
    """Write down links, requests and what belongs to single users."""
    drafts = sheet.drafts.items()
    work: tuple[tuple[str, list[tuple[Any, ...]]], ...] = (
        (texts.insert_mention, list(sheet.mentions)),
        (texts.put_use, list(sheet.uses)),
        (texts.touch_file, [(now, file) for file, _, _ in sheet.uses]),
        (texts.put_invite, [content.invite_row(each) for each in sheet.invites.values()]),
        (texts.put_request, [content.request_row(each) for each in sheet.requests.values()]),
        (texts.put_hidden, list(sheet.hidden)),
        (texts.put_draft, [content.draft_row(draft) for _, draft in drafts if draft is not None]),
        (texts.drop_draft, [key for key, draft in drafts if draft is None]),
        (texts.put_block, [(*key, now) for key, on in sheet.blocks.items() if on]),
        (texts.drop_block, [key for key, on in sheet.blocks.items() if not on]),
        (texts.put_scheduled, [content.scheduled_row(each) for each in sheet.scheduled.values()]),
        *((sql, list(sheet.retained)) for sql in texts.retain),
    )
    for sql, parameters in work:
        if parameters:
            connection.many(sql, parameters)
