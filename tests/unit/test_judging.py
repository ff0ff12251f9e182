"""What comes together is judged in one pass, in each sender's order, and what cannot be judged follows the policy."""

import asyncio
from collections.abc import Sequence

import pytest

from myna.errors import MynaError, TooMany
from myna.model.conversation import ConversationKind
from myna.model.filtering import FilterPolicy
from myna.model.moderation import Action, Case, Verdict
from myna.model.workspace import UserKind
from myna.moderation.judging import TOGETHER, Judging, Outcome
from myna.ports.moderator import Judged

ANN, BOB = 1, 2
CLOSED = FilterPolicy(fails="closed")


class Doorkeeper:
    """Lets everything pass; what says `wait` waits for the door to open, what says `break` breaks."""

    def __init__(self) -> None:
        self.passes: list[list[str]] = []
        self.door = asyncio.Event()

    def judge_many(self, cases: Sequence[Case]) -> list[Judged]:
        self.passes.append([each.text for each in cases])
        if any("break all" in each.text for each in cases):
            raise RuntimeError("broken")
        return [self._waits(each.text) if "wait" in each.text else Verdict(Action.ALLOW) for each in cases]

    async def _waits(self, text: str) -> Verdict:
        if "refuse" in text:
            raise TooMany("too many")
        await self.door.wait()
        return Verdict(Action.FLAG)


class Told:
    """What came of each message, in the order in which it was told."""

    def __init__(self, judging: Judging) -> None:
        self.judging = judging
        self.outcomes: list[tuple[str, Outcome]] = []

    def say(self, text: str, sender: int = ANN, policy: FilterPolicy | None = None) -> None:
        case = Case(7, 7, ConversationKind.GROUP, sender, UserKind.HUMAN, text, 0.0, policy=policy)
        self.judging.submit(case, lambda outcome: self.outcomes.append((text, outcome)))

    async def heard(self, count: int) -> list[str]:
        async with asyncio.timeout(60):
            while len(self.outcomes) < count:
                await asyncio.sleep(0)
        return [text for text, _ in self.outcomes]


@pytest.fixture
def door() -> Doorkeeper:
    return Doorkeeper()


@pytest.fixture
def told(door: Doorkeeper) -> Told:
    return Told(Judging(door))


async def test_messages_that_come_together_are_judged_in_one_pass(door: Doorkeeper, told: Told) -> None:
    for sender in range(5):
        told.say(f"hello {sender}", sender)
    assert await told.heard(5) == [f"hello {sender}" for sender in range(5)]
    assert len(door.passes) == 1
    assert told.judging.verdicts == {"allow": 5}


async def test_a_pass_is_bounded_and_the_others_follow(door: Doorkeeper, told: Told) -> None:
    texts = [f"hello {sender}" for sender in range(TOGETHER + 3)]
    for sender, text in enumerate(texts):
        told.say(text, sender)
    assert await told.heard(len(texts)) == texts
    assert [len(each) for each in door.passes] == [TOGETHER, 3]


async def test_what_waits_keeps_its_senders_order_and_holds_up_nobody_else(
    door: Doorkeeper, told: Told
) -> None:
    for text in ("one", "two wait", "three", "four"):
        told.say(text)
    for text in ("five", "six"):
        told.say(text, BOB)
    assert await told.heard(3) == ["one", "five", "six"]
    told.say("seven")
    door.door.set()
    assert (await told.heard(7))[3:] == ["two wait", "three", "four", "seven"]


@pytest.mark.parametrize(("policy", "action"), [(None, None), (CLOSED, Action.HOLD)])
async def test_what_waits_too_long_follows_the_policy_and_is_counted(
    told: Told, policy: FilterPolicy | None, action: Action | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("myna.moderation.judging.JUDGE_S", 0.001)
    told.say("wait", policy=policy)
    told.say("after")
    assert await told.heard(2) == ["wait", "after"]
    found = told.outcomes[0][1]
    assert (found.action if isinstance(found, Verdict) else found) == action
    assert told.judging.failures == {"deadline": 1}


@pytest.mark.parametrize(("policy", "action"), [(None, None), (CLOSED, Action.HOLD)])
async def test_what_breaks_the_moderator_follows_the_policy_and_the_others_are_judged(
    told: Told, policy: FilterPolicy | None, action: Action | None
) -> None:
    told.say("hello")
    told.say("break all", BOB, policy)
    told.say("good morning", 3)
    assert await told.heard(3) == ["hello", "break all", "good morning"]
    actions = [found.action if isinstance(found, Verdict) else found for _, found in told.outcomes]
    assert actions == [Action.ALLOW, action, Action.ALLOW]
    assert told.judging.failures == {"error": 1}


async def test_where_judging_is_off_nobody_is_asked(door: Doorkeeper, told: Told) -> None:
    told.say("spam", policy=FilterPolicy("off"))
    await told.heard(1)
    assert told.outcomes == [("spam", None)]
    assert door.passes == [[]]


async def test_a_refusal_of_the_moderator_reaches_the_sender(told: Told) -> None:
    told.say("wait refuse")
    await told.heard(1)
    assert isinstance(told.outcomes[0][1], MynaError)
    assert told.judging.failures == {}
