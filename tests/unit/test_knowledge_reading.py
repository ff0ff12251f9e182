"""Reading sources: what each format becomes, and the errors people get for what cannot be read."""

import json

import pytest

from myna_knowledge.formats.blocks import BlockKind, Unreadable
from myna_knowledge.model import FaqEntry, SourceDraft, SourceKind
from myna_knowledge.reading.reading import MAX_SOURCE_BYTES, read_source


def file(name: str, content: str | bytes, title: str = "") -> SourceDraft:
    data = content.encode() if isinstance(content, str) else content
    return SourceDraft(SourceKind.FILE, title=title, filename=name, content=data)


def test_markdown_gives_title_language_slug_and_tags_from_its_front_matter() -> None:
    document = read_source(
        file("r.md", "---\ntitle: 'Returns'\nlang: zh-CN\nslug: returns\ntags: [a, b c]\n---\n\nText.\n")
    )
    assert (document.title, document.lang, document.url) == ("Returns", "zh", "returns")
    assert document.tags == ("a", "b c")
    assert [block.text for block in document.blocks] == ["Text."]


def test_markdown_lists_tables_and_code_become_plain_lines() -> None:
    text = "# T\n\nSee **this** [page](x).\n\n1. one\n2. two\n   - deep\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx = 1\n```\n"
    document = read_source(file("x.md", text))
    assert document.title == "T"
    assert [(block.kind, block.text) for block in document.blocks] == [
        (BlockKind.PARAGRAPH, "See this page."),
        (BlockKind.LIST, "1. one\n2. two\n  - deep"),
        (BlockKind.TABLE, "a | b\n1 | 2"),
        (BlockKind.CODE, "x = 1"),
    ]


def test_html_scripts_styles_and_forms_are_dropped() -> None:
    page = (
        "<html lang=zh><head><title>退货 &amp; 换货</title><style>p{}</style></head><body><nav>Menu</nav>"
        "<h1>退货 &amp; 换货</h1><p>三十天<b>之内</b>。<script>alert('x')</script></p>"
        "<ul><li>包装<li>发票</ul><table><tr><th>区<th>价<tr><td>欧<td>5</table><form>Search</form>"
        "<svg><title>icon</title></svg><p onclick='x()'>&lt;script&gt; is text"
    )
    document = read_source(file("x.html", page))
    assert (document.title, document.lang) == ("退货 & 换货", "zh")
    assert [block.text for block in document.blocks] == [
        "三十天之内。",
        "- 包装\n- 发票",
        "区 | 价\n欧 | 5",
        "<script> is text",
    ]


@pytest.mark.parametrize(
    "page", ["<div>" * 20_000 + "deep", "<ul>" * 3000 + "<li>x", "<table><tr><td>a<table>b", "a<"]
)
def test_broken_html_is_read_as_far_as_it_goes(page: str) -> None:
    assert read_source(file("x.html", page)).blocks


def test_faq_lines_are_read_and_bad_ones_reported() -> None:
    lines = [
        json.dumps(
            {"question": "Q?", "variants": ["q", " "], "answer": "A.", "lang": "en", "page": "returns"}
        ),
        "not json",
        json.dumps({"question": "", "answer": "A"}),
        json.dumps(["Q", "A"]),
        "",
    ]
    document = read_source(file("faq.jsonl", "\n".join(lines)))
    assert document.faqs == (FaqEntry("Q?", "A.", ("q",), "en", None, "returns"),)
    assert [error.split(":")[0] for error in document.errors] == ["line 2", "line 3", "line 4"]


@pytest.mark.parametrize(
    ("draft", "told", "status"),
    [
        (file("a.md", b""), "empty", 422),
        (file("a.exe", b"x"), "only .csv, .docx", 422),
        (file("a.txt", b"x" * (MAX_SOURCE_BYTES + 1)), "at most 8,000,000", 413),
        (file("a.txt", "caf\xe9".encode("latin-1")), "not UTF-8: byte 0xe9 at offset 3", 422),
        (file("a.txt", b"a\x00b"), "looks binary", 422),
        (file("a.md", "# Only\n\n## headings\n"), "no readable text", 422),
        (file("a.jsonl", "nonsense\n"), "no FAQ entry (line 1", 422),
        (SourceDraft(SourceKind.FAQ), "needs a question", 422),
    ],
)
def test_what_cannot_be_read_says_why(draft: SourceDraft, told: str, status: int) -> None:
    with pytest.raises(Unreadable) as caught:
        read_source(draft)
    assert told in caught.value.message
    assert caught.value.status == status


def test_utf16_with_a_mark_and_windows_line_ends_are_read() -> None:
    document = read_source(file("a.txt", "One.\r\n\r\nTwo.".encode("utf-16")))
    assert [block.text for block in document.blocks] == ["One.", "Two."]


def test_a_text_file_without_a_title_is_named_after_its_file() -> None:
    assert read_source(file("gift-cards.txt", "They last two years.")).title == "gift cards"
