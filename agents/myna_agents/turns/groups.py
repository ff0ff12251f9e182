"""When an agent speaks in a group: spoken to, or asked by nobody but sure to help. Pure; every silence has its reason."""

from myna_agents.hearing.hearing import is_question
from myna_agents.hearing.scene import Scene, Speaker
from myna_agents.turns.decision import Decision, Kind
from myna_knowledge.model import Retrieval


def keeps_quiet(scene: Scene, now: float) -> Decision | None:
    """Why the agent says nothing about a group's newest message, or waits before it does; None when it may speak."""
    if scene.hops >= scene.profile.group.max_hops and scene.from_bot:
        return Decision(Kind.SILENT, "hop_limit")
    if scene.addressed:
        return Decision(Kind.SILENT, "nothing_wanted") if scene.wants_nothing else None
    if scene.profile.group.speak == "addressed" or scene.from_bot:
        return Decision(Kind.SILENT, "not_addressed")
    return _unasked_now(scene, now)


def unasked(scene: Scene, retrieval: Retrieval) -> Decision:
    """What to do with a question that nobody put to the agent: answer only when the knowledge is sure."""
    least = scene.profile.group.least_confidence
    if retrieval.answerable and retrieval.passages and retrieval.confidence >= least:
        return Decision(Kind.ANSWER, "answerable")
    return Decision(Kind.SILENT, "not_answerable")


def _unasked_now(scene: Scene, now: float) -> Decision | None:
    policy, newest = scene.profile.group, scene.burst[-1]
    if {"other_named", "reply_to_other"} & set(scene.hearing.clues):
        return Decision(Kind.SILENT, "for_somebody_else")
    if not is_question(newest.text):
        return Decision(Kind.SILENT, "no_question")
    last = scene.last_own
    if last is not None and now - last.at < policy.cool_down_s:
        return Decision(Kind.SILENT, "cool_down")
    if any(said.speaker is Speaker.PERSON and said.seq > newest.seq for said in scene.after):
        return Decision(Kind.SILENT, "person_answered")
    if now < newest.at + policy.quiet_s:
        return Decision(Kind.WAIT, "quiet_time", until=newest.at + policy.quiet_s)
    return None
