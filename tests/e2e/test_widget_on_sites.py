"""The chat on other people's pages, however those are made."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from support.browser import Person
from support.host_pages import HostSite, host_site
from support.myna_server import MynaServer
from support.pages import Widget

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
def site() -> Iterator[HostSite]:
    with host_site() as running:
        yield running


def snippet(server: MynaServer, attributes: str = "") -> str:
    return f'<script async src="{server.url}/widget.js" data-inbox="demo" {attributes}></script>'


async def test_a_page_with_a_strict_policy_needs_to_allow_only_our_origin(
    demo_server: MynaServer, visitor: Person, site: HostSite
) -> None:
    ours = demo_server.url
    policy = f"default-src 'none'; script-src {ours}; frame-src {ours}; require-trusted-types-for 'script'"
    address = site.page("/", f"<body>{snippet(demo_server)}</body>", {"Content-Security-Policy": policy})
    await visitor.page.goto(address)
    widget = Widget(visitor.page)
    await widget.open()
    await expect(await widget.ask("How much is shipping?")).to_contain_text("3.95")


async def test_no_byte_of_the_chat_is_loaded_before_the_first_click(
    demo_server: MynaServer, visitor: Person, site: HostSite
) -> None:
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    await visitor.page.goto(site.page("/", f"<body>{snippet(demo_server)}</body>"))
    await expect(visitor.page.get_by_test_id("myna-launcher")).to_be_visible()
    assert [url for url in asked if url.startswith(demo_server.url)] == [f"{demo_server.url}/widget.js"]


HOSTILE = """
<head><style>
  * { all: unset; color: red !important; letter-spacing: 9px !important; visibility: hidden !important; }
  html > *:not(head):not(body) { display: none !important; position: static !important; width: 0 !important; }
  iframe, button { display: none !important; }
</style></head>
<body><script>
  Object.prototype.intruder = () => "x"; Array.prototype.intruder = 1;
  window.heard = []; window.onmessage = (event) => window.heard.push(event.data);
  window.myna = function () { (window.myna.q = window.myna.q || []).push(arguments); };
  myna("on", "open", function () { window.opened = true; });
  setInterval = requestIdleCallback = null;
</script>%s</body>"""


async def test_hostile_styles_and_prototypes_of_a_page_change_nothing(
    demo_server: MynaServer, visitor: Person, site: HostSite
) -> None:
    await visitor.page.goto(site.page("/", HOSTILE % snippet(demo_server)))
    widget = Widget(visitor.page)
    await widget.open()
    launcher = visitor.page.get_by_test_id("myna-launcher")
    await expect(launcher).to_have_css("width", "56px")
    await expect(launcher).to_have_css("color", "rgb(255, 255, 255)")
    await visitor.shoot("widget-hostile-page")
    await expect(await widget.ask("How much is shipping?")).to_contain_text("3.95")
    assert await visitor.page.evaluate("window.opened") is True
    # What the chat says to its loader goes through a port of their own and never to the page.
    assert await visitor.page.evaluate("window.heard") == []


async def test_the_conversation_outlives_navigation_inside_a_single_page_application(
    demo_server: MynaServer, visitor: Person, site: HostSite
) -> None:
    await visitor.page.goto(site.page("/", f"<body><main>One</main>{snippet(demo_server)}</body>"))
    widget = Widget(visitor.page)
    await widget.open()
    await widget.ask("How much is shipping?")
    await visitor.page.evaluate(
        """() => {
            history.pushState({}, '', '/two');
            const body = document.createElement('body');
            body.textContent = 'Two';
            document.body.replaceWith(body);
        }"""
    )
    await expect(widget.answers).to_have_count(1)
    # Some routers take away everything beside the body.
    await visitor.page.evaluate("document.querySelector('myna-chat').remove()")
    await expect(visitor.page.get_by_test_id("myna-launcher")).to_be_visible()
    await expect(widget.answers.first).to_contain_text("3.95")


async def test_the_snippet_twice_gives_one_launcher(
    demo_server: MynaServer, visitor: Person, site: HostSite
) -> None:
    both = snippet(demo_server) + snippet(demo_server)
    await visitor.page.goto(site.page("/", f"<body>{both}</body>"))
    await Widget(visitor.page).open()
    await expect(visitor.page.get_by_test_id("myna-launcher")).to_have_count(1)


async def test_the_chat_can_live_inside_the_page(
    demo_server: MynaServer, visitor: Person, site: HostSite
) -> None:
    inline = snippet(demo_server, 'data-target="#help" data-locale="zh-TW"')
    address = site.page("/", f'<body><section id="help"></section>{inline}</body>')
    await visitor.page.goto(address)
    widget = Widget(visitor.page)
    await expect(widget.frame.get_by_test_id("greeting")).to_contain_text("您好")
    await expect(visitor.page.get_by_test_id("myna-launcher")).to_be_hidden()
    await expect(widget.frame.get_by_test_id("send")).to_have_attribute("aria-label", "傳送")
    await widget.ask("满多少包邮？")
    await visitor.shoot("widget-inline-zh-hant")


async def test_an_invitation_opens_the_chat_and_can_be_dismissed(
    demo_server: MynaServer, visitor: Person, site: HostSite
) -> None:
    invited = (
        'data-bubble="Questions about sizes?" data-bubble-after="0" data-position="left" data-theme="dark"'
    )
    address = site.page("/", f"<body>{snippet(demo_server, invited)}</body>")
    await visitor.page.goto(address)
    bubble = visitor.page.get_by_test_id("myna-bubble")
    await expect(bubble).to_have_text("Questions about sizes?")
    box = await visitor.page.get_by_test_id("myna-launcher").bounding_box()
    assert box is not None
    assert box["x"] < 100
    await visitor.shoot("widget-bubble")
    await visitor.page.get_by_role("button", name="Dismiss").click()
    await expect(bubble).to_be_hidden()
    await visitor.page.evaluate("myna('bubble', 'Still here?')")
    await bubble.click()
    await expect(Widget(visitor.page).frame.get_by_test_id("greeting")).to_be_visible()
    await visitor.shoot("widget-dark-left")
    await expect(bubble).to_be_hidden()


async def test_the_keyboard_alone_opens_asks_and_closes(demo_server: MynaServer, visitor: Person) -> None:
    await visitor.page.goto(f"{demo_server.url}/demo")
    launcher = visitor.page.get_by_test_id("myna-launcher")
    await launcher.focus()
    await visitor.page.keyboard.press("Enter")
    widget = Widget(visitor.page)
    await expect(widget.frame.get_by_test_id("composer")).to_be_focused()
    await visitor.page.keyboard.type("How much is shipping?")
    await visitor.page.keyboard.press("Enter")
    await expect(widget.answers.first).to_contain_text("3.95", timeout=60_000)
    await visitor.page.keyboard.press("Escape")
    await expect(launcher).to_be_focused()
    await expect(launcher).to_have_attribute("aria-expanded", "false")


async def test_a_conversation_can_be_downloaded(demo_server: MynaServer, visitor: Person) -> None:
    await visitor.page.goto(f"{demo_server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    await widget.ask("How much is shipping?")
    await widget.frame.get_by_test_id("menu").click()
    async with visitor.page.expect_download() as saving:
        await widget.frame.get_by_test_id("transcript").click()
    download = await saving.value
    assert download.suggested_filename.endswith(".txt")
    text = (await download.path()).read_text("utf-8")
    assert "How much is shipping?" in text
    assert "£3.95" in text
    assert "[1]" in text
