"""A storm of new connections is let in at a steady rate, and told when to come back."""

import pytest

from myna.deliver.admission import Admission
from myna.errors import Busy


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def entered(admission: Admission, tries: int) -> int:
    """How many of so many clients got in."""
    count = 0
    for _ in range(tries):
        try:
            admission.enter()
            count += 1
        except Busy:
            continue
    return count


def test_a_burst_gets_in_and_then_a_steady_rate() -> None:
    clock = Clock()
    admission = Admission(10, 20, clock=clock)
    assert entered(admission, 100) == 20
    clock.now += 1.0
    assert entered(admission, 100) == 10
    clock.now += 3600.0
    assert entered(admission, 100) == 20


def test_the_refused_are_told_to_come_back_at_different_times() -> None:
    admission = Admission(10, 1, clock=Clock())
    admission.enter()
    waits = set()
    for _ in range(20):
        with pytest.raises(Busy) as refused:
            admission.enter()
        assert refused.value.status == 503
        assert refused.value.temporary
        assert refused.value.retry_ms is not None
        waits.add(refused.value.retry_ms)
    assert len(waits) > 10
    assert min(waits) >= 100


def test_zero_means_no_limit() -> None:
    assert entered(Admission(0, 0, clock=Clock()), 1000) == 1000
