"""Whether somebody asks for a person, in English and Chinese: pattern tables with word boundaries and negation.

Works clause by clause, so that "I don't want a human, just tell me the price" and "no bots please, get me a human" come
out differently. Questions *about* reaching people ("how long does it take to reach an agent?") are no request.
"""

import re

from myna_agents.text.clauses import clauses

_DET = r"(?:an?|the|your|some|one of your|any|another|actual|real|live|human|proper|different)"
_STRONG = (
    r"(?:human(?: being)?s?|(?:real|live|actual|physical) (?:person|people|human|agent|operator|"
    r"support|someone|body)|"
    r"(?:human|live|support|service|customer service|customer care|customer support) (?:agent|"
    r"operator|person|support|"
    r"representative|rep|assistance|advisor|specialist|staff|employee|team|help|chat)s?|"
    r"operators?|(?:a |the |your )representatives?(?! (?:sample|selection|of))|supervisors?|live chat)"
)
_PERSON = (
    rf"(?:{_STRONG}|person|people|agents?|representatives?|reps?|some ?(?:one|body)(?: (?:real|human|else))?|"
    r"any ?(?:one|body)(?: (?:real|human|there))?|staff(?: members?)?|employees?|managers?|"
    r"advis[eo]rs?|colleagues?|"
    r"customer (?:service|support|care)|support(?: team| desk)?|the team|your team|"
    r"a member of (?:the |your )?(?:team|staff))"
)
_LINK = r"(?:\w+ ){0,2}?"

_D, _S, _P, _L = (part.replace(" ", "\\ ") for part in (_DET, _STRONG, _PERSON, _LINK))
_ASKS_EN = re.compile(
    rf"""\b(?:
        (?:talk|talking|speak|speaking|chat|chatting|connect|connected|converse)\ {_L}(?:to|with)\ (?:{_D}\ )*{_P}
      | (?:transfer|transferred|put|pass|escalate|hand|forward|redirect|connect|switch|route|send)
        \ (?:me|us|this(?:\ (?:chat|case|conversation|issue|to))?|it|my\ \w+)\ (?:(?:over|through|on|up|directly|back)\ )*
        (?:to|with)\ (?:{_D}\ )*{_P}
      | (?:transferred|escalated|forwarded|switched|handed\ over|put\ through)\ (?:over\ )?to\ (?:{_D}\ )*{_P}
      | (?:escalate|hand\ ?(?:off|over)|transfer|switch)\ to\ (?:an?\ |the\ |your\ )?{_S}
      | (?:want|wanna|need|prefer|(?:would|'d)\ like|have|get|give|gimme|send|bring|fetch|find|call|request|requesting|requires?|
           see|reach|contact|ask\ for|asking\ for|looking\ for|demand|summon)\ (?:to\ (?:see|have|get|reach|contact)\ )?
        (?:me\ |us\ )?(?:in\ )?(?:{_D}\ )*{_S}
      | (?:want|wanna|need|prefer|(?:would|'d)\ like|get|give)\ (?:me\ )?(?:{_D}\ )*
        (?:person|people|agent|representative|rep|manager)
        (?:\ (?:please|now|here|instead|on\ this|right\ now|asap))*$
      | (?:want|wanna|need|like|have)\ (?:to\ )?(?:reach|contact|call)\ (?:{_D}\ )*{_P}
      | (?:get|give|gimme|bring|fetch)\ (?:me|us)\ (?:{_D}\ )*{_P}
      | (?:is|are)\ there\ (?:{_D}\ )*{_P}\ (?:\w+\ ){{0,4}}?(?:talk|speak|chat|ask)
      | (?:is|are)\ there\ (?:{_D}\ )*{_S}
      | (?:can|could|may|let|have|want|need|like)\ (?:{_D}\ )*{_P}\ (?:to\ )?(?:please\ )?
        (?:call|phone|contact|talk\ to|speak\ to|take\ over)\ ?(?:me|us|this|from\ here)?\b
      | (?:can|could|have|want|need)\ (?:{_D}\ )*{_S}\ (?:to\ )?(?:please\ )?(?:help|assist|answer)\ (?:me|us|this)
    )(?![-\w])""",
    re.VERBOSE,
)
_BARE_EN = re.compile(
    rf"(?:(?:ok(?:ay)?|yes|hey|hi|hello|please|just|actually|then|now|so) )*(?:{_DET} )*(?:{_STRONG}|"
    rf"agent|representative|"
    r"rep|manager|real human|person|customer (?:service|support)|human (?:help|support))"
    r"(?: (?:please|pls|plz|now|asap|needed|instead|thanks?|thank you|only|immediately|right now))*"
)
_NO_BOT_EN = re.compile(
    r"\b(?:(?:don'?t|do not|not|won'?t|will not|refuse to|hate|stop|tired of|sick of|rather not|"
    r"no more|never) (?:\w+ ){0,3}?"
    r"(?:talk|speak|chat|deal|argue|interact)(?:ing)? (?:to|with) (?:\w+ ){0,2}?"
    r"(?:ro)?(?:bots?|machines?|computers?|ai|chatbots?|automat\w+)"
    r"|(?:don'?t|do not) (?:want|need|like) (?:a |an |the |this |your |any |to use )*"
    r"(?:(?:ro|chat)?bots?|machines?|ai (?:agent|bot|assistant)))\b"
)
_NEGATED_EN = re.compile(
    r"\b(?:don'?t|do not|doesn'?t|didn'?t|did not|never|without|not|no need (?:for|to)|no|needn'?t|won'?t|"
    r"rather not|instead of|avoid|stop|unless)\b(?P<gap>[^.;!?]{0,40})$"
)
_QUESTION_NOT = re.compile(
    r"\b(?:do|is|are|can|could|would|wo|wouldn|should)n'?t (?:you|there|i|we|someone|anyone)\b"
)
_LIFTS_EN = re.compile(
    r"\b(?:(?:ro|chat)?bots?|machines?|ai|you|i (?:want|need|prefer|would|just)|help(?:ing|ful|s|ed)?|"
    r"work\w*)\b"
)
_ABOUT_EN = re.compile(
    r"^(?:and |but |so |also )?(?:how (?:long|much|many|often|fast|quickly)|what happens|what if|"
    r"if (?:i|we|you)|whether|"
    r"when (?:do|does|did|are|is|were)|what (?:are|is) (?:the|your)|do (?:i|we) (?:have|need) to|"
    r"does it (?:cost|take)|who (?:is|are)|"
    r"am i|are we|are you|is this|was i|i (?:was|am|had|have been) (?:already |currently )?(?:talking|"
    r"speaking|chatting)|"
    r"i'?m (?:already |currently )?(?:talking|speaking|chatting))\b"
)

