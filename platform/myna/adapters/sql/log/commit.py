"""The commit transaction over a bare connection: load what the batch needs, plan, store. Shared by both databases."""

from collections.abc import Sequence
from typing import Any

from myna.adapters.sql.log.changes import load_changes, load_seats, store_changes, store_seats
from myna.adapters.sql.log.connection import Connection, keys_of
from myna.adapters.sql.log.moderation import load_held, load_moderation, store_moderation
from myna.adapters.sql.log.statements import Statements
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.rows import desk as rows_desk
from myna.log.batch import Batch
from myna.log.plan import Committed, Needs, Seen, State
from myna.log.planner import needs_of, plan
from myna.log.writes import Write
from myna.model.moderation import HeldState


def commit_batch(connection: Connection, texts: Statements, batch: Sequence[Write], now: float) -> Committed:
    """Plan and store a batch inside the caller's open transaction.

    The lane's row is locked first, so batches of several processes follow one another and `pos` is in commit order.
    """
    pos, epoch = connection.fetch(texts.lane)[0]
    state = State(epoch=epoch, pos=pos)
    _load(connection, texts, needs_of(batch), state)
    committed, planned = plan(batch, state, now)
    _store(connection, texts, planned, pos)
    return committed


def _load(connection: Connection, texts: Statements, needs: Needs, state: State) -> None:
    if needs.held:
        load_held(connection, texts, needs, state)
    _load_known(connection, texts, needs, state)
    if needs.conversations:
        places = keys_of((each,) for each in needs.conversations)
        for row in connection.fetch(texts.conversations, places):
            conversation = rows.conversation_of(row)
            state.conversations[conversation.id] = conversation
    if needs.members:
        for row in connection.fetch(texts.members, keys_of(needs.members)):
            member = rows.member_of(row)
            state.members[(member.conversation, member.user)] = member
    if needs.drafts:
        _load_seen(connection, texts, needs, state)
    if needs.streams:
        for row in connection.fetch(texts.streams, keys_of(needs.streams)):
            message = rows.message_of(row)
            state.streaming[(message.conversation, message.seq)] = message
    if needs.messages or needs.commands:
        load_changes(connection, texts, needs, state)
    if needs.seats:
        load_seats(connection, texts, needs, state)
    load_moderation(connection, texts, needs, state)
    supported = [(each,) for each in needs.tickets if _may_have_turns(state, each)]
    if supported:
        _load_support(connection, texts, supported, needs, state)


def _load_known(connection: Connection, texts: Statements, needs: Needs, state: State) -> None:
    for sql, keys, found in (
        (texts.support_of, needs.support, state.support),
        (texts.direct_of, needs.direct, state.direct),
    ):
        if keys:
            for row in connection.fetch(sql, keys_of(keys)):
                found[(row[0], row[1])] = row[2]
                needs.conversations.add(row[2])
    if needs.saved:
        for user, place in connection.fetch(texts.saved_of, keys_of((each,) for each in needs.saved)):
            state.saved[user] = place
            needs.conversations.add(place)


def _may_have_turns(state: State, conversation: int) -> bool:
    found = state.conversations.get(conversation)
    return found is not None and (found.inbox is not None or bool(found.agents))


def _load_seen(connection: Connection, texts: Statements, needs: Needs, state: State) -> None:
    said: dict[tuple[int, int, str], Seen] = {}
    for *place, digest, seq, at, rev, held, held_state in connection.fetch(texts.seen, keys_of(needs.drafts)):
        draft = (place[0], place[1], place[2])
        if held is None:
            said[draft] = Seen(digest, seq, rev, at)
        else:
            state.seen[draft] = Seen(digest, seq, None, at, held, HeldState(held_state))
    state.seen.update(said)


def _load_support(
    connection: Connection, texts: Statements, places: list[tuple[int]], needs: Needs, state: State
) -> None:
    keys = keys_of(places)
    for row in connection.fetch(texts.tickets, keys):
        ticket = rows_desk.ticket_of(row)
        state.tickets[ticket.conversation] = ticket
    for row in connection.fetch(texts.turns, keys):
        turn = rows_desk.turn_of(row)
        state.turns[turn.id] = turn
    streams = [(turn.conversation, turn.seq) for turn in state.turns.values() if turn.seq is not None]
    if streams:
        for row in connection.fetch(texts.streams, keys_of(streams)):
            message = rows.message_of(row)
            state.streaming[(message.conversation, message.seq)] = message
    if needs.questions:
        for conversation, asked, answered in connection.fetch(
            texts.questions, keys_of((each,) for each in needs.questions)
        ):
            state.asked[conversation], state.answered[conversation] = asked or 0, answered or 0
    owners = [
        (each.conversation, each.owner_user) for each in state.tickets.values() if each.owner_user is not None
    ]
    if owners:
        for row in connection.fetch(texts.members, keys_of(owners)):
            member = rows.member_of(row)
            state.members[(member.conversation, member.user)] = member


def _store(connection: Connection, texts: Statements, planned: Batch, pos_before: int) -> None:
    sheet, state = planned.sheet, planned.state
    opened = [rows.conversation_row(state.conversations[each]) for each in sheet.opened]
    changed = [
        rows.conversation_change(state.conversations[each]) for each in sheet.touched - sheet.opened.keys()
    ]
    finished = [
        (rows.to_json(each.body), each.state.value, each.conversation, each.seq) for each in sheet.finished
    ]
    work: tuple[tuple[str, list[tuple[Any, ...]]], ...] = (
        (texts.insert_conversation, opened),
        (texts.update_conversation, changed),
        (texts.insert_message, [rows.message_row(*each) for each in sheet.messages]),
        (texts.finish_message, finished),
        (texts.insert_event, [rows.event_row(event, keep_data=kept) for event, kept in sheet.events]),
        (texts.put_member, [rows.member_row(each) for each in sheet.members.values()]),
        (texts.put_ticket, [rows_desk.ticket_row(state.tickets[each]) for each in sheet.tickets]),
        (texts.put_turn, [rows_desk.turn_row(state.turns[each]) for each in sheet.turns]),
        (texts.put_held, [rows_desk.held_row(state.held[each]) for each in sheet.held]),
    )
    for sql, parameters in work:
        if parameters:
            connection.many(sql, parameters)
    if sheet.commands or sheet.changed:
        store_changes(connection, texts, sheet, planned.now)
    if sheet.personal:
        store_seats(connection, texts, sheet, planned.now)
    if sheet.audit:
        store_moderation(connection, texts, sheet, planned.now)
    if state.pos != pos_before:
        connection.many(texts.move_lane, [(state.pos, 1)])
