"""Dependencies that are there already: what routes use of the open application."""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Depends

T = TypeVar("T")


def at_hand(opened: Callable[[], T]) -> Any:
    """A default for a route's parameter: what `opened` gives at the time of a request.

    `Depends(opened)` itself would call it in a thread, as FastAPI does with whatever is no coroutine function: two changes of
    thread for each request (https://fastapi.tiangolo.com/async/#dependencies).
    """

    async def found() -> T:
        return opened()

    return Depends(found)
