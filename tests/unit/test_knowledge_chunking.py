"""Chunking: spans are exact, nothing is lost, and what belongs together is never cut."""

from hypothesis import given, settings
from hypothesis import strategies as st

from myna_knowledge.formats.blocks import Block, BlockKind, Document
from myna_knowledge.model import FaqEntry
from myna_knowledge.reading.chunking import PIECE_TOKENS, SECTION_TOKENS, cut
from myna_knowledge.text import token_cost

words = st.text(
    alphabet=st.sampled_from("abcdefg ABC 0123 .!?,; 退货运费多少钱。！？，\n"), min_size=1, max_size=600
).filter(lambda text: text.strip())
blocks = st.lists(
    st.one_of(
        st.builds(Block, st.just(BlockKind.PARAGRAPH), words),
        st.builds(Block, st.sampled_from([BlockKind.LIST, BlockKind.TABLE, BlockKind.CODE]), words),
        st.builds(Block, st.just(BlockKind.HEADING), words, st.integers(1, 6)),
    ),
    max_size=12,
)


@given(blocks)
@settings(deadline=None, max_examples=150)
def test_pieces_lie_in_their_section_and_cover_all_of_its_text(made: list[Block]) -> None:
    sections = cut(Document("Title", "en", tuple(made)))
    for section in sections:
        covered = [False] * len(section.text)
        for piece in section.pieces:
            assert 0 <= piece.start < piece.end <= len(section.text)
            matched = section.text[piece.start : piece.end]
            assert matched[:500] in piece.embedded
            covered[piece.start : piece.end] = [True] * len(matched)
        left_out = "".join(letter for letter, seen in zip(section.text, covered, strict=True) if not seen)
        assert not left_out.strip()
    body = "".join("".join(block.text.split()) for block in made if block.kind is not BlockKind.HEADING)
    assert "".join("".join(section.text.split()) for section in sections) == body


@given(blocks)
@settings(deadline=None, max_examples=100)
def test_lists_tables_and_code_are_never_cut(made: list[Block]) -> None:
    sections = cut(Document("Title", "en", tuple(made)))
    whole = [section.text[piece.start : piece.end] for section in sections for piece in section.pieces]
    for block in made:
        if block.kind in {BlockKind.LIST, BlockKind.TABLE, BlockKind.CODE}:
            assert any(block.text in piece for piece in whole)


def test_long_prose_is_embedded_small_and_shown_big() -> None:
    sentence = "The parcel leaves our warehouse in Leeds within one working day. "
    sections = cut(Document("Shipping", "en", (Block(BlockKind.PARAGRAPH, sentence * 80),)))
    assert len(sections) > 1
    assert all(token_cost(section.text) <= SECTION_TOKENS * 1.1 for section in sections)
    costs = [token_cost(s.text[p.start : p.end]) for s in sections for p in s.pieces]
    assert max(costs) <= PIECE_TOKENS * 1.1
    assert min(len(section.pieces) for section in sections[:-1]) >= 3


def test_chinese_sections_hold_six_to_eight_hundred_characters() -> None:
    sentence = "退货需要在签收之后的三十天之内提出申请，并保持商品完好。"
    sections = cut(Document("退货", "zh", (Block(BlockKind.PARAGRAPH, sentence * 100),)))
    assert all(500 <= len(section.text) <= 800 for section in sections[:-1])


def test_the_title_and_headings_stand_before_every_embedded_piece() -> None:
    made = (
        Block(BlockKind.HEADING, "Costs", 2),
        Block(BlockKind.HEADING, "Abroad", 3),
        Block(BlockKind.PARAGRAPH, "Norway pays customs."),
        Block(BlockKind.HEADING, "Times", 2),
        Block(BlockKind.PARAGRAPH, "Two days."),
    )
    abroad, times = cut(Document("Shipping", "en", made))
    assert (abroad.heading, times.heading) == ("Costs › Abroad", "Times")
    assert abroad.pieces[0].embedded == "Shipping › Costs › Abroad\nNorway pays customs."
    assert abroad.text == "Norway pays customs."


def test_a_list_stays_with_the_line_that_introduces_it() -> None:
    long = "Word " * 330
    items = "\n".join(f"- item number {number} of a long list" for number in range(20))
    made = (Block(BlockKind.PARAGRAPH, f"{long}. You need:"), Block(BlockKind.LIST, items))
    sections = cut(Document("Returns", "en", made))
    assert any("You need:" in section.text and items in section.text for section in sections)


def test_a_faq_is_one_section_and_each_wording_is_embedded() -> None:
    entry = FaqEntry("Can I pay by PayPal?", "Yes. " * 300, ("paypal ok?", "paypal ok?"))
    (section,) = cut(Document("FAQ", "en", faqs=(entry,)))
    assert section.question == "Can I pay by PayPal?"
    assert [piece.embedded for piece in section.pieces[:2]] == ["Can I pay by PayPal?", "paypal ok?"]
    assert len(section.pieces) == 3
    for piece in section.pieces:
        assert section.text[piece.start : piece.end] == entry.answer.strip()


def test_one_endless_word_is_still_cut() -> None:
    sections = cut(Document("Blob", "en", (Block(BlockKind.PARAGRAPH, "x" * 20_000),)))
    assert "".join(section.text for section in sections) == "x" * 20_000
    assert all(token_cost(section.text) <= SECTION_TOKENS for section in sections)
