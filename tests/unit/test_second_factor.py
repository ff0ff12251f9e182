"""One-time codes against the vectors of RFC 6238, and what a device is called."""

import base64
import time
from collections.abc import Sequence

import pytest
from pyotp.totp import TOTP

from myna.errors import MynaError, Unauthorised
from myna.identity.devices import device_name
from myna.identity.second_factor import SecondFactor
from myna.model.identity import Factor

KEY = b"k" * 32
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
# Appendix B, SHA-1; six digits are the last six of the eight given there.
RFC_CODES = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


class Kept:
    """One user's second factor in memory, as the port describes it."""

    def __init__(self) -> None:
        self.kept: Factor | None = None
        self.codes: set[str] = set()

    async def factor(self, _user: int) -> Factor | None:
        return self.kept

    async def begin_factor(self, _user: int, secret: str) -> bool:
        self.kept = Factor(secret, False, 0, 0)
        return True

    async def confirm_factor(self, _user: int, step: int, recovery: Sequence[str]) -> bool:
        assert self.kept is not None
        self.kept, self.codes = Factor(self.kept.secret, True, step, len(recovery)), set(recovery)
        return True

    async def use_step(self, _user: int, step: int) -> bool:
        assert self.kept is not None
        if step <= self.kept.last_step:
            return False
        self.kept = Factor(self.kept.secret, True, step, self.kept.recovery_codes)
        return True

    async def use_recovery(self, _user: int, digest: str) -> bool:
        known = digest in self.codes
        self.codes.discard(digest)
        return known

    async def drop_factor(self, _user: int) -> bool:
        self.kept = None
        return True


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> tuple[Kept, SecondFactor]:
    monkeypatch.setattr("pyotp.random_base32", lambda: RFC_SECRET)
    store = Kept()
    return store, SecondFactor(store, KEY)


async def turned_on(kept: tuple[Kept, SecondFactor]) -> SecondFactor:
    store, factor = kept
    await factor.begin(1, "ann")
    assert store.kept is not None
    store.kept = Factor(store.kept.secret, True, 0, 0)
    return factor


@pytest.mark.parametrize(("at", "code"), RFC_CODES)
async def test_the_codes_of_rfc_6238_pass_once(
    kept: tuple[Kept, SecondFactor], monkeypatch: pytest.MonkeyPatch, at: int, code: str
) -> None:
    factor = await turned_on(kept)
    monkeypatch.setattr(time, "time", lambda: float(at))
    await factor.check(1, code[-6:])
    with pytest.raises(Unauthorised):
        await factor.check(1, code[-6:])


@pytest.mark.parametrize(
    ("late_s", "passes"), [(-60, False), (-30, True), (0, True), (30, True), (61, False)]
)
async def test_a_code_passes_one_step_early_or_late(
    kept: tuple[Kept, SecondFactor], monkeypatch: pytest.MonkeyPatch, late_s: int, passes: bool
) -> None:
    factor = await turned_on(kept)
    monkeypatch.setattr(time, "time", lambda: 59.0 + 30 * 100 + late_s)
    code = TOTP(RFC_SECRET).at(59 + 30 * 100)
    if passes:
        await factor.check(1, code)
        return
    with pytest.raises(Unauthorised):
        await factor.check(1, code)


@pytest.mark.parametrize("code", ["", "28708", "2870822", "٢٨٧٠٨٢", "2870820", "abcdef", "287 08x"])
async def test_what_is_no_code_is_refused(
    kept: tuple[Kept, SecondFactor], monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    factor = await turned_on(kept)
    monkeypatch.setattr(time, "time", lambda: 59.0)
    with pytest.raises(Unauthorised):
        await factor.check(1, code)
    await factor.check(1, "287 082")


async def test_a_secret_sealed_with_another_key_says_what_to_do(kept: tuple[Kept, SecondFactor]) -> None:
    await turned_on(kept)
    with pytest.raises(MynaError, match="administrator"):
        await SecondFactor(kept[0], b"o" * 32).check(1, "287082")


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 "
            "Mobile/15E148 Safari/604.1",
            "Safari, iOS",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0",
            "Edge, Windows",
        ),
        ("python-httpx/0.28", "python-httpx/0.28"),
        ("", ""),
        ("\x1b[2J", ""),
        ("x" * 500, "x" * 80),
    ],
)
def test_a_device_has_a_short_name(agent: str, name: str) -> None:
    assert device_name(agent) == name
