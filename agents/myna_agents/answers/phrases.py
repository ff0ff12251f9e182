"""The agent's own sentences, in English and Chinese. Nothing here is an answer to a question of knowledge."""

from enum import StrEnum


class Phrase(StrEnum):
    """Something that an agent says on its own account."""

    GREETING = "greeting"
    THANKS = "thanks"
    BYE = "bye"
    IDENTITY = "identity"
    ABILITIES = "abilities"
    HOW_ARE_YOU = "how_are_you"
    OFFER_REFUSED = "offer_refused"
    WHICH_QUESTION = "which_question"
    UNKNOWN = "unknown"
    UNKNOWN_HERE = "unknown_here"
    STILL_READING = "still_reading"
    UNHELPFUL = "unhelpful"
    DID_YOU_MEAN = "did_you_mean"
    HANDING_OFF = "handing_off"
    HANDING_OFF_RULE = "handing_off_rule"
    WAIT_KNOWN = "wait_known"
    WAIT_NONE = "wait_none"
    CLOSED_UNTIL = "closed_until"
    CLOSED = "closed"
    LEAVE_MESSAGE = "leave_message"
    HANDING_OFF_UNKNOWN = "handing_off_unknown"
    HANDING_OFF_FAILED = "handing_off_failed"
    FAILED_HERE = "failed_here"
    NO_QUEUE_HERE = "no_queue_here"
    OTHER_LANGUAGE = "other_language"
    OFFER_HUMAN = "offer_human"
    SUMMARY_ASKED = "summary_asked"
    SUMMARY_ANSWERED = "summary_answered"
    SUMMARY_DECLINED = "summary_declined"
    CONFIRM = "confirm"
    CONFIRM_YES = "confirm_yes"
    CONFIRM_NO = "confirm_no"
    DONE = "done"
    DONE_SILENTLY = "done_silently"
    NOT_DONE = "not_done"
    TOOL_FAILED = "tool_failed"
    AWAITS_APPROVAL = "awaits_approval"
    NOT_APPROVED = "not_approved"
    MAY_REMEMBER = "may_remember"
    MAY_YES = "may_yes"
    MAY_NO = "may_no"
    REMEMBERS = "remembers"
    REMEMBERS_NOT = "remembers_not"
    SUMMARY_KNOWN = "summary_known"
    SUMMARY_DECLINED_ONCE = "summary_declined_once"
    SUMMARY_REASON = "summary_reason"
    FILL_IN = "fill_in"
    FILL_IN_SEND = "fill_in_send"
    FORM_PASSED_ON = "form_passed_on"
    FORM_GONE = "form_gone"


