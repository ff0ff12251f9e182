"""PDF as blocks, one heading for each page, so that a citation names the page."""

import io
import re

from pypdf import PdfReader
from pypdf.errors import PdfReadError

from myna_knowledge.formats.blocks import Block, BlockKind, Unreadable
from myna_knowledge.text import HAN

MAX_PAGES = 2000
PAGE_LEVEL = 6

_BETWEEN_HAN = re.compile(f"(?<=[{HAN}，。；：、])\\s*\\n\\s*(?=[{HAN}])")
_HYPHEN = re.compile(r"(?<=[a-z])-\n(?=[a-z])")


def parse(content: bytes) -> tuple[str, list[Block]]:
    """The stated title and the text of each page.

    Raises:
        Unreadable: no PDF, encrypted, too many pages, or pages that are only pictures.
    """
    if b"%PDF-" not in content[:1024]:
        raise Unreadable("is not a PDF, whatever its name says.", code="wrong_type")
    try:
        reader = PdfReader(io.BytesIO(content))
    except PdfReadError as damaged:
        raise Unreadable(f"is damaged ({damaged}).") from None
    # An empty user password only restricts printing: such files open.
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable("is encrypted. Save it without a password.", code="encrypted")
    count = len(reader.pages)
    if count > MAX_PAGES:
        raise Unreadable(f"has {count:,} pages: at most {MAX_PAGES:,} are read. Split it.", code="too_large")
    blocks: list[Block] = []
    for number, page in enumerate(reader.pages, start=1):
        text = _HYPHEN.sub("", _BETWEEN_HAN.sub("", page.extract_text()))
        paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]
        found = [Block(BlockKind.PARAGRAPH, part) for part in paragraphs if part]
        if found:
            blocks += [Block(BlockKind.HEADING, f"p. {number}", PAGE_LEVEL), *found]
    if not blocks:
        raise Unreadable(
            "holds pictures of text only. Run it through text recognition (OCR) first.", code="no_text"
        )
    stated = reader.metadata.title if reader.metadata else None
    return " ".join(str(stated or "").split()), blocks
