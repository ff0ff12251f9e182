"""Where a message goes beside its chat: into a thread, or to one member alone."""

from myna_bots.telegram.forums import thread_of as thread
from myna_bots.telegram.whispers import whispered

__all__ = ["thread", "whispered"]
