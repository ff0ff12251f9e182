"""Which backends this machine has; a missing one skips a test on a laptop and fails it where CI is set."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support import servers

ROOT = Path(__file__).resolve().parents[2]
"""The top of this checkout."""


def shared_data_dir() -> Path | None:
    """The folder `shared/data` next to the checkout or a few levels above it."""
    for parent in list(ROOT.parents)[:4]:
        if (parent / "shared" / "data").is_dir():
            return parent / "shared" / "data"
    return None


_FINDERS: dict[str, Callable[[], object]] = {
    "postgres": servers.postgres_bin,
    "redis": lambda: shutil.which("redis-server"),
    "chroma-server": servers.chroma_command,
    "chromium": servers.chromium_path,
    "nginx": servers.nginx_path,
    "modsecurity": servers.modsecurity_path,
    "node": lambda: shutil.which("node") and shutil.which("npm"),
    "bot-libraries": (ROOT / ".tools" / "bots" / ".installed").exists,
    "openid-provider": (ROOT / "tests/third_party/node/node_modules/oidc-provider").exists,
    "shared-data": shared_data_dir,
}


def require(name: str) -> None:
    """Returns when the backend is there.

    Raises:
        pytest.skip.Exception: it is absent.
        pytest.fail.Exception: it is absent and CI is set: there nothing may be left out unnoticed.
    """
    if _FINDERS[name]():
        return
    message = f"{name} is not on this machine (as root, scripts/install-system installs what the tests need)"
    if name == "shared-data":
        message = "no folder shared/data next to this checkout"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
