"""Lessons of a workspace reach its verdicts, and no other's."""

import asyncio
from collections.abc import Sequence

from myna.model.conversation import ConversationKind
from myna.model.moderation import Action, Case
from myna.model.workspace import UserKind
from myna_agents.moderation import LayeredModerator

ANN, BOB = 1, 2
UNWANTED = "has anybody read dragon tower volume {n} yet, the knights were great"
WELCOME = "my notes on chapter {n} of the garden novel are in the folder"


async def decided(workspace: int) -> Sequence[tuple[str, bool]]:
    if workspace != ANN:
        return []
    return [(UNWANTED.format(n=n), True) for n in range(8)] + [(WELCOME.format(n=n), False) for n in range(8)]


def case(workspace: int, text: str, at: float) -> Case:
    return Case(workspace, 7, ConversationKind.GROUP, 5, UserKind.HUMAN, text, at, f"c{at}")


async def test_a_workspace_holds_what_its_moderators_keep_out() -> None:
    moderator = LayeredModerator()
    text = UNWANTED.format(n=99)
    async with asyncio.TaskGroup() as group:
        learning = group.create_task(moderator.learn(decided))
        assert (await moderator.judge(case(ANN, text, 1.0))).action is Action.ALLOW
        while moderator.lessons.of(ANN, 1.0) is None:
            await asyncio.sleep(0.01)
        verdict = await moderator.judge(case(ANN, text, 2.0))
        assert verdict.action is Action.HOLD
        assert verdict.reasons[0].code == "spam.taught"
        assert verdict.reasons[0].detail
        assert (await moderator.judge(case(ANN, WELCOME.format(n=99), 3.0))).action is Action.ALLOW
        assert (await moderator.judge(case(BOB, text, 4.0))).action is Action.ALLOW
        learning.cancel()


async def test_a_decision_makes_an_old_lesson_due_at_once() -> None:
    moderator, asked = LayeredModerator(), list[int]()

    async def source(workspace: int) -> Sequence[tuple[str, bool]]:
        asked.append(workspace)
        return []

    async with asyncio.TaskGroup() as group:
        learning = group.create_task(moderator.learn(source))
        for at in (1.0, 2.0):
            moderator.lessons.note(ANN, at)
            while len(asked) < at:
                await asyncio.sleep(0.01)
        learning.cancel()
    assert asked == [ANN, ANN]


async def test_without_a_new_decision_the_lesson_stays_the_same() -> None:
    moderator, asked = LayeredModerator(), list[int]()

    async def source(workspace: int) -> Sequence[tuple[str, bool]]:
        asked.append(workspace)
        return await decided(workspace)

    async with asyncio.TaskGroup() as group:
        learning = group.create_task(moderator.learn(source))
        moderator.lessons.note(ANN, 1.0)
        while moderator.lessons.of(ANN, 1.0) is None:
            await asyncio.sleep(0.01)
        first = moderator.lessons.of(ANN, 1.0)
        moderator.lessons.note(ANN, 2.0)
        while len(asked) < 2:
            await asyncio.sleep(0.01)
        assert moderator.lessons.of(ANN, 2.0) is first
        learning.cancel()


async def test_offensive_language_is_flagged_and_delivered() -> None:
    verdict = await LayeredModerator().judge(case(ANN, "你们这些黑鬼都是垃圾,滚出去,恶心的贱人", 1.0))
    assert verdict.action is Action.FLAG
    assert [reason.code for reason in verdict.reasons] == ["abuse.offensive"]
