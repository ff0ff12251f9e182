"""What senders and readers say about decisions: appeals against a block, and reports of what was delivered."""

from collections.abc import Callable
from typing import Any

from myna.conversations.access import Access
from myna.errors import Malformed, NotFound
from myna.ids import new_id
from myna.log.committer import Committer
from myna.log.filter_writes import DecideAppeal, MakeAppeal, Report
from myna.model.moderation import AppealState, Held
from myna.moderation.review import Review
from myna.ports.desk import Desk
from myna.ports.moderation import ModerationStore
from myna.rights import Principal, Verb, require

MAX_CHARS = 1_000
"""Of an appeal, its answer, and a report."""


class Appeals:
    """Appeals and reports. Each is in the audit log; a sender appeals once against each block."""

    def __init__(
        self,
        review: Review,
        store: ModerationStore,
        desk: Desk,
        access: Access,
        committer: Committer,
        turn_delay_s: float,
    ) -> None:
        self._review, self._store, self._desk = review, store, desk
        self._access, self._committer, self._turn_delay_s = access, committer, turn_delay_s

    async def mine(self, principal: Principal, after: int | None, limit: int) -> list[dict[str, Any]]:
        """What of the principal's own was held or refused, newest first, with what came of it; without reasons' details."""
        found = await self._store.of_sender(principal.workspace, principal.user, after, limit)
        return await self._review.shown_to_sender(found)

    async def make(self, principal: Principal, held: int, text: str) -> dict[str, Any]:
        """Appeal against the block of an own message.

        Raises:
            NotFound: there is no such message of the principal's.
            Conflict: it is not blocked (`not_blocked`), or was appealed before (`already_appealed`).
        """
        said = _checked(text, "An appeal")
        before = await self._known(held, principal.workspace)
        if before.sender != principal.user:
            raise NotFound(f"There is no held message {held}.")
        made = await self._committer.write(
            MakeAppeal(principal.workspace, held, before.conversation, principal.user, said)
        )
        assert isinstance(made, Held)
        await self._review.tell(made)
        return (await self._review.shown_to_sender([made]))[0]

    async def waiting(
        self, principal: Principal, state: AppealState, after: int | None, limit: int
    ) -> list[dict[str, Any]]:
        """Messages whose sender appealed, with the appeal."""
        require(principal, Verb.MODERATE)
        found = await self._store.appeals(principal.workspace, state, after, limit)
        return await self._review.shown(found)

    async def decide(self, principal: Principal, held: int, *, grant: bool, answer: str) -> dict[str, Any]:
        """Answer an appeal; a granted one lets the message into the log now.

        Raises:
            NotFound: there is no such held message in this workspace.
            Conflict: no appeal waits for an answer (`already_decided`).
        """
        require(principal, Verb.MODERATE)
        said = _checked(answer, "An answer") if answer.strip() else ""
        before = await self._known(held, principal.workspace)
        made = await self._committer.write(
            DecideAppeal(
                principal.workspace,
                held,
                before.conversation,
                principal.user,
                grant,
                said,
                self._turn_delay_s,
            )
        )
        assert isinstance(made, Held)
        self._review.decided(principal.workspace)
        return await self._review.tell(made)

    async def report(
        self, principal: Principal, conversation: int, seq: int, text: str, taken: Callable[[], None]
    ) -> None:
        """Ask moderators to look at a message that the principal can read. `taken` limits how often one may.

        Raises:
            NotFound: there is no such message that the principal can see.
            Conflict: it is an own one, or no message of a person (`not_reportable`).
        """
        said = _checked(text, "A report") if text.strip() else ""
        seat = await self._access.fresh_seat(principal, conversation)
        require(principal, Verb.READ, seat)
        taken()
        write = Report(
            principal.workspace, new_id(), conversation, principal.user, seq, said, observer=seat.observer
        )
        made = await self._committer.write(write)
        assert isinstance(made, Held)
        await self._review.tell(made)

    async def _known(self, held: int, workspace: int) -> Held:
        found = await self._desk.held(held, workspace)
        if found is None:
            raise NotFound(f"There is no held message {held}.")
        return found


def _checked(text: str, what: str) -> str:
    said = text.strip()
    if not said or len(said) > MAX_CHARS or "\x00" in said:
        raise Malformed(f"{what} has 1 to {MAX_CHARS} characters.")
    return said
