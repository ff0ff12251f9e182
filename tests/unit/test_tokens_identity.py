"""Access and refresh tokens, keys and passwords."""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

from myna.errors import MynaError, Unauthorised
from myna.identity.passwords import hash_password, matches, new_password
from myna.identity.tokens import ACCESS_S, CACHE_TOKENS, ISSUER, Tokens, load_key
from myna.model.workspace import User, UserKind, WorkspaceRole
from myna.rights import Principal

ANN = User(11, 1, UserKind.HUMAN, "Ann", "ann", role=WorkspaceRole.OPERATOR)
VIC = User(21, 1, UserKind.VISITOR, "Vic")
KEY = b"k" * 32
KID = hashlib.sha256(KEY).hexdigest()[:8]


class Families:
    """Refresh tokens in memory, as the port describes them."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[int, int, float, bool]] = {}

    async def add(self, digest: str, family: int, user: int, expires_at: float) -> None:
        self.rows[digest] = (family, user, expires_at, False)

    async def use(self, digest: str, now: float) -> tuple[int, int, bool] | None:
        row = self.rows.get(digest)
        if row is None or row[2] < now:
            return None
        self.rows[digest] = (*row[:3], True)
        return row[0], row[1], row[3]

    async def family(self, digest: str) -> int | None:
        row = self.rows.get(digest)
        return None if row is None else row[0]

    async def revoke(self, family: int) -> None:
        self.rows = {digest: row for digest, row in self.rows.items() if row[0] != family}


@pytest.fixture
def families() -> Families:
    return Families()


@pytest.fixture
def tokens(families: Families) -> Tokens:
    return Tokens(KEY, families)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock that issues and the caches look at."""
    real = time.time

    def move(by_s: float) -> None:
        monkeypatch.setattr(time, "time", lambda: real() + by_s)

    return move


def forged(key: bytes = KEY, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "11", "ws": "1", "kind": "human", "role": None, "exp": now + 86_400}
    made = {name: value for name, value in (claims | changes).items() if value != "gone"}
    return jwt.encode(made, key, "HS256", {"kid": KID})


def test_a_token_names_its_owner(tokens: Tokens) -> None:
    assert tokens.check(tokens.access(ANN)) == Principal(11, 1, UserKind.HUMAN, WorkspaceRole.OPERATOR)
    assert tokens.check(tokens.access(VIC)) == Principal(21, 1, UserKind.VISITOR, None)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "token_invalid"),
        ("not.a.token", "token_invalid"),
        ("ünïcode", "token_invalid"),
        (forged(b"x" * 32), "token_invalid"),
        (forged(exp=int(time.time()) - 10), "token_expired"),
        (forged(iss="somebody"), "token_invalid"),
        (forged(sub="gone"), "token_invalid"),
        (forged(exp="gone"), "token_invalid"),
        (forged(kind="gone"), "token_invalid"),
        (forged(sub="ann"), "token_invalid"),
        (forged(ws="gone"), "token_invalid"),
        (forged(ws=None), "token_invalid"),
        (forged(kind="king"), "token_invalid"),
        (forged(role="king"), "token_invalid"),
    ],
)
def test_a_wrong_token_is_refused(tokens: Tokens, token: str, code: str) -> None:
    with pytest.raises(Unauthorised) as refused:
        tokens.check(token)
    assert refused.value.code == code


def test_a_token_without_a_signature_is_refused(tokens: Tokens) -> None:
    claims = jwt.decode(tokens.access(ANN), KEY, ["HS256"], issuer=ISSUER)
    with pytest.raises(Unauthorised):
        tokens.check(jwt.encode(claims, "", "none", {"kid": KID}))


def test_a_remembered_token_ends_when_it_expires(tokens: Tokens) -> None:
    token = tokens.access(ANN)
    expires_at, _ = tokens._checked.setdefault(token, (time.time() - 1, Principal(99, 9, UserKind.HUMAN)))
    assert expires_at < time.time()
    assert tokens.check(token).user == ANN.id
    tokens._checked[token] = (time.time() + 60, Principal(98, 9, UserKind.HUMAN))
    assert tokens.check(token).user == 98


def test_a_token_lives_a_quarter_of_an_hour(tokens: Tokens, later: Callable[[float], None]) -> None:
    assert ACCESS_S == 900
    later(-ACCESS_S - 5)
    old = tokens.access(ANN)
    later(0)
    with pytest.raises(Unauthorised) as refused:
        tokens.check(old)
    assert refused.value.code == "token_expired"


def test_the_memory_of_checked_tokens_is_bounded(tokens: Tokens) -> None:
    for place in range(CACHE_TOKENS):
        tokens._checked[str(place)] = (time.time() + 60, Principal(1, 1, UserKind.HUMAN))
    tokens.check(tokens.access(ANN))
    assert len(tokens._checked) == 1


async def test_a_refresh_token_gives_a_new_pair_once(tokens: Tokens) -> None:
    first = await tokens.issue(ANN)
    user, family = await tokens.rotate(first.refresh)
    assert user == ANN.id
    second = await tokens.issue(ANN, family)
    assert second.refresh != first.refresh
    assert (await tokens.rotate(second.refresh))[1] == family


async def test_using_a_refresh_token_again_ends_the_whole_sign_in(tokens: Tokens) -> None:
    first = await tokens.issue(ANN)
    elsewhere = await tokens.issue(ANN)
    _, family = await tokens.rotate(first.refresh)
    second = await tokens.issue(ANN, family)
    with pytest.raises(Unauthorised) as refused:
        await tokens.rotate(first.refresh)
    assert refused.value.code == "token_reused"
    with pytest.raises(Unauthorised) as ended:
        await tokens.rotate(second.refresh)
    assert ended.value.code == "token_expired"
    assert (await tokens.rotate(elsewhere.refresh))[0] == ANN.id


async def test_signing_out_ends_the_sign_in(tokens: Tokens) -> None:
    pair = await tokens.issue(ANN)
    await tokens.revoke("unknown")
    await tokens.revoke(pair.refresh)
    with pytest.raises(Unauthorised):
        await tokens.rotate(pair.refresh)


async def test_refresh_tokens_are_not_stored_themselves(tokens: Tokens, families: Families) -> None:
    pair = await tokens.issue(ANN)
    assert pair.refresh not in families.rows
    assert len(families.rows) == 1


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"
    key = load_key(path)
    assert len(key) == 32
    assert load_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("left", [b"", b"short"])
def test_a_damaged_key_is_refused(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(left)
    with pytest.raises(MynaError, match=r"secret\.key"):
        load_key(path)


def test_starters_at_once_agree_on_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.key"
    real = os.link
    other: list[bytes] = []

    def slower(source: Any, target: Any) -> None:
        monkeypatch.setattr(os, "link", real)
        other.append(load_key(path))
        real(source, target)

    monkeypatch.setattr(os, "link", slower)
    assert load_key(path) == other[0]
    assert [each.name for each in tmp_path.iterdir()] == ["secret.key"]


async def test_a_password_matches_only_itself() -> None:
    hashed = await hash_password("correct horse")
    assert "correct" not in hashed
    told = await asyncio.gather(
        matches("correct horse", hashed),
        matches("wrong horse", hashed),
        matches("correct horse", None),
        matches("x", "no hash"),
    )
    assert list(told) == [True, False, False, False]


def test_new_passwords_differ() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(each.replace("-", "")) == 24 for each in made)
