"""What an agent is: a bot whose turns are made by an engine with knowledge and rules."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """How one agent answers. Everything that a turn needs to know about its agent, as one immutable value."""

    user: int
    """The agent's user id: messages of this sender are its own."""
    name: str
    handle: str | None = None
    aliases: tuple[str, ...] = ()
    """Other names it answers to in groups, e.g. its Chinese name."""
    bases: tuple[int, ...] = ()
    """Knowledge bases that it may retrieve from."""
    languages: tuple[str, ...] = ("en", "zh")
    """Languages of its own sentences, the first is the default; quotes stay in their passage's language."""
    persona: str = ""
    """Added to the model's system prompt; the offline engine has no use for it."""
    threshold: float | None = None
    """Least confidence to answer at; None takes the calibrated threshold of the retrieval."""
    near_miss: float = 0.6
    """Share of the threshold from which an agent asks back with similar questions instead of only declining."""
    misses_before_hand_off: int = 2
    """How many unanswered questions in a row bring a human in."""
    passages: int = 6
    """How many passages one retrieval asks for."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that addresses this agent, longest first so that a name never hides a longer one."""
        own = {self.name, self.handle or "", *self.aliases} - {""}
        return tuple(sorted(own, key=lambda name: (-len(name), name)))
