"""What tells other processes what was committed. A hint only: the log is the truth."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Bus(Protocol):
    """A hint between processes: frames may be lost, never reordered from one publisher. The log is the truth."""

    @property
    def shared(self) -> bool:
        """Whether anybody but one subscriber may listen; if not, publishing is a waste."""
        ...

    async def publish(self, frame: bytes) -> None:
        """Send a frame to every process, this one included.

        A failure is reported by the `errors` of subscribers, not here: the message is durable already.
        """
        ...

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[bytes | None]]:
        """Frames from now on. `None` means that frames may have been lost: readers must compare with the log."""
        ...

    async def close(self) -> None:
        """End every subscription."""
        ...
