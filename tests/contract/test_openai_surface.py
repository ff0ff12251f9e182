"""The OpenAI-compatible surface with the official client and with LangChain: an agent is a model with its knowledge."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
import pytest_asyncio

from support.bot_world import Caller, World, demo_read
from support.http_server import served
from support.openai_client import WEATHER, agent_of, client

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUESTION = "How long do I have to return something?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One workspace for all, since nothing that is asked here is stored."""
    async with demo_read(tmp_path_factory.mktemp("openai")) as made, served(made.app) as made.url:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(shop: World) -> Caller:
    return await shop.bot(await shop.person("ann"))


async def test_agents_are_models_and_answer_with_citations(shop: World, bot: Caller) -> None:
    model = await agent_of(shop, bot.token)
    async with client(shop, bot.token) as asked:
        assert (await asked.models.retrieve(model)).owned_by == "myna"
        done = await asked.chat.completions.create(
            model=model, messages=[{"role": "user", "content": QUESTION}]
        )
        text = done.choices[0].message.content
        assert text
        assert "45 days" in text
        assert done.choices[0].finish_reason == "stop"
        assert done.usage
        assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens > 0
        extra: Any = done.choices[0].message.model_extra
        assert extra["citations"][0]["quote"]
        stream = await asked.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": QUESTION}],
            stream=True,
            stream_options={"include_usage": True},
        )
        pieces, finishes, usage = "", list[str](), None
        async for chunk in stream:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                pieces += choice.delta.content or ""
                finishes += [choice.finish_reason] if choice.finish_reason else []
        assert (pieces, finishes) == (text, ["stop"])
        assert usage
        assert usage.completion_tokens > 0


async def test_the_responses_api_gives_the_same_answer(shop: World, bot: Caller) -> None:
    model = await agent_of(shop, bot.token)
    async with client(shop, bot.token) as asked:
        whole = await asked.responses.create(model=model, input=QUESTION, instructions="Be kind.")
        assert "45 days" in whole.output_text
        assert whole.usage
        kinds: list[str] = []
        text = ""
        final: Any = None
        async with asked.responses.stream(
            model=model, input=[{"role": "user", "content": QUESTION}]
        ) as stream:
            async for event in stream:
                kinds.append(event.type)
                text += event.delta if event.type == "response.output_text.delta" else ""
            final = await stream.get_final_response()
        assert text == final.output_text == whole.output_text
        assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")


async def test_langchain_talks_to_an_agent(shop: World, bot: Caller) -> None:
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    async with openai.DefaultAsyncHttpxClient(trust_env=False) as http:
        chat = ChatOpenAI(
            model=await agent_of(shop, bot.token),
            base_url=f"{shop.url}/openai/v1",
            api_key=SecretStr(bot.token),
            http_async_client=http,
            max_retries=0,
        )
        assert "45 days" in str((await chat.ainvoke(QUESTION)).content)
        pieces = [str(each.content) async for each in chat.astream(QUESTION)]
        assert "45 days" in "".join(pieces)


async def test_a_history_is_read_and_nothing_is_stored(shop: World, bot: Caller) -> None:
    ann = shop.people["ann"]
    before = await ann.ask("GET", "/v1/conversations")
    model = await agent_of(shop, bot.token)
    async with client(shop, bot.token) as asked:
        done = await asked.chat.completions.create(
            model=model,
            messages=[
                {"role": "system", "content": "You are kind."},
                {"role": "user", "content": QUESTION},
                {"role": "assistant", "content": "45 days."},
                {"role": "user", "content": [{"type": "text", "text": "What does a return cost?"}]},
            ],
        )
        assert "£3.50" in (done.choices[0].message.content or "")
    assert await ann.ask("GET", "/v1/conversations") == before


async def test_bad_requests_get_openais_errors(shop: World, bot: Caller) -> None:
    model = await agent_of(shop, bot.token)
    ask: Any = {"role": "user", "content": "hi"}
    async with client(shop, "wrong:key") as stranger:
        with pytest.raises(openai.AuthenticationError) as refused:
            await stranger.models.list()
        assert refused.value.code == "invalid_api_key"
    async with client(shop, bot.token) as asked:
        with pytest.raises(openai.NotFoundError) as missing:
            await asked.chat.completions.create(model="gpt-9", messages=[ask])
        assert missing.value.code == "model_not_found"
        cases: list[dict[str, Any]] = [
            {"messages": []},
            {"messages": [{"role": "assistant", "content": "x"}]},
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            {"messages": [ask], "n": 2},
            {"messages": [ask], "temperature": 9},
            {"messages": [ask], "tools": [WEATHER], "tool_choice": "required"},
            {"messages": [ask], "tool_choice": "required"},
            {"messages": [ask], "stream_options": {"include_usage": True}},
            {"messages": [ask], "logprobs": True},
        ]
        for given in cases:
            with pytest.raises(openai.BadRequestError) as bad:
                await asked.chat.completions.create(model=model, **given)
            assert bad.value.type == "invalid_request_error"
        with pytest.raises(openai.BadRequestError):
            await asked.responses.create(model=model, input="x", previous_response_id="resp_1")
        with pytest.raises(openai.BadRequestError):
            await asked.responses.create(model=model, input=[{"type": "item_reference", "id": "x"}])
    deaf = await shop.bot(shop.people["ann"], scopes=["messages:write"])
    async with client(shop, deaf.token) as asked:
        assert (await asked.models.list()).data == []


async def test_json_and_lengths_are_as_asked_and_what_only_a_model_could_is_refused(
    shop: World, bot: Caller
) -> None:
    model = await agent_of(shop, bot.token)
    ask: Any = [{"role": "user", "content": QUESTION}]
    async with client(shop, bot.token) as asked:
        whole = await asked.chat.completions.create(model=model, messages=ask)
        text = whole.choices[0].message.content or ""
        short = await asked.chat.completions.create(model=model, messages=ask, max_completion_tokens=3)
        assert (short.choices[0].message.content, short.choices[0].finish_reason) == (text[:12], "length")
        stopped = await asked.chat.completions.create(model=model, messages=ask, stop=["45"])
        assert stopped.choices[0].message.content == text[: text.index("45")]
        response = await asked.responses.create(model=model, input=QUESTION, max_output_tokens=3)
        assert (response.status, response.output_text) == ("incomplete", text[:12])
        assert response.incomplete_details
        assert response.incomplete_details.reason == "max_output_tokens"
        with pytest.raises(openai.BadRequestError) as refused:
            await asked.chat.completions.create(
                model=model, messages=ask, response_format={"type": "json_object"}
            )
        assert (refused.value.code, refused.value.param) == ("json_unavailable", "response_format")


async def test_a_bot_is_called_by_name_and_its_agent_is_asked_the_question_alone(shop: World) -> None:
    ann = shop.people.get("ann") or await shop.person("ann")
    bot = await shop.bot(ann, "help_me_bot")
    model = await agent_of(shop, bot.token)
    async with client(shop, bot.token) as asked:
        said = [
            await asked.chat.completions.create(model=model, messages=[{"role": "user", "content": each}])
            for each in (QUESTION, f"@help_me_bot {QUESTION}")
        ]
    assert said[0].choices[0].message.content == said[1].choices[0].message.content
    plain = await bot.ask("GET", "/v1/bot/knowledge", params={"q": QUESTION})
    called = await bot.ask("GET", "/v1/bot/knowledge", params={"q": f"@Help_me_bot, {QUESTION}"})
    assert called == plain
