"""The main job: a customer asks and gets a cited answer, a person takes over, spam is held."""

import json
import re
from typing import Any

import pytest
from playwright.async_api import expect

from support.axe import violations
from support.browser import Person
from support.myna_server import MynaServer
from support.pages import STARTED_MS, Dashboard, Widget

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
async def widget(demo_server: MynaServer, visitor: Person) -> Widget:
    await visitor.page.goto(f"{demo_server.url}/demo")
    await expect(visitor.page.get_by_test_id("product").first).to_be_visible()
    await visitor.shoot("demo")
    widget = Widget(visitor.page)
    await widget.open()
    return widget


@pytest.fixture
async def dashboard(demo_server: MynaServer, operator: Person) -> Dashboard:
    await operator.page.goto(f"{demo_server.url}/dashboard/")
    await operator.shoot("sign-in")
    dashboard = Dashboard(operator.page)
    await dashboard.sign_in(demo_server)
    return dashboard


@pytest.mark.parametrize(
    ("lang", "question", "said", "quoted"),
    [
        ("en", "How long do I have to return something?", "45 days", "You have 45 days from delivery"),
        ("zh", "充电宝能带上飞机吗？", "74 Wh", "74 Wh"),
    ],
)
async def test_a_question_gets_a_cited_answer_whose_citation_opens_the_quoted_passage(
    widget: Widget, visitor: Person, lang: str, question: str, said: str, quoted: str
) -> None:
    answer = await widget.ask(question)
    await expect(answer).to_contain_text(said)
    await visitor.shoot(f"widget-answer-{lang}")
    await answer.get_by_test_id("citation").first.click()
    passage = widget.frame.get_by_test_id("passage")
    await expect(passage.locator("mark")).to_contain_text(quoted)
    await visitor.shoot(f"widget-passage-{lang}")
    await visitor.page.keyboard.press("Escape")
    await expect(passage).to_have_count(0)
    await expect(widget.frame.get_by_test_id("composer")).to_be_visible()


