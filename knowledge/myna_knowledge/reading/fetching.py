"""What a page from the web is, and the port that fetches it."""

from dataclasses import dataclass
from typing import Protocol

from myna_knowledge.formats.blocks import Unreadable
from myna_knowledge.model import SourceDraft, SourceKind

TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/json": ".json",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
"""File ending by content type, for what is read."""


class Unfetchable(Unreadable):
    """A page could not be had; nothing of it was stored."""

    status, code = 422, "fetch_failed"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it came; `url` is where it stood after redirects."""

    url: str
    type: str
    charset: str | None
    body: bytes

    @property
    def html(self) -> bool:
        """Whether it is a page with links."""
        return TYPES.get(self.type) == ".html"

    def text(self) -> str:
        """The body as text by its stated charset, UTF-8 otherwise; what does not fit is replaced."""
        try:
            return self.body.decode(self.charset or "utf-8-sig", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def draft(self, *, key: str | None = None, lang: str | None = None) -> SourceDraft:
        """The page as a file to read.

        Raises:
            Unfetchable: of a type that nobody here reads.
        """
        suffix = TYPES.get(self.type)
        if suffix is None:
            raise Unfetchable(
                f"{self.url} is {self.type or 'of no stated type'}: no text.", code="wrong_type"
            )
        textual = suffix in {".html", ".txt", ".md", ".csv", ".json"}
        content = self.text().encode() if textual else self.body
        name = self.url.partition("?")[0].rstrip("/").rpartition("/")[2].rpartition(".")[0] or "page"
        return SourceDraft(
            SourceKind.FILE, filename=f"{name}{suffix}", content=content, key=key, lang=lang, url=self.url
        )


class Fetcher(Protocol):
    """Fetches pages from addresses that people gave."""

    async def get(self, url: str) -> Fetched:
        """What stands at an address after redirects.

        Raises:
            Unfetchable: not allowed, no answer in time, an error status, or too large.
        """
        ...

    async def close(self) -> None:
        """End all connections."""
        ...
