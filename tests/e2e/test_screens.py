"""Every screen in light and dark, English and Chinese, at a desk and on a phone: nothing cut off, nothing inaccessible.

The pictures are left in screenshots/, for a person to look at.
"""

from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Frame, Page, expect

from support.axe import violations
from support.browser import Person, sit_down
from support.myna_server import MynaServer
from support.pages import Dashboard, Widget, open_newest

pytestmark = pytest.mark.needs("chromium", "node")

SCREENS = (
    "inbox",
    "groups",
    "review",
    "knowledge",
    "agents",
    "contacts",
    "reports",
    "bots",
    "security",
    "settings",
)


@dataclass(frozen=True, slots=True)
class Look:
    """One way in which a screen is looked at."""

    lang: str
    theme: str
    width: int
    height: int

    @property
    def name(self) -> str:
        return f"{self.lang}-{self.theme}-{'phone' if self.width < 500 else 'desktop'}"


LOOKS = [
    Look(lang, theme, width, height)
    for lang in ("en", "zh")
    for theme in ("light", "dark")
    for width, height in ((1280, 800), (390, 844))
]
looks = pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)


async def nothing_is_cut_off(page: Page | Frame) -> None:
    beyond: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter((each) => each.checkVisibility({ checkVisibilityCSS: true }))
            .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 || each.getBoundingClientRect().left < -1)
            .filter((each) => {
                for (let at = each.parentElement; at; at = at.parentElement)
                    if (getComputedStyle(at).overflowX !== 'visible') return false;
                return true;
            })
            .map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert beyond == []
    # What scrolls down hides what reaches too far sideways: nobody looks for the rest of a line there.
    sideways: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll('.scroller')]
            .filter((each) => each.scrollWidth > each.clientWidth + 1)
            .map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert sideways == []


async def is_accessible(place: Page | Frame) -> None:
    found = await violations(place)
    assert not found, "\n".join(found)


async def leave_traces(widget: Widget) -> None:
    """A conversation to look at."""
    await widget.open()
    await widget.ask("How long do I have to return something?")
    await widget.ask("I want a human")


async def choose(person: Person, server: MynaServer, look: Look) -> None:
    await person.page.emulate_media(color_scheme="dark" if look.theme == "dark" else "light")
    await person.page.goto(server.url)
    await person.page.evaluate("lang => localStorage.setItem('myna.lang', lang)", look.lang)


@looks
async def test_every_page_for_visitors_looks_right(
    demo_server: MynaServer, browser: Browser, look: Look
) -> None:
    async with sit_down(browser, "visitor", width=look.width, height=look.height) as visitor:
        page = visitor.page
        await choose(visitor, demo_server, look)
        for path, name in (("/", "start"), ("/demo", "demo"), ("/docs", "docs")):
            await page.goto(demo_server.url + path)
            await expect(page.locator("#app > *").first).to_be_visible()
            await page.wait_for_load_state("networkidle")
            await nothing_is_cut_off(page)
            await is_accessible(page)
            await visitor.shoot(f"{name}-{look.name}")
        await page.goto(f"{demo_server.url}/demo")
        widget = Widget(page)
        await widget.open()
        await visitor.shoot(f"widget-greeting-{look.name}")
        question = (
            "怎么退货要自己出运费吗？" if look.lang == "zh" else "How long do I have to return something?"
        )
        await widget.ask(question)
        frame = next(each for each in page.frames if "/widget/frame" in each.url)
        await is_accessible(frame)
        await visitor.shoot(f"widget-answer-{look.name}")


@looks
async def test_every_screen_of_the_dashboard_looks_right(
    demo_server: MynaServer, browser: Browser, look: Look
) -> None:
    async with (
        sit_down(browser, "visitor", width=1180, height=820) as visitor,
        sit_down(browser, "operator", width=look.width, height=look.height) as operator,
    ):
        await visitor.page.goto(f"{demo_server.url}/demo")
        await leave_traces(Widget(visitor.page))
        await choose(operator, demo_server, look)
        page, dashboard = operator.page, Dashboard(operator.page)
        await page.goto(f"{demo_server.url}/dashboard/")
        await is_accessible(page)
        await operator.shoot(f"sign-in-{look.name}")
        await dashboard.sign_in(demo_server)
        for screen in SCREENS:
            await dashboard.go(screen)
            await expect(page.locator(".screen[aria-busy=true]")).to_have_count(0)
            await page.wait_for_load_state("networkidle")
            await nothing_is_cut_off(page)
            await is_accessible(page)
            await operator.shoot(f"dashboard-{screen}-{look.name}")
        await dashboard.go("inbox")
        await open_newest(page)
        await expect(page.get_by_test_id("message").first).to_be_visible()
        await page.wait_for_load_state("networkidle")
        await nothing_is_cut_off(page)
        await is_accessible(page)
        await operator.shoot(f"dashboard-thread-{look.name}")
        await page.keyboard.press("Control+k")
        await expect(page.get_by_test_id("palette-item").first).to_be_visible()
        await is_accessible(page)
        await operator.shoot(f"dashboard-palette-{look.name}")


@pytest.mark.parametrize(
    ("width", "height", "direction"), [(3840, 2160, "ltr"), (1280, 800, "rtl"), (390, 844, "rtl")]
)
async def test_the_screens_stand_on_a_wall_and_from_right_to_left(
    demo_server: MynaServer, browser: Browser, width: int, height: int, direction: str
) -> None:
    async with (
        sit_down(browser, "visitor", width=width, height=height) as visitor,
        sit_down(browser, "operator", width=width, height=height) as operator,
    ):
        turn = f"document.documentElement.dir = '{direction}'"
        for person in (visitor, operator):
            await person.page.add_init_script(f"addEventListener('DOMContentLoaded', () => {{ {turn} }})")
        page, widget = operator.page, Widget(visitor.page)
        name = f"{width}-{direction}"
        await visitor.page.goto(f"{demo_server.url}/demo")
        await widget.open()
        await widget.ask("How long do I have to return something?")
        frame = next(each for each in visitor.page.frames if "/widget/frame" in each.url)
        await nothing_is_cut_off(frame)
        await is_accessible(frame)
        await visitor.shoot(f"widget-{name}")
        dashboard = Dashboard(page)
        await dashboard.sign_in(demo_server)
        for screen in SCREENS:
            await dashboard.go(screen)
            await expect(page.locator(".screen[aria-busy=true]")).to_have_count(0)
            await page.wait_for_load_state("networkidle")
            await nothing_is_cut_off(page)
            await operator.shoot(f"dashboard-{screen}-{name}")
        await dashboard.go("inbox")
        await open_newest(page)
        await expect(page.get_by_test_id("message").first).to_be_visible()
        await nothing_is_cut_off(page)
        await is_accessible(page)
        await operator.shoot(f"dashboard-thread-{name}")
        arrow = page.get_by_test_id("back").locator("svg")
        if direction == "rtl" and await arrow.is_visible():
            turned = await arrow.evaluate("arrow => getComputedStyle(arrow).transform")
            assert turned == "matrix(-1, 0, 0, 1, 0, 0)"
