"""`make run` as a newcomer meets it: a clone, an empty home, nothing of this checkout's environment."""

import os
import subprocess
from pathlib import Path

from support import myna_server, processes
from support.backends import ROOT

# How this machine reaches its package registry is its own affair and is passed on.
REACH = (
    "UV_INDEX",
    "UV_DEFAULT_INDEX",
    "PIP_",
    "SSL_CERT",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
)


def test_make_run_in_a_fresh_clone_serves_the_demo_and_starts_faster_again(tmp_path: Path) -> None:
    clone, home, log = tmp_path / "myna", tmp_path / "home", tmp_path / "log"
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True, timeout=120)
    port = processes.free_port()
    env = {name: value for name, value in os.environ.items() if name.startswith(REACH)}
    env |= {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "MYNA_PORT": str(port)}
    for _ in range(2):
        process = processes.start(["make", "run"], log=log, env=env, cwd=clone)
        try:
            processes.wait_until(
                lambda: myna_server.answers(f"http://127.0.0.1:{port}/health/ready"),
                process=process,
                log=log,
                wait_s=300.0,
            )
            assert myna_server.answers(f"http://127.0.0.1:{port}/")
        finally:
            processes.stop(process)
    assert log.read_text().count("this happens once") == 1
    left = subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True, timeout=30
    )
    assert left.stdout == ""
