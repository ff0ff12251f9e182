"""What a team sets up for itself, and finds again: search, labels, macros, hours, who is here."""

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


async def test_a_message_is_found_and_its_visitor_is_shown_as_here(
    widget: Widget, dashboard: Dashboard, operator: Person
) -> None:
    page = operator.page
    await widget.say("I want a human about the marmalade stove")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    hits = await dashboard.find("marmalade")
    await expect(hits.first).to_contain_text("marmalade")
    await operator.shoot("dashboard-search")
    assert await violations(page) == []
    await hits.first.click()
    await expect(dashboard.message("marmalade stove").first).to_be_visible()
    await dashboard.go("contacts")
    await page.get_by_test_id("contacts-live").click()
    await expect(page.get_by_test_id("live").first).to_be_visible()
    await operator.shoot("dashboard-live")


async def test_a_macro_replies_labels_and_resolves(
    widget: Widget, dashboard: Dashboard, operator: Person
) -> None:
    page = operator.page
    await dashboard.go("settings")
    await page.get_by_test_id("label-name").fill("Repairs")
    await page.get_by_test_id("label-add").click()
    await expect(page.get_by_test_id("label")).to_contain_text("Repairs")
    await page.get_by_test_id("macro-name").fill("Mended")
    await page.get_by_test_id("macro-text").fill("It is mended, {{customer.name}}.")
    await page.get_by_test_id("macro-more").click()
    await page.get_by_test_id("macro-step").nth(1).select_option("label")
    await page.get_by_test_id("macro-save").click()
    await expect(page.get_by_test_id("macro")).to_contain_text("Mended")
    await operator.shoot("dashboard-desk-settings")
    assert await violations(page) == []
    await widget.say("I want a human about my zip")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await dashboard.go("inbox")
    await page.get_by_test_id("view-queue").click()
    await open_newest(page)
    await expect(dashboard.message("my zip").first).to_be_visible()
    await page.get_by_test_id("take-over").click()
    await page.get_by_test_id("run-macro").click()
    await expect(widget.answers.last).to_contain_text("It is mended, Visitor")
    await expect(page.get_by_test_id("put-label")).to_have_attribute("aria-pressed", "true")


async def test_hours_are_kept_and_wrong_ones_are_refused(dashboard: Dashboard, operator: Person) -> None:
    page = operator.page
    await dashboard.go("settings")
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        await page.get_by_test_id(f"hours-{day}").fill("00:00-23:59")
    await page.get_by_test_id("save-staffing").click()
    await expect(page.get_by_test_id("toasts")).to_contain_text("Saved")
    await page.reload()
    await expect(page.get_by_test_id("hours-mon")).to_have_value("00:00-23:59")
    await page.get_by_test_id("hours-mon").fill("18:00-09:00")
    await page.get_by_test_id("save-staffing").click()
    await expect(page.get_by_test_id("toasts")).to_contain_text("That did not work")
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        await page.get_by_test_id(f"hours-{day}").fill("")
    await page.get_by_test_id("save-staffing").click()
    await expect(page.get_by_test_id("toasts")).to_contain_text("Saved")
    operator.faults[:] = [each for each in operator.faults if "400" not in each]


async def test_what_was_resolved_by_mistake_is_undone_and_an_answer_quotes_and_is_pinned(
    widget: Widget, dashboard: Dashboard, operator: Person
) -> None:
    page = operator.page
    await widget.say("I want a human about two tents")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await page.get_by_test_id("view-queue").click()
    await open_newest(page)
    await expect(dashboard.message("two tents").first).to_be_visible()
    await page.get_by_test_id("take-over").click()
    asked = dashboard.message("two tents").first
    await asked.hover()
    await asked.get_by_test_id("answer").click()
    await expect(page.get_by_test_id("reply-bar")).to_contain_text("two tents")
    await dashboard.say("Both are in stock.")
    mine = dashboard.message("Both are in stock.")
    await expect(mine.get_by_test_id("quoted")).to_contain_text("two tents")
    await mine.hover()
    await mine.get_by_test_id("pin").click()
    await expect(page.get_by_test_id("pins")).to_contain_text("Both are in stock.")
    await operator.shoot("dashboard-reply-and-pin")
    assert await violations(page) == []
    await page.get_by_test_id("unpin").click()
    await expect(page.get_by_test_id("pins")).to_have_count(0)
    await page.get_by_test_id("resolve").click()
    await expect(page.get_by_test_id("ticket-status")).to_have_text("Resolved")
    await page.get_by_test_id("toast-act").click()
    await expect(page.get_by_test_id("ticket-status")).to_have_text("Open")
    await expect(page.get_by_test_id("ticket-owner")).to_contain_text("You answer")
