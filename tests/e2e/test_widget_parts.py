"""What a conversation carries besides words: files, cards, forms, first questions, left messages, signed visitors."""

import asyncio
import contextlib
import json
import sqlite3
import time
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from PIL import Image
from playwright.async_api import expect

from support import myna_server
from support.axe import violations
from support.browser import Person
from support.host_pages import HostSite, host_site
from support.myna_server import MynaServer
from support.pages import STARTED_MS, Dashboard, Widget, open_newest
from support.receiver import receiver

pytestmark = pytest.mark.needs("chromium", "node")


def call(server: MynaServer, token: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A request to the API as whoever the token is of."""
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} | headers
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}{path}", data, sent, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        raw = response.read()
    return json.loads(raw) if raw else None


@pytest.fixture(scope="module")
def server(new_demo: Callable[[], Path]) -> Iterator[MynaServer]:
    """A demo of this module's own: its inbox is changed here."""
    with myna_server.serve(new_demo(), "--demo", settings={"MYNA_PRIVATE_WEBHOOKS": "1"}) as running:
        yield running


@pytest.fixture(scope="module")
def operator_token(server: MynaServer) -> str:
    return myna_server.sign_in(server)


@pytest.fixture
def site() -> Iterator[HostSite]:
    with host_site() as running:
        yield running


@pytest.fixture
async def widget(server: MynaServer, visitor: Person) -> Widget:
    await visitor.page.goto(f"{server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    return widget


def picture() -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (640, 400), "seagreen").save(drawn, "PNG")
    return drawn.getvalue()


async def claim(widget: Widget, dashboard: Dashboard, server: MynaServer, about: str) -> None:
    """A conversation that the operator has taken over."""
    await widget.say(f"I want a human, {about}")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await dashboard.sign_in(server)
    await dashboard.page.get_by_test_id("view-queue").click()
    await open_newest(dashboard.page)
    await expect(dashboard.message(about)).to_be_visible()
    await dashboard.page.get_by_test_id("take-over").click()
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Ana is here")


async def test_files_go_both_ways_and_pictures_are_shown(
    server: MynaServer, widget: Widget, visitor: Person, operator: Person, tmp_path: Path
) -> None:
    dashboard = Dashboard(operator.page)
    await claim(widget, dashboard, server, "with a picture")
    shot = tmp_path / "tent.png"
    shot.write_bytes(picture())
    await widget.frame.get_by_test_id("files").set_input_files(shot)
    mine = widget.mine.last.get_by_test_id("file")
    await expect(mine.locator("img")).to_be_visible()
    await expect(widget.frame.locator(".draft")).to_have_count(0)
    theirs = operator.page.get_by_test_id("file")
    await expect(theirs.locator("img")).to_have_js_property("complete", True)
    assert await theirs.locator("img").evaluate("image => image.naturalWidth") > 100

    notes = tmp_path / "保修 terms.txt"
    notes.write_text("Two years.", "utf-8")
    await operator.page.get_by_test_id("files").set_input_files(notes)
    received = widget.answers.last.get_by_test_id("file")
    await expect(received).to_have_text("保修 terms.txt")
    async with visitor.page.context.expect_page() as opened:
        await received.click()
    page = await opened.value
    await page.wait_for_event("download") if page.url == "about:blank" else None
    await visitor.shoot("widget-files")
    await operator.shoot("dashboard-files")


async def test_an_upload_that_is_cut_off_goes_on_where_it_was(
    server: MynaServer, widget: Widget, visitor: Person, tmp_path: Path
) -> None:
    await widget.say("Hello there")
    await expect(widget.mine.last).to_have_attribute("data-state", "sent", timeout=STARTED_MS)
    patches: list[str] = []

    async def flaky(route: Any) -> None:
        patches.append(route.request.headers.get("upload-offset", ""))
        if len(patches) == 2:
            await route.abort()
        else:
            await route.continue_()

    await visitor.page.route(f"{server.url}/v1/files/*", flaky)
    long = tmp_path / "long.txt"
    long.write_bytes(b"All of it.\n" * 120_000)
    await widget.frame.get_by_test_id("files").set_input_files(long)
    await expect(widget.mine.last.get_by_test_id("file")).to_have_text("long.txt", timeout=STARTED_MS)
    assert patches[:3] == ["0", "524288", "524288"]
    visitor.faults[:] = [each for each in visitor.faults if "net::ERR_FAILED" not in each]


async def test_what_is_no_picture_is_told_to_be_refused(
    widget: Widget, visitor: Person, tmp_path: Path
) -> None:
    await widget.say("Hello there")
    await expect(widget.mine.last).to_have_attribute("data-state", "sent", timeout=STARTED_MS)
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(picture()[:200])
    await widget.frame.get_by_test_id("files").set_input_files(damaged)
    await expect(widget.frame.get_by_test_id("upload").get_by_role("alert")).to_be_visible()
    visitor.faults[:] = [each for each in visitor.faults if "422" not in each and "400" not in each]


async def test_a_bots_card_buttons_and_form_work_on_both_sides(
    server: MynaServer, operator_token: str, widget: Widget, visitor: Person, operator: Person
) -> None:
    dashboard = Dashboard(operator.page)
    await claim(widget, dashboard, server, "about order 7")
    conversation = operator.page.url.rsplit("/", 1)[-1]
    made = call(
        server, operator_token, "POST", "/v1/bots", {"name": "Order bot", "handle": f"b{time.monotonic_ns()}"}
    )
    bot, key = made["bot"]["id"], made["token"]["key"]
    call(server, operator_token, "PUT", f"/v1/bots/{bot}/installations/{conversation}", {})
    panel = operator.page.locator("[data-testid=panel][data-name=bots]")
    await expect(panel).to_contain_text("Order bot")
    body = {
        "card": {"title": "Order 7", "text": "On its way", "fields": [{"label": "Carrier", "value": "DHL"}]},
        "buttons": [[{"label": "Refund", "action": "refund", "value": "7", "style": "danger"}]],
        "form": {
            "id": "address",
            "title": "Another address?",
            "fields": [
                {"name": "street", "label": "Street", "kind": "text", "required": True},
                {"name": "count", "label": "Parcels", "kind": "number", "min": 1, "max": 5},
            ],
        },
    }
    path = f"/v1/bot/conversations/{conversation}/messages"
    call(server, key, "POST", path, body, **{"Idempotency-Key": "card-1"})
    for place in (widget.frame, operator.page.get_by_test_id("thread")):
        await expect(place.get_by_test_id("card")).to_contain_text("DHL")
    await visitor.shoot("widget-card")
    await operator.shoot("dashboard-card")
    frame = next(each for each in visitor.page.frames if "/widget/frame" in each.url)
    assert await violations(frame) == []
    assert await violations(operator.page) == []
    await widget.frame.get_by_test_id("action").click()
    form = widget.frame.get_by_test_id("form")
    await form.get_by_label("Street").fill("1 High Street")
    await form.get_by_label("Parcels").fill("9")
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_role("status")).to_contain_text("Parcels")
    await form.get_by_label("Parcels").fill("2")
    await form.get_by_role("button", name="Send").click()
    await expect(form).to_contain_text("Thank you.")
    heard = call(server, key, "GET", "/v1/bot/updates?wait=0")
    events = {each["type"]: each["data"] for each in heard["events"]}
    assert events["action.clicked"]["value"] == "7"
    assert events["form.submitted"]["values"] == {"street": "1 High Street", "count": 2}
    visitor.faults[:] = [each for each in visitor.faults if "400" not in each]
    await operator.page.get_by_test_id("action").click()
    theirs = operator.page.get_by_test_id("form")
    await theirs.get_by_label("Street").fill("2 Low Street")
    await theirs.get_by_role("button", name="Send").click()
    await expect(theirs).to_contain_text("Thank you.")
    heard = call(server, key, "GET", f"/v1/bot/updates?wait=0&cursor={heard['cursor']}")
    (clicked, sent) = (each["data"] for each in heard["events"])
    assert (clicked["action"], clicked["user"]["name"], clicked["value"]) == ("refund", "Ana", "7")
    assert sent["values"] == {"street": "2 Low Street", "count": None}
    async with httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False) as http:
        chat = {"chat_id": str(-(10**12 + int(conversation)))}
        photo = {"photo": ("tent.png", picture(), "image/png")}
        assert (await http.post(f"/bot{key}/sendPhoto", data=chat, files=photo)).json()["ok"]
    for place in (widget.frame, operator.page.get_by_test_id("thread")):
        shown = place.get_by_test_id("file").locator("img")
        await expect(shown).to_be_visible()
        await expect(shown).to_have_js_property("naturalWidth", 640)


