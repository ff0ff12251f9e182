"""How long to wait before the next attempt."""

import random


class Backoff:
    """Full jitter between 0 and a bound that doubles with every attempt.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. `reset` belongs after a *useful* frame only: a server
    that greets and drops everybody would otherwise be met by all of its clients at once, every half second.
    """

    def __init__(self, first_s: float = 0.5, most_s: float = 30.0, dice: random.Random | None = None) -> None:
        self._first_s, self._most_s = first_s, most_s
        self._dice = dice or random.Random()  # noqa: S311 - jitter, not a secret
        self._attempts = 0

    def next_s(self, least_s: float = 0.0) -> float:
        """Seconds to wait now; the jitter comes on top of what the server asked for."""
        bound = min(self._most_s, self._first_s * 2.0 ** min(self._attempts, 16))
        self._attempts += 1
        return least_s + self._dice.uniform(0.0, bound)

    def reset(self) -> None:
        """Begin with short waits again."""
        self._attempts = 0
