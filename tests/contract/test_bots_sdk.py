"""The SDK against a real server in this process: every example, and what must survive a restart."""

import asyncio
from typing import Any

import pytest

from myna.errors import Conflict, Malformed, NotFound
from myna_bots import Button, Card, Context, F, Form, Number, Result, Router, Text, TimedOut
from myna_bots.client.wire import decoded
from myna_bots.examples import echo, librarian, orders, standup
from myna_bots.testing import Room, room

__all__ = ["room"]


async def test_the_echo_bot_repeats_what_is_meant_for_it(room: Room) -> None:
    await room.start(echo.router)
    await room.ann.says("/start")
    assert (await room.expect()).text == "Hello Ann! Say something to me."
    await room.ann.says("nobody here?")
    seq = await room.bob.says("@bot are you there?")
    answer = await room.expect()
    assert (answer.text, answer.reply_to) == ("@bot are you there?", seq)
    await room.silent()


async def test_an_order_is_asked_for_shown_and_refunded(room: Room) -> None:
    await room.start(orders.router, translations=orders.TEXTS)
    await room.ann.says("/order")
    assert (await room.expect()).text == "Which order number?"
    await room.bob.says("I am somebody else")
    await room.ann.says("7")
    card = await room.expect()
    assert card.body["card"] == {"title": "Order 7", "text": "Order 7 is on its way."}
    assert card.text == "Order 7\nOrder 7 is on its way."
    await room.ann.clicks(card, "refund")
    form = await room.expect("Refund")
    with pytest.raises(Malformed) as wrong:
        await room.ann.fills(form, how="gold")
    assert {each["name"] for each in wrong.value.extra["fields"]} == {"reason", "how"}
    with pytest.raises(Exception, match="somebody else"):
        await room.bob.fills(form, reason="mine", how="card")
    await room.ann.fills(form, reason="broken", how="card")
    assert (await room.expect()).text == "Refund of 7: broken (card)."
    with pytest.raises(Malformed):
        await room.ann.clicks(card, "refund", value="999")
    await room.silent()


async def test_a_bot_speaks_the_users_language(room: Room) -> None:
    await room.start(orders.router, translations=orders.TEXTS)
    mei = await room.person("mei", "zh-CN")
    path = "/v1/conversations"
    direct = await mei.call("POST", path, json={"kind": "direct", "user": room.bot_id})
    room.conversation = direct["id"]
    await mei.says("/order 99")
    await asyncio.sleep(0.2)
    got = await mei.call("GET", f"/v1/conversations/{direct['id']}/messages")
    async with asyncio.timeout(60):
        while len(got["messages"]) < 2:
            await asyncio.sleep(0.05)
            got = await mei.call("GET", f"/v1/conversations/{direct['id']}/messages")
    assert got["messages"][-1]["body"]["text"] == "没有订单 99。"


async def test_a_question_survives_the_death_of_the_bot(room: Room) -> None:
    await room.start(standup.router)
    await room.ann.says("/standup")
    await room.expect("yesterday")
    await room.ann.says("slept")
    await room.expect("today")
    await room.stop()
    await room.ann.says("work")
    await room.start(standup.router)
    await room.expect("in your way")
    await room.stop()
    await room.start(standup.router)
    await room.ann.says("nothing")
    await room.expect("Thank you, Ann")
    await room.ann.says("/summary")
    assert (await room.expect()).text == "Ann: slept · work · nothing"
    said = [each.text for each in await room.messages() if each.sender == room.bot_id]
    assert len(said) == len(set(said)) == 5


async def test_the_librarian_quotes_what_it_found(room: Room) -> None:
    await room.teach("How long is the warranty?", "The warranty lasts three years.")
    await room.start(librarian.router)
    seq = await room.ann.says("@bot how long is the warranty?")
    answer = await room.expect()
    assert answer.text.startswith("The warranty lasts three years.")
    assert (answer.reply_to, answer.state) == (seq, "sent")


