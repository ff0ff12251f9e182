"""`myna demo` plays the main job against a real server, and says what is missing when it cannot."""

import subprocess
from pathlib import Path

from support import myna_server, processes
from support.myna_server import MynaServer


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*myna_server.COMMAND, "demo", *arguments],
        env=myna_server.environment({}),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_the_demonstration_goes_through_and_can_be_repeated(demo_server: MynaServer) -> None:
    for _ in range(2):
        played = demo("--url", demo_server.url, "--data", str(demo_server.data))
        assert played.returncode == 0, played.stderr
        told = played.stdout
        assert "45 days" in told
        assert "45 天" in told
        assert told.count("opens the passage that it quotes") == 3
        assert "[Talk to a person]" in told
        assert "the customer asked for a person" in " ".join(told.split())
        assert "has joined" in told
        assert "(held: " in told
        assert "\x1b" not in told


def test_without_a_server_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "operator-password.txt").write_text("x")
    url = f"http://127.0.0.1:{processes.free_port()}"
    failed = demo("--url", url, "--data", str(tmp_path))
    assert failed.returncode == 1
    assert f"There is no answer from {url}" in failed.stderr


def test_without_the_password_it_says_where_it_looked(tmp_path: Path) -> None:
    failed = demo("--data", str(tmp_path))
    assert failed.returncode == 1
    assert str(tmp_path) in failed.stderr
    assert "--data" in failed.stderr


def test_a_wrong_address_is_refused() -> None:
    failed = demo("--url", "localhost:8000", "--data", ".")
    assert failed.returncode == 1
    assert "http://127.0.0.1:8000" in failed.stderr
