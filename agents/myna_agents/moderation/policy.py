"""The thresholds of a server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """What a community wants done. Probabilities are those of the model card: one spam in ten messages."""

    flag_at: float = 0.3
    """P(spam) from which a message is delivered and put up for review."""
    hold_at: float = 0.5
    """P(spam) from which a message waits for a moderator."""
    block_at: float = 0.98
    """P(spam) from which a message that also broke a rule may be refused."""
    offensive_at: float = 0.98
    """P(offensive) from which a message is delivered and put up for review; Chinese only."""
    may_block: bool = False
    """Whether anything is refused at all; without it the worst is a hold."""
