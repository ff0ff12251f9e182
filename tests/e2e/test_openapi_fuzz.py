"""Whatever comes to a documented route is answered with a documented error at worst, never with a failure of the server."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.errors import SchemathesisError

from support import myna_server
from support.myna_server import MynaServer

EXAMPLES = 6
LEFT_OUT = {
    # A good guess at a password costs the hash of one, and wrong ones are limited by address.
    ("POST", "/v1/auth/sign-in"),
    # Streams and polls last as long as they are asked to.
    ("GET", "/v1/events"),
    ("GET", "/v1/poll"),
}
SHAPES = {"/openai/": "application/json", "/hooks/": "text/plain", "/oauth/": "application/json"}
"""Surfaces that answer as the product whose clients they take in; an address of no such thing is a problem everywhere."""
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MynaServer]:
    calm = {"MYNA_AGENTS": "0", "MYNA_EMBEDDER": "none:", "MYNA_LIMITS": "off"}
    with myna_server.serve(tmp_path_factory.mktemp("fuzz"), settings=calm) as running:
        yield running


@pytest.fixture(scope="module")
def headers(server: MynaServer) -> dict[str, str]:
    password = (server.data / "operator-password.txt").read_text().strip()
    signed = httpx.post(
        f"{server.url}/v1/auth/sign-in", json={"handle": "operator", "password": password}, trust_env=False
    )
    known = {"Authorization": f"Bearer {signed.json()['access_token']}"}
    # What comes next looks like an attack, and would be kept out.
    told = httpx.put(
        f"{server.url}/v1/admin/detection",
        json={"allow": ["127.0.0.1"], "hook": None},
        headers=known,
        trust_env=False,
    )
    assert told.status_code == 200, told.text
    return known


def test_no_request_that_the_document_allows_or_forbids_makes_the_server_fail(
    server: MynaServer, headers: dict[str, str]
) -> None:
    schema: Any = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    failures: list[str] = []
    tried = 0
    with httpx.Client(base_url=server.url, headers=headers, timeout=30, trust_env=False) as http:
        for found in schema.get_all_operations():
            operation = found.ok()
            if (operation.method.upper(), operation.path) in LEFT_OUT:
                continue
            tried += 1
            failures += _failures(http, operation)
    assert tried > 25
    assert not failures, "\n".join(failures)
    assert http.is_closed
    log = server.log.read_text()
    assert "Traceback" not in log, log[-3000:]


def _failures(http: httpx.Client, operation: Any) -> list[str]:
    """What went wrong with requests that fit the document, and with requests that do not."""
    found: list[str] = []
    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
        try:
            _ask(http, operation, mode, found)
        except (Unsatisfiable, SchemathesisError):
            # An operation without parameters cannot be asked wrongly.
            assert mode is schemathesis.GenerationMode.NEGATIVE
    return sorted(set(found))


def _ask(http: httpx.Client, operation: Any, mode: schemathesis.GenerationMode, found: list[str]) -> None:

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy(mode))
    def ask(case: Any) -> None:
        answer = case.call(session=None, headers=dict(http.headers), base_url=str(http.base_url), timeout=30)
        where = f"{case.method} {case.formatted_path}"
        if answer.status_code >= 500 and answer.status_code != 503:
            found.append(f"{where} gave {answer.status_code}")
        elif answer.status_code >= 400 and answer.status_code not in {404, 405}:
            kind = answer.headers.get("content-type", [""])[0]
            own = [shape for path, shape in SHAPES.items() if case.path.startswith(path)]
            if not any(shape in kind for shape in (*own, PROBLEM)):
                found.append(f"{where} gave {answer.status_code} as {kind!r}")

    ask()
