"""A turn from lease to last word, offline: what is said, shown, cited and recorded, and what happens when things break."""

import asyncio
import logging

import pytest

from myna.model.conversation import ConversationKind
from myna_agents.turns.runner import Runner
from support.agents_world import AGENT, ANN, OTHER_BOT, Library, Platform, world_of


async def run_all(platform: Platform, library: Library | None = None) -> None:
    """Take every queued turn."""
    runner = Runner(world_of(platform, library))
    while not platform.queue.empty():
        await runner.take(platform.queue.get_nowait())


async def test_a_confident_answer_is_streamed_cited_and_recorded() -> None:
    platform = Platform()
    platform.asks("How long can I return a lamp?")
    await run_all(platform)
    (ended,) = platform.ended
    assert ended.body is not None
    assert ended.how == "finish"
    assert ended.body["text"] == "You can return a lamp within 30 days. The parcel must be insured. [1]"
    assert "".join(platform.shown) == ended.body["text"]
    (citation,) = ended.body["citations"]
    assert citation["quote"] == "You can return a lamp within 30 days. The parcel must be insured."
    assert (citation["n"], citation["chunk"], citation["source"]) == (1, "1", "1")
    assert ended.decision.decision == "answer"
    assert ended.decision.engine == "offline:"
    assert ended.decision.confidence is not None
    assert ended.decision.passages[0]["title"] == "How long can I return a lamp?"


async def test_the_same_question_gets_the_same_answer() -> None:
    texts = set()
    for _ in range(3):
        platform = Platform()
        platform.asks("What does a parcel to France cost?")
        await run_all(platform)
        assert platform.ended[0].body is not None
        texts.add(platform.ended[0].body["text"])
    assert len(texts) == 1
    assert "9.90 EUR" in texts.pop()


async def test_an_unknown_question_is_declined_with_an_offer_then_handed_over() -> None:
    platform = Platform()
    platform.asks("Do you repair bicycles?")
    await run_all(platform)
    platform.asks("And tandem bicycles?")
    await run_all(platform)
    first, second = platform.ended
    assert first.body is not None
    assert second.summary is not None
    assert (first.how, first.decision.decision) == ("finish", "decline")
    assert first.body["offers"] == [{"action": "hand_off", "label": "Talk to a person"}]
    assert "citations" not in first.body
    assert (second.how, second.reason) == ("hand_off", "low_confidence")
    assert "Asked: Do you repair bicycles?" in second.summary


async def test_a_customer_who_wants_a_person_gets_one_without_any_look_up() -> None:
    platform, library = Platform(), Library()
    platform.asks("转人工")
    await run_all(platform, library)
    (ended,) = platform.ended
    assert ended.body is not None
    assert (ended.how, ended.reason) == ("hand_off", "asked_for_human")
    assert ended.body["lang"] == "zh"
    assert library.queries == []


async def test_small_talk_says_that_it_is_an_automated_agent() -> None:
    platform, library = Platform(), Library()
    platform.asks("hello")
    await run_all(platform, library)
    (ended,) = platform.ended
    assert ended.body is not None
    assert "automated agent" in ended.body["text"]
    assert "citations" not in ended.body
    assert library.queries == []


async def test_in_a_group_it_stays_silent_with_a_reason() -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.asks("lunch anyone?")
    await run_all(platform)
    (ended,) = platform.ended
    assert (ended.how, ended.decision.decision, ended.decision.reason) == ("skip", "silent", "not_addressed")


async def test_it_does_not_answer_other_bots() -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.asks("how long can I return a lamp?", sender=OTHER_BOT)
    await run_all(platform)
    assert platform.ended[0].how == "skip"


async def test_a_human_who_takes_over_before_the_answer_is_never_talked_over() -> None:
    platform = Platform()
    platform.asks("How long can I return a lamp?")
    platform.take_over()
    await run_all(platform)
    assert platform.ended == []
    assert [message.sender for message in platform.log] == [ANN]


async def test_a_human_who_takes_over_in_mid_stream_ends_the_answer() -> None:
    platform = Platform()
    platform.asks("How long can I return a lamp?")
    platform.on_delta = platform.take_over
    await run_all(platform)
    assert platform.shown
    assert platform.ended == []


