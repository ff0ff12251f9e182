"""Who judges where is known before the first message, and stays known when the message that asked waits no longer."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import cast

from myna.model.conversation import ConversationKind
from myna.model.moderation import Case
from myna.model.workspace import UserKind
from myna_bots.host.delivering import Egress
from myna_bots.host.judges import BotJudges
from myna_bots.host.model import Webhook

HERE, ELSEWHERE = 7, 8


class Slow:
    """A store that answers when it may."""

    def __init__(self) -> None:
        self.reads, self.may = 0, asyncio.Event()

    async def judging(self) -> Mapping[int, Sequence[Webhook]]:
        self.reads += 1
        await self.may.wait()
        return {HERE: ()}


def judges_of(store: Slow) -> BotJudges:
    return BotJudges(store, cast(Egress, None), Counter())


def said_in(conversation: int) -> Case:
    return Case(1, conversation, ConversationKind.GROUP, 2, UserKind.HUMAN, "hello", 0.0, "k")


async def test_a_message_that_waits_no_longer_leaves_the_reading_to_the_others() -> None:
    store = Slow()
    judges = judges_of(store)
    asking = asyncio.create_task(judges.judge(said_in(HERE)))
    while not store.reads:
        await asyncio.sleep(0)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    store.may.set()
    await judges.look()
    assert (store.reads, judges.concerns(said_in(HERE)), judges.concerns(said_in(ELSEWHERE))) == (
        1,
        True,
        False,
    )


async def test_once_looked_no_message_waits() -> None:
    store = Slow()
    store.may.set()
    judges = judges_of(store)
    await judges.look()
    assert not judges.concerns(said_in(ELSEWHERE))
    assert await judges.judge(said_in(HERE)) is None
    assert store.reads == 1
