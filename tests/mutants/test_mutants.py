"""Whoever takes a delivery guarantee away is stopped by the suite."""

import tempfile
from pathlib import Path

import pytest

from mutants.mutants import MUTANTS, Mutant, caught, copied, suite_fails


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_suite_catches(mutant: Mutant) -> None:
    assert caught(mutant), f"{mutant.name} survived {mutant.tests}"


def test_the_unchanged_copy_passes() -> None:
    fast = tuple(sorted({test for mutant in MUTANTS for test in mutant.tests if "/unit/" in test}))
    with tempfile.TemporaryDirectory() as folder:
        assert not suite_fails(copied(Path(folder)), fast)