async def test_a_lost_lease_ends_the_work(caplog: pytest.LogCaptureFixture) -> None:
    class Slow(Library):
        async def retrieve(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
            platform.lose_lease(turn)
            return await asyncio.Event().wait()

    platform = Platform()
    turn = platform.asks("How long can I return a lamp?")
    platform.queue.get_nowait()
    with caplog.at_level(logging.WARNING):
        await Runner(world_of(platform, Slow()), renew_s=0.01).take(turn)
    assert platform.ended == []
    assert caplog.records == []


async def test_the_lease_is_kept_while_working() -> None:
    class Slow(Library):
        async def retrieve(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
            while platform.renewed < 3:
                await asyncio.sleep(0)
            return await Library.retrieve(self, *args, **kwargs)  # type: ignore[arg-type]

    platform = Platform()
    turn = platform.asks("How long can I return a lamp?")
    await Runner(world_of(platform, Slow()), renew_s=0.001).take(turn)
    assert platform.ended[0].how == "finish"


async def test_a_failing_knowledge_base_brings_a_human_in_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    platform = Platform()
    platform.asks("How long can I return a lamp?")
    await run_all(platform, Library(fails=RuntimeError("index is gone")))
    (ended,) = platform.ended
    assert (ended.how, ended.reason) == ("hand_off", "agent_failed")
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert errors[0].exc_info


async def test_in_a_group_a_failure_is_admitted() -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.asks("@myna how long can I return a lamp?")
    await run_all(platform, Library(fails=RuntimeError("index is gone")))
    (ended,) = platform.ended
    assert ended.body is not None
    assert (ended.how, ended.decision.reason) == ("finish", "agent_failed")
    assert ended.body["text"].startswith("Something went wrong")


async def test_a_platform_that_refuses_everything_does_not_stop_the_worker(
    caplog: pytest.LogCaptureFixture,
) -> None:
    platform = Platform()
    platform.asks("How long can I return a lamp?")
    platform.refuses = RuntimeError("database is gone")
    await run_all(platform)
    platform.refuses = None
    platform.asks("What does a parcel to France cost?")
    await run_all(platform)
    assert [ended.how for ended in platform.ended] == ["finish"]
    assert caplog.records


async def test_an_agent_that_is_gone_stays_silent() -> None:
    platform = Platform()
    turn = platform.asks("How long can I return a lamp?")
    world = world_of(platform)

    async def nobody(agent: int) -> None:
        assert agent == AGENT

    from dataclasses import replace

    await Runner(replace(world, profiles=nobody)).take(turn)
    assert platform.ended[0].decision.reason == "no_such_agent"


async def test_the_runner_takes_turns_until_it_is_stopped() -> None:
    platform = Platform()
    runner = Runner(world_of(platform), concurrency=2)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(runner.run())
        for question in ("How long can I return a lamp?", "What does a parcel to France cost?", "hello"):
            platform.asks(question)
        while len(platform.ended) < 3:
            await asyncio.sleep(0)
        runner.stop()
    assert platform.leases == {}


async def test_a_cancelled_runner_leaves_its_turn_to_others() -> None:
    class Stuck(Library):
        async def retrieve(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
            started.set()
            return await asyncio.Event().wait()

    started = asyncio.Event()
    platform = Platform()
    turn = platform.asks("How long can I return a lamp?")
    work = asyncio.ensure_future(Runner(world_of(platform, Stuck())).run())
    await started.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert platform.ended == []
    assert turn.id in platform.leases


async def test_a_runner_that_cannot_lease_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from myna_agents.turns import runner as module

    monkeypatch.setattr(module, "PAUSE_S", 0.001)
    platform = Platform()
    lease = platform.lease
    failures = iter([RuntimeError("database is gone"), RuntimeError("still gone")])

    async def flaky(worker: str, wait_s: float) -> object:
        if failed := next(failures, None):
            raise failed
        return await lease(worker, wait_s)

    monkeypatch.setattr(platform, "lease", flaky)
    platform.asks("hello")
    runner = Runner(world_of(platform), concurrency=1)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(runner.run())
        while not platform.ended:
            await asyncio.sleep(0)
        runner.stop()
    assert platform.ended[0].how == "finish"
