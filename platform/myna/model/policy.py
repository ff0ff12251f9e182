"""The rules that a conversation's owners set for it, as one frozen value."""

import re
from dataclasses import dataclass

from myna.errors import Malformed

HISTORY = re.compile(r"all|none|since_join|last:[1-9][0-9]{0,5}")
JOINS = ("invite", "request", "open")
WHO = ("member", "moderator", "admin", "owner")
MAX_SLOW_S = 6 * 3600
MAX_EXPIRE_S = 366 * 86_400
MAX_RETAIN_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds in one conversation. A value of 0 means that the rule is off."""

    history: str = "all"
    """How much of the past a new member may read: `all`, `last:N`, `since_join` (who asked to come in: what was said since then;
    anybody else: from the next message on), or `none` (from the next message on)."""
    join: str = "invite"
    """Who comes in: `invite` by a member or link only, `request` after approval, `open` anybody of the workspace."""
    invites: str = "moderator"
    """The lowest role that may invite."""
    pins: str = "moderator"
    """The lowest role that may pin."""
    slow_s: int = 0
    """Least seconds between two messages of a member below moderator."""
    edit_s: int = 0
    """How long after sending a message may be edited."""
    recall_s: int = 0
    """How long after sending its sender may recall it; moderators may at any time."""
    expire_s: int = 0
    """How long after sending new messages disappear."""
    retain_days: int = 0
    """How long messages are kept."""

    def checked(self) -> "Policy":
        """This policy, if all of it makes sense.

        Raises:
            Malformed: with the field that does not.
        """
        if not HISTORY.fullmatch(self.history):
            raise Malformed("policy.history is 'all', 'none', 'since_join' or 'last:N'.")
        if self.join not in JOINS:
            raise Malformed(f"policy.join is one of {', '.join(JOINS)}.")
        for name, value in (("invites", self.invites), ("pins", self.pins)):
            if value not in WHO:
                raise Malformed(f"policy.{name} is one of {', '.join(WHO)}.")
        for name, seconds, most in (
            ("slow_s", self.slow_s, MAX_SLOW_S),
            ("edit_s", self.edit_s, MAX_EXPIRE_S),
            ("recall_s", self.recall_s, MAX_EXPIRE_S),
            ("expire_s", self.expire_s, MAX_EXPIRE_S),
            ("retain_days", self.retain_days, MAX_RETAIN_DAYS),
        ):
            if not 0 <= seconds <= most:
                raise Malformed(f"policy.{name} is a whole number from 0 (off) to {most}.")
        return self

    def floor(self, seq: int, asked_at: int | None = None) -> int:
        """The first message that somebody who joins after message `seq`, and asked to after `asked_at`, may read."""
        if self.history == "all":
            return 1
        if self.history == "since_join" and asked_at is not None:
            return min(asked_at, seq) + 1
        if self.history.startswith("last:"):
            return max(1, seq + 1 - int(self.history.removeprefix("last:")))
        return seq + 1


DEFAULT = Policy()
"""What holds where nothing was set."""
