"""A real server and a real browser with two people in it."""

import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from support import myna_server
from support.browser import FLAGS, Person, sit_down
from support.myna_server import MynaServer

StartServer = Callable[..., MynaServer]
LONG = {"test_care_screens", "test_openapi_fuzz", "test_screens", "test_widget_parts", "test_bots_command"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder carries the mark `e2e`; the files that take longest begin, so that two workers end together."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: item.path.stem not in LONG)


@pytest.fixture(scope="session")
def filled_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a demo that has been indexed, and that nobody uses: copy it, or take `new_demo`.

    Indexing the help centre takes most of a minute: the workers of one run share what the first one made. Whoever works on
    these tests points MYNA_TEST_DEMO at a folder that a demo server has filled.
    """
    if filled := os.environ.get("MYNA_TEST_DEMO"):
        return Path(filled)
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "filled"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            with myna_server.serve(folder, "--demo") as server:
                myna_server.wait_for_knowledge(server)
            (folder / "done").touch()
    return folder / "data"


@pytest.fixture(scope="session")
def new_demo(filled_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """`new_demo()` gives a folder whose `data` holds an indexed demo of the caller's own."""

    def copied() -> Path:
        folder = tmp_path_factory.mktemp("demo")
        shutil.copytree(filled_demo, folder / "data")
        return folder

    return copied


@pytest.fixture(scope="session")
def demo_server(new_demo: Callable[[], Path]) -> Iterator[MynaServer]:
    """One server with the demo workspace for all tests of this run: add conversations, change nothing shared."""
    with myna_server.serve(new_demo(), "--demo") as server:
        myna_server.wait_for_knowledge(server)
        yield server


@pytest.fixture
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """`start_server(*arguments, settings={...})` starts a server of the test's own, as often as it is called."""
    with ExitStack() as running:

        def start(*arguments: str, settings: Mapping[str, str] | None = None) -> MynaServer:
            folder = tmp_path_factory.mktemp("server")
            return running.enter_context(myna_server.serve(folder, *arguments, settings=settings))

        yield start


@pytest_asyncio.fixture
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """Headless Chromium."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            yield running
        finally:
            await running.close()


@pytest_asyncio.fixture
async def visitor(browser: Browser) -> AsyncIterator[Person]:
    """A customer, at a laptop."""
    async with sit_down(browser, "visitor", width=1180, height=820) as person:
        yield person


@pytest_asyncio.fixture
async def operator(browser: Browser) -> AsyncIterator[Person]:
    """Somebody of the service team, at a wider screen."""
    async with sit_down(browser, "operator", width=1440, height=900) as person:
        yield person
