"""Examples of Hypothesis for tests that run in an event loop of their own: drawn first, played afterwards."""

import asyncio
from collections.abc import Callable
from typing import Any


class Drawn:
    """Collects what a `@given` function is called with."""

    def __init__(self) -> None:
        self._examples: list[Any] = []

    def __call__(self, example: Any) -> None:
        """Keep an example."""
        self._examples.append(example)

    async def by(self, source: Callable[[], None]) -> list[Any]:
        """All examples of a `@given` function that passes what it gets to this."""
        self._examples = []
        await asyncio.get_running_loop().run_in_executor(None, source)
        return self._examples


drawn = Drawn()
