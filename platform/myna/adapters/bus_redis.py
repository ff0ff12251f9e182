"""The bus between processes: Redis publish/subscribe, one frame per commit batch."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from myna.errors import Busy

CHANNEL = "myna.v1.bus"
RETRY_S = 0.5
"""How long to wait before subscribing again after a fault."""

logger = logging.getLogger(__name__)


class RedisBus:
    """Frames between processes. After a fault subscribers get `None`: publish/subscribe keeps nothing for the absent."""

    def __init__(self, url: str, channel: str = CHANNEL) -> None:
        self._channel = channel
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=5.0, socket_connect_timeout=2.0, health_check_interval=15
        )

    @property
    def shared(self) -> bool:
        """Other processes may listen at any time."""
        return True

    async def publish(self, frame: bytes) -> None:
        """Send a frame to every process.

        Raises:
            Busy: Redis did not take it.
        """
        try:
            await self._redis.publish(self._channel, frame)
        except (RedisError, OSError) as failed:
            raise Busy(f"Redis did not take the frame: {failed}.") from failed

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[bytes | None]]:
        """Frames from now on; `None` after each new subscription, since frames may have passed before it."""
        frames = self._frames()
        try:
            yield frames
        finally:
            await frames.aclose()

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _frames(self) -> AsyncGenerator[bytes | None, None]:
        while True:
            listening: Any = self._redis.pubsub()
            try:
                await listening.subscribe(self._channel)
                yield None
                while True:
                    message = await listening.get_message(ignore_subscribe_messages=True, timeout=1.0)
                    if message is not None:
                        yield message["data"]
            except (RedisError, OSError) as failed:
                logger.warning("the subscription to Redis was lost: %s", failed)
                await asyncio.sleep(RETRY_S)
            finally:
                await listening.aclose()
