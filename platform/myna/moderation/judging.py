"""Judging of what comes together in one pass, with a deadline and a stated policy for what cannot be judged."""

import asyncio
import logging
import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from myna.errors import MynaError
from myna.model.moderation import Action, Case, Reason, Verdict
from myna.ports.moderator import Judged, Moderator
from myna.value import value

JUDGE_S = 0.25
"""Deadline of a message that has to wait for something. What happens to it then says its policy's `fails`."""
BOUNDS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Upper ends of the steps in which the times to a verdict are counted; a last step has none."""
TOGETHER = 64
"""Messages in one pass. More would keep the event loop from everybody else for longer and gain nothing (measured)."""

logger = logging.getLogger(__name__)

Outcome = Verdict | MynaError | None
"""A verdict, None where nothing is judged or judging failed and the policy is open, or why a message is refused."""
Then = Callable[[Outcome], None]
"""Told what came of judging, in the loop's thread."""


@value
class _Asked:
    case: Case
    then: Then
    at: float
    """When it was asked, on the clock of `perf_counter`."""


class Judging:
    """Asks the moderator about all messages that came in one turn of the event loop together.

    Outcomes of one sender are told in the order in which its messages were given, whatever one of them has to wait for;
    other senders wait for nobody. How many messages wait is bounded by those who give them: a connection gives one, a request
    of HTTP one.
    """

    def __init__(self, moderator: Moderator) -> None:
        self._moderator = moderator
        self._waiting: deque[_Asked] = deque()
        self._late: dict[int, deque[_Asked]] = {}
        """What waits behind a sender's message that waits for something."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._due = False
        self.wait_s = JUDGE_S
        """How long a message may wait for something."""
        self.failures: Counter[str] = Counter()
        """How often judging failed since the start of this process, by `deadline`, `error` and by layer."""
        self.verdicts: Counter[str] = Counter()
        """Verdicts since the start, by action."""
        self.steps = [0] * (len(BOUNDS_S) + 1)
        """How many verdicts took at most each bound, and more than the one before."""
        self.waited_s = 0.0
        """Time from asking to the verdict, of all messages together."""
        self.busy_s = 0.0
        """Time that the passes took since the start."""

    def submit(self, case: Case, then: Then) -> None:
        """Judge a message soon and tell `then`. The case's policy says whether it is judged and how judging fails."""
        self._waiting.append(_Asked(case, then, time.perf_counter()))
        self._pass_soon()

    async def outcome(self, case: Case) -> Verdict | None:
        """What came of judging. Raises whatever MynaError the moderator raises."""
        done: asyncio.Future[Verdict | None] = asyncio.get_running_loop().create_future()
        self.submit(case, partial(_settle, done))
        return await done

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what follows from an outcome beside the passes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _pass_soon(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._pass)

    def _pass(self) -> None:
        """One pass over at most `TOGETHER` messages, of each sender one, so that the next can wait for it."""
        self._due = False
        together: dict[int, _Asked] = {}
        again: list[_Asked] = []
        for _ in range(min(len(self._waiting), TOGETHER)):
            asked = self._waiting.popleft()
            sender = asked.case.sender
            if sender in self._late:
                self._late[sender].append(asked)
            elif sender in together:
                again.append(asked)
            else:
                together[sender] = asked
        self._waiting.extendleft(reversed(again))
        if self._waiting:
            self._pass_soon()
        asked_now = list(together.values())
        for asked, judged in zip(asked_now, self._judged(asked_now), strict=True):
            if judged is None or isinstance(judged, Verdict):
                self._tell(asked, judged)
            else:
                self._late[asked.case.sender] = deque()
                self.spawn(self._wait(asked, judged))

    def _judged(self, asked: Sequence[_Asked]) -> Sequence[Judged | None]:
        begun = time.perf_counter()
        found = iter(self._judged_together([each.case for each in asked if not _off(each.case)]))
        self.busy_s += time.perf_counter() - begun
        return [None if _off(each.case) else next(found) for each in asked]

    def _judged_together(self, cases: Sequence[Case]) -> Sequence[Judged | None]:
        try:
            return self._moderator.judge_many(cases)
        except Exception as wrong:
            if len(cases) == 1:
                return [self.failed(wrong, closed=_closed(cases[0]))]
        # One that breaks the moderator must not let the others pass unjudged.
        return [judged for case in cases for judged in self._judged_together([case])]

    async def _wait(self, asked: _Asked, judging: Coroutine[Any, Any, Verdict]) -> None:
        outcome: Outcome = None
        try:
            async with asyncio.timeout(self.wait_s):
                outcome = await judging
        except MynaError as refused:
            outcome = refused
        except Exception as wrong:
            outcome = self.failed(wrong, closed=_closed(asked.case))
        finally:
            self._waiting.extend(self._late.pop(asked.case.sender))
            self._pass_soon()
        self._tell(asked, outcome)

    def failed(self, wrong: Exception, *, closed: bool) -> Verdict | None:
        """What stands for a verdict when judging failed; counts it."""
        late = isinstance(wrong, TimeoutError)
        self.failures["deadline" if late else "error"] += 1
        # Where the time went is in no trace of a timeout, and an overloaded server must not write one per message.
        logger.warning(
            "moderation %s; the message %s",
            "took too long" if late else "failed",
            "waits for a moderator" if closed else "passes",
            exc_info=None if late else wrong,
        )
        return Verdict(Action.HOLD, (Reason("moderation.failed", "", 1.0),), 1.0) if closed else None

    def _tell(self, asked: _Asked, outcome: Outcome) -> None:
        if isinstance(outcome, Verdict):
            self.verdicts[outcome.action.value] += 1
            took_s = time.perf_counter() - asked.at
            self.steps[bisect_left(BOUNDS_S, took_s)] += 1
            self.waited_s += took_s
        try:
            asked.then(outcome)
        except Exception:
            logger.exception("what came of judging a message could not be told")


def _off(case: Case) -> bool:
    return case.policy is not None and case.policy.off


def _closed(case: Case) -> bool:
    return case.policy is not None and case.policy.fails == "closed"


def _settle(done: asyncio.Future[Verdict | None], outcome: Outcome) -> None:
    if done.done():
        return
    if isinstance(outcome, MynaError):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)
