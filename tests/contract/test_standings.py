"""What is known of senders when their messages are judged, on both databases: many are looked up in one read."""

import asyncio
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from myna.adapters.sql.safety.moderation import SqlModeration
from myna.model.conversation import ConversationKind
from myna.model.moderation import Case, Standing
from myna.moderation.standing import KNOWN, Standings
from myna.ports.moderation import SenderIn
from support.api_world import ANN, BOB, EVE, GROUP, OPA, WHO, world
from support.planning import WORKSPACE
from support.words_filter import Words


class Counting(SqlModeration):
    """Remembers how many senders each read was about."""

    reads: tuple[int, ...] = ()

    async def standings(
        self, asked: Collection[SenderIn], most: int, since: float
    ) -> Mapping[SenderIn, Standing]:
        self.reads += (len(asked),)
        return await super().standings(asked, most, since)


def case(sender: int) -> Case:
    return Case(
        WORKSPACE, GROUP, ConversationKind.GROUP, sender, WHO[sender].kind, "cheap watches", time.time()
    )


async def test_senders_of_one_pass_are_looked_up_in_one_read(database_url: str, tmp_path: Path) -> None:
    async with world(database_url, tmp_path, moderator=Words()) as app:
        for number in range(KNOWN + 2):
            await app.say(ANN, GROUP, f"ann {number}")
        await app.say(BOB, GROUP, "bob")
        held = (await app.say(BOB, GROUP, "bad", "spam", status=202))["held"]
        await app.ask(OPA, "POST", f"/held/{held}/decide", json={"decision": "block"})
        store = Counting(app.database)
        known = Standings(store)
        found = await asyncio.gather(*(known.of(case(who)) for who in (ANN, BOB, EVE)))
        assert found == [Standing(KNOWN, 0), Standing(1, 1), Standing(0, 0)]
        assert list(store.reads) == [3]
        # Who is not new is remembered.
        assert await asyncio.gather(*(known.of(case(who)) for who in (ANN, BOB))) == found[:2]
        assert list(store.reads) == [3, 1]
