"""A real language model of 135 million parameters, over real HTTP: whatever it says, the customer gets founded answers only.

So small a model mostly rambles or breaks off; what is shown is that the way to it works end to end, and that Myna's guards
and the quotes behind them hold when a model is no good.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from myna_agents.answers.guard import unfounded
from myna_agents.engines.langchain import Endpoint, LangChainEngine
from myna_agents.turns.turn import take_turn
from support import processes
from support.agents_world import RETURNS, SHIPPING, Library, Platform, world_of

HERE = Path(__file__).parent
START_S, ANSWER_S, SILENCE_S = 120.0, 1_500.0, 900.0
QUESTIONS = ("How long can I return a lamp?", "What does a parcel to France cost?")


@pytest.fixture(scope="module")
def model_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the model's server."""
    port = processes.free_port()
    log = tmp_path_factory.mktemp("model") / "server.log"
    python = os.environ["MYNA_TEST_SMALL_MODEL"]
    process = processes.start([python, HERE / "serve.py", str(port)], log=log)

    def ready() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    processes.wait_until(ready, process=process, log=log, wait_s=START_S)
    yield f"http://127.0.0.1:{port}/v1"
    processes.stop(process)


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_real_model_is_asked_and_only_what_is_founded_is_said(model_url: str, question: str) -> None:
    engine = LangChainEngine(Endpoint("smollm2", model_url), "", silence_s=SILENCE_S, retries=0)
    platform = Platform()
    world = world_of(platform, Library((RETURNS, SHIPPING)), engine, answer_s=ANSWER_S)
    await take_turn(world, platform.asks(question))
    await engine.close()
    (ended,) = platform.ended
    tokens = ended.decision.trace["tokens"]
    assert tokens[0]["model"] == "openai:smollm2"
    assert tokens[0]["in"] > 300, "the rules and the passages were read"
    assert ended.body is not None
    text = str(ended.body["text"])
    if ended.decision.decision == "answer":
        assert ended.body["citations"]
        assert unfounded(text, [RETURNS, SHIPPING]) == []
    else:
        assert ended.decision.reason in {"not_in_passages", "unfounded"}
