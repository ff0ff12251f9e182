"""Whether a message in a group speaks to the agent: by mention, by name as a call, or as a reply to it. Pure."""

import re
from collections.abc import Sequence
from functools import lru_cache

from myna_agents.text.clauses import plain

_HELLO = (
    r"(?:(?:hi|hey|hello|ok|okay|dear|yo|thanks|thank you|sorry|so|and|please|well|now|right|alright|good (?:morning|afternoon|evening|day)|greetings|你好|您好|嗨|哈喽|请问|喂|"
    r"谢谢|麻烦|麻煩|请|請|那|那么|对了|早上好|早安|早[啊呀]?|下午好|晚上好|拜托|有劳|请教|請教|嘿|哎|诶|喂)[\s,，!！]*)*"
)
_SOMEBODY = r"(?:you|u|i|we|they|he|she|it|the|my|our|this|that|these|those|there|someone|anyone|a|an|your)\b"
_ASKING = (
    r"(?:(?:can|could|would|will|should|do|does|did|is|are|was|were|have|has|may|shall|won't|can't|don't) "
    + _SOMEBODY
    + r"|(?:please|pls|plz|(?:what|how|when|where|why|who)(?:'?s|'?re|'?d)?|which|whose)\b"
    r"|(?:tell|show|give|help|remind|find|get|send) (?:me|us|them|him|her|everyone|everybody|the|out)\b"
    r"|(?:explain|look up|look this up|check (?:the|if|whether|that|this|our|my)|summari[sz]e|translate|list|calculate|compare)\b"
    r"|any (?:idea|chance|news|update|word|thoughts|way)\b|i need|i have a|we need|i'?m|i am|i've|we've|we're|my|a customer|quick question|question)"
)
_ASKING_ZH = (
    r"(?:请|請|能不能|能否|能(?=帮|幫|查|告|说|說|给|給|解|看|再)|可以(?=帮|幫|查|告|说|說|给|給|解|看|再)|可不可以|帮|幫|"
    r"怎么(?![又不没沒老这這总總还還了])|怎麼(?![又不沒老這總還了])|什么|什麼|为什么(?![又不没沒老])|你(?!们|們)|您|告诉|告訴|查|我想|我要|"
    r"我们(?=的|要|能|可)|咱们|有没有|有沒有|在吗|在嗎|说说|說說|解释|解釋|总结|總結|翻译|翻譯|列|多少|哪|几点|幾點|现在|今天|明天|这个|这款|如果|一个问题|一個問題|个问题|一下|客户(?!端)|顾客|有个|想问|想知道|咨询|如何|怎样|咋(?!又|不|没|了|这)|订单)"
)
_TO_YOU = r"(?:can|could|would|will|do|did|have|are) (?:you|u)\b"
_ASKS_LATER_ZH = r".*(?:[?？吗嗎呢]|怎么|怎麼|什么|什麼|多少|几|幾|哪|能不能|可不可以)"
_TO_YOU_ZH = r"(?:你(?!们|們)|您|帮我|幫我|帮忙|幫忙|能不能|请问|請問)"
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ABOUT_BEFORE = (
    r"(?:ask|asks|asked|asking|tell|tells|told|telling|use|used|using|try|tried|trying|see what|like|from|by|to|about|of|via|with|"
    r"does|did|has|had|that|what|whether|if|when|because|think|thinks|thought|heard|let|have|get|make|love|hate|blame|ping|pinged|"
    r"pinging|cc|fyi|mute|muted|add|added|adding|remove|removed|removing|kick|invite|invited|mention|mentioned|mentioning|tag|tagged|"
    r"call|called|named|is|was|the|our|than|for|until|after|before|while|wait for|trust|trusts|believe|believes|set up|setup|up)"
)
_ABOUT_AFTER = (
    r"(?:said|says|told|tells|wrote|writes|answered|answers|replied|replies|gave|gives|got|gets|was|wasn't|isn't|has|hasn't|had|"
    r"keeps|kept|never|always|already|usually|sometimes|also|just|seems|seemed|thinks|knows|knew|doesn't|didn't|can't|cannot|couldn't|"
    r"won't|will (?!you\b)|would (?!you\b)|might|should (?!i\b|we\b)|is (?:down|up|broken|great|good|slow|fast|wrong|right|back|"
    r"offline|useful|useless|helpful|so|very|too|really|still|not|a|an|the|only|our|just|in|on|supposed)|can (?!you\b|i\b|we\b|u\b|either\b|any\b|one of\b|both\b)|"
    r"does (?!it\b|the\b|this\b|that\b|my\b|our\b)|'s (?:answer|reply|answers|right|wrong|great|down|been)|and (?:i|me|the))"
)
_ABOUT_BEFORE_ZH = (
    r"(?:问问|問問|问一下|問一下|问下|去问|去問|问过|问了|(?<![请請])[问問]|让|讓|叫|听|聽|找|用|跟|和|与|是|把|被|给|給|对|對|比|觉得|感觉|"
    r"看看|相信|根据|据|靠|等|加|踢|拉|关掉|屏蔽|喜欢|讨厌|连)"
)
_ABOUT_AFTER_ZH = (
    r"(?:说的?(?!说)|說的?(?!說)|刚才|剛才|刚刚|昨天|之前|上次|回答|回复|回覆|答的|讲的|已经|已經|也|都|又|挺|很|真|太|好像|总是|總是|"
    r"老是|不会|不會|不能|不知道|没|沒|坏了|壞了|挂了|掛了|的(?!话)|是个|是個|是谁|是誰|是不是|被|还|還|怎么(?:又|不|没|了|这么|老|还)|"
    r"为什么(?:又|不|没|老)|那边|这边|上线|下线|能(?:用|处理|回答|搞定)|会(?:不会)?(?:用|回答|处理|记录))"
)
_WH_START = re.compile(
    r"^(?:(?:so|and|but|ok|okay|hey|hi|hello|well|then|um|hmm|sorry|please)[\s,]+)*"
    r"(?:what|how|when|where|why|who|which|can|could|would|will|is|are|do|does|did|should|may|any)\b"
)
_VERBS_ABOUT = (
    r"(?:ask|asked|asking|tell|told|telling|use|used|using|try|tried|trying|like|from|by|to|about|of|via|with|is|was|trust|"
    r"believe|call|called|named|set up|the|our|mute|add|remove|invite|mention|tag|ping|think|thinks|thought|does|did|has|than)"
)
_QUOTED = re.compile(r"(?m)^\s*>.*$|```.*?```|`[^`\n]+`", re.DOTALL)

