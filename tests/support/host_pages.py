"""Somebody else's web site: pages on an origin of their own that embed the chat."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(slots=True)
class HostSite:
    """A site whose pages the test writes."""

    url: str
    """`http://127.0.0.1:port`, without a slash at its end."""
    pages: dict[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    def page(self, path: str, html: str, headers: Mapping[str, str] | None = None) -> str:
        """Serve a page from now on; gives its address."""
        self.pages[path] = (f"<!doctype html><html lang=en>{html}</html>", headers or {})
        return self.url + path


@contextmanager
def host_site() -> Iterator[HostSite]:
    """A site on a free port."""
    site = HostSite("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            html, headers = site.pages.get(self.path, ("", {}))
            body = html.encode()
            self.send_response(200 if html else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
