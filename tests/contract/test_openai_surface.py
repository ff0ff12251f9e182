"""The OpenAI-compatible surface with the official client and with LangChain: an agent is a model with its knowledge."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from support.bot_world import Caller, World, demo_read, world
from support.http_server import served
from support.openai_provider import Provider, Text, Tool

QUESTION = "How long do I have to return something?"
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[World]:
    async with demo_read(tmp_path) as made, served(made.app) as made.url:
        yield made


@pytest.fixture
async def bot(shop: World) -> Caller:
    return await shop.bot(await shop.person("ann"))


def client(shop: World, key: str) -> AsyncOpenAI:
    http = openai.DefaultAsyncHttpxClient(trust_env=False)
    return AsyncOpenAI(base_url=f"{shop.url}/openai/v1", api_key=key, http_client=http, max_retries=0)


async def agent_of(shop: World, key: str) -> str:
    async with client(shop, key) as asked:
        return str((await asked.models.list()).data[0].id)


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


async def test_a_clients_tools_reach_the_model_with_the_agents_knowledge(
    tmp_path: Path, provider: Provider
) -> None:
    settings: dict[str, Any] = {"model": f"openai:small@{provider.url}", "demo": True, "embedder": "none:"}
    async with world(tmp_path, **settings) as shop, served(shop.app) as shop.url:
        await shop.bots.library.drain()
        bot = await shop.bot(await shop.person("ann"))
        model = await agent_of(shop, bot.token)
        async with client(shop, bot.token) as asked:
            provider.plays(Tool("weather", {"city": "Berlin"}))
            done = await asked.chat.completions.create(
                model=model, messages=[{"role": "user", "content": QUESTION}], tools=[WEATHER]
            )
            calls: Any = done.choices[0].message.tool_calls
            assert calls[0].function.name == "weather"
            assert "Berlin" in calls[0].function.arguments
            assert done.choices[0].finish_reason == "tool_calls"
            sent = provider.requests[-1]
            assert sent["model"] == "small"
            assert "45 days" in str(sent["messages"][0]["content"])
            response = await asked.responses.create(
                model=model,
                input=QUESTION,
                tools=[{"type": "function", "name": "weather", "parameters": {}, "strict": False}],
            )
            assert [each.type for each in response.output] == ["function_call"]
            provider.plays(Text(("It is ", "sunny.")))
            again = await asked.chat.completions.create(
                model=model,
                messages=[
                    {"role": "user", "content": "Weather?"},
                    {"role": "assistant", "tool_calls": [calls[0].model_dump()]},
                    {"role": "tool", "tool_call_id": calls[0].id, "content": "sunny"},
                ],
                tools=[WEATHER],
            )
            assert again.choices[0].message.content == "It is sunny."
