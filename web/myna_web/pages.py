"""Serves the built pages: `/`, `/demo`, `/dashboard/`, `/docs`, `/widget/frame` and `/assets/…`, and the scripts of sites.

Nothing here needs a database; which sites may embed the chat is asked of the server by inbox key.
"""

import re
from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from myna_web.assets import Asset, assets

FrameAncestors = Callable[[str], Awaitable[Sequence[str]]]
"""Takes an inbox key; gives the origins whose pages may embed its chat. `"*"` allows every site; nobody knows the key: empty."""

_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"
_LOADER = "public, max-age=300, stale-while-revalidate=86400"

# Scripts, styles and calls only from this server; no inline code, no plugins, no other base for relative addresses.
# Trusted Types make the browser itself refuse text where markup is parsed (https://www.w3.org/TR/trusted-types/).
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)
# Where messages are shown: a card of a bot may have a picture of its own server, fetched without a referrer.
_TALK_POLICY = _POLICY.replace("img-src 'self' data:", "img-src 'self' data: https:")

# An origin as CSP Level 3 writes a host-source, optionally with one leading wildcard label. Anything else could end
# the directive and add another one.
_ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:\d{1,5})?")

_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def _answer(request: Request, asset: Asset, cache_control: str, headers: dict[str, str]) -> Response:
    sent = {
        **_COMMON,
        **headers,
        "ETag": asset.etag,
        "Cache-Control": cache_control,
        "Vary": "Accept-Encoding",
    }
    known = request.headers.get("if-none-match", "")
    if asset.etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=304, headers=sent)
    body = asset.body
    if asset.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body = asset.gzipped
        sent["Content-Encoding"] = "gzip"
    return Response(body, media_type=asset.media_type, headers=sent)


def _page(name: str, policy: str = "", *, base: str = _POLICY) -> Callable[[Request], Awaitable[Response]]:
    headers = {
        "Content-Security-Policy": f"{base}; frame-ancestors 'none'{policy}",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }

    async def page(request: Request) -> Response:
        return _answer(request, assets()[name], _REVALIDATE, headers)

    return page


def frame_ancestors_value(origins: Sequence[str]) -> str:
    """The value of `frame-ancestors`: this server's own pages and the given origins; what is no origin is left out."""
    if "*" in origins:
        return "*"
    return " ".join(["'self'", *(origin for origin in origins if _ORIGIN.fullmatch(origin))])


def _frame(frame_ancestors: FrameAncestors) -> Callable[[Request], Awaitable[Response]]:
    async def frame(request: Request) -> Response:
        allowed = frame_ancestors_value(await frame_ancestors(request.query_params.get("inbox", "")))
        headers = {
            "Content-Security-Policy": f"{_TALK_POLICY}; frame-ancestors {allowed}",
            # Sites that isolate themselves (COEP) can still embed the chat.
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        return _answer(request, assets()["frame.html"], _REVALIDATE, headers)

    return frame


async def _loader(request: Request) -> Response:
    return _answer(request, assets()["widget.js"], _LOADER, {"Cross-Origin-Resource-Policy": "cross-origin"})


async def _chatwoot(request: Request) -> Response:
    return _answer(
        request, assets()["chatwoot.js"], _LOADER, {"Cross-Origin-Resource-Policy": "cross-origin"}
    )


async def _asset(request: Request) -> Response:
    found = assets().get(f"assets/{request.path_params['name']}")
    if found is None:
        return Response("Not found", status_code=404, media_type="text/plain", headers=_COMMON)
    # The name holds a hash of the content, so it never means anything else.
    return _answer(request, found, _IMMUTABLE, {"Cross-Origin-Resource-Policy": "same-origin"})


async def _icon(request: Request) -> Response:
    # Asked for by browsers wherever a page names no icon; every page of ours has the same one.
    name = next(name for name in assets() if name.startswith("assets/start-") and name.endswith(".svg"))
    return _answer(request, assets()[name], _LOADER, {"Cross-Origin-Resource-Policy": "cross-origin"})


async def _to_dashboard(_: Request) -> Response:
    return RedirectResponse("/dashboard/", status_code=308)


def routes(frame_ancestors: FrameAncestors) -> list[BaseRoute]:
    """The routes of every page; the paths are fixed, since sites paste the address of `/widget.js` once."""
    return [
        Route("/", _page("start.html")),
        Route("/demo", _page("demo.html", "; frame-src 'self'")),
        Route("/dashboard", _to_dashboard),
        Route("/dashboard/", _page("dashboard.html", base=_TALK_POLICY)),
        Route("/docs", _page("docs.html")),
        Route("/widget.js", _loader),
        Route("/packs/js/sdk.js", _chatwoot),
        Route("/widget/frame", _frame(frame_ancestors)),
        Route("/favicon.ico", _icon),
        Route("/assets/{name}", _asset),
    ]


def mount(app: Starlette, *, frame_ancestors: FrameAncestors) -> None:
    """Adds the pages to an application. A FastAPI application must be made with `docs_url=None`, since `/docs` is ours."""
    app.router.routes.extend(routes(frame_ancestors))
