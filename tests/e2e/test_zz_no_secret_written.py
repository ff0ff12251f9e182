"""Nothing that a whole run of these tests wrote holds a secret. Named so that it comes last: it looks at all logs before it.

scripts/test runs this folder with several workers, then this file, and gives both runs one folder, PYTEST_DEBUG_TEMPROOT.
"""

import asyncio
import json
import os
import uuid
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from support import myna_server
from support.written import SECRETS, secrets_in

WAIT_S = 60.0


async def use(url: str, password: str, log: Path) -> None:
    """Use a server in the ways that have to do with secrets, the wrong ones included."""
    async with httpx.AsyncClient(base_url=url, timeout=WAIT_S, trust_env=False) as http:
        await http.post("/v1/auth/sign-in", json={"handle": "operator", "password": f"wrong {password}"})
        signed = (
            await http.post("/v1/auth/sign-in", json={"handle": "operator", "password": password})
        ).json()
        headers = {"Authorization": f"Bearer {signed['access_token']}"}
        await http.get("/v1/me", headers={"Authorization": f"Bearer {signed['access_token']}x"})
        await http.get("/v1/me", params={"access_token": signed["access_token"]})
        renewed = {"refresh_token": signed["refresh_token"]}
        await http.post("/v1/account/password", json={"old": password, "new": "short"}, headers=headers)
        ticket = (await http.post("/v1/socket-tickets", headers=headers)).json()["ticket"]
        socket_url = f"ws{url.removeprefix('http')}/v1/socket?ticket={ticket}&device={uuid.uuid4().hex}"
        async with connect(socket_url, proxy=None) as socket, asyncio.timeout(WAIT_S):
            assert json.loads(await socket.recv())["op"] == "ready"
        bot = await http.post("/v1/bots", json={"name": "Bot", "handle": "a_bot"}, headers=headers)
        key = bot.json()["token"]["key"]
        await http.get(f"/bot{key}/getMe")
        await http.post(f"/bot{key}/sendMessage", json={"chat_id": "nonsense"})
        await http.post("/v1/auth/refresh", json=renewed)
        assert (await http.post("/v1/auth/refresh", json=renewed)).json()["code"] == "token_reused"
    written = log.read_bytes()
    for secret in (signed["refresh_token"], signed["access_token"], ticket, key):
        assert secret.encode() not in written


async def test_no_log_of_this_run_holds_a_secret(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = {"MYNA_AGENTS": "0", "MYNA_EMBEDDER": "none:"}
    with myna_server.serve(tmp_path, settings=settings) as server:
        password = (server.data / "operator-password.txt").read_text("utf-8").strip()
        await use(server.url, password, server.log)
        assert b"intrusion kind=token_reuse" in server.log.read_bytes()
    run = Path(os.environ.get("PYTEST_DEBUG_TEMPROOT") or tmp_path_factory.getbasetemp())
    assert any(tmp_path in log.parents for log in run.rglob("*.log"))
    assert list(secrets_in(run)) == []


@pytest.mark.parametrize(
    "line",
    [
        "GET /v1/socket?ticket=3hZtQ0wq3hZtQ0wq HTTP/1.1",
        "Authorization: Bearer 245941818829184:3hZtQ0wq3hZtQ0wq3hZtQ0wq3hZtQ0wq",
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
        '{"refresh_token": "3hZtQ0wq3hZtQ0wq3hZtQ0wq"}',
    ],
)
def test_the_search_finds_what_it_looks_for(line: str) -> None:
    assert any(pattern.search(line.encode()) for pattern in SECRETS)
