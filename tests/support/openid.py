"""A real OpenID Connect provider as a child process, and somebody with a browser who signs in there."""

import html
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from support import myna_server, processes
from support.backends import ROOT

FOLDER = ROOT / "tests" / "third_party" / "node"


@dataclass(frozen=True, slots=True)
class OpenIdServer:
    """A running provider; anybody may sign in as anybody."""

    issuer: str

    def register(self, redirect: str, **more: Any) -> dict[str, str]:
        """A client of it: `client_id` and `client_secret`."""
        asked = {"redirect_uris": [redirect], "client_name": "Myna", **more}
        answer = httpx.post(f"{self.issuer}/reg", json=asked, trust_env=False)
        assert answer.status_code == 201, answer.text
        return {"client_id": answer.json()["client_id"], "client_secret": answer.json()["client_secret"]}

    def sign_in(self, url: str, login: str | None) -> str:
        """The address to which the provider sends the browser of whoever signs in as `login`; None: they cancel."""
        with httpx.Client(trust_env=False, follow_redirects=False, timeout=20) as browser:
            answer = browser.get(url)
            for _ in range(12):
                if answer.is_redirect:
                    url = str(answer.request.url.join(answer.headers["location"]))
                    if not url.startswith(self.issuer):
                        return url
                    answer = browser.get(url)
                    continue
                assert answer.status_code == 200, answer.text
                if login is None:
                    (leave,) = re.findall(r'href="([^"]+/abort)"', answer.text)
                    answer = browser.get(html.unescape(leave))
                    continue
                (action,) = re.findall(r'action="([^"]+)" method="post"', answer.text)
                (prompt,) = re.findall(r'name="prompt" value="(\w+)"', answer.text)
                form = {"prompt": prompt, "login": login, "password": "anything"}
                answer = browser.post(html.unescape(action), data=form)
        raise AssertionError("the provider does not come to an end")


@contextmanager
def openid_server(folder: Path) -> Iterator[OpenIdServer]:
    """A provider on a free port."""
    port, log = processes.free_port(), folder / "openid.log"
    own = ROOT / ".tools" / "node" / "bin" / "node"
    node = str(own) if own.exists() else str(shutil.which("node"))
    env = myna_server.environment({}) | {"PORT": str(port)}
    process = processes.start([node, FOLDER / "openid_provider.mjs"], log=log, env=env, cwd=FOLDER)
    issuer = f"http://127.0.0.1:{port}"
    try:
        ready = f"{issuer}/.well-known/openid-configuration"
        processes.wait_until(lambda: myna_server.answers(ready), process=process, log=log)
        yield OpenIdServer(issuer)
    finally:
        processes.stop(process)
