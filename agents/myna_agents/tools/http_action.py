"""An action of the company's own HTTP API, declared by schema: the model fills in arguments, never an address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from myna.errors import Malformed
from myna_agents.tools.tool import Caller, ToolFailed, ToolSpec
from myna_agents.tools.toolbox import check_spec

MAX_BYTES = 64 * 1024
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class HttpAction:
    """`METHOD url` with `{argument}` in the path; what is not in the path goes into the query of GET and DELETE, else into the
    JSON body. The headers are the company's and are never shown to a model or a customer."""

    spec: ToolSpec
    method: str
    url: str
    http: httpx.AsyncClient
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    async def use(self, arguments: Mapping[str, Any], caller: Caller, key: str) -> str:
        """The response's text.

        Raises:
            ToolFailed: no connection, a status of 400 or more, or too long a response.
        """
        named = _named(self.url)
        url = self.url.format(**{name: quote(str(arguments.get(name, "")), safe="") for name in named})
        rest = {name: value for name, value in arguments.items() if name not in named}
        plain = self.method in {"GET", "DELETE"}
        headers = {**self.headers, "Idempotency-Key": key, "X-Myna-Customer": str(caller.user)}
        request = self.http.build_request(
            self.method, url, headers=headers, params=rest if plain else None, json=None if plain else rest
        )
        try:
            response = await self.http.send(request, stream=True, follow_redirects=False)
            try:
                body = await _limited(response, self.spec.name)
            finally:
                await response.aclose()
        except Malformed as refused:
            forbidden = ToolFailed(f"{self.spec.name} may not be asked: {refused.message}")
            forbidden.temporary = False
            raise forbidden from refused
        except httpx.HTTPError as failed:
            raise ToolFailed(f"{self.spec.name} cannot be reached: {type(failed).__name__}.") from failed
        if response.status_code >= 300:
            bad = ToolFailed(f"{self.spec.name} answered {response.status_code}: {body[:500]}")
            bad.temporary = response.status_code in PASSING
            raise bad
        return body


def http_action(
    spec: ToolSpec, method: str, url: str, http: httpx.AsyncClient, headers: Mapping[str, str] | None = None
) -> HttpAction:
    """A declared action, checked.

    Raises:
        Malformed: an unknown method, an address that is none or has arguments before its path, or arguments that the schema
            does not require.
    """
    check_spec(spec)
    if method not in METHODS:
        raise Malformed(f"Method {method!r}: use one of {', '.join(METHODS)}.")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "{" in parts.netloc:
        raise Malformed(f"Address {url!r}: use http(s)://HOST/PATH with arguments in the path only.")
    required = set(spec.schema.get("required", ()))
    if missing := sorted(_named(url) - required):
        raise Malformed(f"Arguments in the path must be required by the schema: {', '.join(missing)}.")
    return HttpAction(spec, method, url, http, headers or {})


def _named(url: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(url) if name}


async def _limited(response: httpx.Response, name: str) -> str:
    data = bytearray()
    async for piece in response.aiter_bytes():
        data += piece
        if len(data) > MAX_BYTES:
            failed = ToolFailed(f"{name} answered with more than {MAX_BYTES} bytes.")
            failed.temporary = False
            raise failed
    return data.decode("utf-8", "replace")