GENERIC = ("bot", "the bot", "chatbot", "assistant", "ai", "机器人", "機器人", "智能助手", "助手", "ai助手")
"""What people call an agent whose name they do not know."""


def spoken_part(text: str) -> str:
    """A message without quoted lines and code: what its sender says now."""
    return _QUOTED.sub(" ", text).strip()


def mentions(text: str, names: Sequence[str]) -> bool:
    """Whether one of the names stands behind an @ sign, in whatever role."""
    folded = plain(text).replace("＠", "@")
    return any(_mention(plain(name)).search(folded) for name in names)


def addressed_by_mention(text: str, names: Sequence[str]) -> bool:
    """Whether a mention speaks *to* its bearer: "@myna how …", but not "ask @myna" or "@myna said so"."""
    folded = plain(text).replace("＠", "@")
    for name in names:
        for match in _mention(plain(name)).finditer(folded):
            before, after = folded[: match.start()], folded[match.end() :]
            if not _about(before, after):
                return True
    return False


def calls(text: str, names: Sequence[str]) -> bool:
    """Whether a name is used as a call: "Myna, when …?", "hey Myna how …", "… right, Myna?".

    A name in the third person ("Myna said so yesterday", "ask Myna") is no call.
    """
    folded = plain(text)
    return any(_called(folded, plain(name)) for name in names)


def names_other(text: str, others: Sequence[str]) -> bool:
    """Whether the text turns to somebody else by name, or mentions one."""
    return bool(others) and (mentions(text, others) or calls(text, others))


