"""Whether a message in a group speaks to the agent: by mention, by name as a call, or as a reply to it."""

import re
from collections.abc import Sequence

from myna_agents.clauses import plain

_HELLO = (
    r"(?:(?:hi|hey|hello|ok|okay|dear|yo|thanks|thank you|sorry|so|and|please|你好|您好|嗨|哈喽|请问|喂|"
    r"谢谢)[\s,，!！]*)*"
)
_ASKING = (
    r"(?:can|could|would|will|please|pls|what|how|when|where|why|who|which|whose|are you|do you|"
    r"did you|have you|is there|"
    r"are there|is it|tell|help|show|find|explain|look|check|give|summari[sz]e|translate|any|i need|"
    r"i have|we need|should)\b"
)
_ASKING_ZH = (
    r"(?:请|請|能|可以|可不可以|帮|幫|怎么|怎麼|什么|什麼|为什么|你|您|告诉|告訴|查|我想|我要|有没有|"
    r"有沒有|在吗|说说|解释|总结|多少|哪)"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")


def mentions(text: str, names: Sequence[str]) -> bool:
    """Whether one of the names stands behind an @ sign."""
    folded = plain(text).replace("＠", "@")
    return any(
        re.search(
            rf"(?<![\w@.])@{re.escape(plain(name))}" + ("" if _HAN.search(name) else r"(?![\w-])"), folded
        )
        for name in names
    )


def calls(text: str, names: Sequence[str]) -> bool:
    """Whether a name is used as a call: "Myna, when …?", "hey Myna how …", "… right, Myna?".

    A name in the third person ("Myna said so yesterday", "ask Myna") is no call.
    """
    folded = plain(text)
    return any(_called(folded, plain(name)) for name in names)


def _called(folded: str, name: str) -> bool:
    escaped = re.escape(name)
    edge = "" if _HAN.search(name) else r"(?![\w'-])"
    opening = re.compile(
        rf"(?:^|[.!?。！？\n]\s*){_HELLO}{escaped}{edge}\s*(?:[,:，：;!?？！~]|[-–—]\s|$|{_ASKING}|"
        rf"{_ASKING_ZH})"
    )
    greeted = re.compile(rf"^(?:hi|hey|hello|ok|okay|你好|嗨|哈喽)[\s,，]+{escaped}{edge}")
    closing = re.compile(rf"[,，]\s*{escaped}{edge}\s*[.!?。！？~]*$")
    return any(pattern.search(folded) for pattern in (opening, greeted, closing))