_TEXTS: dict[Phrase, dict[str, str]] = {
    Phrase.GREETING: {
        "en": "Hello! I'm {name}, an automated agent. What would you like to know?",
        "zh": "您好！我是{name}，一个自动客服。请问您想了解什么？",
    },
    Phrase.THANKS: {
        "en": "You're welcome! Is there anything else I can look up for you?",
        "zh": "不客气！还有什么需要我帮您查的吗？",
    },
    Phrase.BYE: {
        "en": "Goodbye! You can write here again at any time.",
        "zh": "再见！有需要随时再来这里找我。",
    },
    Phrase.IDENTITY: {
        "en": "I'm {name}, an automated agent, not a person. I answer from our help pages and say where each answer "
        "comes from. If you would rather talk to a colleague, just say so.",
        "zh": "我是{name}，一个自动客服，不是真人。我根据我们的帮助资料回答，并注明每个答案的出处。"
        "如果您想和同事沟通，直接告诉我就好。",
    },
    Phrase.ABILITIES: {
        "en": "I'm {name}, an automated agent. Ask me anything that our help pages cover: I look it up and show you the "
        "source. When I don't know, I say so and bring in a colleague.",
        "zh": "我是{name}，一个自动客服。帮助资料里有的内容都可以问我：我会查找并注明出处。"
        "不知道的我会直说，并请同事来帮您。",
    },
    Phrase.HOW_ARE_YOU: {
        "en": "All systems are running, thank you for asking! I'm {name}, an automated agent. What can I look up for you?",
        "zh": "一切运行正常，谢谢关心！我是{name}，一个自动客服。请问要帮您查什么？",
    },
    Phrase.OFFER_REFUSED: {
        "en": "All right. Is there anything else I can look up for you?",
        "zh": "好的。还有什么需要我帮您查的吗？",
    },
    Phrase.WHICH_QUESTION: {
        "en": "I'm happy to help. What exactly would you like to know?",
        "zh": "很乐意帮您。请问您具体想了解什么？",
    },
    Phrase.UNKNOWN: {
        "en": "I don't know the answer to that: I couldn't find it in our help pages. Shall I bring in a colleague?",
        "zh": "这个问题我不知道答案：在我们的帮助资料里没有找到。要我请一位同事来帮您吗？",
    },
    Phrase.STILL_READING: {
        "en": "I can't answer that yet: our help pages are still being read in. Please ask me again in a minute or two.",
        "zh": "这个问题我现在还答不了：我们的帮助资料正在读取中。请过一两分钟再问我一次。",
    },
    Phrase.UNHELPFUL: {
        "en": "I'm sorry that this didn't help. You can put the question in other words, or I can bring in a colleague.",
        "zh": "抱歉没有帮到您。您可以换个说法再问一次，或者我请一位同事来帮您？",
    },
    Phrase.DID_YOU_MEAN: {
        "en": "I don't know the answer to exactly that. Did you mean one of these questions? "
        "Otherwise I can bring in a colleague.",
        "zh": "这个问题我没有确切的答案。您想问的是下面其中一个吗？如果都不是，我可以请一位同事来帮您。",
    },
    Phrase.HANDING_OFF: {
        "en": "I'm bringing in a colleague. Please stay with us for a moment; everything you wrote is passed on.",
        "zh": "我这就请一位同事来帮您，请稍候。您写的内容都会一并转交。",
    },
    Phrase.HANDING_OFF_RULE: {
        "en": "I'd rather leave this to a colleague and am bringing one in. Everything you wrote is passed on.",
        "zh": "这件事还是由同事来处理更合适，我这就请同事过来。您写的内容都会一并转交。",
    },
    Phrase.WAIT_KNOWN: {
        "en": "The expected wait is about {minutes} min.",
        "zh": "预计等待约 {minutes} 分钟。",
    },
    Phrase.WAIT_NONE: {"en": "Somebody is free right now.", "zh": "现在就有同事有空。"},
    Phrase.CLOSED_UNTIL: {
        "en": "Nobody is here at the moment; we are back on {day} at {time} ({zone}). You can leave a message and will be answered.",
        "zh": "现在没有同事在线，{day} {time}（{zone}）恢复服务。您可以先留言，我们会回复您。",
    },
    Phrase.CLOSED: {
        "en": "Nobody is here at the moment. You can leave a message and will be answered.",
        "zh": "现在没有同事在线。您可以先留言，我们会回复您。",
    },
    Phrase.LEAVE_MESSAGE: {"en": "Leave a message", "zh": "留言"},
    Phrase.HANDING_OFF_UNKNOWN: {
        "en": "I don't know the answer to this one either, so I'm bringing in a colleague. "
        "Everything you wrote is passed on.",
        "zh": "这个问题我也不知道答案，所以我请一位同事来帮您。您写的内容都会一并转交。",
    },
    Phrase.HANDING_OFF_FAILED: {
        "en": "Something went wrong on my side, so I'm bringing in a colleague. Everything you wrote is passed on.",
        "zh": "我这边出了点问题，所以我请一位同事来帮您。您写的内容都会一并转交。",
    },
    Phrase.FAILED_HERE: {
        "en": "Something went wrong on my side. Please ask again in a moment.",
        "zh": "我这边出了点问题，请稍后再问一次。",
    },
    Phrase.NO_QUEUE_HERE: {
        "en": "I'm an automated agent and cannot call a colleague into this conversation. "
        "Please write to one of the people here.",
        "zh": "我是自动客服，没法在这个会话里请同事过来。请直接联系这里的成员。",
    },
    Phrase.UNKNOWN_HERE: {
        "en": "I don't know the answer to that: I couldn't find it in our help pages.",
        "zh": "这个问题我不知道答案：在我们的帮助资料里没有找到。",
    },
    Phrase.OTHER_LANGUAGE: {
        "en": "I found this only in {language}; here is the original:",
        "zh": "这部分内容我只找到{language}资料，原文如下：",
    },
    Phrase.OFFER_HUMAN: {"en": "Talk to a person", "zh": "转人工客服"},
    Phrase.SUMMARY_ASKED: {"en": "Asked: {text}", "zh": "客户问：{text}"},
    Phrase.SUMMARY_ANSWERED: {"en": "Agent answered from: {text}", "zh": "自动客服已答，依据：{text}"},
    Phrase.CONFIRM: {
        "en": "I can do this for you: {tool}.\n{arguments}\nShall I go ahead?",
        "zh": "我可以帮您办理：{tool}。\n{arguments}\n要继续吗？",
    },
    Phrase.CONFIRM_YES: {"en": "Yes, go ahead", "zh": "好的，请办理"},
    Phrase.CONFIRM_NO: {"en": "No, thanks", "zh": "不用了"},
    Phrase.DONE: {"en": "Done: {tool}. [1]\n{result}", "zh": "已办理：{tool}。[1]\n{result}"},
    Phrase.DONE_SILENTLY: {"en": "Done: {tool}.", "zh": "已办理：{tool}。"},
    Phrase.NOT_DONE: {
        "en": "All right, I have changed nothing. Is there anything else I can look up for you?",
        "zh": "好的，我没有做任何更改。还有什么需要我帮您查的吗？",
    },
    Phrase.TOOL_FAILED: {
        "en": "That did not work, and I cannot say whether it will. Shall I bring in a colleague?",
        "zh": "没有办成，我也无法确定稍后是否可以。要我请一位同事来帮您吗？",
    },
    Phrase.AWAITS_APPROVAL: {
        "en": "A colleague has to agree to this first: {tool}. I'll tell you here as soon as it is decided.",
        "zh": "这件事需要同事先确认：{tool}。有结果我会马上在这里告诉您。",
    },
    Phrase.NOT_APPROVED: {
        "en": "A colleague has looked at it, and it cannot be done: {tool}. Would you like to talk to a person?",
        "zh": "同事看过了，这件事无法办理：{tool}。您要和人工客服谈谈吗？",
    },
    Phrase.MAY_REMEMBER: {
        "en": "May I remember this for the next time: {facts}? You can have it erased at any time.",
        "zh": "我可以记住这些以便下次使用吗：{facts}？您可以随时让我删除。",
    },
    Phrase.MAY_YES: {"en": "Yes, please", "zh": "可以"},
    Phrase.MAY_NO: {"en": "No, thanks", "zh": "不用了"},
    Phrase.REMEMBERS: {
        "en": "Thank you, I'll remember that for {days} days. Is there anything else I can look up for you?",
        "zh": "谢谢，我会记住 {days} 天。还有什么需要我帮您查的吗？",
    },
    Phrase.REMEMBERS_NOT: {
        "en": "All right, I won't remember it. Is there anything else I can look up for you?",
        "zh": "好的，我不会记住。还有什么需要我帮您查的吗？",
    },
    Phrase.SUMMARY_DECLINED_ONCE: {
        "en": "The agent said once that it does not know.",
        "zh": "自动客服表示过一次不知道。",
    },
    Phrase.SUMMARY_DECLINED: {
        "en": "The agent said {count} times that it does not know.",
        "zh": "自动客服有 {count} 次表示不知道。",
    },
    Phrase.SUMMARY_KNOWN: {"en": "Remembered: {text}", "zh": "已记住：{text}"},
    Phrase.FILL_IN: {
        "en": "Please fill this in: {title}. Nothing is done before you send it.",
        "zh": "请填写：{title}。您提交之前不会办理任何事情。",
    },
    Phrase.FILL_IN_SEND: {"en": "Send", "zh": "提交"},
    Phrase.FORM_PASSED_ON: {
        "en": "Thank you, I have what is needed. A colleague takes it from here and answers you in this conversation.",
        "zh": "谢谢，信息已收到。接下来由同事处理，并在本会话中回复您。",
    },
    Phrase.FORM_GONE: {
        "en": "I could not use this form any more, so nothing was done. Please ask me for it again, or talk to a colleague.",
        "zh": "这份表单已经失效，没有办理任何事情。请重新向我索取表单，或者联系同事。",
    },
    Phrase.SUMMARY_REASON: {"en": "Why: {text}", "zh": "原因：{text}"},
}

