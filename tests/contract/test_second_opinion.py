"""The second opinion of a language model, asked over real HTTP, with all that goes wrong there."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from myna.model.conversation import ConversationKind
from myna.model.filtering import FilterPolicy
from myna.model.moderation import Action, Case, Reason, Verdict
from myna.model.workspace import UserKind
from myna.ports.moderator import Judged
from myna_agents.engines.langchain import Endpoint, LangChainEngine
from myna_agents.moderation.second import REST_S, SecondOpinion
from support.openai_provider import Provider, Refuse, Text

CASE = Case(1, 7, ConversationKind.GROUP, 2, UserKind.HUMAN, "last chance, write to me", 0.0)
FLAGGED = Verdict(Action.FLAG, (Reason("spam.model", "'chance'", 0.4),), 0.4)
HELD = Verdict(Action.HOLD, (Reason("spam.model", "'chance'", 0.6), Reason("sender.new", "", 0.2)), 0.6)
ALLOWED = Verdict(Action.ALLOW, (), 0.2)


class Says:
    """A filter that says one thing."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def judge_many(self, cases: Sequence[Case]) -> list[Judged]:
        return [self.verdict for _ in cases]


class Asked:
    """A filter with a second opinion, and what it counts."""

    def __init__(self, provider: Provider, per_minute: int = 60, deadline_s: float = 5.0) -> None:
        self.failures, self.now = Counter[str](), 1000.0
        self.model = LangChainEngine(
            Endpoint("scripted", provider.url), "secret", silence_s=deadline_s, retries=0
        )
        self.filter = Says(FLAGGED)
        self.judge = SecondOpinion(
            self.filter,
            self.model,
            self.failures,
            deadline_s=deadline_s,
            per_minute=per_minute,
            clock=lambda: self.now,
        )

    async def of(self, verdict: Verdict, case: Case = CASE) -> Verdict:
        self.filter.verdict = verdict
        (found,) = self.judge.judge_many([case])
        return found if isinstance(found, Verdict) else await found


@pytest.fixture
async def asked(provider: Provider) -> AsyncIterator[Asked]:
    made = Asked(provider)
    yield made
    await made.model.close()


@pytest.mark.parametrize(
    ("opinion", "before", "after"),
    [
        ("spam", ALLOWED, Action.FLAG),
        ("Spam.", FLAGGED, Action.HOLD),
        ("spam", HELD, Action.HOLD),
        ("harmless", HELD, Action.FLAG),
        ("harmless", FLAGGED, Action.ALLOW),
        ("harmless", ALLOWED, Action.ALLOW),
        ("unsure", HELD, Action.HOLD),
    ],
)
async def test_an_opinion_moves_a_doubtful_verdict_by_one_step(
    asked: Asked, provider: Provider, opinion: str, before: Verdict, after: Action
) -> None:
    provider.plays(Text((opinion,)))
    found = await asked.of(before)
    assert found.action is after
    assert not asked.failures
    if found is not before:
        assert found.reasons[-1].code == f"judge.{opinion.lower().strip('.')}"


@pytest.mark.parametrize(
    "sure",
    [
        Verdict(Action.ALLOW, (), 0.1),
        Verdict(Action.HOLD, (Reason("spam.model", "", 0.99),), 0.99),
        Verdict(Action.HOLD, (Reason("link.listed", "x.example", 0.5),), 0.5),
        Verdict(Action.FLAG, (Reason("spam.model", "", 0.4), Reason("injection.suspected", "", 0.3)), 0.4),
        Verdict(Action.BLOCK, (Reason("spam.model", "", 0.6),), 0.6),
    ],
)
async def test_the_model_is_asked_only_about_what_is_doubtful(
    asked: Asked, provider: Provider, sure: Verdict
) -> None:
    assert await asked.of(sure) is sure
    off = replace(CASE, policy=FilterPolicy(layers={"judge": False}))
    assert await asked.of(FLAGGED, off) is FLAGGED
    assert provider.requests == []


async def test_the_message_is_fenced_as_material(asked: Asked, provider: Provider) -> None:
    provider.plays(Text(("spam",)))
    await asked.of(FLAGGED)
    system, user = (each["content"] for each in provider.requests[0]["messages"])
    first, text, last = user.split("\n")
    assert text == CASE.text
    assert first == last
    assert first in system


@pytest.mark.parametrize("failure", [Refuse(500), Text(("I think it is spam",)), Text(("spam",), end="drop")])
async def test_a_failure_changes_nothing_where_the_policy_is_open_and_holds_where_it_is_closed(
    asked: Asked, provider: Provider, failure: Refuse | Text
) -> None:
    provider.plays(failure)
    assert await asked.of(FLAGGED, replace(CASE, policy=FilterPolicy(fails="open"))) is FLAGGED
    closed = await asked.of(FLAGGED, replace(CASE, policy=FilterPolicy(fails="closed")))
    assert closed.action is Action.HOLD
    assert closed.reasons[0] == Reason("moderation.failed", "judge", 1.0)
    assert asked.failures == {"judge": 2}


async def test_a_late_opinion_does_not_count(provider: Provider) -> None:
    provider.plays(Text((), end="hang"))
    late = Asked(provider, deadline_s=0.05)
    assert await late.of(FLAGGED) is FLAGGED
    assert late.failures == {"judge": 1}
    await late.model.close()


async def test_a_model_that_fails_again_and_again_is_left_alone_for_a_while(
    asked: Asked, provider: Provider
) -> None:
    provider.plays(Refuse(500))
    for _ in range(4):
        await asked.of(FLAGGED)
    assert len(provider.requests) == 3
    assert asked.failures == {"judge": 4}
    asked.now += REST_S
    provider.plays(Text(("harmless",)))
    assert (await asked.of(FLAGGED)).action is Action.ALLOW


async def test_beyond_its_budget_the_filter_decides_alone(provider: Provider) -> None:
    provider.plays(Text(("spam",)))
    few = Asked(provider, per_minute=2)
    assert [(await few.of(FLAGGED)).action for _ in range(3)] == [Action.HOLD, Action.HOLD, Action.FLAG]
    assert few.failures == {"judge.budget": 1}
    few.now += 61
    assert (await few.of(FLAGGED)).action is Action.HOLD
    await few.model.close()
