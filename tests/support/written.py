"""What servers of a test run wrote, searched for secrets."""

import re
from collections.abc import Iterator
from pathlib import Path

SECRETS = (
    # A signed token (RFC 7519), whole or its claims.
    re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    # A token in a header, and one-time tickets in an address.
    re.compile(rb"(?i)bearer\s+(?!\S*[<{.\xe2])[A-Za-z0-9:._-]{16,}"),
    re.compile(rb"[?&](ticket|access_token|token|code|secret|password|refresh_token)=[^\s&\"']{8,}"),
    # Refresh tokens, links and keys of bots.
    re.compile(rb"refresh_token[\"']?\s*[:=]\s*[\"'][A-Za-z0-9_-]{20,}"),
    re.compile(rb"\b\d{12,16}:[A-Za-z0-9_-]{30,}"),
    re.compile(rb"sk-[A-Za-z0-9]{20,}"),
)
GREETING = re.compile(rb"^      password +\S+\n      \(kept in .*\)$", re.MULTILINE)
"""Shown once, on the terminal of whoever starts a server for the first time."""


def secrets_in(folder: Path) -> Iterator[str]:
    """Where something secret stands in what was printed, and in what the servers' own files give away."""
    passwords = {
        file.read_bytes().strip() for file in folder.rglob("operator-password.txt") if file.stat().st_size
    }
    keys = {file.read_bytes() for file in folder.rglob("secret.key")}
    known = passwords | {key.hex().encode() for key in keys} | keys
    for log in sorted(folder.rglob("*.log")):
        text = GREETING.sub(b"", log.read_bytes())
        for secret in known:
            if len(secret) >= 8 and secret in text:
                yield f"{log}: a password or key"
        for pattern in SECRETS:
            found = pattern.search(text)
            if found is not None:
                line = text[: found.start()].count(b"\n") + 1
                yield f"{log}:{line}: {found[0][:24]!r}…"
