"""Office files are zip archives: what must hold before any of one is unpacked."""

import io
import zipfile

from myna_knowledge.formats.blocks import Unreadable

MAX_ENTRIES = 5000
MAX_UNPACKED = 200_000_000


def checked_archive(content: bytes, part: str) -> io.BytesIO:
    """The archive as a file, when it is one that holds `part` and stays within bounds when unpacked.

    Raises:
        Unreadable: not such an archive, encrypted, or a zip bomb.
    """
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unreadable(
            "is encrypted or in the format before 2007. Save it without a password as docx, pptx or xlsx.",
            code="encrypted",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        raise Unreadable("is not the type that its name says.", code="wrong_type") from None
    if part not in {entry.filename for entry in entries}:
        raise Unreadable("is not the type that its name says.", code="wrong_type")
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED:
        raise Unreadable(
            f"unpacks to {len(entries):,} parts of {unpacked:,} bytes: more than a document needs.",
            code="too_large",
        )
    return io.BytesIO(content)
