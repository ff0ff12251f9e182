"""What operators do all day, by mouse and by keyboard, and what visitors see of it."""

import pytest
from playwright.async_api import expect

from support.axe import violations
from support.browser import Person
from support.myna_server import MynaServer
from support.pages import Dashboard, Widget, open_newest

pytestmark = pytest.mark.needs("chromium", "node")


@pytest.fixture
async def widget(demo_server: MynaServer, visitor: Person) -> Widget:
    await visitor.page.goto(f"{demo_server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    return widget


@pytest.fixture
async def dashboard(demo_server: MynaServer, operator: Person) -> Dashboard:
    dashboard = Dashboard(operator.page)
    await dashboard.sign_in(demo_server)
    return dashboard


async def test_a_day_by_keyboard_alone(widget: Widget, dashboard: Dashboard, operator: Person) -> None:
    await widget.say("I want a human, my zip is stuck")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    page, keys = operator.page, operator.page.keyboard
    await expect(page.get_by_test_id("ticket").first).to_contain_text("Waiting for a person")
    await keys.press("j")
    await expect(dashboard.message("my zip is stuck")).to_be_visible()
    await keys.press("n")
    await expect(page.get_by_test_id("composer")).to_be_focused()
    await keys.type("She bought it in May, be generous.")
    await keys.press("Enter")
    await expect(page.get_by_test_id("note")).to_contain_text("be generous")
    await keys.press("Escape")
    await keys.press("t")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Ana is here")
    await expect(page.get_by_test_id("composer")).to_be_focused()
    await keys.press("Escape")
    await keys.press("r")
    await expect(page.get_by_test_id("composer")).to_be_focused()
    await keys.type("We will mend it for free.")
    await keys.press("Enter")
    await expect(widget.answers.last).to_contain_text("mend it for free")
    await operator.shoot("dashboard-note")
    await keys.press("Escape")
    await keys.press("?")
    await expect(page.get_by_test_id("keys")).to_contain_text("Resolve")
    await expect(page.get_by_test_id("keys")).to_be_visible()
    await keys.press("Escape")
    # The page hears that the dialog has closed a moment later, and keys are the dialog's until then.
    await expect(page.get_by_test_id("keys")).to_have_count(0)
    await keys.press("Control+k")
    await page.get_by_test_id("palette-input").fill("resolve")
    await keys.press("Enter")
    await expect(page.get_by_test_id("ticket-status")).to_have_text("Resolved")
    # The colleagues' note reached nobody else.
    await expect(widget.frame.get_by_text("be generous")).to_have_count(0)


async def test_a_snoozed_conversation_is_put_away_and_comes_back_with_the_customer(
    widget: Widget, dashboard: Dashboard, operator: Person
) -> None:
    await widget.say("I want a human, the tent arrives on Friday")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    page = operator.page
    await open_newest(page)
    await expect(dashboard.message("arrives on Friday")).to_be_visible()
    here = page.get_by_test_id("ticket").and_(page.locator("[aria-current=true]"))
    await expect(here).to_have_count(1)
    await page.keyboard.press("z")
    await operator.shoot("dashboard-snooze")
    assert await violations(page) == []
    await page.get_by_test_id("snooze-own").fill("2020-01-01T09:00")
    await page.get_by_test_id("snooze-set").click()
    await expect(page.get_by_test_id("snooze-dialog")).to_be_visible()
    await page.get_by_test_id("snooze.tomorrow").click()
    await expect(page.get_by_test_id("asleep")).to_contain_text("Snoozed until")
    await expect(here).to_have_count(0)
    await page.get_by_test_id("view-asleep").click()
    await expect(here).to_have_count(1)
    await operator.shoot("dashboard-asleep")
    assert await violations(page) == []
    await page.get_by_test_id("wake").click()
    await expect(page.get_by_test_id("asleep")).to_have_count(0)
    await page.keyboard.press("z")
    await page.get_by_test_id("snooze.hour").click()
    await expect(page.get_by_test_id("asleep")).to_be_visible()
    await page.get_by_test_id("view-open").click()
    await expect(here).to_have_count(0)
    await widget.say("It is here already")
    await expect(page.get_by_test_id("asleep")).to_have_count(0)
    await expect(here).to_have_count(1)


async def test_what_visitors_think_reaches_the_operators(
    widget: Widget, dashboard: Dashboard, visitor: Person, operator: Person
) -> None:
    answer = await widget.ask("How long does delivery take?")
    await answer.get_by_test_id("vote-yes").click()
    await expect(answer.get_by_test_id("vote")).to_have_text("Thank you.")
    await dashboard.open_ticket()
    await operator.page.get_by_test_id("resolve").click()
    form = widget.frame.get_by_test_id("rate")
    await expect(form).to_be_visible()
    await form.get_by_label("4 / 5").check()
    await form.get_by_label("What could be better?").fill("A little slow")
    await visitor.shoot("widget-rating")
    await form.get_by_role("button", name="Send").click()
    await expect(form).to_contain_text("Thank you.")
    await operator.page.reload()
    await expect(operator.page.get_by_test_id("vote")).to_contain_text("helped")
    await expect(operator.page.get_by_test_id("rating")).to_contain_text("★★★★☆ A little slow")
    await dashboard.go("reports")
    await expect(operator.page.get_by_test_id("tiles")).to_contain_text("4.0")
    await expect(operator.page.get_by_test_id("plot")).to_have_count(4)
    await operator.shoot("dashboard-reports")


async def test_a_prepared_reply_is_kept_and_inserted_with_the_visitors_name(
    widget: Widget, dashboard: Dashboard, operator: Person
) -> None:
    page = operator.page
    await dashboard.go("settings")
    await page.get_by_test_id("reply-shortcut").fill("hello")
    await page.get_by_test_id("reply-text").fill("Hello {{name}}, how can I help?")
    await page.get_by_test_id("save-reply").click()
    await expect(page.get_by_test_id("reply").filter(has_text="/hello")).to_be_visible()
    await widget.say("I want a human for my parcel")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await dashboard.go("inbox")
    await page.get_by_test_id("view-queue").click()
    await open_newest(page)
    await expect(dashboard.message("my parcel")).to_be_visible()
    await page.get_by_test_id("take-over").click()
    await page.get_by_test_id("composer").fill("/hel")
    await expect(page.get_by_test_id("prepared-reply")).to_have_count(1)
    await operator.shoot("dashboard-prepared-reply")
    await page.keyboard.press("Enter")
    name = await page.get_by_test_id("side").locator("dd").first.text_content()
    await expect(page.get_by_test_id("composer")).to_have_value(f"Hello {name}, how can I help?")
    await page.keyboard.press("Enter")
    await expect(widget.answers.last).to_contain_text(f"Hello {name}")


async def test_an_unsent_text_waits_in_its_own_conversation(
    widget: Widget, dashboard: Dashboard, operator: Person
) -> None:
    await widget.say("I want a human for a refund")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    page = operator.page
    await page.get_by_test_id("view-queue").click()
    await open_newest(page)
    await expect(dashboard.message("for a refund")).to_be_visible()
    await page.get_by_test_id("take-over").click()
    await page.get_by_test_id("composer").fill("Half a sen")
    await dashboard.go("groups")
    await page.get_by_test_id("group").first.click()
    await expect(page.get_by_test_id("composer")).to_have_value("")
    await page.go_back()
    await page.go_back()
    await expect(page.get_by_test_id("composer")).to_have_value("Half a sen")
    await page.reload()
    await expect(page.get_by_test_id("composer")).to_have_value("Half a sen")


async def test_a_contact_leads_to_the_conversation(
    widget: Widget, dashboard: Dashboard, operator: Person
) -> None:
    await widget.ask("How much is shipping?")
    page = operator.page
    await dashboard.go("contacts")
    await expect(page.get_by_test_id("contact").first).to_be_visible()
    await page.get_by_test_id("contact-search").fill("visitor")
    await page.get_by_test_id("contact").first.click()
    await expect(dashboard.message("How much is shipping?").first).to_be_visible()
    await dashboard.go("contacts")
    await page.get_by_test_id("contact-search").fill("nobody of this name")
    await expect(page.get_by_test_id("empty")).to_contain_text("Nothing found")


async def test_a_changed_greeting_is_what_the_next_visitor_reads(
    demo_server: MynaServer, dashboard: Dashboard, operator: Person, visitor: Person
) -> None:
    page = operator.page
    await dashboard.go("settings")
    greeting = page.get_by_test_id("greeting-en")
    before = await greeting.input_value()
    await greeting.fill(f"{before} Welcome to the sale!")
    await page.get_by_test_id("origins").fill("not an origin")
    await page.get_by_test_id("save-inbox").click()
    await expect(page.get_by_test_id("toasts")).to_contain_text("That did not work")
    operator.faults.clear()
    await page.get_by_test_id("origins").fill("")
    await page.get_by_test_id("save-inbox").click()
    await expect(page.get_by_test_id("toasts")).to_contain_text("Saved")
    await visitor.page.goto(f"{demo_server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    await expect(widget.frame.get_by_test_id("greeting")).to_contain_text("Welcome to the sale!")
    await greeting.fill(before)
    await page.get_by_test_id("save-inbox").click()
    await expect(page.get_by_test_id("greeting-en")).to_have_value(before)


async def test_a_message_is_reacted_to_edited_and_taken_back(
    widget: Widget, dashboard: Dashboard, operator: Person
) -> None:
    await widget.say("I want a human about the stove")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    page = operator.page
    await page.get_by_test_id("view-queue").click()
    await open_newest(page)
    await page.get_by_test_id("take-over").click()
    await dashboard.say("Thre days.")
    mine = page.locator("[data-testid=message].mine")
    await mine.hover()
    await mine.get_by_test_id("edit").click()
    await mine.get_by_test_id("edit-text").fill("Three days.")
    await mine.get_by_test_id("edit-save").click()
    await expect(mine).to_contain_text("edited")
    await expect(widget.answers.last).to_contain_text("Three days.")
    theirs = dashboard.message("about the stove").first
    await theirs.hover()
    await theirs.get_by_test_id("react").first.click()
    await expect(theirs.get_by_test_id("reaction")).to_contain_text("1")
    await theirs.get_by_test_id("reaction").click()
    await expect(theirs.get_by_test_id("reaction")).to_have_count(0)
    await mine.hover()
    await mine.get_by_test_id("recall").click()
    await expect(mine).to_contain_text("Message recalled")
    await expect(widget.answers.last).to_contain_text("recalled")


async def test_a_bot_is_made_and_its_key_is_shown_once(dashboard: Dashboard, operator: Person) -> None:
    page = operator.page
    await dashboard.go("bots")
    await page.get_by_test_id("bot-name").fill("Order bot")
    await page.get_by_test_id("bot-handle").fill("order_bot")
    await page.get_by_test_id("make-bot").click()
    key = await page.get_by_test_id("secret-value").inner_text()
    assert len(key) > 20
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("bot").filter(has_text="@order_bot")).to_be_visible()
    assert key not in await page.content()