_LANGUAGES: dict[str, dict[str, str]] = {
    "en": {
        "en": "English",
        "zh": "Chinese",
        "ja": "Japanese",
        "ko": "Korean",
        "ru": "Russian",
        "ar": "Arabic",
    },
    "zh": {"en": "英文", "zh": "中文", "ja": "日文", "ko": "韩文", "ru": "俄文", "ar": "阿拉伯文"},
}

_FACTS: dict[str, dict[str, str]] = {
    "name": {"en": "your name", "zh": "您的名字"},
    "order": {"en": "your order number", "zh": "您的订单号"},
    "product": {"en": "your product", "zh": "您的产品"},
    "language": {"en": "your language", "zh": "您的语言"},
}

_REASONS: dict[str, dict[str, str]] = {
    "asked_for_human": {"en": "the customer asked for a person", "zh": "客户要求人工服务"},
    "still_reading": {"en": "the knowledge base is still being read", "zh": "知识库还在读取中"},
    "low_confidence": {"en": "the knowledge base has no sure answer", "zh": "知识库没有可靠的答案"},
    "offered": {"en": "the customer accepted the offer of a person", "zh": "客户接受了转人工的建议"},
    "unfounded": {"en": "no answer could be backed by the sources", "zh": "答案无法由资料证实"},
    "not_helpful": {"en": "the answers did not help", "zh": "自动回答没有帮到客户"},
    "anger": {"en": "the customer is angry", "zh": "客户情绪激动"},
    "policy_topic": {"en": "the topic is kept for people", "zh": "该话题由人工处理"},
    "value_limit": {"en": "the amount is above the agent's limit", "zh": "金额超出自动客服的权限"},
    "vip": {"en": "the customer always gets a person", "zh": "该客户始终由人工服务"},
    "form_filled": {"en": "the customer sent a form", "zh": "客户提交了表单"},
    "agent_failed": {"en": "the agent had a technical failure", "zh": "自动客服发生技术故障"},
    "operator_took_over": {"en": "an operator took over", "zh": "人工客服接管了会话"},
    "released": {"en": "an operator gave the conversation back", "zh": "人工客服交还了会话"},
    "resolved": {"en": "the matter was closed", "zh": "问题已解决"},
}


def say(phrase: Phrase, lang: str, **values: object) -> str:
    """The sentence in that language (English where the catalogue lacks it), with its values filled in."""
    texts = _TEXTS[phrase]
    return texts.get(lang, texts["en"]).format(**values)


def language_name(code: str, lang: str) -> str:
    """What the language `code` is called in `lang`; the code itself when it has no name here."""
    return _LANGUAGES.get(lang, _LANGUAGES["en"]).get(code.partition("-")[0], code)


def fact_name(fact: str, lang: str) -> str:
    """What a remembered fact is called to the customer."""
    texts = _FACTS.get(fact, {})
    return texts.get(lang, texts.get("en", fact))


def reason_text(code: str, lang: str) -> str:
    """A hand-off's reason as an operator reads it; the code itself when it has no text here."""
    texts = _REASONS.get(code, {})
    return texts.get(lang, texts.get("en", code))


def catalogue() -> dict[Phrase, dict[str, str]]:
    """A copy of all sentences by phrase and language, for whoever checks or translates them."""
    return {phrase: dict(texts) for phrase, texts in _TEXTS.items()}
