"""Passing a customer's message on to the agent that knows its topic. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from myna.model.workspace import User
from myna_agents.agent import Topic
from myna_agents.hearing.scene import PASSED, Scene

MAX_PASSES = 2
"""How often one message is passed on: two agents that each think the other one knows must not do so for ever."""


def topic_of(scene: Scene) -> Topic | None:
    """The first topic of the agent that the message is about, if another agent answers it."""
    if not scene.supports or scene.passed >= MAX_PASSES:
        return None
    text = scene.text.casefold()
    return next(
        (
            topic
            for topic in scene.profile.topics
            if topic.agent != scene.profile.user and any(spoken_of(word, text) for word in topic.words)
        ),
        None,
    )


def notice(agent: User) -> Mapping[str, Any]:
    """What the conversation shows of it."""
    return {
        "code": PASSED,
        "text": f"{agent.name} answers this.",
        "data": {"agent": str(agent.id), "name": agent.name},
    }


def spoken_of(word: str, text: str) -> bool:
    """Whether a word or phrase stands in a casefolded text: whole words in scripts that have them, anywhere in those that do
    not."""
    folded = word.casefold()
    if re.search(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", folded):
        return folded in text
    return re.search(rf"(?<!\w){re.escape(folded)}(?!\w)", text) is not None
