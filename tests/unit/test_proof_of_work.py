"""Proofs of work: each answer works once, for its address, in its time."""

import pytest

from myna.errors import TooMany
from myna.limits import proof
from myna.limits.proof import ProofNeeded, Proofs, solve, solved

BITS = 8


@pytest.fixture
def proofs() -> Proofs:
    used: set[str] = set()

    async def once(each: str) -> None:
        if each in used:
            raise TooMany("used")
        used.add(each)

    return Proofs(b"k" * 32, once)


async def test_an_answer_works_once(proofs: Proofs) -> None:
    challenge = proofs.challenge("192.0.2.7", BITS)
    answer = solve(challenge, BITS)
    await proofs.check("192.0.2.7", challenge, answer)
    with pytest.raises(ProofNeeded) as again:
        await proofs.check("192.0.2.7", challenge, answer)
    assert again.value.extra["challenge"] != challenge


async def test_an_answer_of_another_address_or_server_is_refused(proofs: Proofs) -> None:
    challenge = proofs.challenge("192.0.2.7", BITS)
    with pytest.raises(ProofNeeded):
        await proofs.check("192.0.2.8", challenge, solve(challenge, BITS))
    forged = Proofs(b"x" * 32, proofs._once).challenge("192.0.2.7", BITS)
    with pytest.raises(ProofNeeded):
        await proofs.check("192.0.2.7", forged, solve(forged, BITS))


async def test_an_easier_challenge_cannot_be_made_of_a_hard_one(proofs: Proofs) -> None:
    until, _, rest = proofs.challenge("192.0.2.7", 20).split(".", 2)
    easier = f"{until}.1.{rest}"
    with pytest.raises(ProofNeeded):
        await proofs.check("192.0.2.7", easier, solve(easier, 1))


async def test_an_answer_comes_too_late(proofs: Proofs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "LIFE_S", -1)
    challenge = proofs.challenge("192.0.2.7", BITS)
    with pytest.raises(ProofNeeded):
        await proofs.check("192.0.2.7", challenge, solve(challenge, BITS))


@pytest.mark.parametrize("challenge", ["", ".", "1.2.3", "a.b.c.d", "9999999999.8.x.y", "٣.٣.٣.٣"])
async def test_nonsense_is_no_challenge(proofs: Proofs, challenge: str) -> None:
    with pytest.raises(ProofNeeded):
        await proofs.check("192.0.2.7", challenge, "1")


@pytest.mark.parametrize("answer", ["", "-1", "x", "٣", "1" * 21])
def test_an_answer_is_a_number(answer: str) -> None:
    assert not solved("c", answer, 0)
