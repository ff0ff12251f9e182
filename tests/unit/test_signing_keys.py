"""Keys that sign access tokens: two algorithms, and a new key while old tokens still hold."""

import json
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from myna.cli import main
from myna.errors import MynaError, Unauthorised
from myna.identity.signing import FILE, KEPT_S, SigningKeys, rotate
from myna.identity.tokens import ISSUER, Tokens, load_key
from myna.model.workspace import User, UserKind, WorkspaceRole

ANN = User(11, 1, UserKind.HUMAN, "Ann", "ann", role=WorkspaceRole.OPERATOR)
KEY = b"k" * 32


class Nothing:
    """No refresh tokens are asked for here."""

    async def add(self, digest: str, family: int, user: int, expires_at: float) -> None:
        raise AssertionError

    async def use(self, digest: str, now: float) -> tuple[int, int, bool] | None:
        raise AssertionError

    async def family(self, digest: str) -> int | None:
        raise AssertionError

    async def revoke(self, family: int) -> None:
        raise AssertionError


def tokens(path: Path, algorithm: str = "HS256") -> Tokens:
    return Tokens(SigningKeys(KEY, path / FILE, algorithm), Nothing())


@pytest.fixture
def looks_again(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets processes look at the file again, as after a second."""
    real, moved = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: real() + moved[0])

    def move() -> None:
        moved[0] += 2.0

    return move


@pytest.mark.parametrize("algorithm", ["HS256", "EdDSA"])
def test_a_token_is_signed_as_the_setting_says(tmp_path: Path, algorithm: str) -> None:
    made = tokens(tmp_path, algorithm).access(ANN)
    assert jwt.get_unverified_header(made)["alg"] == algorithm
    assert tokens(tmp_path, algorithm).check(made).user == 11


@pytest.mark.parametrize("algorithm", ["HS256", "EdDSA"])
def test_after_a_new_key_old_and_new_tokens_hold_in_every_process(
    tmp_path: Path, algorithm: str, looks_again: Callable[[], None]
) -> None:
    one, other = tokens(tmp_path, algorithm), tokens(tmp_path, algorithm)
    old = one.access(ANN)
    rotate(KEY, tmp_path / FILE, algorithm)
    looks_again()
    new = one.access(ANN)
    assert jwt.get_unverified_header(new)["kid"] != jwt.get_unverified_header(old)["kid"]
    for each in (one, other):
        assert each.check(old).user == each.check(new).user == 11


def test_the_own_key_verifies_on_when_the_first_other_one_comes(tmp_path: Path) -> None:
    before = Tokens(KEY, Nothing()).access(ANN)
    changed = tokens(tmp_path, "EdDSA")
    assert changed.check(before).user == 11


def test_a_key_that_was_followed_long_ago_verifies_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, real = tokens(tmp_path).access(ANN), time.time
    rotate(KEY, tmp_path / FILE, "HS256")
    assert len(json.loads((tmp_path / FILE).read_text())) == 2
    monkeypatch.setattr(time, "time", lambda: real() + KEPT_S + 1)
    rotate(KEY, tmp_path / FILE, "HS256")
    monkeypatch.setattr(time, "time", real)
    assert len(json.loads((tmp_path / FILE).read_text())) == 2
    with pytest.raises(Unauthorised) as refused:
        tokens(tmp_path).check(old)
    assert refused.value.code == "token_invalid"


def test_a_public_key_is_no_shared_secret(tmp_path: Path) -> None:
    keys = SigningKeys(KEY, tmp_path / FILE, "EdDSA")
    newest, now = keys.newest, int(time.time())
    raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    public = newest.verifies.public_bytes(*raw)
    claims = {"iss": ISSUER, "sub": "11", "ws": "1", "kind": "human", "role": "owner", "exp": now + 60}
    forged = jwt.encode(claims, public, "HS256", {"kid": newest.kid})
    for wrong in (
        forged,
        jwt.encode(claims, "", "none", {"kid": newest.kid}),
        jwt.encode(claims, KEY, "HS256"),
    ):
        with pytest.raises(Unauthorised):
            Tokens(keys, Nothing()).check(wrong)


def test_the_keys_are_for_the_server_only_and_never_shown(tmp_path: Path) -> None:
    made = rotate(KEY, tmp_path / FILE, "EdDSA")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert made.kid not in made.secret.hex()


def test_two_who_rotate_at_once_leave_both_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: rotate(KEY, tmp_path / FILE, "HS256").kid, range(8)))
    kept = [each["kid"] for each in json.loads((tmp_path / FILE).read_text())]
    assert sorted(kept[1:]) == sorted(made)


@pytest.mark.parametrize(
    "left", ["", "[]", "{}", '[{"kid": "a"}]', '[{"kid":"a","algorithm":"none","secret":"","made_at":0}]']
)
def test_damaged_keys_are_refused(tmp_path: Path, left: str) -> None:
    (tmp_path / FILE).write_text(left)
    with pytest.raises(MynaError, match="damaged"):
        tokens(tmp_path)


def test_another_algorithm_is_a_bad_setting(tmp_path: Path) -> None:
    with pytest.raises(MynaError, match="MYNA_TOKEN_ALGORITHM"):
        tokens(tmp_path, "none")


def test_the_command_makes_a_new_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MYNA_DATA", str(tmp_path))
    assert main(["keys", "rotate"]) == 0
    said = capsys.readouterr().out
    (own, made) = json.loads((tmp_path / FILE).read_text())
    assert made["kid"] in said
    assert made["secret"] not in said
    signs = Tokens(SigningKeys(load_key(tmp_path / "secret.key"), tmp_path / FILE), Nothing())
    assert jwt.get_unverified_header(signs.access(ANN))["kid"] == made["kid"] != own["kid"]
