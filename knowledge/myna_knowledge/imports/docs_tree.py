"""A folder of documentation: Markdown, HTML and text as they are, OpenAPI descriptions turned into text."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from myna.errors import MynaError
from myna_knowledge.imports.model import Article, Export, Outcome
from myna_knowledge.imports.openapi import markdown, parsed
from myna_knowledge.imports.opening import Entry
from myna_knowledge.model import SourceDraft, SourceKind
from myna_knowledge.reading.reading import check_draft

PAGES = frozenset({".md", ".markdown", ".mdx", ".txt", ".html", ".htm", ".rst"})
DESCRIPTIONS = frozenset({".json", ".yaml", ".yml"})


def read(entries: Iterable[Entry], export: Export) -> None:
    """Put every page and description into `export` as an article."""
    for entry in entries:
        path = PurePosixPath(entry.name)
        suffix = path.suffix.lower()
        if suffix in DESCRIPTIONS:
            _description(entry, export)
        elif suffix in PAGES:
            # Other marks than Markdown's few are read as text: nothing is lost, and nothing is made up.
            name = (
                str(path.with_suffix(".md" if suffix == ".mdx" else ".txt"))
                if suffix in {".mdx", ".rst"}
                else entry.name
            )
            _add(export, entry.name, name, entry.content)
        else:
            export.trouble(entry.name, "It is neither a page nor an OpenAPI description.", Outcome.SKIPPED)


def _description(entry: Entry, export: Export) -> None:
    spec = parsed(entry.content)
    if spec is None:
        export.trouble(entry.name, "It is no OpenAPI description.", Outcome.SKIPPED)
        return
    _add(export, entry.name, f"{entry.name}.md", markdown(spec).encode())


def _add(export: Export, key: str, name: str, content: bytes) -> None:
    try:
        check_draft(SourceDraft(SourceKind.FILE, filename=name, content=content))
    except MynaError as error:
        export.trouble(key, error.message)
        return
    export.articles[key] = Article(key, "", content, name)