async def test_stop_ends_an_answer_where_it_is(room: Room) -> None:
    router = Router()
    ended: list[str] = []

    @router.message()
    async def talk(ctx: Context) -> None:
        async with ctx.stream() as out:
            for _ in range(500):
                await out.write("and on and on and on and on and on and on and on. ")
                await asyncio.sleep(0.02)
        ended.append(out.text)

    await room.start(router)
    await room.ann.says("@bot talk")
    async with asyncio.timeout(60):
        while not (found := [each for each in await room.messages() if each.state == "streaming"]):
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    await room.ann.stops(found[0])
    message = await room.expect()
    assert message.state == "interrupted"
    assert message.text.startswith("and on")
    with pytest.raises(Conflict):
        await room.ann.stops(message)
    async with asyncio.timeout(60):
        while not ended:
            await asyncio.sleep(0.02)


async def test_a_question_without_an_answer_times_out(room: Room) -> None:
    router = Router()

    @router.command("ask")
    async def ask(ctx: Context) -> None:
        try:
            await ctx.ask("Well?", timeout_s=0.2)
        except TimedOut:
            await ctx.reply("Never mind.")

    await room.start(router)
    await room.ann.says("/ask")
    await room.expect("Well?")
    await room.expect("Never mind.")


async def test_wrong_arguments_are_answered_with_the_usage(room: Room) -> None:
    router = Router()

    @router.command("add")
    async def add(ctx: Context, one: int, other: int = 1) -> None:
        await ctx.reply(str(one + other))

    await room.start(router)
    await room.ann.says("/add 2 3")
    await room.expect("5")
    await room.ann.says("/add x")
    assert (await room.expect()).text == "one must be a number, not 'x'.\n/add <one> [other]"
    await room.ann.says("/add")
    await room.expect("one is missing")
    got = await room.ann.call("GET", f"/v1/conversations/{room.conversation}/commands")
    assert [each["name"] for each in got["commands"]] == ["add"]


async def test_a_failing_handler_does_not_stop_the_bot(room: Room) -> None:
    router = Router()

    @router.command("fail")
    async def fail(ctx: Context) -> None:
        raise RuntimeError("on purpose")

    @router.command("work")
    async def work(ctx: Context) -> None:
        await ctx.reply("done")

    await room.start(router)
    await room.ann.says("/fail")
    await room.ann.says("/work")
    await room.expect("done")


async def test_a_form_checks_numbers_and_a_job_runs(room: Room) -> None:
    router = Router()
    runs: list[int] = []

    @router.every(3600)
    async def hourly() -> None:
        runs.append(1)

    @router.command("size")
    async def size(ctx: Context) -> None:
        filled = await ctx.form(Form("Size", cm=Number("cm", min=1, max=10, required=True), note=Text()))
        await ctx.reply(
            Card(
                "Size",
                fields=[("cm", f"{filled.cm:g}")],
                buttons=[[Button("Site", url="https://example.org")]],
            )
        )

    await room.start(router)
    await room.bob.says("/size")
    form = await room.expect("Size")
    for wrong in (0, 11, "x", True):
        with pytest.raises(Malformed):
            await room.bob.fills(form, cm=wrong)
    await room.bob.fills(form, cm=7)
    card = await room.expect("Size")
    assert card.body["buttons"] == [[{"label": "Site", "url": "https://example.org"}]]
    assert card.text == "Size\ncm: 7"
    await room.stop()
    await room.start(router)
    await room.silent()
    assert runs == [1]


async def test_a_value_is_made_once_even_when_the_handler_runs_again(room: Room) -> None:
    router, made = Router(), list[int]()

    @router.command("go")
    async def go(ctx: Context) -> None:
        async def make() -> int:
            made.append(1)
            return 42

        number = await ctx.once(make)
        answer = await ctx.ask("Go on?")
        await ctx.reply(f"{number} {answer}")

    await room.start(router)
    await room.ann.says("/go")
    await room.expect("Go on?")
    await room.stop()
    await room.start(router)
    await room.ann.says("yes")
    await room.expect("42 yes")
    assert made == [1]


def test_filters_combine_and_refuse_and() -> None:
    both = (F.mentioned | F.direct) & ~F.text.equals("stop")
    assert repr(both) == "F.((mentioned | direct) & ~text.equals('stop'))"
    with pytest.raises(TypeError):
        bool(F.mentioned)
    with pytest.raises(TypeError):

        @Router().command("x")
        async def anything(*args: str) -> None: ...


