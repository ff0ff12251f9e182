"""People steer an agent: told unseen, asked for consent, whispering in groups, and nothing left over from a resolved matter."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from myna.errors import Forbidden
from myna.model.conversation import ConversationKind
from myna.model.message import MessageKind
from myna.model.ticket import Turn
from myna_agents.agent import AgentProfile, GroupPolicy
from myna_agents.answers.guidance import Guided
from myna_agents.answers.prompt import HISTORY, summary_before
from myna_agents.hearing.scene import Said, Speaker
from myna_agents.memory import Fact
from myna_agents.turns.runner import Runner
from support.agents_world import AGENT, ANN, OTHER_BOT, PROFILE, Library, Platform, passage, world_of

QUESTION = "How long can I return a lamp?"
REMEMBERS = replace(PROFILE, remember=True, threshold=0.2)
LAMP = passage("The garden lamp is waterproof. It may stay outside in winter.", 3, title="Garden lamp")


class Told:
    """What operators told the agent."""

    def __init__(self, *texts: str, at: float = 0.0) -> None:
        self.all = [Guided(number, 1, 1, 9, text, at) for number, text in enumerate(texts, 1)]

    async def add(self, guided: Guided) -> None:
        self.all.append(guided)

    async def of(self, conversation: int) -> list[Guided]:
        return self.all

    async def remove(self, conversation: int, guided: int) -> bool:
        return False


class Known:
    """What customers let the agent remember."""

    def __init__(self) -> None:
        self.given: dict[int, bool] = {}
        self.kept: list[Fact] = []

    async def consent(self, customer: int) -> bool | None:
        return self.given.get(customer)

    async def set_consent(self, customer: int, workspace: int, given: bool, at: float) -> None:
        self.given[customer] = given

    async def facts(self, customer: int, workspace: int, now: float) -> list[Fact]:
        return self.kept

    async def remember(self, facts: list[Fact]) -> int:
        new = [fact for fact in facts if self.given.get(fact.customer)]
        self.kept += new
        return len(new)

    async def forget(self, customer: int, workspace: int, name: str | None) -> int:
        return 0


async def ended(platform: Platform, text: str, profile: AgentProfile = PROFILE, **world: Any) -> Any:
    """How the agent's turn about a message ended."""
    await Runner(world_of(platform, profile=profile, **world)).take(platform.asks(text))
    return platform.ended[-1]


async def test_what_an_operator_told_is_looked_up_and_never_shown() -> None:
    library = Library((LAMP,))
    guided = Told("They have the garden lamp, it is waterproof and may stay outside in winter")
    alone = await ended(Platform(), "Is mine all right in the snow?", library=library)
    assert alone.decision.decision != "answer"
    told = await ended(Platform(), "Is mine all right in the snow?", library=library, guidance=guided)
    assert told.decision.decision == "answer"
    assert "waterproof" in told.body["text"]
    assert "They have" not in told.body["text"]
    assert told.decision.trace["guidance"] == [guided.all[0].text]
    assert library.queries[-1].startswith("Is mine all right in the snow?\n")


async def test_a_word_after_the_answer_opens_the_question_again() -> None:
    platform, guided = Platform(), Told()
    await ended(platform, QUESTION, guidance=guided)
    runner = Runner(world_of(platform, Library((LAMP,)), guidance=guided))
    again = Turn(300, 1, 1, ConversationKind.SUPPORT, 7, 1, 1, 1)
    platform.leases[again.id] = 1
    await runner.take(again)
    assert platform.ended[-1].decision.reason == "already_answered"
    await guided.add(Guided(1, 1, 1, 9, "the garden lamp stays outside in winter, waterproof", 1.0))
    platform.leases[301] = 1
    await runner.take(replace(again, id=301))
    assert platform.ended[-1].decision.decision == "answer"
    assert "waterproof" in str(platform.log[-1].body["text"])


async def test_what_was_told_before_the_matter_was_resolved_is_closed() -> None:
    platform = Platform()
    await ended(platform, "Do you repair bicycles?")
    platform.now = 50.0
    notice = platform.says(9, "")
    platform.log[-1] = replace(notice, kind=MessageKind.NOTICE, body={"code": "ticket.resolved"})
    found = await ended(platform, "And tandem bicycles?", guidance=Told("waterproof", at=10.0))
    assert found.decision.decision == "decline", "the miss before was another matter: this is the first one"
    assert "guidance" not in found.decision.trace