async def test_a_bots_page_says_what_it_is_and_sends_again_what_was_given_up(
    server: MynaServer, operator_token: str, operator: Person, tmp_path: Path
) -> None:
    page, handle = operator.page, f"b{time.monotonic_ns()}"
    dashboard = Dashboard(page)
    await dashboard.sign_in(server)
    await dashboard.go("bots")
    await page.get_by_test_id("bot-name").fill("Tent bot")
    await page.get_by_test_id("bot-handle").fill(handle)
    await page.get_by_test_id("make-bot").click()
    await expect(page.get_by_test_id("secret")).to_be_visible()
    await page.keyboard.press("Escape")
    card = page.get_by_test_id("bot").filter(has_text=f"@{handle}")
    async with page.expect_response(lambda reply: reply.url.endswith("/webhook")):
        await card.get_by_test_id("bot-open").click()
    await card.get_by_test_id("profile-about").fill("Knows tents.")
    await expect(page.get_by_test_id("toasts")).to_have_text("")
    await card.get_by_test_id("profile-commands").fill("/tent Which tent?\npeg")
    photo = tmp_path / "tent.png"
    photo.write_bytes(picture())
    await card.get_by_test_id("profile-photo").set_input_files(photo)
    await card.get_by_test_id("profile-save").click()
    await expect(card.get_by_test_id("bot-photo")).to_be_visible()
    await expect(card).to_contain_text("Knows tents.")
    bots = call(server, operator_token, "GET", "/v1/bots")["bots"]
    (bot,) = (each for each in bots if each["handle"] == handle)
    assert bot["commands"] == [{"name": "tent", "help": "Which tent?"}, {"name": "peg", "help": ""}]

    async with receiver() as inbox:
        inbox.answer = lambda _: (500, {}, b"")
        await card.get_by_test_id("bot-webhook").fill(inbox.url)
        await card.get_by_test_id("save-webhook").click()
        await expect(page.get_by_test_id("secret-value")).to_contain_text("whsec_")
        await page.keyboard.press("Escape")
        asked = {"kind": "direct", "user": bot["id"]}
        direct = await asyncio.to_thread(call, server, operator_token, "POST", "/v1/conversations", asked)
        said, path = {"body": {"text": "hello"}}, f"/v1/conversations/{direct['id']}/messages"
        await asyncio.to_thread(
            lambda: call(server, operator_token, "POST", path, said, **{"Idempotency-Key": handle})
        )
        await inbox.wait_for(1)
        await asyncio.to_thread(give_up, server, int(bot["id"]))
        await card.get_by_test_id("bot-open").click()
        await card.get_by_test_id("bot-open").click()
        letters = card.get_by_test_id("dead-letter")
        await expect(letters).to_contain_text("500")
        count = await letters.count()
        assert await violations(page) == []
        await operator.shoot("dashboard-bot")
        inbox.answer = lambda _: (200, {}, b"")
        heard = len(inbox.requests)
        await card.get_by_test_id("replay-all").click()
        await expect(letters).to_have_count(0)
        again = (await inbox.wait_for(heard + count))[heard:]
        assert {each.json["bot"] for each in again} == {bot["id"]}
    # A bot without a webhook has none to be read: an answer of the server, and no fault of the page.
    operator.faults[:] = [each for each in operator.faults if "/webhook" not in each]


