"""Polls of bots: their options are buttons, each member's vote is kept once, and the numbers stand in the message."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from myna.errors import Conflict, Malformed, MynaError
from myna.rights import Principal
from myna.services import Services
from myna_bots.host.interactions import Interactions
from myna_bots.host.ports import StateStore
from myna_bots.host.registry import Registry

ACTION = "poll"
"""The action of an option's button; its value is the option's place, from 0."""
MAX_VOTES = 100_000
DUE = "polls.due"
"""The space of polls that end by themselves, each kept until then."""
LOOK_S = 1.0
"""How often it is looked which polls have ended."""
LEASE_S = 60.0
"""A poll that could not be closed is tried again after this."""
PAGE = 100

logger = logging.getLogger(__name__)


def buttons_of(poll: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """A row for each option, with its number of votes; none when the poll is closed."""
    if poll["is_closed"]:
        return []
    rows: list[list[dict[str, Any]]] = []
    for place, option in enumerate(poll["options"]):
        votes = option["voter_count"]
        label = f"{option['text']} · {votes}" if votes else str(option["text"])
        rows.append([{"label": label, "action": ACTION, "value": str(place)}])
    return rows


def _counted(poll: Mapping[str, Any], votes: Mapping[str, list[int]]) -> dict[str, Any]:
    """The poll with the numbers of these votes."""
    options = [
        {**option, "voter_count": sum(place in chosen for chosen in votes.values())}
        for place, option in enumerate(poll["options"])
    ]
    return {**poll, "options": options, "total_voter_count": sum(bool(each) for each in votes.values())}


def _chosen(poll: Mapping[str, Any], before: list[int], place: int) -> list[int]:
    """What a member has chosen after a click: a second click on the same option takes it back.

    Raises:
        Conflict: votes cannot be changed in this poll.
    """
    if before and (poll["type"] == "quiz" or not poll.get("allows_revoting", True)):
        raise Conflict("You have voted; votes in this poll stay.", code="already_voted")
    if place in before:
        return [each for each in before if each != place]
    return sorted([*before, place]) if poll.get("allows_multiple_answers") else [place]


class Polls:
    """Takes votes."""

    def __init__(
        self, services: Services, registry: Registry, state: StateStore, interactions: Interactions
    ) -> None:
        self._services, self._registry, self._state = services, registry, state
        self._interactions = interactions
        self._turn = asyncio.Lock()

    async def vote(self, voter: Principal, message: Mapping[str, Any], value: str, key: str) -> str:
        """Count a click on an option; the id of the bot's event. The same key again changes nothing.

        The bot hears `poll.answered` with who chose what, unless the poll is anonymous, and `poll.changed`.

        Raises:
            Malformed: there is no such option. Conflict: the poll is closed, or the vote cannot be changed.
        """
        bot, conversation, seq = int(message["sender"]), int(message["conversation"]), int(message["seq"])
        async with self._turn:
            fresh = await self._interactions.message(voter, conversation, seq)
            poll = fresh["body"].get("telegram", {}).get("poll")
            if poll is None or not value.isdecimal() or int(value) >= len(poll["options"]):
                raise Malformed("This message has no such option.", code="no_such_button")
            if poll["is_closed"] or time.time() >= poll.get("close_date", float("inf")):
                raise Conflict("This poll is closed.", code="poll_closed")
            space, now = f"poll.{poll['id']}", time.time()
            votes = {who: each["options"] for who, each in (await self._votes(bot, space)).items()}
            kept = await self._state.get(bot, space, str(voter.user), now)
            if kept is not None and kept["key"] == key:
                return ""
            chosen = _chosen(poll, votes.get(str(voter.user), []), int(value))
            await self._state.put(bot, space, str(voter.user), {"options": chosen, "key": key}, None)
            counted = _counted(poll, {**votes, str(voter.user): chosen})
            telegram = {**fresh["body"]["telegram"], "poll": counted}
            await self._services.amender.edit(
                await self._registry.principal_of(bot),
                conversation,
                f"vote-{voter.user}-{now:.6f}"[:64],
                seq,
                {"text": fresh["body"]["text"]},
                parts={**fresh["body"], "telegram": telegram, "buttons": buttons_of(counted)},
            )
        event = ""
        if not poll["is_anonymous"]:
            answered = {"poll": counted, "options": chosen}
            event = await self._interactions.put(voter, fresh, "poll.answered", answered, key)
        changed = await self._interactions.put(voter, fresh, "poll.changed", {"poll": counted}, key)
        return event or changed

    async def ends(self, bot: int, conversation: int, seq: int, at: float) -> None:
        """Close this poll at a time, whatever becomes of this process."""
        await self._state.put(bot, DUE, f"{conversation}.{seq}", True, at)

    async def closed(self, bot: Principal, message: Mapping[str, Any]) -> dict[str, Any]:
        """Close a poll: no votes any more, and the bot hears `poll.changed`. Closing it again changes nothing.

        `message` is the poll's message as it goes over the wire. Gives the poll as it is now.
        """
        async with self._turn:
            fresh = await self._interactions.message(bot, int(message["conversation"]), int(message["seq"]))
            body = fresh["body"]
            poll: dict[str, Any] = body["telegram"]["poll"]
            seq = int(fresh["seq"])
            if not poll["is_closed"]:
                poll = {**poll, "is_closed": True}
                kept = [row for row in body.get("buttons", []) if row[0].get("action") != ACTION]
                await self._services.amender.edit(
                    bot,
                    int(fresh["conversation"]),
                    f"poll-closed-{seq}",
                    seq,
                    {"text": body["text"]},
                    parts={**body, "telegram": {**body["telegram"], "poll": poll}, "buttons": kept},
                )
        await self._interactions.put(bot, fresh, "poll.changed", {"poll": poll}, f"closed.{seq}")
        return poll

    async def run(self) -> None:
        """Close polls when their time has come, until cancelled. Several processes may do this: each poll ends once."""
        while True:
            for bot, key in await self._state.expired(DUE, time.time(), PAGE):
                conversation, _, seq = key.partition(".")
                # Kept a while longer, so that the poll is closed even when this process dies now.
                await self._state.put(bot, DUE, key, True, time.time() + LEASE_S)
                try:
                    named = {"conversation": conversation, "seq": seq}
                    await self.closed(await self._registry.principal_of(bot), named)
                except MynaError as gone:
                    logger.info("poll %s ends untold: %s", key, gone.message)
                    if gone.temporary:
                        continue
                await self._state.put(bot, DUE, key, None, None)
            await asyncio.sleep(LOOK_S)

    async def _votes(self, bot: int, space: str) -> dict[str, Any]:
        return await self._state.list(bot, space, time.time(), MAX_VOTES)
