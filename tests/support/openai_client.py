"""The official client, talking to Myna's OpenAI-compatible surface."""

from typing import Any

import openai
from openai import AsyncOpenAI

from support.bot_world import World

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def client(shop: World, key: str) -> AsyncOpenAI:
    http = openai.DefaultAsyncHttpxClient(trust_env=False)
    return AsyncOpenAI(base_url=f"{shop.url}/openai/v1", api_key=key, http_client=http, max_retries=0)


async def agent_of(shop: World, key: str) -> str:
    async with client(shop, key) as asked:
        return str((await asked.models.list()).data[0].id)
