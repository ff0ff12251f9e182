"""Whether a group's message wants this agent to speak: clues for and against, added up as log-odds. Pure.

The weights were set by hand with the shipped group turns in sight (docs/evaluation.md says what that is worth); each clue
is kept with the decision, so that an operator can read "silent: not addressed, p = 0.05".
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from myna_agents.hearing.addressed import (
    GENERIC,
    addressed_by_mention,
    calls,
    mentions,
    names_other,
    spoken_part,
)
from myna_agents.hearing.smalltalk import SmallTalk, small_talk
from myna_agents.text.clauses import clauses, plain

PRIOR = -3.0
"""Log-odds that a group's message is for the agent when nothing says so: 5 %."""
WEIGHTS = {
    "mention": 7.0,
    "call": 6.5,
    "reply": 5.5,
    "generic_call": 5.0,
    "follow_up": 4.5,
    "answers_agent": 4.5,
    "passing_mention": 1.0,
    "other_named": -6.0,
    "reply_to_other": -5.0,
    "to_everybody": -2.5,
    "quoted": 0.0,
}
HEARD_P = 0.5
FOLLOW_UP_S = 300.0
"""How long after the agent's answer a question of the same person counts as going on with it."""

_QUESTION_EN = re.compile(
    r"^(?:(?:so|and|but|ok|okay|hey|hi|hello|well|then|um|hmm|also|sorry|or|oh|thanks|great|cool|good|nice|perfect)[\s,!.]+)*"
    r"(?:what|how|when|where|why|who|which|whose|can|could|would|will|is|are|was|were|do|does|did|should|may|shall|has|have|any|"
    r"what's|how's|where's|who's|when's|isn't|aren't|don't|doesn't|tell (?:me|us)|show (?:me|us)|explain|please|pls|"
    r"give (?:me|us)|look up|check|find|list|remind|summari[sz]e|translate)\b"
)
_QUESTION_ZH = re.compile(
    r"吗|嗎|呢$|么$|什么|什麼|怎么|怎麼|怎样|如何|多少|多久|几[个点天次月年块元岁号]|幾|哪|谁|誰|是否|能不能|可不可以|有没有|有沒有|是不是|要不要|"
    r"会不会|为啥|为什么|咋|帮我|幫我|帮忙查|查一下|查下|告诉我|告訴我|说说|解释|列出|总结一下"
)
_LEANS = re.compile(
    r"^(?:and|what about|how about|then|also|or|but|(?:no[,.]? )?i mean[t]?|not that)\b"
    r"|^(?:那|那么|还有|另外|如果|换成|(?:不是? ?)?我(?:是)?(?:问|說|说|指)的?是|不是这个|不是這個)"
)
_EVERYBODY = re.compile(
    r"\b(?:any ?one|any ?body|every ?one|every ?body|guys|folks|team|all of you|you all|y'all|someone|somebody|people|you two|"
    r"you guys|@all|@here|@channel|@everyone)\b|大家|各位|你们|你們|有人|谁能|誰能|哪位|所有人|咱们|同事们|兄弟们|谁知道|谁有"
)
_OPENS_WITH_NAME = re.compile(r"^(?:(?:hey|hi|thanks|thank you|ok|and)\s+)?([A-Z][a-z]{1,14})\s*[,:]\s")
_NOT_NAMES = frozenset(
    re.split(
        r"\s+",
        "Well So Ok Okay Yes No Thanks Hmm Oh And But Also Then Sorry Great Good Nice Cool Right Sure Please Actually "
        "Anyway Hello Hi Hey Now First Second Finally Wait Btw Today Tomorrow Yesterday Next Again However Still Maybe "
        "Perhaps",
    )
)
"""Words that begin a sentence before a comma and are nobody's name."""
_NO_WORDS = re.compile(r"^[\W_]*$")


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as the agent hears it, with what stood before it."""

    text: str
    to_own: bool = False
    """It replies to a message of the agent."""
    to_other: bool = False
    """It replies to somebody else's message."""
    after_own: bool = False
    """The message before it is the agent's, to this very person."""
    own_asked: bool = False
    """That message of the agent ended with a question or with buttons."""
    since_own_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Hearing:
    """How likely a message is meant for the agent, and by which clues."""

    p: float
    clues: tuple[str, ...] = ()

    @property
    def heard(self) -> bool:
        """Whether the agent takes it as addressed to itself."""
        return self.p >= HEARD_P

    @property
    def direct(self) -> bool:
        """Whether it was spoken to outright: by mention, name or reply."""
        return bool({"mention", "call", "reply", "generic_call"} & set(self.clues))

    @property
    def why(self) -> str:
        """For the trace: `p=0.05 other_named`."""
        return " ".join((f"p={self.p:.2f}", *self.clues))


