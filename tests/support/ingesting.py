"""A process that ingests page after page into a folder of its own, and says which are done: to be killed.

    python -m support.ingesting FOLDER FIRST

It prints the number of each page whose job has ended, one a line.
"""

import asyncio
import sys
from pathlib import Path

from sqlmodel import SQLModel

from myna.adapters.sql.database import Database
from myna_knowledge.adapters import chroma
from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.library import Library
from myna_knowledge.model import JobState, SourceDraft, SourceKind
from support.fake_embedder import WordEmbedder

FLUSHED_EVERY = 40
"""Chroma writes its graph to disk after so many points here; Myna lets it do so after a million."""
PAGES = 400


def library_of(folder: Path) -> tuple[Database, Library]:
    """The library of a folder with a Chroma index that is flushed often."""
    chroma.HNSW.update(sync_threshold=FLUSHED_EVERY, batch_size=FLUSHED_EVERY)
    database = Database(f"sqlite:///{folder}/store.db")
    index = chroma.ChromaIndex(folder=str(folder / "chroma"))
    return database, Library(sql_store(database), WordEmbedder(), index)


def page(number: int) -> SourceDraft:
    """A page that only its own words find, in four pieces."""
    parts = "\n\n".join(
        f"## Part {part}\n\nThing{number}x{part} stands in room{number}x{part}." for part in range(4)
    )
    return SourceDraft(
        SourceKind.FILE, filename=f"{number}.md", content=f"# Page {number}\n\n{parts}\n".encode()
    )


async def main(folder: Path, first: int) -> None:
    """Ingest until killed."""
    database, library = library_of(folder)
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    base = (await library.create_base(1, "Help")).id
    await library.drain()
    for number in range(first, first + PAGES):
        job = await library.add(base, page(number))
        while await library._step():
            pass
        assert library._dense is not None
        await library._dense.settle()
        if (await library.job(base, job.id)).state is JobState.DONE:
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
