"""The client SDK as a package of its own: it builds, its types hold, and a program in Node.js talks through it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support import myna_server
from support.backends import ROOT

pytestmark = pytest.mark.needs("node")
WEB = ROOT / "web"
LIMIT_S = 120
PROGRAM = """
import { Client, MemoryText, poll, socket, StoredSession, TextDrafts, type Message, type Session } from "./index";
export function connected(origin: string, session: Session): Client {
  const tokens = new StoredSession(origin, new MemoryText(), "session");
  tokens.keep(session);
  return new Client(origin, tokens, new TextDrafts(new MemoryText(), "drafts"), session.user, [socket, poll]);
}
export const textOf = (message: Message): string => message.body.text ?? "";
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    node, folder = shutil.which("node"), tmp_path_factory.mktemp("client")
    assert node is not None
    subprocess.run([node, str(WEB / "scripts" / "client.mjs"), str(folder)], check=True, timeout=LIMIT_S)
    return folder


def test_a_program_is_typed_against_the_package(package: Path) -> None:
    (package / "program.ts").write_text(PROGRAM, encoding="utf-8")
    options = [
        "--noEmit",
        "--strict",
        "--module",
        "esnext",
        "--moduleResolution",
        "bundler",
        "--target",
        "es2022",
    ]
    command = [str(WEB / "node_modules" / ".bin" / "tsc"), *options, "--lib", "es2023,dom", "program.ts"]
    checked = subprocess.run(
        command, cwd=package, capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    assert checked.returncode == 0, checked.stdout


def test_a_program_in_node_talks_over_every_transport_that_node_has(package: Path, tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node is not None
    with myna_server.serve(tmp_path, settings={"MYNA_AGENTS": "0", "MYNA_EMBEDDER": "none:"}) as server:
        password = (server.data / "operator-password.txt").read_text("utf-8").strip()
        program = ROOT / "tests" / "support" / "node_client.mjs"
        given = [str(package / "index.js"), server.url, "operator", password, "said"]
        told = subprocess.run(
            [node, str(program), *given], capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[-2:] == ["1 said by events", "1 said by poll"]
    # Node.js has a WebSocket from version 22 on.
    major = int(subprocess.check_output([node, "--version"], text=True).lstrip("v").partition(".")[0])
    assert lines[:-2] == (["1 said by socket"] if major >= 22 else [])
