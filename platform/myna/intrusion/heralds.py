"""Sends alerts on, one after the other, and tries again for a while."""

import asyncio
import logging

from myna.errors import MynaError
from myna.intrusion.detector import Detector
from myna.intrusion.model import Alert
from myna.intrusion.ports import Herald
from myna.wire import encode, optional_id, stamp

MAX_WAITING = 500
"""Alerts that wait to be sent. Overflow rule: further ones are not sent; they are in the log and on the dashboard."""
TRIES = 5
PAUSE_S = 2.0
"""Before the second try; twice as long before each further one."""

logger = logging.getLogger(__name__)


class Heralds:
    """The queue of alerts that leave the server."""

    def __init__(self, detector: Detector, herald: Herald, *, pause_s: float = PAUSE_S) -> None:
        self._detector, self._herald, self._pause_s = detector, herald, pause_s
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MAX_WAITING)
        detector.raised.append(self.raised)

    def raised(self, alert: Alert) -> None:
        """Queue a new alert, if somebody wants to hear of it."""
        if self._detector.policy.hook is None:
            return
        try:
            self._waiting.put_nowait(encode({"type": "alert", "alert": alert_object(alert)}))
        except asyncio.QueueFull:
            logger.warning("too many alerts wait for the webhook; alert %d was not sent", alert.id)

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._send(await self._waiting.get())

    async def _send(self, body: bytes) -> None:
        for attempt in range(TRIES):
            hook = self._detector.policy.hook
            if hook is None:
                return
            try:
                await self._herald.tell(hook, body)
                return
            except MynaError as failed:
                logger.warning("an alert was not taken (try %d of %d): %s", attempt + 1, TRIES, failed)
            await asyncio.sleep(self._pause_s * 2**attempt)


def alert_object(alert: Alert) -> dict[str, object]:
    """An alert as administrators and webhooks get it."""
    return {
        "id": str(alert.id),
        "kind": alert.kind,
        "address": alert.address or None,
        "user": optional_id(alert.user),
        "at": stamp(alert.at),
        "last_at": stamp(alert.last_at),
        "count": alert.count,
        "response": alert.response,
        "until": None if alert.until is None else stamp(alert.until),
        "seen": alert.seen_by is not None,
    }
