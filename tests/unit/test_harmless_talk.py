"""What the shipped policy does with everyday talk of the workplace and of customers, full of dates, prices, links and orders."""

from pathlib import Path

import pytest

from myna.model.conversation import ConversationKind
from myna.model.moderation import Action, Case
from myna.model.workspace import UserKind
from myna_agents.moderation import LayeredModerator

TEXTS = Path(__file__).resolve().parents[1] / "support" / "texts"
MOST_FLAGGED = 0.03


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_everyday_talk_with_numbers_is_never_held_and_hardly_ever_flagged(lang: str) -> None:
    texts = (TEXTS / f"harmless_{lang}.txt").read_text(encoding="utf-8").splitlines()
    assert len(set(texts)) >= 120
    moderator = LayeredModerator()
    said = [
        await moderator.judge(
            Case(1, 7, ConversationKind.GROUP, sender, UserKind.HUMAN, text, sender * 30_000.0)
        )
        for sender, text in enumerate(texts)
    ]
    kept = {
        text: verdict.reasons
        for text, verdict in zip(texts, said, strict=True)
        if verdict.action in {Action.HOLD, Action.BLOCK}
    }
    assert kept == {}
    assert sum(verdict.action is Action.FLAG for verdict in said) <= MOST_FLAGGED * len(texts)