async def test_an_answer_is_streamed_into_one_row(demo_server: MynaServer, visitor: Person) -> None:
    frames: list[dict[str, Any]] = []

    def keep(received: str | bytes) -> None:
        heard = json.loads(received)
        frames.extend(heard if isinstance(heard, list) else [heard])

    visitor.page.on("websocket", lambda socket: socket.on("framereceived", keep))
    await visitor.page.goto(f"{demo_server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    answer = await widget.ask("How long does delivery take?")
    await expect(widget.answers).to_have_count(1)
    opened = [each for each in frames if each["op"] == "event" and each["data"].get("state") == "streaming"]
    assert len(opened) == 1
    pieces = [each for each in frames if each["op"] == "delta" and each["seq"] == opened[0]["seq"]]
    streamed = "".join(each["text"] for each in sorted(pieces, key=lambda each: each["offset"]))
    assert "working days" in streamed
    await expect(answer).to_contain_text(streamed.split(".")[0])


async def test_what_nobody_wrote_down_is_admitted_and_a_person_is_offered(
    widget: Widget, visitor: Person
) -> None:
    answer = await widget.ask("Who won the football world cup in 1998?")
    await expect(answer.get_by_test_id("citation")).to_have_count(0)
    offer = answer.get_by_test_id("offer-hand_off")
    await expect(offer).to_be_visible()
    await visitor.shoot("widget-unknown")
    await offer.click()
    # It says what to expect, too, where that is known: another test may have made somebody available.
    told = re.compile("Passed on to the team|bringing in a colleague")
    await expect(widget.frame.get_by_test_id("notice")).to_contain_text(told)
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")


async def test_a_person_takes_over_answers_and_gives_back(
    widget: Widget, dashboard: Dashboard, visitor: Person, operator: Person
) -> None:
    question = "Can I exchange something for another size?"
    await widget.ask(question)
    await dashboard.open_ticket()
    await expect(dashboard.message(question).first).to_be_visible()
    await expect(operator.page.get_by_test_id("locked")).to_contain_text("Take over to reply")

    await widget.say("I want a human")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await expect(dashboard.message("I want a human")).to_be_visible()
    await expect(operator.page.get_by_test_id("owner").first).to_contain_text("Waiting for a person")
    await operator.shoot("dashboard-queue")

    await operator.page.get_by_test_id("take-over").click()
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Ana is here")
    await dashboard.say("Hello, I am Ana. Which size do you need?")
    await expect(widget.answers.last).to_contain_text("Which size do you need?")
    said = await widget.answers.count()
    await widget.say("How much is shipping?")
    await expect(dashboard.message("How much is shipping?")).to_be_visible()
    await visitor.shoot("widget-person")
    await operator.shoot("dashboard-conversation")

    # While a person has the conversation, the agent says nothing.
    assert await widget.answers.count() == said
    await dashboard.say("Exchanges go free of charge.")
    await expect(widget.answers.last).to_contain_text("free of charge")
    await operator.page.get_by_test_id("give-back").click()
    await expect(widget.frame.get_by_test_id("notice").last).to_contain_text("The assistant answers again")
    answer = await widget.ask("How long do I have to return something?")
    await expect(answer).to_contain_text("45 days")
    await operator.page.get_by_test_id("resolve").click()
    await expect(widget.frame.get_by_test_id("banner")).to_contain_text("closed")


SPAM = "EARN $5000 PER WEEK from home!!! Click http://bit.ly/free-crypto-money and join telegram @fastcash"
SPAM_TOO = "加微信 vx888666 领取免费赌场筹码，日赚5000，点击 http://bit.ly/win-big-now 立即注册"


async def test_spam_of_a_visitor_is_held_until_somebody_decides(
    widget: Widget, dashboard: Dashboard, operator: Person
) -> None:
    await widget.say(SPAM)
    await expect(widget.frame.get_by_test_id("held-note")).to_be_visible()
    await dashboard.go("review")
    card = dashboard.held(SPAM)
    await expect(card).to_be_visible()
    await operator.shoot("dashboard-review")
    await card.get_by_test_id("allow").click()
    await expect(widget.frame.get_by_test_id("held-note")).to_have_count(0)
    await expect(widget.mine.last).to_have_attribute("data-state", "sent")

    await widget.say(SPAM_TOO)
    await expect(widget.mine.last).to_have_attribute("data-state", "held")
    await dashboard.held(SPAM_TOO).get_by_test_id("block").click()
    await expect(widget.mine.last).to_contain_text("a moderator blocked this message")


async def test_spam_in_a_group_is_held_and_blocked_and_its_sender_may_ask_for_a_review(
    demo_server: MynaServer, dashboard: Dashboard, operator: Person, visitor: Person
) -> None:
    tom = Dashboard(visitor.page)
    await tom.arrive_as(demo_server, "tom")
    for each in (tom, dashboard):
        await each.go("groups")
        await each.page.get_by_test_id("group").filter(has_text="Trail talk").click()
    await tom.say("The path by the lake is dry again, boots not needed.")
    await expect(dashboard.message("path by the lake is dry")).to_be_visible()
    await operator.shoot("dashboard-group")
    await tom.say(SPAM_TOO)
    await expect(tom.message("vx888666")).to_have_attribute("data-state", "held")
    await dashboard.go("review")
    await dashboard.held("vx888666").get_by_test_id("block").click()
    await expect(tom.message("vx888666")).to_contain_text("Blocked by a moderator")
    await dashboard.go("groups")
    await dashboard.page.get_by_test_id("group").filter(has_text="Trail talk").click()
    await expect(dashboard.message("path by the lake is dry")).to_be_visible()
    await expect(dashboard.message("vx888666")).to_have_count(0)

    # Its sender asks for a review where the message stands, and reads the answer there and among their own messages.
    await tom.message("vx888666").get_by_test_id("ask-review").click()
    await visitor.page.get_by_test_id("appeal-text").fill("I only quote what I was sent.")
    await visitor.shoot("dashboard-ask-review")
    assert await violations(visitor.page) == []
    await visitor.page.get_by_test_id("appeal-send").click()
    await expect(visitor.page.get_by_test_id("toasts")).to_contain_text("look at it again")
    await expect(tom.message("vx888666").get_by_test_id("ask-review")).to_have_count(0)
    await dashboard.go("review")
    await operator.page.get_by_test_id("review-appeals").click()
    asked = operator.page.get_by_test_id("appeal").filter(has_text="I only quote what I was sent.")
    await asked.get_by_test_id("appeal-answer").fill("Please leave the account out.")
    await asked.get_by_test_id("appeal-reject").click()
    await expect(tom.message("vx888666")).to_contain_text("Please leave the account out.")
    await tom.go("settings")
    mine = visitor.page.get_by_test_id("mine").filter(has_text="vx888666")
    await expect(mine.get_by_test_id("mine-appeal")).to_contain_text("Please leave the account out.")
    await expect(mine.get_by_test_id("ask-review")).to_have_count(0)
    await visitor.shoot("dashboard-my-messages")
    assert await violations(visitor.page) == []


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_the_pages_speak_the_language_that_was_chosen(
    demo_server: MynaServer, visitor: Person, lang: str
) -> None:
    await visitor.page.goto(f"{demo_server.url}/demo")
    if lang == "zh":
        await visitor.page.get_by_test_id("language").click()
    widget = Widget(visitor.page)
    await widget.open()
    greeting = widget.frame.get_by_test_id("greeting")
    await expect(greeting).to_contain_text("您好" if lang == "zh" else "Hi, I'm Kes")
    await widget.frame.get_by_test_id("suggestion").first.click()
    await expect(widget.answers.first).to_have_attribute("data-state", "sent", timeout=STARTED_MS)
    await expect(widget.answers.first).to_contain_text(re.compile(r"\d"))
    await visitor.shoot(f"widget-suggestion-{lang}")
