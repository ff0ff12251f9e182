"""Pages from addresses that people gave: public addresses only, bounded in size, time and redirects."""

import asyncio
from urllib.parse import urljoin

import httpx

from myna.adapters.authorities import authorities
from myna.adapters.public_web import AddressRefused, PublicWeb
from myna_knowledge.reading.fetching import Fetched, Unfetchable

MAX_BYTES = 8_000_000
MAX_REDIRECTS = 5
FETCH_S = 20.0
AGENT = "MynaKnowledge/1 (+https://github.com/myna)"
PORTS = frozenset({80, 443, 8000, 8080, 8443})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class SafeFetch:
    """`Fetcher` over httpx. Every hop is checked anew by the same guard."""

    def __init__(self, *, allow_private: bool = False) -> None:
        self._web = PublicWeb(
            allow_private=allow_private,
            ports=PORTS,
            hint="The operator may allow others (MYNA_PRIVATE_SOURCES=1).",
        )
        self._client = httpx.AsyncClient(
            verify=authorities(),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(FETCH_S),
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=0),
            headers={"User-Agent": AGENT, "Accept": "text/html,application/xhtml+xml,text/*;q=0.9,*/*;q=0.5"},
        )

    async def get(self, url: str) -> Fetched:
        """What stands at an address after redirects.

        Raises:
            Unfetchable: not allowed, no answer in time, an error status, or too large; says which.
        """
        try:
            async with asyncio.timeout(FETCH_S):
                for _ in range(MAX_REDIRECTS + 1):
                    answer = await self._hop(url)
                    if isinstance(answer, Fetched):
                        return answer
                    url = urljoin(url, answer)
        except AddressRefused as refused:
            raise Unfetchable(refused.message, code=refused.code) from refused
        except TimeoutError:
            raise Unfetchable(f"{url} did not answer within {FETCH_S:.0f} s.", code="fetch_timeout") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failed:
            shown = str(failed) or type(failed).__name__
            raise Unfetchable(f"There is no answer from {url}: {shown}.", code="fetch_failed") from failed
        raise Unfetchable(f"{url} redirects more than {MAX_REDIRECTS} times.", code="too_many_redirects")

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def _hop(self, url: str) -> Fetched | str:
        """The page, or where it redirects to."""
        target = await self._web.target(url)
        async with self._client.stream(
            "GET", target.url, headers=target.headers, extensions=target.extensions
        ) as answer:
            if answer.status_code in REDIRECTS and "location" in answer.headers:
                return str(answer.headers["location"])
            if answer.status_code >= 400:
                missing, refused = answer.status_code in {404, 410}, answer.status_code < 500
                raise Unfetchable(
                    f"{url} answers {answer.status_code} {answer.reason_phrase}.",
                    code="gone" if missing else "refused" if refused else "fetch_failed",
                )
            body = bytearray()
            # Counted after decompression: a few compressed bytes may unpack to gigabytes.
            async for piece in answer.aiter_bytes(64 * 1024):
                body += piece
                if len(body) > MAX_BYTES:
                    raise Unfetchable(
                        f"{url} has more than {MAX_BYTES:,} bytes.", status=413, code="too_large"
                    )
            kind, _, rest = answer.headers.get("content-type", "").partition(";")
            charset = rest.partition("charset=")[2].strip().strip("\"'").partition(";")[0] or None
            return Fetched(url, kind.strip().lower(), charset, bytes(body))
