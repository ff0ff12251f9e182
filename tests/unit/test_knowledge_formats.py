"""Files of every documented format, and hostile ones: what becomes of them, and how they are refused."""

import io
import json
import zipfile
from pathlib import Path

import docx
import openpyxl  # type: ignore[import-untyped]  # it has no stubs
import pptx
import pytest
from pypdf import PdfReader, PdfWriter

from myna_knowledge.formats import isolated
from myna_knowledge.formats.blocks import BlockKind, Document, Unreadable
from myna_knowledge.model import SourceDraft, SourceKind
from myna_knowledge.reading.reading import read_source


def read(name: str, content: bytes) -> Document:
    return read_source(SourceDraft(SourceKind.FILE, filename=name, content=content))


def texts(document: Document) -> list[tuple[str, str]]:
    return [(block.kind.value, block.text) for block in document.blocks]


def pdf(*pages: str) -> bytes:
    """A PDF as small as one can be: a page tree, one font, one content stream for each page."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids: list[str] = []
    for text in pages:
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
        objects.append(b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream))
        page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Contents {len(objects)} 0 R>>"
        objects.append(page.encode())
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>".encode()
    out = bytearray(b"%PDF-1.4\n")
    places: list[int] = []
    for number, one in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def test_a_pdf_keeps_its_pages_apart() -> None:
    document = read("guide.pdf", pdf("Returns take 45 days.", "Repairs take two weeks."))
    assert document.title == "guide"
    assert texts(document) == [
        ("heading", "p. 1"),
        ("paragraph", "Returns take 45 days."),
        ("heading", "p. 2"),
        ("paragraph", "Repairs take two weeks."),
    ]


def test_a_word_document_gives_headings_lists_and_tables() -> None:
    made = docx.Document()
    made.core_properties.title = "退货 Returns"
    made.add_heading("How to return", level=2)
    made.add_paragraph("Send it back within 45 days.")
    made.add_paragraph("Pack it", style="List Bullet")
    made.add_paragraph("Post it", style="List Bullet")
    table = made.add_table(rows=2, cols=2)
    for at, text in enumerate(("From", "Cost", "China", "¥18")):
        table.cell(at // 2, at % 2).text = text
    file = io.BytesIO()
    made.save(file)
    document = read("r.docx", file.getvalue())
    assert document.title == "退货 Returns"
    assert texts(document) == [
        ("heading", "How to return"),
        ("paragraph", "Send it back within 45 days."),
        ("list", "- Pack it\n- Post it"),
        ("table", "From | Cost\nChina | ¥18"),
    ]


def test_slides_keep_their_number_and_notes() -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    assert slide.shapes.title is not None
    slide.shapes.title.text = "Opening hours"
    slide.placeholders[1].text = "Monday to Friday, 9 to 18"
    notes = slide.notes_slide.notes_text_frame
    assert notes is not None
    notes.text = "Sundays too in December"
    file = io.BytesIO()
    deck.save(file)
    assert texts(read("d.pptx", file.getvalue())) == [
        ("heading", "1. Opening hours"),
        ("paragraph", "Monday to Friday, 9 to 18"),
        ("paragraph", "Sundays too in December"),
    ]


def test_a_long_sheet_becomes_tables_that_repeat_the_header() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Prices"
    sheet.append(["Item", None, "Price"])
    for number in range(300):
        sheet.append([f"Tent model number {number}", None, number])
    file = io.BytesIO()
    book.save(file)
    found = texts(read("p.xlsx", file.getvalue()))
    assert found[0] == ("heading", "Prices")
    assert len(found) > 3
    assert all(kind == "table" and text.startswith("Item | Price\n") for kind, text in found[1:])
    assert "Tent model number 299 | 299" in found[-1][1]


def test_a_csv_with_questions_and_answers_is_a_faq() -> None:
    document = read("faq.csv", b"Question;Answer;Variants\nWhen?;At noon.;what time|at which hour\n;lost;\n")
    (entry,) = document.faqs
    assert (entry.question, entry.answer, entry.variants) == (
        "When?",
        "At noon.",
        ("what time", "at which hour"),
    )
    assert document.errors == ("row 3: `question` and `answer` must be texts, the question not empty",)


def test_a_chinese_csv_without_questions_is_a_table() -> None:
    assert texts(read("价目.csv", "商品,价格\n帐篷,1200\n".encode())) == [
        ("table", "商品 | 价格\n帐篷 | 1200")
    ]


@pytest.mark.parametrize("wrapped", [False, True])
def test_json_faq_lists_are_faq_entries(wrapped: bool) -> None:
    rows = [{"question": "Where?", "answer": "Here.", "variants": ["which place"]}]
    document = read("faq.json", json.dumps({"items": rows} if wrapped else rows).encode())
    assert [entry.question for entry in document.faqs] == ["Where?"]


def test_other_json_becomes_tables_and_lines() -> None:
    flat = read("a.json", b'[{"city": "Bristol", "opens": 9}, {"city": "Suzhou", "opens": 10}]')
    assert texts(flat) == [("table", "city | opens\nBristol | 9\nSuzhou | 10")]
    deep = read("b.json", b'{"shop": {"name": "Kestrel", "days": ["Mon", "Tue"]}}')
    assert ("paragraph", "name: Kestrel") in texts(deep)
    assert ("list", "- Mon\n- Tue") in texts(deep)


def archive(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name.replace("__", "/").replace("_", "."), content)
    return file.getvalue()


def locked() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("secret"))))
    writer.encrypt("password", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("bomb.docx", archive(word__document_xml=b"\0" * 250_000_000), "too_large"),
        ("zip.docx", archive(readme_txt=b"no document"), "wrong_type"),
        ("text.xlsx", b"a,b\n1,2\n", "wrong_type"),
        ("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "encrypted"),
        ("page.pdf", b"<html>not a pdf</html>", "wrong_type"),
        ("cut.pdf", pdf("Half a file.")[:60], "unreadable_source"),
        ("scan.pdf", pdf(""), "no_text"),
        ("locked.pdf", locked(), "encrypted"),
        ("broken.json", b"{", "unreadable_source"),
        ("deep.json", b"[" * 100_000, "unreadable_source"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_and_wrong_files_are_refused_with_what_is_wrong(name: str, content: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(name, content)
    assert refused.value.code == code
    assert name in refused.value.message


def test_a_parser_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sleeper = tmp_path / "python"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o755)
    monkeypatch.setattr("myna_knowledge.formats.isolated.sys.executable", str(sleeper))
    monkeypatch.setattr(isolated, "READ_S", 0.2)
    with pytest.raises(Unreadable, match="takes longer"):
        read("slow.pdf", pdf("x"))


def test_a_parser_that_dies_is_an_error_of_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("myna_knowledge.formats.isolated.sys.executable", "/bin/false")
    with pytest.raises(Unreadable) as refused:
        read("x.pdf", pdf("x"))
    assert refused.value.code == "too_complex"


def test_macros_and_scripts_leave_no_trace() -> None:
    document = read("x.html", b"<p onload=alert(1)>Text<script>alert(2)</script></p>")
    assert texts(document) == [(BlockKind.PARAGRAPH.value, "Text")]
