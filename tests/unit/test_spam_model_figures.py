"""The shipped spam model on texts it was not trained on; floors a little below what was measured."""

import os
from collections import defaultdict
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from myna.model.conversation import ConversationKind
from myna.model.moderation import Case
from myna.model.workspace import UserKind
from myna_agents.moderation import LayeredModerator
from myna_agents.moderation.corpora import Part, examples, offensive
from myna_agents.moderation.figures import Figures, figures
from myna_agents.moderation.linear import LinearModel, load
from myna_agents.moderation.normalise import normalise
from myna_agents.moderation.training import Example

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FLAG, HOLD = 0.3, 0.5
HELP = Path(str(files("myna_agents"))) / "demo" / "help_centre"


@pytest.fixture(scope="module")
def data() -> Path:
    if not (DATA / "spam").is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs the spam data in {DATA}")
        pytest.skip(f"no spam data in {DATA}")
    return DATA


def figures_of(model: LinearModel, found: list[Example]) -> Figures:
    return figures(
        np.array([model.worst(normalise(example.text))[0] for example in found]),
        np.array([example.spam for example in found]),
        HOLD,
    )


@pytest.fixture(scope="module")
def measured(data: Path) -> dict[str, Figures]:
    by_corpus = defaultdict[str, list[Example]](list)
    for example in examples(data)[Part.TEST]:
        by_corpus[example.corpus].append(example)
    return {corpus: figures_of(load(), found) for corpus, found in by_corpus.items()}


def test_offensive_language_is_told_from_other_talk_about_the_same(data: Path) -> None:
    found = figures_of(load("offensive"), offensive(data)[Part.TEST])
    assert found.accuracy >= 0.81
    assert found.auroc >= 0.9


@pytest.mark.parametrize(
    ("corpus", "precision", "recall", "auroc"),
    [("sms_en", 0.98, 0.92, 0.998), ("sms_zh", 0.98, 0.91, 0.98), ("group_zh", 0.97, 0.89, 0.98)],
)
def test_spam_is_told_from_messages_of_the_same_kind(
    measured: dict[str, Figures], corpus: str, precision: float, recall: float, auroc: float
) -> None:
    found = measured[corpus]
    assert found.spam >= 40
    assert found.precision >= precision
    assert found.recall >= recall
    assert found.auroc >= auroc


@pytest.mark.parametrize(
    ("corpus", "share"),
    [("customers", 0.001), ("covid", 0.003), ("forum_zh", 0.004), ("prose_en", 0.003), ("prose_zh", 0.003)],
)
def test_harmless_texts_are_hardly_ever_held(measured: dict[str, Figures], corpus: str, share: float) -> None:
    assert measured[corpus].harmless >= 380
    assert measured[corpus].false_positives <= share


def test_questions_to_a_service_are_hardly_ever_put_up_for_review(data: Path) -> None:
    model, asked = load(), {"customers", "help", "covid"}
    found = [each.text for each in examples(data)[Part.TEST] if each.corpus in asked]
    assert len(found) >= 4000
    assert sum(model.worst(normalise(text))[0] >= FLAG for text in found) <= 0.003 * len(found)


async def test_no_page_of_the_help_centre_is_flagged() -> None:
    moderator = LayeredModerator()
    pages = [page for lang in ("en", "zh") for page in sorted((HELP / lang).iterdir())]
    case = Case(1, 7, ConversationKind.SUPPORT, 1, UserKind.VISITOR, "", 0.0)
    found = {
        f"{page.parent.name}/{page.name}": await moderator.judge(
            replace(case, sender=number, at=number * 30_000.0, text=page.read_text(encoding="utf-8"))
        )
        for number, page in enumerate(pages)
    }
    assert len(found) >= 50
    assert {name: verdict.reasons for name, verdict in found.items() if verdict.action != "allow"} == {}
