"""What the browser pages cost: first paint, a list of 10,000 rows, changing the thread, a new message, 1,000 pieces of
a streamed answer.

    python -m bench.web [DATA] [--write FILE]     DATA: a data folder that a demo server has filled; it is copied

Without DATA a demo is made first, which takes a minute or two. The figures are printed, and written as JSON.

A real server and headless Chromium on this machine. The 10,000 rows are made inside the page from the server's first
one, since a list is what is measured and not the database. Times are medians of `ROUNDS`.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / each) for each in ("platform", "knowledge", "agents", "bots", "web", "tests")]

from playwright.async_api import Browser, Page, async_playwright  # noqa: E402

from support import myna_server, servers  # noqa: E402
from support.backends import require  # noqa: E402
from support.browser import FLAGS  # noqa: E402
from support.pages import Dashboard, Widget, open_newest  # noqa: E402

RESULTS = ROOT / "build" / "bench" / "web.json"
ROUNDS = 7
ROWS = 10_000
PIECES = 1_000
MESSAGES = 60

SWITCH = """async (conversation) => {
    const started = performance.now();
    location.hash = `/inbox/${conversation}`;
    const shown = () => document.querySelector(`.item[aria-current][data-conversation="${conversation}"]`)
        && document.querySelector('[data-testid=message]');
    while (!shown()) await new Promise(requestAnimationFrame);
    return performance.now() - started;
}"""

SCROLL = """async () => {
    const list = document.querySelector('.list');
    const frames = [];
    let last = performance.now();
    for (let step = 0; step < 120; step++) {
        list.scrollTop += 640;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - last);
        last = now;
    }
    frames.sort((a, b) => a - b);
    return { p95: frames[Math.floor(frames.length * 0.95)], rows: document.querySelectorAll('.item').length };
}"""

PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


async def _median(measure: Callable[[], Awaitable[float]]) -> float:
    return round(statistics.median([await measure() for _ in range(ROUNDS)]), 1)


async def first_paints(browser: Browser, url: str) -> dict[str, float]:
    """First contentful paint of each page in a fresh profile, in ms."""
    found: dict[str, float] = {}
    for path in ("/", "/demo", "/dashboard/", "/widget/frame?inbox=demo"):

        async def once(path: str = path) -> float:
            context = await browser.new_context()
            page = await context.new_page()
            await page.goto(url + path, wait_until="networkidle")
            painted = await page.evaluate(PAINT)
            await context.close()
            return float(painted)

        found[f"first paint {path} (ms)"] = await _median(once)
    return found


MULTIPLY = """rows => {
    const ask = window.fetch;
    window.fetch = async (...request) => {
        const reply = await ask(...request);
        if (!String(request[0]).includes('/v1/tickets')) return reply;
        const found = await reply.json();
        const [model] = found.tickets;
        const more = Array.from({ length: rows }, (_, n) => {
            const id = String(10 ** 15 + n);
            return { ...model, conversation: id, conversation_detail: { ...model.conversation_detail, id } };
        });
        return new Response(JSON.stringify({ ...found, tickets: [...found.tickets, ...more], next: null }));
    };
}"""


async def long_list(page: Page) -> dict[str, float]:
    """The inbox with 10,000 rows: how long a frame takes while it is scrolled, and how many rows exist meanwhile."""
    await page.add_init_script(f"({MULTIPLY})({ROWS})")
    await page.reload()
    await page.get_by_test_id("ticket").nth(9).wait_for()
    scrolled = await page.evaluate(SCROLL)
    return {
        "10,000 rows: frame while scrolling, p95 (ms)": round(scrolled["p95"], 1),
        "10,000 rows: rows in the document": scrolled["rows"],
    }


async def converse(browser: Browser, url: str) -> None:
    """A second conversation: there are two to change between, whatever was in the data folder."""
    visitor = await (await browser.new_context()).new_page()
    await visitor.goto(f"{url}/demo")
    widget = Widget(visitor)
    await widget.open()
    await widget.ask("How long do I have to return something?")
    await visitor.context.close()


async def thread_switch(page: Page) -> float:
    """Going back and forth between two conversations that were open before, in ms until the messages are shown."""
    await page.reload()
    await page.get_by_test_id("ticket").nth(1).wait_for()
    ids: list[str] = await page.eval_on_selector_all(
        "[data-testid=ticket]", "rows => rows.slice(0, 2).map((row) => row.dataset.conversation)"
    )
    for each in ids:
        await page.evaluate(SWITCH, each)
    turn = iter(ids * ROUNDS)
    return await _median(lambda: page.evaluate(SWITCH, next(turn)))


async def streamed(page: Page, url: str) -> dict[str, float]:
    """1,000 pieces of one answer pushed through the page's own socket, ten to a frame."""
    sockets: list[Any] = []
    await page.route_web_socket("**/v1/socket", lambda socket: sockets.append(_Pipe(socket)))
    await page.goto(f"{url}/demo")
    widget = Widget(page)
    await widget.open()
    await widget.ask("How much is shipping?")
    opened = next(each for each in sockets[-1].heard if each.get("data", {}).get("state") == "streaming")
    seq = int(opened["seq"]) + 100
    data = {**opened["data"], "seq": seq, "client_id": "bench", "body": {"text": ""}}
    rev = max(int(each["rev"]) for each in sockets[-1].heard if each["op"] == "event") + 1
    sockets[-1].say([{**opened, "seq": seq, "rev": rev, "data": data}])
    await widget.frame.locator("[data-state=streaming]").wait_for()
    frames = widget.frame.locator("body").evaluate(
        """async () => {
            const row = () => document.querySelector('[data-state=streaming] .bubble')?.textContent.length ?? 0;
            const gaps = [];
            let last = performance.now();
            while (row() < 4990) {
                await new Promise(requestAnimationFrame);
                const now = performance.now();
                gaps.push(now - last);
                last = now;
            }
            gaps.sort((a, b) => a - b);
            return gaps[Math.floor(gaps.length * 0.95)] ?? 0;
        }"""
    )
    painting = asyncio.ensure_future(frames)
    for start in range(0, PIECES, 10):
        batch = range(start, start + 10)
        place = {"op": "delta", "conversation": opened["conversation"], "seq": seq}
        sockets[-1].say([{**place, "offset": n * 5, "text": "word "} for n in batch])
        await asyncio.sleep(0.008)
    return {"1,000 streamed pieces: frame, p95 (ms)": round(float(await painting), 1)}


