"""The keys that sign access tokens. The newest signs; older ones still verify for as long as a token of theirs may live.

The algorithm belongs to the key and never comes from a token (RFC 8725, section 3.1). Every process of an installation reads the
same file; one that meets an unknown key looks whether the file has changed.
"""

import base64
import fcntl
import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from myna.errors import MynaError

ALGORITHMS = ("HS256", "EdDSA")
KEPT_S = 3600.0
"""How long a key verifies after the next one came; access tokens live a quarter of that."""
LOOK_S = 1.0
"""How often the file is looked at, at most."""
FILE = "signing-keys.json"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key; `secret` is the HMAC key, or the 32 bytes of an Ed25519 private key (RFC 8032)."""

    kid: str
    algorithm: str
    secret: bytes
    made_at: float

    @property
    def signs(self) -> Any:
        """What PyJWT signs with."""
        return self.secret if self.algorithm == "HS256" else Ed25519PrivateKey.from_private_bytes(self.secret)

    @property
    def verifies(self) -> Any:
        """What PyJWT verifies with."""
        return self.secret if self.algorithm == "HS256" else self.signs.public_key()


class SigningKeys:
    """Keys of an installation. Without a file, the server's own key signs."""

    def __init__(self, own: bytes, path: Path | None = None, algorithm: str = "HS256") -> None:
        if algorithm not in ALGORITHMS:
            raise MynaError(
                f"MYNA_TOKEN_ALGORITHM is {algorithm!r}; use {' or '.join(ALGORITHMS)}.", code="bad_setting"
            )
        self._own = SigningKey(hashlib.sha256(own).hexdigest()[:8], "HS256", own, 0.0)
        self._path, self._algorithm = path, algorithm
        self._keys: list[SigningKey] = [self._own]
        self._seen: tuple[int, int] | None = None
        self._looked = 0.0
        self._turn = threading.Lock()
        self._look()
        if path is not None and self._keys[-1].algorithm != algorithm:
            rotate(own, path, algorithm)
            self._looked = 0.0
            self._look()

    @property
    def newest(self) -> SigningKey:
        """What signs now."""
        self._look()
        return self._keys[-1]

    def find(self, kid: str) -> SigningKey | None:
        """The key of this name, if it still verifies."""
        for _ in range(2):
            found = next((each for each in self._keys if each.kid == kid), None)
            if found is not None:
                return found
            self._look()
        return None

    def _look(self) -> None:
        if self._path is None or time.monotonic() - self._looked < LOOK_S:
            return
        with self._turn:
            self._looked = time.monotonic()
            if not self._path.exists():
                return
            state = self._path.stat()
            if self._seen != (state.st_mtime_ns, state.st_ino):
                self._keys = _read(self._path)
                self._seen = (state.st_mtime_ns, state.st_ino)


def rotate(own: bytes, path: Path, algorithm: str) -> SigningKey:
    """Make a new key that signs from now on, in every process that shares the file; those that are too old go.

    Two at once make two keys, one after the other. A crash leaves the old file.
    """
    with _alone(path):
        now = time.time()
        known = _read(path) if path.exists() else [SigningKeys(own).newest]
        # A key verifies until an hour after the one that followed it came.
        followed = [*(each.made_at for each in known[1:]), now]
        kept = [each for each, next_at in zip(known, followed, strict=True) if next_at > now - KEPT_S]
        secret = secrets.token_bytes(32)
        made = SigningKey(hashlib.sha256(secret).hexdigest()[:16], algorithm, secret, now)
        _write(path, [*kept, made])
        return made


def _read(path: Path) -> list[SigningKey]:
    try:
        found = json.loads(path.read_text("ascii"))
        keys = [
            SigningKey(
                str(each["kid"]),
                str(each["algorithm"]),
                base64.b64decode(each["secret"], validate=True),
                float(each["made_at"]),
            )
            for each in found
        ]
    except (ValueError, KeyError, TypeError) as wrong:
        raise _damaged(path) from wrong
    if not keys or any(each.algorithm not in ALGORITHMS or len(each.secret) < 32 for each in keys):
        raise _damaged(path)
    return keys


def _write(path: Path, keys: list[SigningKey]) -> None:
    rows = [
        {
            "kid": each.kid,
            "algorithm": each.algorithm,
            "secret": base64.b64encode(each.secret).decode(),
            "made_at": each.made_at,
        }
        for each in keys
    ]
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(rows, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def _alone(path: Path) -> Generator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path.with_name(f".{path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _damaged(path: Path) -> MynaError:
    return MynaError(
        f"The signing keys {str(path)!r} are damaged; restore them, or delete the file so that the server's own key signs.",
        code="bad_setting",
    )
