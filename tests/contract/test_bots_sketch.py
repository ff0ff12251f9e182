"""The program that the SDK was designed from, letter by letter, against the test kit."""

from dataclasses import dataclass
from typing import Any

import pytest

from myna_bots import Bot, Router
from myna_bots.testing import open_room

SKETCH = """
from myna_bots import Bot, Router, F, Card, Button, Form, Text
r = Router()

@r.command("order", help="Where is my order?")
async def order(ctx, number: str | None = None):
    number = number or await ctx.ask("Order number?", timeout_s=600)
    o = await lookup(number)
    await ctx.reply(Card(o.status, buttons=[Button("Refund", action="refund", value=o.id)]))

@r.message(F.mentioned | F.direct)
async def answer(ctx):
    passages = await ctx.knowledge.search(ctx.text, k=4)
    async with ctx.stream() as out:            # the user can press Stop
        async for token in ctx.model.stream(ctx.history(20), passages=passages):
            await out.write(token)

Bot.from_env().include(r).run()
"""


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    status: str


async def lookup(number: str) -> Order:
    return Order(number, f"Order {number} is on its way")


async def test_the_sketch_runs_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Bot] = []

    def run(bot: Bot) -> None:
        ran.append(bot)

    # What `run` does with the process is tested with real ones, in tests/e2e/test_bots_command.py.
    monkeypatch.setattr(Bot, "run", run)
    monkeypatch.setenv("BOT_TOKEN", f"7:{'x' * 35}")
    names: dict[str, Any] = {"lookup": lookup}
    exec(compile(SKETCH, "sketch.py", "exec"), names)
    router: Router = names["r"]
    assert [each.router.included for each in ran] == [[router]]

    async with open_room(demo=True) as room:
        await room.bots.library.drain()
        await room.start(router)
        await room.ann.says("/order")
        await room.expect("Order number?")
        await room.ann.says("7")
        card = await room.expect("Order 7 is on its way")
        assert card.body["card"] == {"title": "Order 7 is on its way"}
        assert card.body["buttons"] == [[{"label": "Refund", "action": "refund", "value": "7"}]]
        await room.bob.says("/order 8")
        await room.expect("Order 8 is on its way")
        got = await room.ann.call("GET", f"/v1/conversations/{room.conversation}/commands")
        assert [(each["name"], each["help"]) for each in got["commands"]] == [("order", "Where is my order?")]

        await room.ann.says("@bot How long do I have to return something?")
        answer = await room.expect("45 days", timeout_s=30)
        assert answer.state == "sent"
        assert "@bot" not in answer.text

        # Alone with the bot nobody calls it by name, and a key with the default scopes is enough.
        direct = {"kind": "direct", "user": room.bot_id}
        room.conversation = (await room.ann.call("POST", "/v1/conversations", json=direct))["id"]
        await room.ann.says("What does a return cost?")
        assert (await room.expect("£3.50", timeout_s=30)).state == "sent"