ARRIVED = """(text) => new Promise((seen) => {
    const look = () => [...document.querySelectorAll('[data-testid=message]')].some((row) => row.textContent.includes(text));
    const step = () => requestAnimationFrame(() => (look() ? seen(performance.timeOrigin + performance.now()) : step()));
    step();
})"""


async def message_on_screen(browser: Browser, page: Page, url: str) -> float:
    """From an operator's Enter to the frame in which the visitor's chat shows the message, in ms; 95 of 100 are faster.

    Through everything between: the filter, the commit to the disk, both sockets and both pages.
    """
    visitor = await (await browser.new_context()).new_page()
    await visitor.goto(f"{url}/demo")
    widget = Widget(visitor)
    await widget.open()
    await widget.ask("How long do I have to return something?")
    frame = next(each for each in visitor.frames if "/widget/frame" in each.url)
    await page.reload()
    await open_newest(page)
    await page.get_by_test_id("take-over").click()
    took: list[float] = []
    for n in range(MESSAGES):
        text = f"Parcel {n} is on its way."
        await page.get_by_test_id("composer").fill(text)
        arriving = asyncio.ensure_future(frame.evaluate(ARRIVED, text))
        await asyncio.sleep(0.02)
        sent = await page.evaluate(
            """() => {
                const now = performance.timeOrigin + performance.now();
                document.querySelector('[data-testid=send]').click();
                return now;
            }"""
        )
        took.append(await arriving - sent)
    await visitor.context.close()
    return round(statistics.quantiles(took, n=20)[-1], 1)


class _Pipe:
    """A page's socket to the real server, into which more can be said."""

    def __init__(self, socket: Any) -> None:
        self._socket, self.heard = socket, list[dict[str, Any]]()
        server = socket.connect_to_server()
        server.on_message(self._pass)

    def _pass(self, message: str | bytes) -> None:
        frames = json.loads(message)
        self.heard += frames if isinstance(frames, list) else [frames]
        self._socket.send(message)

    def say(self, frames: list[dict[str, Any]]) -> None:
        """As if the server had said it."""
        self._socket.send(json.dumps(frames))


async def measure(server: myna_server.MynaServer) -> dict[str, float]:
    """Every figure."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=servers.chromium_path(), args=list(FLAGS))
        found = await first_paints(browser, server.url)
        visitor = await (await browser.new_context()).new_page()
        found |= await streamed(visitor, server.url)
        page = await (await browser.new_context(viewport={"width": 1440, "height": 900})).new_page()
        await converse(browser, server.url)
        await Dashboard(page).sign_in(server)
        await page.get_by_test_id("ticket").nth(1).wait_for()
        found["thread switch, from memory (ms)"] = await thread_switch(page)
        found["new message on the other screen, p95 (ms)"] = await message_on_screen(
            browser, page, server.url
        )
        found |= await long_list(page)
        await browser.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--write", type=Path, default=RESULTS, help=f"where (default {RESULTS.name})")
    options = parser.parse_args()
    require("chromium")
    with tempfile.TemporaryDirectory() as folder:
        if options.data is not None:
            shutil.copytree(options.data, Path(folder) / "data")
        with myna_server.serve(Path(folder), "--demo") as server:
            myna_server.wait_for_knowledge(server)
            found = asyncio.run(measure(server))
    for name, value in found.items():
        print(f"{name:50} {value}")
    options.write.parent.mkdir(parents=True, exist_ok=True)
    options.write.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
