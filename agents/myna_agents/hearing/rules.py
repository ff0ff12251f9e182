"""When a person must take over whatever the agent knows: anger, topics and amounts that the company keeps for people, VIPs. Pure.

Pattern tables with word boundaries, clause by clause, so that "I'm not angry, just curious" and "this is a joke?" come out right.
"""

import re

from myna_agents.hearing.scene import Scene
from myna_agents.text.clauses import clauses, plain
from myna_agents.text.facts import FactKind, facts

_ANGER_EN = re.compile(
    r"\b(?:this is (?:ridiculous|unacceptable|outrageous|a (?:scam|disgrace|joke|rip[- ]?off)|bullshit|pathetic|"
    r"insane|absurd)|"
    r"(?:i am|i'm|we are|we're) (?:so |very |really |extremely |absolutely |beyond )*(?:angry|furious|livid|outraged|"
    r"pissed(?: off)?|"
    r"fed up|sick of (?:this|you|it)|disgusted|fuming|losing my patience|done with (?:you|this))|"
    r"(?:worst|terrible|awful|horrible|appalling|shit(?:ty)?|disgusting|pathetic) (?:customer )?"
    r"(?:service|support|company|experience|shop)|"
    r"(?:fuck|fucking|wtf|bullshit|goddamn|screw you|go to hell|shut up|idiots?|morons?)|"
    r"(?:you(?:'re| are)|you people are) (?:all )?(?:useless|liars?|thieves|crooks|scammers|incompetent|a joke)|"
    r"(?:i(?:'ll| will)|i'm going to|we(?:'ll| will)) (?:sue|report) you|see you in court|(?:my|our) lawyers?|"
    r"(?:third|fourth|fifth|tenth|\d+(?:rd|th)) time (?:i|we)(?:'m|'ve| am| have)? (?:\w+ )?(?:ask|asked|asking|told|"
    r"telling|writ\w*|contact\w*|complain\w*)|"
    r"how many times (?:do|must|have) i|never (?:buying|ordering|shopping) (?:\w+ ){0,3}again)"
)
_ANGER_ZH = re.compile(
    r"气死我|氣死我|太过分|太過分|忍无可忍|(?:什么|什麼|啥)(?:破|垃圾|狗屁|烂)|垃圾(?:公司|客服|服务|服務|平台|店|产品|東西|东西)|骗子|騙子|"
    r"坑人|坑爹|他妈|她妈|妈的|媽的|傻[逼比叉屄]|滚蛋|滾蛋|去死|脑残|智障|投诉你们|要投诉|要投訴|我要曝光|起诉你们|律师函|法院见|"
    r"(?:说|问|催|打|发)了(?:好)?[几多三四五六七八九十\d]+[次遍回]|太差劲|差评|再也不(?:买|来|用)|耍我|玩我|有没有人管|非常(?:生气|愤怒|不满)|很(?:生气|愤怒)"
)
_CALM = re.compile(
    r"\b(?:not|isn't|wasn't|aren't|never) (?:\w+ ){0,2}?(?:angry|furious|ridiculous|unacceptable|mad|fed up)\b"
)


def angry(text: str) -> bool:
    """Whether somebody vents anger at the company or its people."""
    if _ANGER_ZH.search(text):
        return True
    return any(_ANGER_EN.search(clause) and not _CALM.search(clause) for clause in clauses(text))


def rule(scene: Scene) -> str | None:
    """The reason code of the first rule that hands the newest words over, None when the agent may go on.

    Policies are the company's: `topics` are words or phrases that people answer, `value_limit` an amount in any currency
    from which they do, `vips` visitors who always get a person.
    """
    policy = scene.profile.handoff
    if scene.burst and scene.burst[-1].sender in policy.vips:
        return "vip"
    if policy.anger and any(angry(said.text) for said in scene.burst):
        return "anger"
    folded = plain(scene.text)
    if any(_speaks_of(folded, topic) for topic in policy.topics):
        return "policy_topic"
    if policy.value_limit is not None and amount(scene.text) >= policy.value_limit:
        return "value_limit"
    return None


def amount(text: str) -> float:
    """The greatest amount of money in a text, 0 without any."""
    found = [fact.value.split(" ") for fact in facts(text) if fact.kind is FactKind.NUMBER]
    amounts = [_number(value) for value, *unit in found if unit and unit[0] in CURRENCIES]
    return max(amounts, default=0.0)


CURRENCIES = frozenset(
    {"eur", "usd", "gbp", "cny", "jpy", "chf", "hkd", "twd", "krw", "inr", "aud", "cad", "sgd"}
)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _speaks_of(folded: str, topic: str) -> bool:
    topic = plain(topic)
    if not topic:
        return False
    if re.search(r"[\u4e00-\u9fff]", topic):
        return topic in folded
    return re.search(rf"\b{re.escape(topic)}(?:s|es|'s)?\b", folded) is not None
