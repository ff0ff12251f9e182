"""Saved views of the inbox, names that are called, threads beside a group, and what a visitor can say for a refused message."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from support import myna_server
from support.axe import violations
from support.browser import Person, sit_down
from support.myna_server import MynaServer
from support.openai_provider import Text, openai_provider
from support.pages import STARTED_MS, Dashboard, Widget, has_read, open_newest

pytestmark = pytest.mark.needs("chromium", "node")
SPAM = "加微信 vx777555 领取免费赌场筹码，日赚5000，点击 http://bit.ly/win-now 立即注册"


@pytest.fixture
async def dashboard(demo_server: MynaServer, operator: Person) -> Dashboard:
    dashboard = Dashboard(operator.page)
    await dashboard.sign_in(demo_server)
    return dashboard


async def test_a_view_is_narrowed_kept_and_found_in_the_palette(
    dashboard: Dashboard, operator: Person
) -> None:
    page = operator.page
    await page.get_by_test_id("view-open").click()
    await page.get_by_test_id("filter").click()
    await page.get_by_test_id("filter-owner").select_option(index=1)
    await page.get_by_test_id("view-name").fill("Ana's cases")
    await operator.shoot("dashboard-filter")
    assert await violations(page) == []
    await page.get_by_test_id("apply-filter").click()
    await expect(page.get_by_test_id("filter-dialog")).to_have_count(0)
    saved = page.get_by_test_id("saved-view").filter(has_text="Ana's cases")
    await expect(saved).to_have_attribute("aria-pressed", "true")
    await page.get_by_test_id("clear-filter").click()
    await expect(saved).to_have_attribute("aria-pressed", "false")
    await page.reload()
    await page.keyboard.press("Control+k")
    await page.get_by_test_id("palette-input").fill("Ana's cases")
    await page.keyboard.press("Enter")
    await expect(saved).to_have_attribute("aria-pressed", "true")
    await page.get_by_test_id("filter").click()
    await page.get_by_test_id("remove-view").click()
    await expect(saved).to_have_count(0)


async def test_labels_search_and_giving_away_are_a_key_away(
    demo_server: MynaServer, dashboard: Dashboard, operator: Person, visitor: Person
) -> None:
    page, keys = operator.page, operator.page.keyboard
    await visitor.page.goto(f"{demo_server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    await widget.say("I want a human about a lost glove")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await page.get_by_test_id("view-queue").click()
    await open_newest(page)
    await expect(dashboard.message("lost glove").first).to_be_visible()
    await keys.press("l")
    await expect(page.get_by_test_id("label-dialog")).to_be_visible()
    assert await violations(page) == []
    await keys.press("Escape")
    await expect(page.get_by_test_id("label-dialog")).to_have_count(0)
    await keys.press("a")
    await expect(page.get_by_test_id("assign-dialog")).to_contain_text("only operator here")
    assert await violations(page) == []
    await keys.press("Escape")
    await expect(page.get_by_test_id("assign-dialog")).to_have_count(0)
    await keys.press("s")
    await expect(page.get_by_test_id("search")).to_be_focused()


async def test_a_name_is_called_and_a_thread_stays_beside_the_group(
    demo_server: MynaServer, dashboard: Dashboard, operator: Person, visitor: Person
) -> None:
    tom, page = Dashboard(visitor.page), operator.page
    await tom.arrive_as(demo_server, "tom")
    for each in (tom, dashboard):
        await each.go("groups")
        await each.page.get_by_test_id("group").filter(has_text="Trail talk").click()
    await page.get_by_test_id("composer").fill("@To")
    await expect(page.get_by_test_id("name").first).to_contain_text("Tom")
    await operator.shoot("dashboard-mention")
    await page.keyboard.press("Enter")
    await page.keyboard.type("which tent for two?")
    await page.keyboard.press("Enter")
    called = tom.message("which tent for two?")
    await expect(called).to_be_visible()
    await tom.page.get_by_test_id("groups-mentions").click()
    await expect(tom.page.get_by_test_id("mention").first).to_contain_text("which tent for two?")
    await tom.page.get_by_test_id("groups-all").click()

    await called.hover()
    await called.get_by_test_id("open-thread").click()
    pane = tom.page.get_by_test_id("thread-pane")
    await expect(pane).to_contain_text("which tent for two?")
    await pane.get_by_test_id("thread-composer").fill("The green one.")
    await pane.get_by_test_id("thread-composer").press("Enter")
    await expect(pane.get_by_test_id("message")).to_have_count(2)
    # The group itself is not disturbed; it says that there is a thread.
    await expect(dashboard.message("which tent for two?").get_by_test_id("replies-count")).to_contain_text(
        "1"
    )
    await expect(dashboard.message("The green one.")).to_have_count(0)
    await page.get_by_test_id("replies-count").last.click()
    await expect(page.get_by_test_id("thread-pane")).to_contain_text("The green one.")
    await operator.shoot("dashboard-thread-pane")
    assert await violations(page) == []
    await page.get_by_test_id("thread-composer").fill("Thanks!")
    await page.get_by_test_id("thread-send").click()
    await expect(pane.get_by_test_id("message")).to_have_count(3)
    await page.reload()
    await expect(page.get_by_test_id("replies-count").last).to_contain_text("2")


async def test_a_group_is_named_filled_and_left_and_what_is_new_is_marked(
    demo_server: MynaServer, dashboard: Dashboard, operator: Person, visitor: Person
) -> None:
    nora, page = Dashboard(visitor.page), operator.page
    await nora.arrive_as(demo_server, "nora")
    await dashboard.go("groups")
    await page.get_by_test_id("new-group").click()
    await page.get_by_test_id("group-title").fill("Stand at the fair")
    await page.get_by_test_id("create-group").click()
    await page.get_by_test_id("members").click()
    dialog = page.get_by_test_id("members-dialog")
    await dialog.get_by_test_id("group-rename").fill("Fair in Leeds")
    await dialog.get_by_test_id("group-rename-save").click()
    await expect(page.get_by_test_id("group").filter(has_text="Fair in Leeds")).to_be_visible()
    await dialog.get_by_test_id("seat-find").fill("nor")
    await dialog.get_by_test_id("seat-add").click()
    seat = dialog.get_by_test_id("seat").filter(has_text="Nora")
    await seat.get_by_test_id("seat-role").select_option("moderator")
    await operator.shoot("dashboard-members")
    assert await violations(page) == []
    await page.keyboard.press("Escape")

    hers = visitor.page.get_by_test_id("group").filter(has_text="Fair in Leeds")
    await hers.click()
    await nora.say("Who brings the tent?")
    await dashboard.say("I do.")
    await expect(nora.message("I do.")).to_be_visible()
    await has_read(visitor.page)
    await nora.go("settings")
    await dashboard.say("And the stove.")
    await nora.go("groups")
    await expect(hers).to_contain_text("And the stove.")
    await hers.click()
    # A line stands before the first thing that she has not read.
    line = visitor.page.get_by_test_id("new-line")
    await expect(line).to_have_count(1)
    after = visitor.page.locator("[data-testid=new-line] ~ [data-testid=message]")
    await expect(after.last).to_contain_text("And the stove.")
    await expect(after.filter(has_text="Who brings the tent?")).to_have_count(0)
    await visitor.page.get_by_test_id("members").click()
    own = visitor.page.get_by_test_id("members-dialog")
    await expect(own.get_by_test_id("seat").filter(has_text="Nora")).to_contain_text("Moderator")
    await own.get_by_test_id("group-leave").click()
    await own.get_by_test_id("group-leave").click()
    await expect(hers).to_have_count(0)
    await page.get_by_test_id("members").click()
    await expect(seat).to_have_count(0)
    # Who has no role in the workspace sees none of its people: an answer of the server, and no fault of the page.
    visitor.faults[:] = [each for each in visitor.faults if "/v1/people" not in each]


async def test_a_visitor_asks_for_a_review_of_a_refused_message_and_it_is_granted(
    demo_server: MynaServer, dashboard: Dashboard, operator: Person, visitor: Person
) -> None:
    page = operator.page
    await visitor.page.goto(f"{demo_server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    await widget.say(SPAM)
    await expect(widget.mine.last).to_have_attribute("data-state", "held")
    await dashboard.go("inbox")
    await page.get_by_test_id("view-spam").click()
    await expect(page.get_by_test_id("ticket").first).to_be_visible()
    await operator.shoot("dashboard-spam-view")
    await dashboard.go("review")
    await dashboard.held("vx777555").get_by_test_id("block").click()
    await expect(widget.mine.last).to_contain_text("a moderator blocked this message")
    await widget.frame.get_by_test_id("appeal").click()
    form = widget.frame.get_by_test_id("form")
    await form.get_by_label("Your message").fill("I only quote what somebody sent me.")
    await visitor.shoot("widget-appeal")
    await form.get_by_role("button", name="Send").click()
    await expect(form).to_contain_text("Thank you.")
    await page.get_by_test_id("review-appeals").click()
    card = page.get_by_test_id("appeal").filter(has_text="I only quote")
    await expect(card).to_be_visible()
    await operator.shoot("dashboard-appeal")
    await card.get_by_test_id("appeal-grant").click()
    await expect(widget.mine.last).to_have_attribute("data-state", "sent")


async def test_an_answer_is_stopped_and_asked_for_again(browser: Browser, tmp_path: Path) -> None:
    begun = "You have 45 days from delivery to return something [1]. "
    async with openai_provider() as provider:
        provider.plays(Text((begun, *(f"More {n} [1]. " for n in range(2_000))), pause_s=0.02))
        settings = {"MYNA_MODEL": f"openai:scripted@{provider.url}", "MYNA_EMBEDDER": "none:"}
        with myna_server.serve(tmp_path, "--demo", settings=settings) as server:
            myna_server.wait_for_knowledge(server)
            async with sit_down(browser, "visitor", width=1180, height=820) as visitor:
                await visitor.page.goto(f"{server.url}/demo")
                widget = Widget(visitor.page)
                await widget.open()
                await widget.say("How long do I have to return something?")
                answer = widget.answers.first
                await expect(answer).to_contain_text("45 days", timeout=STARTED_MS)
                await expect(answer).to_have_attribute("data-state", "streaming")
                await visitor.shoot("widget-streaming")
                await answer.get_by_test_id("stop").click()
                await expect(answer).to_have_attribute("data-state", "interrupted")
                await asyncio.wait_for(provider.hung_up.wait(), 30)
                await expect(answer).to_contain_text("45 days")
                await visitor.shoot("widget-stopped")
                provider.plays(Text((begun,)))
                await answer.get_by_test_id("again").click()
                await expect(widget.mine).to_have_count(2)
                await expect(widget.answers.nth(1)).to_have_attribute(
                    "data-state", "sent", timeout=STARTED_MS
                )
                await expect(widget.answers.nth(1)).to_contain_text("45 days")
