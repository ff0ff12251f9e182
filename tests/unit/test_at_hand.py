"""What routes depend on is found in the event loop, and the cyclic collector of a running server."""

import gc
import threading
import weakref
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI

from myna.api.at_hand import at_hand
from myna.api.principal import Core
from myna.serve import collect_rarely
from myna.services import Services


class Thing:
    """Something that can be part of a cycle and be watched."""

    def __init__(self) -> None:
        self.own = self


async def asked(app: FastAPI) -> Any:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as http:
        answer = await http.get("/where")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_dependency_that_is_at_hand_is_found_without_a_thread() -> None:
    app = FastAPI()

    @app.get("/where")
    async def where(thread: Annotated[int, at_hand(threading.get_ident)]) -> int:
        return thread

    assert await asked(app) == threading.get_ident()


async def test_the_core_is_found_without_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    class Watched:
        """State that remembers which thread asked for it."""

        def __getattr__(self, name: str) -> Any:
            seen.append(threading.get_ident())
            return Services.__new__(Services)

    app = FastAPI()
    monkeypatch.setattr(app, "state", Watched())

    @app.get("/where")
    async def where(core: Core) -> bool:
        return isinstance(core, Services)

    assert await asked(app) is True
    assert set(seen) == {threading.get_ident()}


def test_a_running_server_still_loses_its_cycles_by_itself() -> None:
    before = gc.get_threshold()
    try:
        collect_rarely()
        gone = weakref.ref(Thing())
        assert gone() is not None
        kept = [[number] for number in range(gc.get_threshold()[0] + 1)]
        assert gone() is None
        assert len(kept) == gc.get_threshold()[0] + 1
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
