"""A bus between servers of one process that loses frames when the test says so."""

from myna.adapters.bus_memory import MemoryBus


class LossyBus(MemoryBus):
    """The bus between the servers of a world."""

    def __init__(self) -> None:
        super().__init__()
        self.lose_next = 0
        """Frames that the bus will lose."""

    async def publish(self, frame: bytes) -> None:
        """Send a frame to every server, or lose it."""
        if self.lose_next:
            self.lose_next -= 1
            return
        await super().publish(frame)