_NEG_ZH = (
    r"(?:(?<!要)不要|(?<!用)不用|(?<!想)不想|(?<!需)不需要|无需|無需|(?<!必)不必|没必要|沒必要|别|別|甭|"
    r"先不|暂时不|暂不|暫不|不打算|不愿意?|拒绝|没想|沒想|不是想|不是要)"
)
_WHO_ZH = (
    r"(?:人工|真人|活人|坐席|座席|客服(?:人员|專員|专员|代表|小姐)?|专员|專員|工作人员|工作人員|值班人员|"
    r"负责人|負責人|经理|經理|主管|你们老板|你們老闆)"
)
_ASKS_ZH = re.compile(
    rf"(?:[转轉换換切接](?:接|到|成|给|給|换|換|一下|个|個|去|为|為|至|我到|我给)?(?:一下|个|個|到)?{_WHO_ZH}"
    rf"|(?:找|要|叫|喊|想要|需要|请|請|给我|給我|帮我|幫我|呼叫|联系|聯繫|联络|接通|连线|連線|安排|换|"
    rf"換|派|来|來)"
    rf"(?:一下|个|個|一个|一個|一位|位|你们的?|你們的?|找|叫|转|轉|接|联系|安排)*(?:(?:人工|"
    rf"真人)(?!智[能慧])|{_WHO_ZH})"
    rf"|(?:和|跟|与|與|同|找|让|讓|叫)(?:个|個|一个|一個|一位|位|你们的?|你們的?)?(?:真?人|真正的人|"
    rf"{_WHO_ZH})(?:来|來|直接)?"
    r"(?:聊|说|說|谈|談|讲|講|对话|對話|沟通|溝通|交流|通话|通話|联系|聯繫|处理|處理|解决|解決|服务|"
    r"服務|回复|回覆|帮|幫|接待|问|問|咨询|諮詢)"
    r"|(?:有没有|有沒有|能不能找|可以找|能找|有)(?:个|個)?(?:真人|活人|人工)(?:客服|服务|服務|在|吗|"
    r"嗎|吧|能|可以|帮|幫|$)*"
    r"|(?:找|来|來|换|換|叫|派)(?:个|個|一个|一個)(?:真正的?|活|真)?人(?!民|均|员证|名|数)"
    r"|人工(?:客服|服务|服務|坐席|座席|专员|在线|在線)|真人(?:客服|服务|服務)|^(?:人工|真人|转人|"
    r"轉人)$|^(?:人工|真人)(?=[吧呢吗嗎啊呀!！?？。\s]|$)"
    r"|人工在(?:吗|嗎|不在|么|哪)|(?:电话|電話)?回[电電]给?我)"
)
_NO_BOT_ZH = re.compile(
    r"(?:不想|不要|不愿意?|别|別|拒绝|懒得|讨厌|受够)[^,。;!?]{0,4}(?:和|跟|与|與|同|让|讓|用)?[^,。;!?]{0,3}"
    r"(?:机器人|機器人|机器|機器|AI|ai|人工智能|智能客服|自动客服|自动回复|自動回覆)"
    r"(?:聊|说|說|谈|談|讲|講|对话|對話|沟通|溝通|交流|回[复覆答]|$|了|来|來)"
)
_NEGATED_ZH = re.compile(
    rf"{_NEG_ZH}(?:再|给我|給我|帮我|幫我|我|你|来|來|去|想|和|跟|请|請|马上|馬上|现在|現在|立刻|直接|"
    rf"自动|自動|联系|聯繫|转|轉|接|找|要|需要|用|使用|到|给|給|任何)*$"
)
_ABOUT_ZH = re.compile(
    r"人工(?:客服|服务|服務|坐席|座席)?(?:的)?(?:工作|服务|服務|上班|在线|在線|营业)?"
    r"(?:时间|時間|电话|電話|热线|熱線|号码|號碼|几点|幾點|上班|下班|收费|收費|费用|費用|要钱|要多久|"
    r"多久|多少)"
    r"|(?:人工|真人|客服)[^,。;!?]{0,8}(?:要等?多久|等多久|多长时间|几点|幾點|多少钱|收费吗|要钱吗|"
    r"什么时候上班)"
    r"|(?:你|您|这|這)(?:里|裡)?(?:是不是|是)(?:真人|人工|活人)|是(?:真人|人工|活人)(?:吗|嗎|还是|"
    r"還是|客服吗|客服嗎)"
    r"|(?:客服|人工)台?(?:的)?(?:打)?(?:电话|電話|热线|熱線)|会有人工"
    r"|人工(?:智能|智慧|费|費|成本|湖|降雨|草|皮革|呼吸|合成|钻|养殖|审核|審核|翻译|翻譯|关节|受孕)"
)
_SERVICE_ZH = "客服"
"""Alone it calls for customer service; before a comma it only greets it."""