def give_up(server: MynaServer, bot: int) -> None:
    """What six hours of failures come to, without waiting for them."""
    until = time.monotonic() + 30
    with contextlib.closing(sqlite3.connect(next(server.data.glob("*.db")), timeout=30)) as database:
        while True:
            words = "UPDATE bot_delivery SET state = 'dead' WHERE bot = ? AND status = 500"
            done = database.execute(words, (bot,)).rowcount
            database.commit()
            if done:
                return
            assert time.monotonic() < until, "no delivery has failed"
            time.sleep(0.05)


async def test_first_questions_are_asked_and_reach_the_operator(
    server: MynaServer, operator_token: str, visitor: Person, operator: Person
) -> None:
    dashboard, page = Dashboard(operator.page), operator.page
    await dashboard.sign_in(server)
    await dashboard.go("settings")
    await page.get_by_test_id("add-question").click()
    await page.get_by_test_id("question").fill("Your name")
    await page.get_by_test_id("add-question").click()
    await page.get_by_test_id("question").nth(1).fill("E-mail")
    await page.get_by_test_id("question-kind").nth(1).select_option("email")
    await page.get_by_test_id("save-prechat").click()
    await expect(page.get_by_test_id("toasts")).to_contain_text("Saved")
    try:
        await visitor.page.goto(f"{server.url}/demo")
        widget = Widget(visitor.page)
        await widget.open()
        form = widget.frame.get_by_test_id("form")
        await expect(widget.frame.get_by_test_id("composer")).to_be_hidden()
        await visitor.shoot("widget-questions")
        await form.get_by_label("Your name").fill("Ada")
        await form.get_by_label("E-mail").fill("ada@example.org")
        await form.get_by_role("button").click()
        await widget.say("I want a human, please")
        await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
        await dashboard.go("inbox")
        await page.get_by_test_id("ticket").filter(has_text="Ada").first.click()
        await expect(page.get_by_test_id("side")).to_contain_text("ada@example.org")
    finally:
        call(server, operator_token, "PATCH", "/v1/inboxes/demo", {"prechat": []})


