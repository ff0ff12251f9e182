"""Words, BM25, fusion and calibration: the arithmetic of finding and of not knowing."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from myna_knowledge.model import Section
from myna_knowledge.retrieval.calibration import (
    ALPHA,
    LEAST_ANSWERED,
    LEAST_RIGHT,
    MOST_WRONG,
    UNCHECKED,
    Labelled,
    confidence,
    fit,
    prior,
)
from myna_knowledge.retrieval.lexical import K1, B, Lexicon, Scores, entries, overlap
from myna_knowledge.retrieval.memory import Held, Memory
from myna_knowledge.retrieval.naming import label
from myna_knowledge.retrieval.priors import CENTRES, E5_PRIOR, LEXICAL_PRIOR, SCALES
from myna_knowledge.retrieval.ranking import FEATURES, Found, evidence, fuse, lexical_top
from myna_knowledge.retrieval.space import Level, Space
from myna_knowledge.text import language, sentences, terms, token_cost, topic_terms
from myna_knowledge.vectors import Vectors


def section(
    at: int, text: str, *, lang: str = "en", question: str | None = None, variants: Sequence[str] = ()
) -> Section:
    kind = "text" if question is None else "faq"
    return Section(at, 1, at, 1, 0, "", "", text, lang, kind, question, text, tuple(variants), (), None)


def memory(sections: Sequence[Section]) -> Memory:
    held = tuple(
        Held(each.id, each.source, each.lang, each.kind, None, (), entries(each)) for each in sections
    )
    places = {each.id: at for at, each in enumerate(held)}
    return Memory(1, 1, 1, held, places, Lexicon([each.entries for each in held]), Space.of({}, {}))


def no_words(size: int) -> Scores:
    none = np.zeros(size, dtype=np.float32)
    return Scores(none, none)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Returned parcels", ["return", "parcel"]),
        ("退货", ["退", "货", "退货"]),
        ("軟體", ["软", "体", "软体"]),
        ("order AB-1234", ["order", "ab", "1234", "ab-1234"]),
        ("Ｆｕｌｌ　width", ["full", "width"]),
        ("iPhone 退款", ["iphon", "退", "款", "退款"]),
        ("the shop's rule", ["the", "shop", "rule"]),
    ],
)
def test_terms_of_a_text(text: str, found: list[str]) -> None:
    assert terms(text) == found


def test_topic_terms_leave_out_how_people_ask() -> None:
    assert topic_terms("How do I return a parcel?") == topic_terms("return parcel")
    assert topic_terms("请问怎么退货？") == topic_terms("退货")


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Where is it?", "en"),
        ("在哪里", "zh"),
        ("DHL Express 多久到", "zh"),
        ("we sell the brand 小米 in our stores", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_question_is_told_by_its_script(text: str, lang: str) -> None:
    assert language(text) == lang


def test_sentence_spans_leave_out_nothing_but_white_space() -> None:
    text = "It costs 3.50 EUR. Call us! 退货免费。请保留包装！\nNobody is there"
    assert [text[start:end] for start, end in sentences(text)] == [
        "It costs 3.50 EUR.",
        "Call us!",
        "退货免费。",
        "请保留包装！",
        "Nobody is there",
    ]
    assert token_cost("退货") == 2


def test_bm25_is_what_the_formula_says() -> None:
    texts = ["apple pear", "apple apple fig fig", "kiwi"]
    lexicon = Lexicon([entries(section(at, text)) for at, text in enumerate(texts)])
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    mean = (2 + 4 + 1) / 3
    expected = [idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * size / mean)) for tf, size in ((1, 2), (2, 4))]
    found = lexicon.scores("apples")
    assert found.joined is found.best
    assert found.best == pytest.approx([*expected, 0.0], rel=1e-5)


def test_a_faq_is_found_by_each_of_its_wordings_and_less_by_its_answer() -> None:
    faq = section(0, "Yes, within thirty days.", question="Can I return it?", variants=["send goods back"])
    lexicon = Lexicon([entries(faq), entries(section(1, "Opening hours of stores"))])
    by_variant, by_answer = lexicon.scores("send back").best[0], lexicon.scores("thirty").best[0]
    assert by_variant > by_answer > 0
    hidden = [int(lexicon.entries_of(0)[1])]
    assert lexicon.scores("goods", hidden=hidden).best[0] == 0


def test_the_wordings_of_a_faq_rank_it_as_one_text_without_the_hidden_ones() -> None:
    faq = section(0, "", question="return goods", variants=["return parcel", "send back"])
    other = section(1, "", question="parcel")
    lexicon = Lexicon([entries(faq), entries(other)])
    idf, mean = math.log(1 + 0.5 / 2.5), (6 + 1) / 2

    def part(idf: float, often: int, size: int) -> float:
        return idf * often * (K1 + 1) / (often + K1 * (1 - B + B * size / mean))

    rare = math.log(1 + 1.5 / 1.5)
    both = lexicon.scores("return parcel").joined
    assert both == pytest.approx([part(rare, 2, 6) + part(idf, 1, 6), part(idf, 1, 1)], rel=1e-5)
    hidden = [int(lexicon.entries_of(0)[1])]
    less = lexicon.scores("return parcel", hidden=hidden).joined
    assert less == pytest.approx([part(rare, 1, 4), part(idf, 1, 1)], rel=1e-5)
    turned = lexicon.arranged([1, 0]).scores("return parcel").joined
    assert turned.tolist() == both.tolist()[::-1]


def test_coverage_counts_what_a_section_holds_and_what_nobody_knows() -> None:
    lexicon = Lexicon([entries(section(0, "return parcel")), entries(section(1, "kayak"))])
    held, unknown = lexicon.coverage("return kayak submarine", [0])
    assert 0 < held < 0.5
    assert unknown == pytest.approx(
        1 - held - lexicon.idf("kayak") / sum(map(lexicon.idf, ["return", "kayak", "submarin"]))
    )
    assert lexicon.coverage("return kayak", [0, 1]) == pytest.approx((1.0, 0.0))
    assert lexicon.coverage("how do I", [0]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("lable", "label"),
        ("adress", "address"),
        ("refunnd", "refund"),
        ("suprises", "surprise"),
        ("recieve", "receive"),
    ],
)
def test_a_slip_of_the_keys_is_found_as_what_was_meant(typed: str, found: str) -> None:
    known = memory([section(1, f"the {found} is here"), section(2, "something else")])
    assert known.lexicon.scores(typed).best.tolist() == known.lexicon.scores(found).best.tolist()
    assert known.lexicon.coverage(typed, [0]) == known.lexicon.coverage(found, [0])
    assert known.lexicon.bound(typed) == known.lexicon.bound(found)


@pytest.mark.parametrize("typed", ["store", "planes", "nalp", "stovepipe", "退货"])
def test_another_word_is_not_taken_for_a_slip(typed: str) -> None:
    known = memory([section(1, "stove plan"), section(2, "退款")])
    assert known.lexicon.meant(typed) == {}


def test_a_word_that_the_base_holds_is_never_changed() -> None:
    known = memory([section(1, "trial label"), section(2, "trail label")])
    assert known.lexicon.meant("a trial on the trail lable") == {"labl": "label"}


def test_overlap_is_jaccard_with_the_nearest_wording() -> None:
    asked = frozenset({"a", "b"})
    assert overlap(asked, [frozenset({"a"}), frozenset({"a", "b", "c", "d"})]) == 0.5
    assert overlap(asked, []) == 0.0


def test_fusion_weighs_meaning_four_times_as_much_as_words() -> None:
    known = memory([section(1, "pear"), section(2, "apple"), section(3, "fig"), section(4, "kiwi")])
    scores = {1: known.lexicon.scores("pear")}
    level = Level(0.0, 0.1)
    found = [Found(known, place, place, cosine, level) for place, cosine in enumerate([0.1, 0.5, 0.1])]
    assert [each.section for each in fuse(found, scores, "en")] == [2, 1, 3]


def test_the_best_of_many_wordings_counts_less_than_the_only_one() -> None:
    many = section(1, "pear", question="one", variants=["two", "three", "four"])
    known = memory([many, section(2, "apple", question="only")])
    scores = {1: known.lexicon.scores("nothing")}
    found = [Found(known, 0, 1, 0.51, Level(0.0, 0.1)), Found(known, 1, 5, 0.50, Level(0.0, 0.1))]
    assert [each.section for each in fuse(found, scores, "en")] == [2, 1]
    hidden = [int(entry) for entry in known.lexicon.entries_of(0)[1:]]
    assert [each.section for each in fuse(found, scores, "en", hidden=hidden)] == [1, 2]


def test_without_vectors_words_alone_order_and_ties_go_to_the_older() -> None:
    known = memory([section(3, "pear"), section(2, "apple"), section(1, "pear")])
    scores = known.lexicon.scores("pear")
    ranked = fuse([Found(known, place) for place in (0, 1, 2)], {1: scores}, "en")
    assert [each.section for each in ranked] == [1, 3, 2]
    assert lexical_top(scores.joined) == [0, 2]


def test_the_same_language_is_preferred_and_the_other_still_found() -> None:
    known = memory([section(1, "退货"), section(2, "returns", lang="en")])
    known = Memory(
        1,
        1,
        1,
        (Held(1, 1, "zh", "text", None, (), ()), *known.sections[1:]),
        known.places,
        known.lexicon,
        known.space,
    )
    level = Level(0.0, 0.1)
    scores = {1: no_words(2)}
    same = fuse([Found(known, 0, 1, 0.5, level), Found(known, 1, 2, 0.52, level)], scores, "zh")
    assert [each.held.lang for each in same] == ["en", "zh"] or same[0].held.lang == "zh"
    better = fuse([Found(known, 0, 1, 0.2, level), Found(known, 1, 2, 0.6, level)], scores, "zh")
    assert better[0].held.lang == "en"


def test_a_section_lets_its_own_translation_into_the_askers_language_pass_and_no_other() -> None:
    known = memory([section(1, "运费", lang="zh"), section(2, "delivery rates"), section(3, "opening hours")])
    level, scores = Level(0.0, 0.1), {1: no_words(3)}
    rates, alike, hours = (np.array(each, dtype=np.float32) for each in ([1, 0], [0.8, 0.6], [0.4, 0.9165]))

    def ranked(other: Vectors) -> list[int]:
        found = [
            Found(known, 0, 1, 0.6, level, piece=rates),
            Found(known, 1, 2, 0.2, level, piece=other),
            Found(known, 2, 3, 0.3, level, piece=hours),
        ]
        return [each.section for each in fuse(found, scores, "en")]

    assert ranked(alike) == [2, 1, 3]
    assert ranked(hours) == [1, 3, 2]


@pytest.mark.parametrize(
    ("title", "heading", "question", "shown"),
    [
        ("Returns", "Sending back › How long", None, "Returns: How long"),
        ("退货", "退货 › 运费", None, "退货：运费"),
        ("Returns", "returns", None, "returns"),
        ("Returns", "", None, "Returns"),
        ("handbook.pdf", "Hours", None, "Hours"),
        ("handbook.pdf", "", None, ""),
        ("FAQ", "Money", "What does it cost?", "What does it cost?"),
    ],
)
def test_a_passage_is_called_by_its_question_or_its_own_heading(
    title: str, heading: str, question: str | None, shown: str
) -> None:
    assert label(title, heading, question) == shown


def test_evidence_has_every_feature_even_without_candidates() -> None:
    assert set(evidence("what?", "en", [])) == set(FEATURES)
    known = memory([section(1, "pear tree")])
    ranked = fuse([Found(known, 0, 5, 0.5, Level(0.1, 0.1))], {1: known.lexicon.scores("pear")}, "en")
    features = evidence("pear", "en", ranked)
    assert features["coverage"] == pytest.approx(1.0)
    assert features["cosine_z"] == pytest.approx(4.0)
    cross = evidence("梨树", "zh", ranked)
    assert (cross["cross"], cross["coverage"], cross["unknown"]) == (1.0, 0.0, 0.0)


def test_the_means_of_a_language_are_taken_out_of_its_vectors() -> None:
    draw = np.random.default_rng(5)
    shared = np.array([10.0, 0, 0, 0], dtype=np.float32)
    raw = (draw.normal(size=(200, 4)) + shared).astype(np.float32)
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    space = Space.of({"en": unit}, {"en": unit})
    asked = space.question(unit[0], "en", None)
    level = space.levels(asked)["en"]
    assert float((unit @ unit[0]).mean()) > 0.9
    assert abs(level.mean) < 0.3
    assert level.z(float(space.pieces(unit[:1], "en")[0] @ asked)) > 1


def rows(count: int, *, gap: float, seed: int) -> list[Labelled]:
    draw = np.random.default_rng(seed)
    made: list[Labelled] = []
    for group in range(count):
        for answers in (True, False):
            features = dict.fromkeys(FEATURES, 0.0) | {name: CENTRES[name] for name in E5_PRIOR.weights}
            features["cosine"] += (
                SCALES["cosine"] * (gap if answers else -gap) + draw.normal() * SCALES["cosine"]
            )
            made.append(Labelled(features, answers, 1.0, group, unanswerable=not answers))
    return made


def test_the_threshold_keeps_wrong_answers_below_the_bound() -> None:
    calibration = fit("multilingual-e5-small", rows(300, gap=1.5, seed=1))
    fresh = rows(2000, gap=1.5, seed=2)
    passed = [confidence(calibration, row.features) >= calibration.threshold for row in fresh]
    wrong = np.mean([each for each, row in zip(passed, fresh, strict=True) if not row.answers])
    right = np.mean([each for each, row in zip(passed, fresh, strict=True) if row.answers])
    assert wrong <= ALPHA * 1.6
    assert right > 0.8
    assert calibration.sample == 600
    assert calibration.curve[0]["wrong"] == 1.0
    assert calibration.curve[-1]["wrong"] == 0.0


def test_where_the_bound_would_silence_a_base_most_questions_are_answered_still() -> None:
    calibration = fit("multilingual-e5-small", rows(300, gap=0.9, seed=1))
    fresh = rows(2000, gap=0.9, seed=2)
    passed = [confidence(calibration, row.features) >= calibration.threshold for row in fresh]
    wrong = np.mean([each for each, row in zip(passed, fresh, strict=True) if not row.answers])
    right = np.mean([each for each, row in zip(passed, fresh, strict=True) if row.answers])
    assert right > LEAST_ANSWERED - 0.05
    assert ALPHA < wrong <= MOST_WRONG


def test_a_base_that_often_finds_the_wrong_section_keeps_the_bound_whatever_it_silences() -> None:
    made = rows(300, gap=0.9, seed=1)
    astray = [Labelled(row.features, False, 1.0, row.group) for row in rows(300, gap=0.3, seed=5)[:300]]
    bold, careful = fit("multilingual-e5-small", made), fit("multilingual-e5-small", [*made, *astray])
    assert bold.right >= LEAST_RIGHT > careful.right
    assert careful.threshold > bold.threshold
    fresh = [confidence(careful, row.features) for row in rows(2000, gap=0.9, seed=2) if not row.answers]
    assert np.mean(np.array(fresh) >= careful.threshold) <= ALPHA * 1.6


def test_a_base_that_cannot_be_asked_with_its_answers_in_place_is_careful() -> None:
    near = [row for row in rows(60, gap=-2.0, seed=3) if not row.answers]
    far = [row for row in rows(60, gap=4.0, seed=3) if not row.answers]
    easy, hard = fit("multilingual-e5-small", far), fit("multilingual-e5-small", near)
    assert easy.threshold == UNCHECKED
    passed = [confidence(hard, row.features) >= hard.threshold for row in near]
    assert np.mean(passed) <= ALPHA


def test_no_wide_margin_speaks_against_an_answer_whatever_a_base_shows() -> None:
    made = [
        replace(
            row,
            features={
                **row.features,
                "margin": CENTRES["margin"] + SCALES["margin"] * (-3, 3)[not row.answers],
            },
        )
        for row in rows(300, gap=1.0, seed=1)
    ]
    calibration = fit("multilingual-e5-small", made)
    assert calibration.weights["margin"] == 0.0
    assert calibration.weights["cosine"] > 0.0
    far_out = {**made[0].features, "margin": CENTRES["margin"] + 10 * SCALES["margin"]}
    assert confidence(calibration, far_out) == confidence(calibration, made[0].features)


def test_a_tiny_base_keeps_the_shipped_prior() -> None:
    assert fit("multilingual-e5-small", rows(10, gap=1.0, seed=1)) == prior("multilingual-e5-small")
    assert prior("none").weights == LEXICAL_PRIOR.weights


def test_pages_without_faq_keep_the_prior_weights_and_get_their_own_threshold() -> None:
    negatives = [row for row in rows(200, gap=1.0, seed=3) if not row.answers]
    calibration = fit("multilingual-e5-small", negatives)
    assert calibration.weights == E5_PRIOR.weights
    assert calibration.threshold != E5_PRIOR.threshold


def test_confidence_grows_with_the_cosine_and_stays_a_probability() -> None:
    known = prior("multilingual-e5-small")
    low = dict.fromkeys(FEATURES, -50.0)
    high = dict.fromkeys(FEATURES, 50.0)
    assert 0.0 <= confidence(known, low) <= 1.0
    assert 0.0 <= confidence(known, high) <= 1.0
