"""What an operator reads first when a conversation is handed over: extracts of it, no invention."""

from myna_agents.answers.phrases import Phrase, reason_text, say
from myna_agents.hearing.scene import Scene, Speaker
from myna_agents.hearing.smalltalk import small_talk
from myna_agents.hearing.wants import asks_for_person
from myna_agents.text.clauses import clauses
from myna_agents.text.language import spoken

MAX_QUESTIONS = 3
MAX_CHARS = 160


def summary(scene: Scene, reason: str) -> str:
    """Why, what was asked last, what the agent answered from, and what is open; one line each, in the asker's language."""
    lang = spoken(scene.lang, scene.profile.languages)
    lines = [say(Phrase.SUMMARY_REASON, lang, text=reason_text(reason, lang))] if reason else []
    asked = [
        said for said in (*scene.earlier, *scene.burst) if said.speaker is Speaker.ASKER and _asks(said.text)
    ]
    lines += [say(Phrase.SUMMARY_ASKED, lang, text=_short(said.text)) for said in asked[-MAX_QUESTIONS:]]
    if scene.known:
        known = "; ".join(f"{name}: {value}" for name, value in scene.known)
        lines.append(say(Phrase.SUMMARY_KNOWN, lang, text=known))
    own = [said for said in scene.earlier if said.speaker is Speaker.SELF]
    sources = list(dict.fromkeys(title for said in own for title in said.cited if title))
    if sources:
        lines.append(say(Phrase.SUMMARY_ANSWERED, lang, text="; ".join(sources[-MAX_QUESTIONS:])))
    declined = sum(said.offers_human for said in own)
    if declined == 1:
        lines.append(say(Phrase.SUMMARY_DECLINED_ONCE, lang))
    elif declined:
        lines.append(say(Phrase.SUMMARY_DECLINED, lang, count=declined))
    return "\n".join(lines)


def _asks(text: str) -> bool:
    return bool(clauses(text)) and small_talk(text) is None and not _only_wants_person(text)


def _only_wants_person(text: str) -> bool:
    return all(asks_for_person(clause) or small_talk(clause) is not None for clause in clauses(text))


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= MAX_CHARS else plain[: MAX_CHARS - 1] + "…"