async def test_out_of_hours_a_message_can_be_left(
    server: MynaServer, operator_token: str, visitor: Person
) -> None:
    inbox = await _inbox_id(server, operator_token)
    staffing = call(server, operator_token, "GET", f"/v1/inboxes/{inbox}/staffing")
    closed = {"timezone": "UTC", "week": {"mon": []}}
    call(server, operator_token, "PUT", f"/v1/inboxes/{inbox}/staffing", staffing | closed)
    try:
        await visitor.page.goto(f"{server.url}/demo")
        widget = Widget(visitor.page)
        await widget.open()
        await widget.say("I want a human")
        await widget.frame.get_by_test_id("offer-leave_message").click()
        form = widget.frame.get_by_test_id("form")
        await form.get_by_label("Your message").fill("My tent pole broke.")
        await form.get_by_label("E-mail").fill("ada@example.org")
        await visitor.shoot("widget-leave-message")
        await form.get_by_role("button").click()
        await expect(form).to_contain_text("Thank you.")
        await expect(widget.mine.last).to_contain_text("My tent pole broke.")
    finally:
        call(server, operator_token, "PUT", f"/v1/inboxes/{inbox}/staffing", staffing)


async def test_an_agents_form_is_filled_in_and_reaches_the_operator(
    server: MynaServer, operator_token: str, visitor: Person, operator: Person
) -> None:
    (agent, *_) = call(server, operator_token, "GET", "/v1/agents")["agents"]
    versions = f"/v1/agents/{agent['id']}/versions"

    def answers_as(body: dict[str, Any]) -> None:
        number = call(server, operator_token, "POST", versions, {"body": body})["number"]
        call(server, operator_token, "POST", f"{versions}/{number}/publish", {"override": "to show a form"})

    before = call(server, operator_token, "GET", f"/v1/agents/{agent['id']}")["body"]
    form = {
        "kind": "form", "name": "send_back", "description": "Register a parcel.", "title": "Send a tent back",
        "fields": [{"name": "order", "label": "Order number", "required": True, "max_length": 5}],
        "words": ["my tent goes back"],
    }  # fmt: skip
    answers_as(before | {"tools": [form]})
    try:
        await visitor.page.goto(f"{server.url}/demo")
        widget = Widget(visitor.page)
        await widget.open()
        await widget.say("Hi, my tent goes back")
        shown = widget.frame.get_by_test_id("form")
        await expect(shown).to_contain_text("Send a tent back", timeout=STARTED_MS)
        await visitor.shoot("widget-agents-form")
        await shown.get_by_label("Order number").fill("T-1")
        await shown.get_by_role("button", name="Send").click()
        await expect(widget.mine.last).to_contain_text("Order number: T-1")
        await expect(shown).to_have_count(0)
        await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
        dashboard = Dashboard(operator.page)
        await dashboard.sign_in(server)
        await open_newest(operator.page)
        await expect(dashboard.message("Order number: T-1")).to_be_visible()
        await expect(operator.page.get_by_test_id("side")).to_contain_text("The customer sent a form")
        await operator.shoot("dashboard-agents-form")
    finally:
        answers_as(before)


