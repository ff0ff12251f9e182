"""Opening an export: a zip, a gzip or a single file becomes documents, with bounds on what is unpacked."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from myna.errors import MynaError
from myna_knowledge.imports.model import Export

MAX_BYTES = 256_000_000
"""Of the file that is handed in."""
MAX_UNPACKED = 1_000_000_000
MAX_ENTRIES = 50_000
MAX_ENTRY = 128_000_000
LISTS = ("payload", "data", "conversations", "contacts", "articles", "messages", "macros", "canned_responses")
"""Under which names answers of these systems' APIs carry their lists."""

Object = Mapping[str, Any]


class NoExport(MynaError):
    """The file is not what it says it is; nothing of it was brought in."""

    status, code = 422, "unreadable_export"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the export."""

    name: str
    content: bytes


def entries(path: Path, name: str, export: Export) -> Iterator[Entry]:
    """The files of an export in the order of their names; what cannot be read is written down in `export`.

    Raises:
        NoExport: not a readable archive, or one that unpacks to more than it may.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head[:2] == b"PK":
        yield from _zipped(path, export)
    elif head[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as packed:
                content = packed.read(MAX_ENTRY + 1)
        except (OSError, EOFError) as error:
            raise NoExport(f"{name!r} cannot be unpacked: {error}.") from None
        yield from _bounded(Entry(name.removesuffix(".gz"), content), export)
    else:
        yield from _bounded(Entry(name, path.read_bytes()), export)


def _zipped(path: Path, export: Export) -> Iterator[Entry]:
    try:
        with zipfile.ZipFile(path) as archive:
            found = sorted(
                (each for each in archive.infolist() if not each.is_dir()), key=lambda each: each.filename
            )
            if len(found) > MAX_ENTRIES or sum(each.file_size for each in found) > MAX_UNPACKED:
                raise NoExport(
                    f"The archive unpacks to more than {MAX_ENTRIES:,} files or {MAX_UNPACKED:,} bytes. Split it."
                )
            for each in found:
                name = PurePosixPath(each.filename)
                if any(part.startswith((".", "__MACOSX")) for part in name.parts):
                    continue
                if each.flag_bits & 1:
                    raise NoExport("The archive is encrypted. Pack it without a password.")
                with archive.open(each) as file:
                    yield from _bounded(Entry(str(name), file.read(MAX_ENTRY + 1)), export)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, RuntimeError) as error:
        raise NoExport(f"The archive cannot be unpacked: {error}.") from None


def _bounded(entry: Entry, export: Export) -> Iterator[Entry]:
    if len(entry.content) > MAX_ENTRY:
        export.trouble(entry.name, f"It has more than {MAX_ENTRY:,} bytes. Split it.")
    else:
        yield entry


def objects(entry: Entry, export: Export) -> Iterator[Object]:
    """The records of a JSON, JSON lines or CSV file, taken out of the lists that wrap them.

    A CSV row has its column names in lower case and is marked by `"csv": True`.
    """
    suffix = PurePosixPath(entry.name.lower()).suffix
    try:
        text = entry.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        export.trouble(entry.name, "It is not UTF-8. Save it as UTF-8.")
        return
    if suffix == ".csv":
        for row in csv.DictReader(io.StringIO(text)):
            yield {
                "csv": True,
                **{str(name).strip().lower(): value for name, value in row.items() if isinstance(value, str)},
            }
        return
    if suffix not in {".json", ".jsonl", ".ndjson"}:
        export.trouble(entry.name, "Only JSON, JSON lines and CSV files are read.")
        return
    try:
        yield from _unwrapped(json.loads(text))
    except json.JSONDecodeError:
        yield from _lines(entry.name, text, export)


def _lines(name: str, text: str, export: Export) -> Iterator[Object]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield from _unwrapped(json.loads(line))
            except (json.JSONDecodeError, RecursionError) as error:
                export.trouble(name, f"Line {number} is no JSON: {error}.")
                return


def _unwrapped(value: Any, depth: int = 0) -> Iterator[Object]:
    if isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _unwrapped(each, depth + 1)
    elif isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        wrapped = next(
            (
                found[each]
                for each in LISTS
                if "id" not in found and isinstance(found.get(each), (list, dict))
            ),
            None,
        )
        if wrapped is None or depth > 3:
            yield found
        else:
            yield from _unwrapped(wrapped, depth + 1)


def text_of(value: Any) -> str:
    """A value of an export as text: numbers as they are written, nothing as an empty text.

    NUL and halves of surrogate pairs, which JSON may hold and no database stores, are left out.
    """
    if value is None or isinstance(value, (dict, list)):
        return ""
    return str(value).replace("\x00", "").encode("utf-8", "ignore").decode().strip()


def mapping(value: Any) -> Object:
    """The value when it is an object, else an empty one."""
    return cast("Object", value) if isinstance(value, dict) else {}


def rows_of(value: Any) -> list[Object]:
    """The objects of a list, whatever else stands in it."""
    return [mapping(each) for each in cast("list[object]", value)] if isinstance(value, list) else []


def texts_of(value: Any) -> tuple[str, ...]:
    """The texts of a list."""
    found = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(text for each in found if (text := text_of(each)))
