"""Lets a Telegram bot talk to Myna without an edit: what it sends to api.telegram.org goes to BOT_URL, as BOT_TOKEN.

A token that is written into the program stays there: with BOT_TOKEN set, it is the one that the server gets.

`myna bots run` puts this folder on the bot's PYTHONPATH; Python imports `sitecustomize` at its start. Each HTTP library is
changed when the bot imports it, so nothing is loaded that the bot does not use.
"""

import importlib.abc
import importlib.machinery
import os
import re
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

TELEGRAM = "https://api.telegram.org"
BASE = os.environ.get("BOT_URL", "http://127.0.0.1:8000").rstrip("/")
TOKEN = os.environ.get("BOT_TOKEN", "")
_BOT = re.compile(r"^((?:/file)?/bot)[^/]*(?=/)")


def moved(url: Any) -> Any:
    """An address of Telegram as one of this server; any other as it is."""
    text = str(url)
    if text != TELEGRAM and not text.startswith(f"{TELEGRAM}/"):
        return url
    path = text[len(TELEGRAM) :]
    if TOKEN:
        path = _BOT.sub(lambda found: found[1] + TOKEN, path)
    return BASE + path if isinstance(url, str) else type(url)(BASE + path)


def _httpx(module: ModuleType) -> None:
    for name, method in (("HTTPTransport", "handle_request"), ("AsyncHTTPTransport", "handle_async_request")):
        transport = getattr(module, name)
        before = getattr(transport, method)

        def handle(self: Any, request: Any, before: Callable[..., Any] = before) -> Any:
            request.url = moved(request.url)
            request.headers["Host"] = request.url.netloc.decode()
            return before(self, request)

        setattr(transport, method, handle)


def _aiohttp(module: ModuleType) -> None:
    session = module.ClientSession
    before = session._request

    async def request(self: Any, method: str, str_or_url: Any, **given: Any) -> Any:
        return await before(self, method, moved(str_or_url), **given)

    session._request = request


def _requests(module: ModuleType) -> None:
    session = module.Session
    before = session.request

    def request(self: Any, method: str, url: Any, *given: Any, **named: Any) -> Any:
        return before(self, method, moved(url), *given, **named)

    session.request = request


PATCHES: dict[str, Callable[[ModuleType], None]] = {
    "httpx": _httpx,
    "aiohttp.client": _aiohttp,
    "requests.sessions": _requests,
}


class _Loader(importlib.abc.Loader):
    """Loads a module as always and changes it then."""

    def __init__(self, inner: Any, patch: Callable[[ModuleType], None]) -> None:
        self._inner, self._patch = inner, patch

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Any:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        self._patch(module)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the libraries that are to be changed, through the other finders."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        patch = PATCHES.get(fullname)
        if patch is None:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _Loader(spec.loader, patch)
                return spec
        return None


sys.meta_path.insert(0, _Finder())