FOR_THE_AGENT = Hearing(1.0)
"""Where nobody else listens."""


def hear(one: Heard, names: Sequence[str], others: Sequence[str], *, alone: bool = True) -> Hearing:
    """How likely a message is for the bearer of `names`; `others` are the names of everybody else, `alone` says that it is
    the only bot here, so that "hey bot" can mean nobody else."""
    text = spoken_part(one.text)
    clues = list(_direct(one, text, names, alone=alone))
    if not clues:
        clues.extend(_against(one, text, names, others))
        clues.extend(_going_on(one, text, others))
    odds = PRIOR + sum(WEIGHTS[clue] for clue in clues)
    return Hearing(1 / (1 + math.exp(-odds)), tuple(clues))


def is_question(text: str) -> bool:
    """Whether a text asks or requests something."""
    said = plain(text)
    return "?" in said or "？" in text or bool(_QUESTION_EN.match(said)) or bool(_QUESTION_ZH.search(said))


def wants_nothing(text: str, names: Sequence[str]) -> bool:
    """Whether a message to the agent needs no reply in a group: thanks, a farewell, "ok", a smiley."""
    bare = spoken_part(text)
    for name in (*names, *GENERIC):
        bare = re.sub(rf"[@＠]?{re.escape(name)}(?![a-z])", " ", bare, flags=re.IGNORECASE)
    if _NO_WORDS.match(plain(bare)):
        # "@Myna?" calls the agent; "@Myna 👍" does not.
        return "?" not in bare and "？" not in bare and bool(plain(bare) or bare.strip())
    talk = small_talk(bare)
    return talk in {SmallTalk.FILLER, SmallTalk.THANKS, SmallTalk.BYE} or _praises(bare)


def _direct(one: Heard, text: str, names: Sequence[str], *, alone: bool) -> list[str]:
    found: list[str] = []
    if addressed_by_mention(text, names):
        found.append("mention")
    elif calls(text, names):
        found.append("call")
    elif alone and calls(text, GENERIC):
        found.append("generic_call")
    if one.to_own:
        found.append("reply")
    return found


def _against(one: Heard, text: str, names: Sequence[str], others: Sequence[str]) -> list[str]:
    found: list[str] = []
    opens = _OPENS_WITH_NAME.match(text)
    stranger = opens is not None and opens[1] not in _NOT_NAMES
    elsewhere = [name for name in re.findall(r"[@＠]([\w-]+)", text) if not mentions(f"@{name}", names)]
    if names_other(text, others) or stranger or elsewhere:
        found.append("other_named")
    if one.to_other:
        found.append("reply_to_other")
    if _EVERYBODY.search(plain(text)):
        found.append("to_everybody")
    if mentions(text, names):
        found.append("passing_mention")
    return found


def _going_on(one: Heard, text: str, others: Sequence[str]) -> list[str]:
    """Clues of a talk that is under way between this person and the agent."""
    if not one.after_own or one.since_own_s > FOLLOW_UP_S:
        return []
    if is_question(text) or _LEANS.match(plain(text)):
        return ["follow_up"]
    return ["answers_agent"] if one.own_asked and clauses(text) else []


_PRAISE = re.compile(
    r"(?:(?:you(?:'re| are)?|that(?:'s| is| was)|this is|it(?:'s| is)|what a|so|very|really|pretty|super|wow|good|great|nice|"
    r"well|awesome|amazing|perfect|brilliant|smart|clever|helpful|useful|fast|quick|job|work|"
    r"one|done|answer|bot|love|it|legend|the best|"
    r"a lifesaver|lifesaver|haha+|lol|saved me|cheers|appreciate|much|a|as always)\b[\s,!.]*)+"
    r"|(?:你|您)?(?:真|太|好|很|挺|超|可)?(?:棒|厉害|聪明|好用|有用|牛|强|给力|贴心|快)(?:了|啊|呀|哦|啦|的|！)*|(?:干得|做得|回答得)(?:好|不错|漂亮)|辛苦了?"
)


def _praises(text: str) -> bool:
    found = clauses(text)
    return bool(found) and all(
        _PRAISE.fullmatch(clause) is not None or small_talk(clause) in {SmallTalk.FILLER, SmallTalk.THANKS}
        for clause in found
    )
