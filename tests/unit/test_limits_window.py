"""Rate limits: so many in a window, per key, in bounded memory."""

import pytest

from myna.errors import MynaError, TooMany
from myna.limits.addresses import place_of
from myna.limits.bounds import LIMITS, Limits, bounds_of
from myna.limits.windows import MAX_KEYS, Bound, Windows


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


TWO = Bound(2, 10)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_window_takes_so_many_and_slides(clock: Clock) -> None:
    windows = Windows(clock=clock)
    assert windows.use("a", TWO) == 0
    clock.now += 4
    assert windows.use("a", TWO) == 0
    wait_s = windows.use("a", TWO)
    assert 6 < wait_s < 20
    clock.now += wait_s - 0.01
    assert windows.use("a", TWO) > 0
    clock.now += 0.02
    assert windows.use("a", TWO) == 0
    assert windows.use("a", TWO) > 0


def test_two_windows_in_a_row_never_take_twice_the_bound(clock: Clock) -> None:
    windows, bound, taken = Windows(clock=clock), Bound(10, 10), list[float]()
    for _ in range(300):
        if windows.use("a", bound) == 0:
            taken.append(clock.now)
        clock.now += 0.1
    most = max(sum(at <= each < at + 10 for each in taken) for at in taken)
    assert 10 <= most <= 12


def test_keys_do_not_share_a_window(clock: Clock) -> None:
    windows = Windows(clock=clock)
    assert [windows.use(key, Bound(1, 10)) for key in ("a", "b")] == [0, 0]
    assert windows.use("a", Bound(1, 10)) > 0


def test_refused_tries_do_not_prolong_the_wait(clock: Clock) -> None:
    windows = Windows(clock=clock)
    windows.use("a", Bound(1, 10))
    waits: list[float] = []
    for _ in range(3):
        clock.now += 3
        waits.append(windows.use("a", Bound(1, 10)) + clock.now)
    assert max(waits) - min(waits) < 0.01


def test_an_idle_window_is_empty_again(clock: Clock) -> None:
    windows = Windows(clock=clock)
    windows.use("a", Bound(1, 10))
    clock.now += 20
    assert windows.use("a", Bound(1, 10)) == 0


def test_the_keys_that_were_idle_longest_are_forgotten(clock: Clock) -> None:
    windows, once = Windows(clock=clock), Bound(1, 10)
    for key in range(MAX_KEYS + 1):
        windows.use(str(key), once)
    assert windows.use("0", once) == 0
    assert windows.use(str(MAX_KEYS), once) > 0


def test_a_refusal_says_which_limit_and_when_to_come_back() -> None:
    limits = Limits({"message_user": Bound(1, 60)}, Windows())
    heard: list[tuple[str, str]] = []
    limits.listeners.append(lambda name, key: heard.append((name, key)))
    limits.use("message_user", 7)
    with pytest.raises(TooMany) as refused:
        limits.use("message_user", 7)
    assert refused.value.extra == {"limit": "message_user"}
    assert refused.value.retry_ms is not None
    assert 0 < refused.value.retry_ms <= 120_001
    assert heard == [("message_user", "7")]
    assert limits.refused["message_user"] == 1


async def test_checking_counts_nothing() -> None:
    limits = Limits({"sign_in_address": Bound(1, 60)}, Windows())
    for _ in range(3):
        await limits.check("sign_in_address", "a")
    await limits.note("sign_in_address", "a")
    with pytest.raises(TooMany):
        await limits.check("sign_in_address", "a")


def test_settings_change_and_lift_limits() -> None:
    assert bounds_of("") == {name: each.bound for name, each in LIMITS.items()}
    made = bounds_of("message_user=5/10, preview_user=off")
    assert made["message_user"] == Bound(5, 10)
    assert "preview_user" not in made
    assert bounds_of("off") == {}
    Limits(bounds_of("off"), Windows()).use("message_user", 1, 10**9)


@pytest.mark.parametrize("setting", ["nonsense=1/2", "message_user", "message_user=0/5", "message_user=-1/5"])
def test_a_setting_that_is_no_limit_stops_the_start(setting: str) -> None:
    with pytest.raises(MynaError, match="MYNA_LIMITS"):
        bounds_of(setting)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_of_version_6_counts_with_its_network(address: str, place: str) -> None:
    assert place_of(address) == place
