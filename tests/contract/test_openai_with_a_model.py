"""The OpenAI-compatible surface of a server with a model behind its agents: tools, JSON, and what the model may read."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
import pytest_asyncio

from myna.model.workspace import WorkspaceRole
from support.bot_world import Caller, World, demo_read
from support.http_server import served
from support.openai_client import WEATHER, agent_of, client
from support.openai_provider import Provider, Text, Tool, openai_provider

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUESTION = "How long do I have to return something?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider() -> AsyncIterator[Provider]:
    async with openai_provider() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> AsyncIterator[World]:
    folder, model = tmp_path_factory.mktemp("openai"), f"openai:small@{provider.url}"
    async with demo_read(folder, model=model) as made, served(made.app) as made.url:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(shop: World) -> Caller:
    return await shop.bot(await shop.person("ann"))


async def test_a_clients_tools_reach_the_model_with_the_agents_knowledge(
    shop: World, bot: Caller, provider: Provider
) -> None:
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


async def masked_agent(shop: World) -> None:
    """Let the workspace's agent keep personal data from its model, as an owner does on the dashboard."""
    owner = await shop.person("owner", WorkspaceRole.OWNER)
    (agent,) = (await owner.ask("GET", "/v1/agents"))["agents"]
    body = (await owner.ask("GET", f"/v1/agents/{agent['id']}"))["body"]
    path = f"/v1/agents/{agent['id']}/versions"
    made = await owner.ask("POST", path, 201, json={"body": {**body, "mask": True}})
    await owner.ask("POST", f"{path}/{made['number']}/publish", json={"override": "only masking"})


async def test_a_masked_agents_model_reads_no_personal_data_of_a_clients_either(
    shop: World, bot: Caller, provider: Provider
) -> None:
    from langchain_openai import ChatOpenAI
    from pydantic import BaseModel, SecretStr

    class Order(BaseModel):
        """Where something is sent."""

        email: str

    provider.requests.clear()
    await masked_agent(shop)
    model = await agent_of(shop, bot.token)
    said: Any = {"role": "user", "content": "Send it to ann@example.org, not to bob@example.org."}
    async with client(shop, bot.token) as asked:
        provider.plays(Tool("weather", {"city": "[EMAIL_1]"}, before="For [EMAIL_1]:"))
        done = await asked.chat.completions.create(model=model, messages=[said], tools=[WEATHER])
        calls: Any = done.choices[0].message.tool_calls
        assert '"ann@example.org"' in calls[0].function.arguments
        assert done.choices[0].message.content == "For ann@example.org:"
        history: list[Any] = [
            said,
            {"role": "assistant", "tool_calls": [calls[0].model_dump()]},
            {"role": "tool", "tool_call_id": calls[0].id, "content": "ann@example.org is known"},
        ]
        provider.plays(Text(("Sent to [EM", "AIL_1].")))
        stream = await asked.chat.completions.create(
            model=model, messages=history, tools=[WEATHER], stream=True
        )
        pieces = [each.choices[0].delta.content or "" async for each in stream if each.choices]
        assert "".join(pieces) == "Sent to ann@example.org."
        provider.plays(Text(('{"email": "[EMAIL_1]"}',)))
        http = openai.DefaultAsyncHttpxClient(trust_env=False)
        chat = ChatOpenAI(
            model=model,
            base_url=f"{shop.url}/openai/v1",
            api_key=SecretStr(bot.token),
            http_async_client=http,
            max_retries=0,
        )
        order = await chat.with_structured_output(Order, method="json_schema").ainvoke([said])
        assert order == Order(email="ann@example.org")
        await http.aclose()
    for request in provider.requests:
        assert "example.org" not in str(request)
        assert "[EMAIL_2]" in str(request)
