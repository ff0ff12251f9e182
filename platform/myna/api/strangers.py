"""Lets few requests of strangers be served at once, so that a crowd of them does not stand before those who are signed in.

A process serves what came first. With a hundred requests of strangers at work, a message waits for a step of each of them,
several times. With a few at work and the others in a line, it waits for those few; the line is served as fast as before, since
all of them share one processor anyway.
"""

import asyncio
import re
from collections import OrderedDict, deque
from collections.abc import Callable

from starlette.types import Message, Scope, Send

from myna.errors import Busy

AT_ONCE = 8
"""Requests of strangers at work: what they take of the processor between two steps of others is some milliseconds."""
HOLD_S = 0.05
"""How long one counts as at work at most: after that it waits for something, such as a password's check or news."""
MAX_WAITING = 2_000
"""Requests in the line. Overflow rule: the next is refused, and comes again."""
MAX_KNOWN = 20_000
"""Credentials with which requests succeeded. Overflow rule: the one that was not used for longest is a stranger's again."""

KEYED = re.compile(r"/bot\d|/v1/bot/|/openai/|/mcp(/|$)")
"""Surfaces that serve nobody without a key; a key of any form may be shown to the other routes that are open to all."""


class Strangers:
    """The line. Whoever shows a credential with which a request succeeded before is no stranger."""

    def __init__(self) -> None:
        self._at_work = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._known: OrderedDict[int, None] = OrderedDict()

    def knows(self, credential: int) -> bool:
        """Whether a request succeeded with this credential."""
        if credential not in self._known:
            return False
        self._known.move_to_end(credential)
        return True

    async def turn(self) -> Callable[[], None]:
        """Wait for one's turn; what to call when the answer begins, or never.

        Raises:
            Busy: the line is full.
        """
        if self._at_work < AT_ONCE:
            self._at_work += 1
        else:
            if len(self._waiting) >= MAX_WAITING:
                raise Busy("Too many ask at once; try again in a moment.", code="crowded", retry_ms=2000)
            mine = asyncio.get_running_loop().create_future()
            self._waiting.append(mine)
            try:
                await mine
            except asyncio.CancelledError:
                if mine.done() and not mine.cancelled():
                    self._next()
                raise
        return self._place()

    def tell(self, credential: int, scope: Scope, status: int) -> None:
        """Learn of an answer: who a credential is of, or that it is nobody's."""
        if status == 401:
            self._known.pop(credential, None)
        elif (
            credential
            and status < 400
            and ("principal" in scope.get("state", {}) or KEYED.match(scope["path"]))
        ):
            self._known[credential] = None
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)

    def _place(self) -> Callable[[], None]:
        """A place at work, which is given back once: by whoever has it, or after `HOLD_S`."""
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                timer.cancel()
                self._next()

        timer = asyncio.get_running_loop().call_later(HOLD_S, leave)
        return leave

    def _next(self) -> None:
        while self._waiting:
            following = self._waiting.popleft()
            if not following.done():
                following.set_result(None)
                return
        self._at_work -= 1


def leaving(send: Send, leave: Callable[[], None]) -> Send:
    """A `send` that gives the place back when the answer begins."""

    async def told(message: Message) -> None:
        leave()
        await send(message)

    return told


def credential_of(scope: Scope) -> int:
    """A digest of the Authorization header, or of the key in the path that the Telegram-compatible surface has; 0: neither."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return hash(value) or 1
    path: str = scope["path"]
    if path.startswith("/bot"):
        return hash(path.split("/", 2)[1]) or 1
    return 0
