"""`ctx.model`: a bot answers with an agent of its workspace, piece by piece; and files of the people's client."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from myna.errors import NotFound
from myna_bots import Bot, F, Router
from myna_bots.adapters.http import HttpxHttp
from myna_bots.sdk.calls import BotCalls
from myna_bots.sdk.context import Context
from myna_bots.sdk.model import Model
from support.bot_world import Caller, World, demo_read
from support.http_server import served

QUESTION = "How long do I have to return something?"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[World]:
    async with demo_read(tmp_path) as made, served(made.app) as made.url:
        yield made


async def answer_to(ann: Caller, place: str, seq: int) -> str:
    async with asyncio.timeout(60):
        while True:
            query = {"after_seq": seq, "limit": 10}
            found = (await ann.ask("GET", f"/v1/conversations/{place}/messages", params=query))["messages"]
            if found and found[0]["state"] != "streaming":
                return str(found[0]["body"]["text"])
            await asyncio.sleep(0.05)


async def test_a_bot_answers_with_an_agent_of_the_workspace(shop: World) -> None:
    ann = await shop.person("ann")
    scopes = ["messages:read:all", "messages:write", "knowledge:read"]
    bot = await shop.bot(ann, "wise_bot", scopes=scopes, privacy="all")
    place = (await ann.ask("POST", "/v1/conversations", 201, json={"kind": "direct", "user": bot.id}))["id"]
    router = Router()

    @router.message(F.mentioned | F.direct)
    async def answer(ctx: Context) -> None:
        passages = await ctx.knowledge.search(ctx.text, k=4)
        async with ctx.stream() as out:
            async for piece in ctx.model.stream(ctx.history(20), passages=passages):
                await out.write(piece)

    http = HttpxHttp(shop.url)
    running = asyncio.create_task(Bot(shop.url, bot.token, http=http).include(router).serve())
    try:
        said = ""
        async with asyncio.timeout(60):
            while "45 days" not in said:  # a worker of the server may still be reading the demo's pages
                said = await answer_to(ann, place, await ann.says(place, QUESTION))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_model_has_a_whole_answer_and_a_name(shop: World) -> None:
    ann = await shop.person("ann")
    bot = await shop.bot(ann, "wise_bot")
    http = HttpxHttp(shop.url)
    try:
        model = Model(BotCalls(http, bot.token), bot.id)
        whole = await model.answer(QUESTION, system="Be kind.")
        assert "45 days" in whole
        assert [piece async for piece in model.stream(QUESTION)]
        with pytest.raises(NotFound):
            await model.named("nobody").answer(QUESTION)
    finally:
        await http.close()