def asks_for_person(text: str) -> bool:
    """Whether the text asks to be connected with a human, here and now."""
    found = clauses(text)
    return found == [_SERVICE_ZH] or any(_asks_en(clause) or _asks_zh(clause) for clause in found)


def _asks_en(clause: str) -> bool:
    if _NO_BOT_EN.search(clause):
        return True
    if _BARE_EN.fullmatch(clause.strip(" .!?")):
        return True
    if _ABOUT_EN.search(clause):
        return False
    return any(not _negated_en(clause[: match.start()]) for match in _ASKS_EN.finditer(clause))


def _negated_en(before: str) -> bool:
    before = _QUESTION_NOT.sub(" ", before)
    match = _NEGATED_EN.search(before)
    return match is not None and not _LIFTS_EN.search(match["gap"])


def _asks_zh(clause: str) -> bool:
    if _NO_BOT_ZH.search(clause):
        return True
    if _ABOUT_ZH.search(clause):
        return False
    return any(not _negated_zh(clause, match) for match in _ASKS_ZH.finditer(clause))


def _negated_zh(clause: str, match: re.Match[str]) -> bool:
    """Whether a negation reaches into the match: in `不需要人工` it shares its 需要 with the request."""
    return any(_NEGATED_ZH.search(clause[:at]) for at in range(match.start(), match.end()))