async def test_an_agent_asks_once_whether_it_may_remember() -> None:
    platform, memory = Platform(), Known()
    asked = await ended(platform, f"My order number is ML-1234. {QUESTION}", REMEMBERS, memory=memory)
    assert asked.body["text"].startswith("You can return a lamp within 30 days.")
    assert "your order number" in asked.body["text"]
    assert asked.body["pending"] == {"remember": ["order"], "asker": str(ANN)}
    assert memory.kept == []
    yes = await ended(platform, asked.body["offers"][0]["text"], REMEMBERS, memory=memory)
    assert yes.decision.reason == "consent_given"
    assert [(each.name, each.value, each.seq) for each in memory.kept] == [("order", "ML-1234", 1)]
    later = await ended(platform, f"My name is Ann Lee. {QUESTION}", REMEMBERS, memory=memory)
    assert "offers" not in later.body
    assert {each.name for each in memory.kept} == {"order", "name"}


@pytest.mark.parametrize("reply", ["No, thanks", QUESTION])
async def test_without_a_yes_nothing_is_remembered_nor_asked_again(reply: str) -> None:
    platform, memory = Platform(), Known()
    await ended(platform, f"My order number is ML-1234. {QUESTION}", REMEMBERS, memory=memory)
    answer = await ended(platform, reply, REMEMBERS, memory=memory)
    assert answer.decision.decision == "answer"
    again = await ended(platform, f"Order number ML-1234 again. {QUESTION}", REMEMBERS, memory=memory)
    assert "offers" not in again.body
    assert memory.kept == []


async def test_a_word_that_comes_too_late_is_no_consent() -> None:
    platform, memory = Platform(), Known()
    await ended(platform, f"My order number is ML-1234. {QUESTION}", REMEMBERS, memory=memory)
    platform.now += 3_600
    await ended(platform, "Yes", REMEMBERS, memory=memory)
    assert memory.given == {}


WHISPERS = replace(PROFILE, group=GroupPolicy(reply="whisper"))


async def test_in_a_group_an_agent_can_whisper_to_the_asker_alone() -> None:
    platform, heard = Platform(ConversationKind.GROUP), list[tuple[int, Mapping[str, Any]]]()

    async def whisper(turn: Turn, listener: int, body: Mapping[str, Any]) -> None:
        heard.append((listener, body))

    found = await ended(platform, f"@myna {QUESTION}", WHISPERS, whisper=whisper)
    ((listener, body),) = heard
    assert listener == ANN
    assert "30 days" in body["text"]
    assert body["whispered"] == {"conversation": "1", "seq": 1}
    assert found.how == "skip"
    assert found.decision.decision == "answer"
    assert found.decision.trace["whispered"] is True
    assert (platform.shown, len(platform.log)) == ([], 1), "the group sees nothing of it"


async def test_what_was_whispered_is_not_answered_again() -> None:
    platform, heard = Platform(ConversationKind.GROUP), list[str]()

    async def whisper(turn: Turn, listener: int, body: Mapping[str, Any]) -> None:
        heard.append(str(body["text"]))

    await ended(platform, f"@myna {QUESTION}", WHISPERS, whisper=whisper)
    platform.now = 30.0
    later = await ended(platform, "See you at lunch everybody", WHISPERS, whisper=whisper)
    assert later.decision.decision == "silent"
    assert len(heard) == 1


async def test_a_decision_told_in_between_leaves_the_question_before_it_open() -> None:
    platform = Platform()
    platform.says(ANN, QUESTION)
    platform.says(AGENT, "Done: cancel order.", covers=0)
    answered = await ended(platform, "Thanks!")
    assert "30 days" in answered.body["text"]


async def test_bots_are_answered_aloud_and_who_blocked_the_agent_not_at_all() -> None:
    async def whisper(turn: Turn, listener: int, body: Mapping[str, Any]) -> None:
        raise Forbidden("You cannot write to this user.", code="blocked")

    platform = Platform(ConversationKind.GROUP)
    world = world_of(platform, profile=WHISPERS, whisper=whisper)
    await Runner(world).take(platform.asks(f"@myna {QUESTION}", sender=OTHER_BOT))
    await Runner(world).take(platform.asks(f"@myna {QUESTION}"))
    aloud, blocked = platform.ended
    assert aloud.how == "finish"
    assert (blocked.how, blocked.decision.reason) == ("skip", "not_welcome")


def test_a_model_sees_what_was_asked_before_the_messages_it_sees_whole() -> None:
    history = [
        Said(at, ANN if at % 2 else 7, Speaker.ASKER if at % 2 else Speaker.SELF, f"message {at}")
        for at in range(1, 12)
    ]
    assert summary_before(history) == ["message 1", "message 3", "message 5"]
    assert summary_before(history[:HISTORY]) == []