async def _inbox_id(server: MynaServer, token: str) -> str:
    conversations = call(server, token, "GET", "/v1/tickets?view=open&limit=1")["tickets"]
    return str(conversations[0]["inbox"])


async def test_a_signed_visitor_finds_the_conversation_on_another_device(
    server: MynaServer, operator_token: str, visitor: Person, operator: Person, site: HostSite
) -> None:
    made = call(server, operator_token, "PUT", "/v1/inboxes/demo/identity", {"renew": True})
    claims = {"sub": "customer-7", "aud": "demo", "exp": time.time() + 600, "name": "Ada Lovelace"}
    token = jwt.encode(claims, made["secret"], algorithm="HS256")  # pyright: ignore[reportUnknownMemberType]
    address = site.page(
        "/",
        f'<body><script async src="{server.url}/widget.js" data-inbox="demo" data-identity="{token}"></script>',
    )
    await visitor.page.goto(address)
    first = Widget(visitor.page)
    await first.open()
    await first.say("How much is shipping?")
    await expect(first.mine).to_have_attribute("data-state", "sent", timeout=STARTED_MS)
    # Another browser: the same person, so the same conversation.
    await operator.page.goto(address)
    second = Widget(operator.page)
    await second.open()
    await expect(second.mine).to_contain_text("How much is shipping?")
    await operator.page.evaluate("myna('reset')")
    await expect(second.mine).to_have_count(0)


async def test_a_site_moves_from_chatwoot_by_changing_an_address(
    server: MynaServer, visitor: Person, site: HostSite
) -> None:
    snippet = """<body><script>
      window.chatwootSettings = { position: "left", darkMode: "light" };
      window.heard = [];
      for (const name of ["ready", "opened", "on-message"]) addEventListener("chatwoot:" + name, () => heard.push(name));
      (function (d, t) {
        var g = d.createElement(t), s = d.getElementsByTagName(t)[0];
        g.src = "%s/packs/js/sdk.js"; g.async = true; s.parentNode.insertBefore(g, s);
        g.onload = function () { window.chatwootSDK.run({ websiteToken: "demo", baseUrl: "%s" }); };
      })(document, "script");
    </script></body>"""
    await visitor.page.goto(site.page("/", snippet % (server.url, server.url)))
    await expect(visitor.page.get_by_test_id("myna-launcher")).to_be_visible()
    await visitor.page.evaluate("$chatwoot.toggle('open')")
    widget = Widget(visitor.page)
    await expect(widget.frame.get_by_test_id("greeting")).to_be_visible()
    await widget.ask("How long does delivery take?")
    assert await visitor.page.evaluate("heard") == ["ready", "opened", "on-message"]
    assert await visitor.page.evaluate("$chatwoot.isOpen") is True
    await visitor.page.evaluate("$chatwoot.toggleBubbleVisibility('hide')")
    await expect(visitor.page.get_by_test_id("myna-launcher")).to_be_hidden()


async def test_words_from_right_to_left_stand_right_to_left(widget: Widget) -> None:
    await widget.say("שלום, איפה החבילה שלי?")
    direction = await widget.mine.last.locator(".bubble").evaluate("node => getComputedStyle(node).direction")
    assert direction == "rtl"