def without_call(text: str, names: Sequence[str]) -> str:
    """The text without the words that only address its reader: what is looked up."""
    for name in names:
        escaped = re.escape(name)
        edge = "" if _HAN.search(name) else r"(?![\w'-])"
        text = re.sub(rf"[@＠]{escaped}{edge}[,，:：]?", " ", text, flags=re.IGNORECASE)
        text = re.sub(
            rf"^\s*(?:(?:hi|hey|hello|你好|您好|嗨|请问|麻烦)[\s,，!！]*)?{escaped}{edge}\s*[,，:：!！]\s*",
            "",
            text,
            flags=re.IGNORECASE,
        )
        text = re.sub(rf"[,，]\s*{escaped}{edge}\s*(?=[.!?。！？~]*\s*$)", "", text, flags=re.IGNORECASE)
    return " ".join(text.split())


@lru_cache(maxsize=1024)
def _mention(name: str) -> re.Pattern[str]:
    edge = "" if _HAN.search(name) else r"(?![\w-])"
    return re.compile(rf"(?<![A-Za-z0-9_@.])@{re.escape(name)}{edge}")


def _about(before: str, after: str) -> bool:
    """Whether what surrounds a name talks about its bearer."""
    asks = after.rstrip().endswith(("?", "？"))
    at_start = not before.strip(" ,，@")
    ends = not after.strip(" ?!.？。！~")
    if ends and _WH_START.match(before) and not re.search(rf"\b{_VERBS_ABOUT}\s*$", before):
        return False
    if re.search(rf"(?:^|[\s,(]){_ABOUT_BEFORE}\s*$", before) or re.search(
        rf"{_ABOUT_BEFORE_ZH}\s*$", before
    ):
        return not at_start
    if re.search(r"\b(?:and|or)\s*$", before) and not asks:
        return True
    tail = after.lstrip(" ,")
    if re.match(rf"{_ABOUT_AFTER}", after.lstrip()) or re.match(_ABOUT_AFTER_ZH, tail):
        return not (at_start and asks and re.match(r"\s*(?:is|can|does|will|would|should|has)\b", after))
    return False


@lru_cache(maxsize=1024)
def _call_patterns(name: str) -> tuple[re.Pattern[str], ...]:
    escaped = re.escape(name)
    edge = "" if _HAN.search(name) else r"(?![\w'-])"
    again = rf"(?:{escaped}[\s,，]*)?{escaped}{edge}"
    opening = (
        rf"(?:^|[.!?。！？\n]\s*){_HELLO}{again}\s*(?:[,:，：;!?？！~]|[-–—]\s|$|{_ASKING}|{_ASKING_ZH})"
    )
    # "I cannot find it, Myna can you look?": after a comma only words that can be said to nobody else.
    turning = rf"[,，;；]\s*{again}(?:[\s,，]*(?:{_TO_YOU}|{_TO_YOU_ZH})|\s*[,，:：]\s*(?:{_ASKING}|{_ASKS_LATER_ZH}))"
    greeted = (
        rf"^(?:hi|hey|hello|你好|嗨|哈喽|good (?:morning|afternoon|evening)|morning)[\s,，]+{escaped}{edge}"
    )
    closing = rf"[,，]\s*{escaped}{edge}\s*[.!?。！？~]*$"
    return tuple(re.compile(each) for each in (opening, turning, greeted, closing))


def _called(folded: str, name: str) -> bool:
    if any(pattern.search(folded) for pattern in _call_patterns(name)):
        return True
    # "how long is the warranty myna?": a question that ends with the name, unless it is about its bearer.
    ending = re.search(rf"(?<![\w@]){re.escape(name)}\s*[?!.？。！]*$", folded)
    if ending is None or _HAN.search(name):
        return False
    before = folded[: ending.start()]
    return bool(_WH_START.match(before)) and not re.search(rf"(?:^|[\s,(]){_ABOUT_BEFORE}\s*$", before)