async def test_a_bot_is_asked_for_something_and_it_is_sent_in_ones_own_name(room: Room) -> None:
    router, chosen = Router(), asyncio.Event()

    @router.inline("Tea by name")
    async def teas(ctx: Context, query: str, offset: str) -> None:
        card = Card("Green", fields=[("Cups", "2")])
        first, more = (Result("Green", "A pot of green tea", "hot", card), "2") if not offset else ("", "")
        await ctx.found([first] if isinstance(first, Result) else [Result(f"{query} {offset}", "x")], more)

    @router.on("inline.chosen")
    async def sent(data: dict[str, object]) -> None:
        assert (data["result"], data["query"]) == ("1", "gr")
        chosen.set()

    await room.start(router)
    path = f"/v1/conversations/{room.conversation}/inline"
    async with asyncio.timeout(10):
        while not (offered := (await room.ann.call("GET", path))["bots"]):
            await asyncio.sleep(0.02)
    assert offered == [{"id": room.bot_id, "name": "Bot", "handle": "bot", "hint": "Tea by name"}]
    begun = await room.ann.says("tea?")
    found = await room.ann.call("POST", path, json={"bot": "@BOT", "query": "gr"})
    assert ([each["title"] for each in found["results"]], found["next_offset"]) == (["Green"], "2")
    more = await room.ann.call("POST", path, json={"bot": "bot", "query": "gr", "offset": "2"})
    assert ([each["title"] for each in more["results"]], more["next_offset"]) == (["gr 2"], "")
    choice = {"query": found["id"], "result": "1", "thread": begun, "reply_to": begun}
    with pytest.raises(NotFound):
        await room.bob.call("POST", f"{path}/choice", json=choice, headers={"Idempotency-Key": "b"})
    for _ in range(2):
        await room.ann.call("POST", f"{path}/choice", json=choice, headers={"Idempotency-Key": "a"})
    said = (await room.messages())[-1]
    assert (said.sender, said.text, said.reply_to) == (room.ann.id, "A pot of green tea", begun)
    assert said.body["via_bot"] == {"id": room.bot_id, "name": "Bot", "handle": "bot"}
    assert said.body["card"]["fields"] == [{"label": "Cups", "value": "2"}]
    await asyncio.wait_for(chosen.wait(), 10)
    assert len(await room.messages()) == 2
    await room.ann.call("PATCH", f"/v1/bots/{room.bot_id}", json={"inline": ""})
    assert (await room.ann.call("GET", path))["bots"] == []


async def test_an_answer_that_fails_before_its_first_word_is_broken_off(room: Room) -> None:
    router = Router()

    @router.command("fail")
    async def fail(ctx: Context, said: str = "") -> None:
        async with ctx.stream() as out:
            await out.write(said)
            raise RuntimeError("no model")

    @router.command("nothing")
    async def nothing(ctx: Context) -> None:
        async with ctx.stream():
            pass

    await room.start(router)
    for command, text in (("/fail", ""), ("/fail half", "half"), ("/nothing", "")):
        await room.ann.says(command)
        ended = await room.expect()
        assert (ended.state, ended.text) == ("interrupted", text)


async def test_a_bot_reads_what_was_said_to_it_alone(room: Room) -> None:
    made = await room.ann.call("POST", "/v1/bots", json={"name": "Shy", "handle": "shy_bot"})
    headers = {"Authorization": f"Bearer {made['token']['key']}"}
    direct = {"kind": "direct", "user": made["bot"]["id"]}
    room.conversation = (await room.ann.call("POST", "/v1/conversations", json=direct))["id"]
    await room.ann.says("between us")
    path = f"/v1/conversations/{room.conversation}/messages"
    found = decoded((await room.http.request("GET", path, headers=headers)).body, dict[str, Any])
    assert [each["body"]["text"] for each in found["messages"]] == ["between us"]
    group = {"kind": "group", "title": "Room", "members": [made["bot"]["id"]]}
    place = (await room.ann.call("POST", "/v1/conversations", json=group))["id"]
    refused = await room.http.request("GET", f"/v1/conversations/{place}/messages", headers=headers)
    assert refused.status == 403
