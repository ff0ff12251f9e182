"""Bots that judge: their webhook is asked about a message before it is stored."""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, cast

from myna.errors import MynaError
from myna.model.conversation import ConversationKind
from myna.model.moderation import Action, Case, Reason, Verdict
from myna.model.workspace import UserKind
from myna.wire import encode
from myna_bots.host.delivering import Egress
from myna_bots.host.model import Webhook
from myna_bots.host.signing import HEADER, signature

ANSWER_S: Final = 0.1
"""How long all judging bots of a conversation may take together; below the deadline of moderation."""
SLACK_S: Final = 0.1
"""What reading who judges where may take beside that."""
REFRESH_S: Final = 15.0
"""How old may become what is known of who judges where."""
REST_AFTER: Final = 3
REST_S: Final = 30.0
"""After so many failures in a row a bot is not asked for this long, so that no message waits for one that is gone."""
MAX_BOTS: Final = 4
"""Judging bots of one conversation that are asked, the oldest installations first."""
MAX_REASON_CHARS: Final = 200
_STRICTNESS: Final = (Action.ALLOW, Action.FLAG, Action.HOLD, Action.BLOCK)

logger = logging.getLogger(__name__)


class Judging(Protocol):
    """Says who judges where."""

    async def judging(self) -> Mapping[int, Sequence[Webhook]]:
        """The living native webhooks of bots that may judge, by conversation."""
        ...


class BotJudges:
    """Asks the bots that hold the scope `messages:moderate` in a conversation about its messages.

    Not asked about: messages of bots, and those of operators in support conversations. What a bot does not answer in time,
    or not as documented, is counted as `bot.ID`, and waits for a moderator where the policy fails closed.
    """

    def __init__(self, store: Judging, egress: Egress, failures: Counter[str]) -> None:
        self._store, self._egress, self._failures = store, egress, failures
        self._known: Mapping[int, Sequence[Webhook]] = {}
        self._read_at: float | None = None
        self._reading: asyncio.Task[None] | None = None
        self._in_a_row = Counter[int]()
        self._rests_until: dict[int, float] = {}

    def concerns(self, case: Case) -> bool:
        """Whether a bot judges here, or it is time to look who does."""
        if case.sender_kind is UserKind.BOT or (
            case.sender_kind is UserKind.HUMAN and case.conversation_kind is ConversationKind.SUPPORT
        ):
            return False
        return case.conversation in self._known or (
            self._read_at is None or (self._old() and self._reading is None)
        )

    async def judge(self, case: Case) -> Verdict | None:
        """The strictest of the bots' verdicts; None when no bot judges here or has anything to say."""
        asked = (await self._judging()).get(case.conversation, ())[:MAX_BOTS]
        if not asked:
            return None
        verdicts = await asyncio.gather(*(self._ask(each, case) for each in asked))
        told = [each for each in verdicts if each is not None]
        return max(told, key=lambda each: _STRICTNESS.index(each.action), default=None)

    async def _judging(self) -> Mapping[int, Sequence[Webhook]]:
        """Who judges where. One message every 15 seconds waits for the database, the others use what was known."""
        if self._read_at is None or (self._old() and self._reading is None):
            await self.look()
        return self._known

    async def look(self) -> None:
        """Read who judges where, together with whoever else waits for that.

        A message that may wait no longer leaves the reading to itself: ended with it, nobody would know anything.
        """
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._read())
        await asyncio.shield(self._reading)

    def _old(self) -> bool:
        return self._read_at is None or time.monotonic() - self._read_at >= REFRESH_S

    async def _read(self) -> None:
        try:
            self._known = await self._store.judging()
        except Exception:
            # What was known stays: messages must not stop because of this.
            logger.exception("who judges where could not be read")
            self._failures["bots"] += 1
        finally:
            self._read_at, self._reading = time.monotonic(), None

    async def _ask(self, hook: Webhook, case: Case) -> Verdict | None:
        if time.monotonic() < self._rests_until.get(hook.bot, 0.0):
            return self._failed(hook.bot, case)
        now = int(time.time())
        body = encode(question(hook.bot, case))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Myna-Webhook/1",
            HEADER: signature(body, hook.secrets(now), now),
        }
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self._egress.post(hook.url, body, headers, ANSWER_S)
            if not 200 <= answer.status < 300:
                raise ValueError(f"it answered {answer.status}")
            verdict = verdict_of(answer.body, hook.bot)
        except (MynaError, ValueError, TimeoutError) as wrong:
            logger.warning("the bot %d did not judge a message: %s", hook.bot, wrong or "it took too long")
            self._in_a_row[hook.bot] += 1
            if self._in_a_row[hook.bot] >= REST_AFTER:
                self._rests_until[hook.bot] = time.monotonic() + REST_S
            return self._failed(hook.bot, case)
        self._in_a_row.pop(hook.bot, None)
        return verdict

    def _failed(self, bot: int, case: Case) -> Verdict | None:
        self._failures[f"bot.{bot}"] += 1
        if case.policy is None or case.policy.fails != "closed":
            return None
        return Verdict(Action.HOLD, (Reason("moderation.failed", f"bot {bot}", 1.0),), 1.0)


def question(bot: int, case: Case) -> dict[str, Any]:
    """What a bot is asked."""
    return {
        "type": "moderation.asked",
        "bot": str(bot),
        "conversation": str(case.conversation),
        "data": {
            "text": case.text,
            "codes": list(case.codes),
            "sender": {"id": str(case.sender), "kind": case.sender_kind},
            "place": {"id": str(case.conversation), "kind": case.conversation_kind},
        },
    }


def verdict_of(body: bytes, bot: int) -> Verdict | None:
    """What a bot answered; None when it has nothing to say.

    Raises:
        ValueError: it is not as documented.
    """
    if not body.strip():
        return None
    given: Any = json.loads(body)
    if not isinstance(given, dict):
        raise ValueError("it answered with no JSON object")
    wanted = cast("Mapping[str, Any]", given)
    action, why = wanted.get("action"), wanted.get("reason", "")
    if action not in set(Action) or not isinstance(why, str):
        raise ValueError(
            'it answered with something else than {"action": "allow|flag|hold|block", "reason": "…"}'
        )
    if action == Action.ALLOW:
        return None
    detail = f"{bot}: {why[:MAX_REASON_CHARS]}" if why else str(bot)
    return Verdict(Action(action), (Reason("bot.judged", detail, 1.0),), 1.0)
