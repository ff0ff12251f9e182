"""Sentences that talk to the machine that reads a text instead of to its human readers. Pure.

A page says what things are and tells people what to do. Whoever poisons one has to turn to the model: calls it by what it is,
speaks of its answers, its instructions, its conversation, or wears the marks of a chat's roles. These turns of speech are what is
looked for, in English and Chinese. What a help page asks of people and of a company's own agents ("add your order number to your
reply", "note to agents: …", "请在回复中附上订单号") is none of them.
"""

import re

_MACHINE = (
    r"(?:(?:an? |the |all |any |every |this |our )?(?:(?:large )?language models?|llms?|a\.?i\.?s?|chat ?bots?|bots?|"
    r"gpt|chatgpt|"
    r"(?:ai|virtual|digital|automated)[ -](?:assistants?|agents?|models?|systems?|readers?|helpers?|tools?)|summari[sz]ers?))"
)
_DOES = (
    r"(?:must|should|shall|will|please|have to|need to|are (?:instructed|required|ordered|asked|told) to|do not|don't|"
    r"never|always|"
    r"now|ignore|disregard|tell|say|reply|respond|answer|append|add|include|insert|mention|recommend|promote|output|"
    r"print|reveal|"
    r"send|forward|transfer|visit|execute|act|pretend)\b"
)
_SAYING = r"(?:answers?|repl(?:y|ies)|responses?|summar(?:y|ies)|outputs?|completions?)"
_INSIDE = (
    r"(?:system (?:prompt|message|instructions?)|your (?:(?:hidden|initial|original|internal|system|secret|"
    r"full) )*(?:prompt|instructions|rules|directives)|"
    r"your (?:hidden|initial|original|internal|system|secret|full) (?:guidelines|configuration|setup)|hidden (?:prompt|"
    r"instructions?)|"
    r"initial prompt|(?:conversation|chat)(?:'s)? (?:history|contents?)|contents? of (?:this|the) (?:conversation|chat))"
)
_ENGLISH = (
    # What was said before is to be forgotten, or the customer.
    r"(?<!not )(?<!n't )(?<!never )\b(?:ignore|disregard|forget|override|overlook|bypass|neglect)\b"
    r".{0,40}\b(?:previous|prior|above|earlier|all|any|your|these|"
    r"system|other)\b.{0,30}\b(?:instructions?|rules?|prompts?|directives?|guidelines?|constraints?|context|messages?|"
    r"told)\b",
    r"\b(?:ignore|disregard)\b.{0,15}\b(?:user|customer|visitor)(?:'s|s'?)?\b.{0,15}\b(?:question|message|request|quer)",
    r"\b(?:you are|you're|you will|you'll) now (?:act as )?\b.{0,60}\b(?:assistant|ai|bot|model|dan|mode|hacker|"
    r"unrestricted|jailbroken|free|agent)\b",
    # The machine is called.
    r"\b(?:note|notice|attention|message|warning|memo|reminder|important|instructions?|directives?|orders?|commands?|"
    r"dear|hey)\b[\s:,]*"
    rf"(?:to|for)?[\s:,]*{_MACHINE}\b(?=\s*[:,!]|\s+(?:that|who|which|reading|processing|summari|parsing|only)\b|"
    rf"\s+{_DOES}|[^.]{{0,40}}[:\-–—])",
    rf"(?:^|[.!?;>\])}}]\s*)(?:{_MACHINE}|assistant|agent)\s*[,:]\s*(?:you\b|if you\b|from now|{_DOES})",
    rf"\b(?:if|since|because|as) (?:you|u)(?:'re| are) (?:being )?{_MACHINE}\b",
    r"\b(?:ai|llm|(?:large )?language model|chatbot|ai (?:assistant|agent|model|system))s?\b[,:]?\s*(?:you\s+)?"
    r"(?:must(?! be)|should(?! be)|shall|please|have to|need to|are (?:instructed|required|ordered) to|do not|don't|"
    r"ignore)\b",
    rf"\b(?:{_MACHINE}|assistants?) (?:reading|processing|parsing|summari[sz]ing|quoting) this\b",
    r"\b(?:assistant|ai|model|chatbot|bot|llm) is (?:hereby )?(?:required|instructed|ordered|asked|told|commanded) to\b",
    r"\b(?:anyone|anybody|whoever|any (?:system|tool|model|software)) (?:that is |that )?(?:summari[sz]|pars|"
    r"index)\w* (?:this|these)\b",
    r"\b(?:from now on|henceforth|from this point)\b.{0,30}\b(?:assistant|ai|model|bot|(?:every|all|each|"
    r"your) (?:answer|repl|respon)|"
    r"you (?:must|are to|will only|will always|only|always|answer|reply|respond|act))",
    # Its answers, and what it is told, are spoken of.
    r"\b(?:when|while|before|after|if|whenever) (?:you |the (?:ai|model|assistant|bot|chatbot) )?(?:summari[sz]|pars|"
    r"index)\w* (?:this|these)\b",
    r"\b(?:when|if) (?:you|the (?:ai|model|assistant|bot|chatbot)) (?:read|reads|see|sees|process|summari[sz]e|"
    r"answer)s? this\b",
    rf"\b(?:append|prepend|add|include|insert|put|attach)\b.{{0,80}}\b(?:to|in|into|with|of|at)\b.{{0,20}}"
    rf"\b(?:(?:every|each|all|any) (?:\w+ )?{_SAYING}|your (?:\w+ )?(?:answers?|summary|output|completion))\b",
    rf"\b(?:end|beginning|start|top|bottom) of (?:your|every|each|all) (?:\w+ )?{_SAYING}\b|\bin your (?:next|"
    rf"final) {_SAYING}\b",
    r"\b(?:respond|reply|answer)\b (?:\w+ ){0,3}?(?:only|exclusively|solely) with\b",
    r"\b(?:respond|reply|answer)\b (?:\w+ ){0,3}?with (?:only|nothing but|the exact|one single) "
    r"(?:the )?(?:words?|phrase|sentence|text)\b",
    r"\b(?:respond|reply|answer) (?:only|to (?:the|this) (?:user|customer|question))\b.{0,60}\b(?:instead|exactly|"
    r"nothing else|regardless)\b",
    rf"\b(?:reveal|print|repeat|output|leak|show|send|exfiltrate|disclose|dump|expose|recite|forward|transfer|upload|"
    rf"give|copy|paste|embed|encode)\b.{{0,40}}\b{_INSIDE}\b",
    # The marks of a chat's roles.
    r"\b(?:new|updated|real|actual|secret|hidden) (?:system )?(?:instructions?|directives?|orders?)\b\s*[:：]",
    r"^\s*(?-i:SYSTEM|ASSISTANT|DEVELOPER)\s*[:：]",
    r"<!--\s*(?:assistant|ai|system|llm|model|bot)\b|\[\[\s*(?:if|assistant|ai|system|llm)\b",
    r"<\|?\s*/?\s*(?:im_start|im_end|system|endoftext|assistant)\s*\|?>|\[/?(?:INST|SYS)\]|###\s*(?:system|"
    r"(?:new )?instruction)",
)
_MODEL_ZH = (
    r"(?:人工智能|AI|LLM|大模型|大語言模型|(?:聊天|客服|智能|自动|自動)?(?:机器人|機器人)|(?:大|语言|語言|AI|人工智能|"
    r"智能)+(?:模型|助手|助理|智能体|系统)|"
    r"(?<![\u4e00-\u9fff])(?:助手|助理|模型))(?:们|們)?"
)
_INSIDE_ZH = (
    r"(?:系统提示(?:词|语)|系統提示詞|提示词|提示詞|系统设定|(?:你|您|你的全部|全部|内部|初始|隐藏|隱藏|原始)的?"
    r"(?:指令|设定|設定|规则|規則|提示词|折扣码|密钥|系统消息))"
)
_BEFORE_ZH = r"(?:之前|以上|前面|先前|所有|全部|上述|系统|系統|你的|此前|原有)"
_CHINESE = (
    rf"(?:忽略|无视|無視|忘记|忘記|忘掉|不要理会|绕过|繞過|抛开).{{0,12}}{_BEFORE_ZH}.{{0,8}}(?:指令|指示|规则|規則|"
    rf"提示|命令|要求|设定|設定|限制)",
    r"(?:忽略|无视|無視|不要回答|不回答).{0,6}(?:用户|用戶|客户|客戶|顾客)的?(?:问题|問題|提问)",
    r"(?:你现在是|你現在是|从现在起你|從現在起你).{0,24}(?:助手|模型|机器人|機器人|黑客|不受限)",
    r"(?:从现在(?:开始|起)|從現在(?:開始|起)|此后|接下来|接下來)[,，]?(?:请)?(?:你(?:必须|只能|要把|要将|的(?:回答|"
    r"身份|任务))|所有回答|每次回答|只用|一律)",
    rf"(?:致|告|提示|通知|提醒|警告|写给|仅供|僅供|面向)[:：]?(?:各位|所有|读取本页的|阅读本文的|"
    rf"讀取本頁的)?{_MODEL_ZH}(?:阅读|閱讀|注意|看|[:：,，])",
    rf"{_MODEL_ZH}[,，:：]?\s*(?:必须|必須|请务必|請務必|不得|应当忽略|请(?!求|假|教|在)|請(?!求|假|教|在)|无视|無視|忽略)",
    rf"{_MODEL_ZH}(?:请)?注意[,，:：]",
    r"(?:请|請)(?:本|这个)?(?:助手|助理|机器人|機器人|模型|AI)(?:忽略|无视|输出|公开|先|务必)",
    rf"(?:如果|若|假如|既然)你(?:是|为)(?:一个|一名|一個)?(?:{_MODEL_ZH}|助手|助理)",
    rf"(?:输出|輸出|泄露|洩露|重复|重複|打印|透露|说出|說出|公开|公開|复述|展示|告诉).{{0,10}}{_INSIDE_ZH}",
    r"(?:在|于)(?:每次|所有|你的)(?:回答|回复|回覆|答复|摘要)",
    r"(?:回答|摘要|总结)(?:的)?(?:末尾|开头|結尾|结尾)[^。]{0,6}(?:附上|加上|添加|写上|插入|加入)",
    r"(?:直接|只|仅|一律|统一)(?:能?用|以)[“\"「『].{1,40}[”\"」』].{0,6}(?:回答|回复|作答|回覆|答复)",
    r"(?:直接|只|仅|一律|统一)(?:回答|回复|回覆|答复|输出)[“\"「『]",
    r"(?:将|把).{0,6}(?:对话|對話|会话|聊天)(?:的)?(?:内容|記錄|记录|历史)?.{0,4}(?:发送|转发|发给|上传|传给|發送)",
    r"[【\[](?:系统|系統)(?:指令|消息|命令)[】\]]|(?:新的?|隐藏|隱藏|秘密)(?:系统)?(?:指令|指示)[:：]",
)
_ORDERS = re.compile("|".join((*_ENGLISH, *_CHINESE)), re.IGNORECASE | re.MULTILINE)


def gives_orders(text: str) -> bool:
    """Whether a text talks to the model that reads it instead of to a reader."""
    return _ORDERS.search(text) is not None
