"""Several models as one engine, at real HTTP addresses: who stands in for whom, who rests, and what is left when all fail."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import pytest

from myna.errors import MynaError
from myna_agents.answers.answer import Answer
from myna_agents.answers.engine import CannotAnswer, Engine, EngineFailed, Request, Restart, Shelf
from myna_agents.engines.chosen import ChosenEngine
from myna_agents.engines.langchain import Endpoint, LangChainEngine
from myna_agents.engines.offline import OfflineEngine
from myna_agents.engines.opening import open_engines
from myna_agents.turns.runner import Runner
from support.agents_world import PROFILE, RETURNS, SHIPPING, Platform, world_of
from support.openai_provider import Provider, Refuse, Text, Tool, openai_provider

QUESTION = "How long can I return a lamp?"
GOOD = Text(("You can return a lamp ", "within 30 days [1]."))


@dataclass(slots=True)
class Pair:
    """Two providers, and the engine over both."""

    first: Provider
    second: Provider
    engine: ChosenEngine


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        providers = [await stack.enter_async_context(openai_provider()) for _ in range(2)]
        for each in providers:
            each.plays(GOOD)
        models = [
            LangChainEngine(Endpoint(name, each.url), "k", silence_s=3.0, retries=0)
            for name, each in zip(("first", "second"), providers, strict=True)
        ]
        engine = ChosenEngine(models, OfflineEngine(), rest_s=1000.0)
        yield Pair(providers[0], providers[1], engine)
        await engine.close()


async def answered(engine: Engine, model: str = "") -> Answer:
    request = Request(QUESTION, "en", Shelf([RETURNS, SHIPPING]), replace(PROFILE, model=model))
    async for item in engine.answer(request):
        if isinstance(item, Answer):
            return item
        assert isinstance(item, str | Restart)
    raise AssertionError("no answer")


@pytest.mark.parametrize(
    "broken", [Refuse(500), Refuse(429), Refuse(401), Text(()), Text((), "hang")], ids=str
)
async def test_the_next_model_answers_when_one_fails_and_the_sick_one_rests(
    pair: Pair, broken: Refuse | Text
) -> None:
    pair.first.plays(broken)
    assert (await answered(pair.engine)).engine == "openai:second"
    asked = len(pair.first.requests)
    assert (await answered(pair.engine)).engine == "openai:second"
    assert len(pair.first.requests) == asked, "it rests"


async def test_a_sick_model_is_asked_again_when_all_others_fail(pair: Pair) -> None:
    pair.first.plays(Refuse(500), GOOD)
    await answered(pair.engine)
    pair.second.plays(Refuse(500))
    assert (await answered(pair.engine)).engine == "openai:first"


async def test_an_agent_chooses_by_name_and_an_unknown_name_takes_the_servers_order(pair: Pair) -> None:
    names = ["openai:second", "openai:first", "openai:gone", "offline:"]
    engines = [(await answered(pair.engine, name)).engine for name in names]
    assert engines == ["openai:second", "openai:first", "openai:first", "offline:"]
    assert pair.engine.choices == ("offline:", "openai:first", "openai:second")


async def test_what_a_sick_model_costs_one_agent_it_does_not_cost_the_next(pair: Pair) -> None:
    pair.first.plays(Refuse(500))
    await answered(pair.engine, "openai:first")
    asked = len(pair.first.requests)
    assert (await answered(pair.engine)).engine == "openai:second"
    assert len(pair.first.requests) == asked


async def test_a_model_that_does_not_know_is_not_replaced(pair: Pair) -> None:
    pair.first.plays(Tool("cannot_answer", {"reason": "nothing about it"}))
    with pytest.raises(CannotAnswer):
        await answered(pair.engine)
    assert pair.second.requests == []


async def test_no_second_voice_goes_on_in_the_first_ones_sentence(pair: Pair) -> None:
    pair.first.plays(Text(("You can return ",), "drop"))
    with pytest.raises(EngineFailed):
        await answered(pair.engine)
    assert pair.second.requests == []


@pytest.mark.parametrize("broken", [Refuse(500), Text(("You can return a ",), "drop")], ids=str)
async def test_when_every_model_fails_the_agent_quotes(pair: Pair, broken: Refuse | Text) -> None:
    pair.first.plays(broken)
    pair.second.plays(broken)
    platform = Platform()
    await Runner(world_of(platform, engine=pair.engine)).take(platform.asks(QUESTION))
    (ended,) = platform.ended
    assert ended.body is not None
    assert (ended.decision.decision, ended.decision.engine) == ("answer", "offline:")
    assert "30 days" in ended.body["text"]


async def test_a_stand_in_is_named_in_the_turns_trace(pair: Pair) -> None:
    pair.first.plays(Refuse(500))
    platform = Platform()
    await Runner(world_of(platform, engine=pair.engine)).take(platform.asks(QUESTION))
    assert platform.ended[0].decision.engine == "openai:second"
    assert [each["model"] for each in platform.ended[0].decision.trace["tokens"]] == ["openai:second"]


async def test_settings_name_models_in_order_with_a_key_for_each(pair: Pair) -> None:
    models = f"openai:first@{pair.first.url}, openai:second@{pair.second.url}"
    engine, writer = open_engines(models, "one,two")
    assert writer is not None
    await answered(engine, "openai:first")
    await answered(engine, "openai:second")
    assert (pair.first.requests[0]["_key"], pair.second.requests[0]["_key"]) == ("Bearer one", "Bearer two")
    pair.first.plays(Text(("Dear customer, ", "thank you.")))
    assert await writer.write("Make it formal.", "thx") == "Dear customer, thank you."
    await engine.close()


@pytest.mark.parametrize(
    ("models", "keys"),
    [
        ("openai:m", ""),
        ("openai:m@http://a/v1,openai:m@http://b/v1", ""),
        ("openai:a@http://a/v1,openai:b@http://b/v1,openai:c@http://c/v1", "one,two"),
    ],
)
def test_models_that_make_no_sense_are_refused(models: str, keys: str) -> None:
    with pytest.raises(MynaError):
        open_engines(models, keys)


def test_offline_needs_no_model() -> None:
    engine, writer = open_engines("offline:", "")
    assert (engine.name, writer) == ("offline:", None)
