"""Parsers of PDF and office files in a process of their own: a hostile file can exhaust that one, and nothing else."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from myna_knowledge.formats.blocks import Block, BlockKind, Unreadable

READ_S = 40.0
"""How long one file may take; below the lease of a job."""
CPU_S = 35
MEMORY_BYTES = 1_500_000_000
OUTPUT_BYTES = 40_000_000
MAX_TEXT = 8_000_000
"""Characters kept of one file."""

FORMATS: Mapping[str, str] = {
    ".pdf": "myna_knowledge.formats.pdf",
    ".docx": "myna_knowledge.formats.word",
    ".pptx": "myna_knowledge.formats.slides",
    ".xlsx": "myna_knowledge.formats.sheets",
}


def read_isolated(suffix: str, content: bytes, name: str) -> tuple[str, list[Block]]:
    """The title that a file states, if any, and its blocks. Blocks the calling thread.

    Raises:
        Unreadable: encrypted, damaged, of another type than its name says, or beyond the bounds of time and memory.
    """
    command = [sys.executable, "-m", "myna_knowledge.formats.isolated", suffix]
    try:
        # Fixed arguments; the file's bytes go to standard input, and nothing of it into the command line.
        done = subprocess.run(command, input=content, capture_output=True, timeout=READ_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise Unreadable(
            f"{name!r} takes longer than {READ_S:.0f} s to read. Split it.", code="too_complex"
        ) from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout[:OUTPUT_BYTES])
    except ValueError:
        raise Unreadable(
            f"{name!r} cannot be read: it needs more memory or time than a file may, or it is damaged.",
            code="too_complex",
        ) from None
    if "error" in answer:
        raise Unreadable(f"{name!r} {answer['error']}", code=answer["code"])
    return answer["title"], [Block(BlockKind(kind), text, level) for kind, text, level in answer["blocks"]]


def main() -> int:
    """The child's side: bytes in, JSON out, within its limits."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    import importlib

    module: Any = importlib.import_module(FORMATS[sys.argv[1]])
    parse: Callable[[bytes], tuple[str, list[Block]]] = module.parse
    try:
        title, blocks = parse(sys.stdin.buffer.read())
        answer: dict[str, Any] = {
            "title": title,
            "blocks": [(b.kind.value, b.text, b.level) for b in _bounded(blocks)],
        }
    except Unreadable as refused:
        answer = {"error": refused.message, "code": refused.code}
    except MemoryError:
        answer = {"error": "needs more memory than a file may.", "code": "too_complex"}
    except Exception as damaged:  # every parser has errors of its own; this process ends with its answer
        answer = {"error": f"is damaged ({type(damaged).__name__}: {damaged}).", "code": "unreadable_source"}
    sys.stdout.write(json.dumps(answer))
    return 0


def _bounded(blocks: list[Block]) -> list[Block]:
    kept: list[Block] = []
    size = 0
    for block in blocks:
        size += len(block.text)
        if size > MAX_TEXT:
            break
        kept.append(block)
    return kept


if __name__ == "__main__":
    sys.exit(main())
