"""Small talk in English and Chinese: what needs a friendly word and no look into the knowledge base.

A message is small talk only when *every* clause of it is; "hi, how do I return this?" is a question. So the tables can be
generous without ever swallowing one.
"""

import re
from enum import IntEnum

from myna_agents.text.clauses import clauses


class SmallTalk(IntEnum):
    """What kind of small talk; the greatest kind in a message decides the reply."""

    FILLER = 1
    GREETING = 2
    HOW_ARE_YOU = 3
    THANKS = 4
    BYE = 5
    ABILITIES = 6
    IDENTITY = 7


_YOU_EN = (
    r"(?: (?:there|all|everyone|team|folks|friend|again|bot|robot|ai|agent|assistant|sir|madam|guys|so|"
    r"very|much|buddy|mate|help desk))*"
)
_FOR_HELP = (
    r"(?: (?:for|to) (?:(?:your|the|all|helping|that|this|it|everything|you|me|answering|assistance|"
    r"information|info|help|"
    r"quick|answer|reply|response|so|much|explaining|time|letting|know|out|today) ?)+)?"
)

_TABLE: tuple[tuple[SmallTalk, str], ...] = (
    (
        SmallTalk.FILLER,
        r"(?:ok(?:ay)?|k|alright|all right|right|sure|cool|great|nice|perfect|awesome|excellent|"
        r"wonderful|good|fine|got it|i see|"
        r"understood|makes sense|that (?:helps|helped|works|is great|was helpful|answers (?:it|my question))|"
        r"that'?s (?:all|great|good|perfect|it|helpful|fine|awesome|what i needed)|very helpful|lol|"
        r"haha+|hmm+|well|oh|ah|wow|"
        r"no problem|never ?mind|forget it|ok(?:ay)? (?:great|cool|good|thanks|got it)|"
        r"no that'?s (?:all|it)|nothing else|no|nope|yes|yep|yeah)",
    ),
    (
        SmallTalk.FILLER,
        r"(?:好的?|好吧|好滴|行|行吧|可以|嗯+|哦+|噢+|喔|知道了|明白了?|了解了?|懂了|收到|ok|没事了?|"
        r"沒事了?|没有了?|沒有了?|不用了|没问题|"
        r"太好了|很好|不错|不錯|哈哈+|清楚了|解决了|解決了|是的?|对的?|對的?)[的了啦呀啊哦呢吧]*",
    ),
    (
        SmallTalk.GREETING,
        rf"(?:(?:oh |well |ok )?(?:hi+|hey+|hello+|hiya|howdy|yo|greetings|heya|ahoy|hola|"
        rf"good (?:morning|afternoon|evening|day)|"
        rf"morning|evening|afternoon|sup|what'?s up|welcome)(?: (?:hi|hey|hello))?{_YOU_EN})",
    ),
    (
        SmallTalk.GREETING,
        r"(?:(?:hello |hi |hey )?(?:is )?(?:any ?(?:one|body)|some ?(?:one|body)) (?:there|here|"
        r"online|home)|are you (?:there|here|online|awake)|"
        r"(?:it'?s )?(?:nice|good|great|pleased) to (?:meet|see|hear from) you(?: too| again)?|"
        r"test(?:ing)?(?: test(?:ing)?)*)",
    ),
    (
        SmallTalk.GREETING,
        r"(?:你好|您好|妳好|哈[喽啰囉咯]|嗨+|嘿+|喂+|hello|hi|早上好|早安|上午好|中午好|下午好|晚上好|"
        r"早|晚安|大家好|亲|親|"
        r"客服你好|你好客服|在吗|在嗎|在么|在不在|在不|有人吗|有人嗎|有人在吗|有人在嗎|有人么|"
        r"请问有人吗|請問有人嗎|客服在吗|客服在嗎|"
        r"请问在吗|測試|测试|幸会|很高兴认识你|好久不见|请问|請問|打扰了?|打擾了?)[的了啦呀啊哦呢吧吗嗎～]*",
    ),
    (
        SmallTalk.HOW_ARE_YOU,
        r"(?:(?:hi |hey |hello |so )?(?:how (?:are|r) (?:you|u|things|ya)|how'?s (?:it|everything|"
        r"life|your day|things)|how do you do|"
        r"how (?:have|has) (?:you|your day|everything|things) been|are you (?:ok(?:ay)?|well|"
        r"doing (?:ok(?:ay)?|well|good|fine))|you (?:ok(?:ay)?|doing ok(?:ay)?))"
        r"(?: (?:going|doing|today|been|feeling|with you|right now|so far|been going|these days|"
        r"this (?:morning|evening|afternoon)))*)",
    ),
    (
        SmallTalk.HOW_ARE_YOU,
        r"(?:你|您)?(?:最近|今天|过得|過得)*(?:好吗|好嗎|怎么样|怎麼樣|还好吗|還好嗎|过得好吗|如何|"
        r"忙吗|忙嗎)",
    ),
    (
        SmallTalk.THANKS,
        rf"(?:(?:ok(?:ay)? |oh |great |perfect |cool |no |yes |many |big |awesome |"
        rf"alright )*(?:thanks+|thank you|thank u|thx|tks|ty|tysm|cheers|much obliged|"
        rf"much appreciated|gracias|merci|i (?:really |very much |do |sincerely )?(?:appreciate|"
        rf"thank)(?: (?:it|that|this|you|u|your help|the help|the assistance))?|"
        rf"i'?m (?:so |very |really )?(?:grateful|thankful))(?: (?:a lot|a bunch|a million|a ton|"
        rf"so much|very much|again|you|kindly|indeed|then|tons|for now))*"
        rf"{_FOR_HELP}{_YOU_EN})",
    ),
    (
        SmallTalk.THANKS,
        r"(?:you(?:'ve| have)? (?:been|were|are) (?:very |so |really |such )?(?:a )?(?:big |great |"
        r"very |huge )?(?:help(?:ful)?|kind|great|awesome)|"
        r"(?:your (?:help|assistance) is|that'?s|it'?s) (?:much |greatly |really |very )?appreciated)",
    ),
    (
        SmallTalk.THANKS,
        r"(?:好的?|嗯|太好了|ok|行)*(?:非常|十分|真的?|太|万分|很)?(?:谢谢|謝謝|感谢|感謝|多谢|多謝|"
        r"谢了|謝了|谢啦|3q|thx|thanks|辛苦|麻烦你?|劳烦)"
        r"(?:你|您|你们|您们|你們|客服|大家|了|啦|啊|哦|哈|呀|的|您的|你的|帮助|幫助|帮忙|幫忙|解答|"
        r"回复|回答|耐心|服务)*",
    ),
    (
        SmallTalk.BYE,
        rf"(?:(?:ok(?:ay)? |alright |well )?(?:(?:good)?bye+(?: ?bye)?|bye-bye|see (?:you|ya|"
        rf"u)(?: (?:later|soon|around|again|tomorrow))?|cya|later|farewell|good ?night|"
        rf"so long|ta ?ta|cheerio|have a (?:nice|good|great|lovely|wonderful) (?:day|evening|night|one|"
        rf"weekend|time)|take care|"
        rf"(?:talk|speak|chat) to you (?:later|soon)|i(?:'m| am|'ve| have)? (?:gotta|got to|have to|"
        rf"must|leaving|off|going)(?: go| run| leave)?)(?: for now| now| then)?{_YOU_EN})",
    ),
    (
        SmallTalk.BYE,
        r"(?:再见|再見|拜拜?|拜了|88|886|回见|下次见|下次見|下次聊|先这样|先這樣|就这样|就這樣|"
        r"祝你(?:愉快|好运)|晚安|回头聊|我走了)[吧了啦哦喔呀啊]*",
    ),
    (
        SmallTalk.BYE,
        r"(?:(?:(?:it|this|that) was |it'?s been |always |i (?:really )?enjoyed |i had )?(?:so |very |"
        r"really )?"
        r"(?:nice|good|great|lovely|pleasant|fun|cool|enjoyable|a pleasure|a (?:nice|good|"
        r"great) (?:chat|talk|conversation))?"
        r"(?: ?(?:to (?:talk|speak|chat|converse)|talking|speaking|chatting|conversing|(?:chat|talk|"
        r"conversation)))"
        r"(?: (?:to|with) you)?(?: again| today)?|adios|sayonara|(?:until|till) next time|"
        r"peace(?: out)?|take it easy|"
        r"talk later|i(?:'ll| will| must| have to| need to) (?:talk to you later|be (?:leaving|going)|"
        r"say goodbye|go now|get going)(?: now)?)",
    ),
    (
        SmallTalk.HOW_ARE_YOU,
        r"(?:(?:hi|hey|hello|so|and|tell me) )?(?:how(?:'s|'re|'ve| is| are| have| has| goes)? (?:you|"
        r"ya|it|everything|things|life|your day)|what'?s (?:up|new|happening|going on)|"
        r"is everything (?:ok(?:ay)?|going (?:ok(?:ay)?|well)))(?: (?:with|for|treating|going|been|"
        r"doing|feeling|hanging|you|ya|today|so far|this fine day|my friend|there))*",
    ),
    (
        SmallTalk.ABILITIES,
        r"(?:(?:so |and |tell me |hi |please |explain )*(?:what (?:(?:all |exactly |else )?(?:can|"
        r"could|do) (?:you|u|i) (?:do|help(?: (?:me|us))?(?: with)?|ask(?: you)?|offer|know|answer)|"
        r"are you (?:able to do|for|good at)|(?:kinds?|sorts?|types?) of (?:questions|things|"
        r"stuff) (?:can|could|do) (?:you|i) (?:\w+ ?){1,4})|"
        r"how (?:can|could|do|will|would|may) you (?:help|assist)(?: me| us)?|what'?s your (?:purpose|"
        r"job|function)|what you can (?:do|help(?: me)? with)|"
        r"(?:can|could|will|would) you (?:please )?(?:help|assist)(?: me| us)?(?: out)?|"
        r"(?:i )?(?:need|want|would like)(?: some| your)? (?:help|assistance)|help(?: me)?|"
        r"i have a (?:question|problem))"
        r"(?: (?:exactly|please|today|for me|out|now|with something))*)",
    ),
    (
        SmallTalk.ABILITIES,
        r"(?:请问|請問|那)?(?:你|您|你们|妳)?(?:都|还|還)?(?:能|会|會|可以|可)(?:做|干|幹|帮|幫|回答|"
        r"解决|提供)(?:我|到)?(?:做|干|幹|些|哪些|什么|什麼|啥|点|問題|问题|服务|忙|方面|的|解决)*"
        r"|(?:你|您)(?:有|都有)(?:什么|什麼|哪些)(?:功能|用|用处|本事|服务)|(?:怎么|怎麼|如何)(?:用|"
        r"使用)(?:你|您)|(?:请|請)?(?:帮帮|幫幫|帮助|幫助|帮一下)我?|我?(?:想|有|要)(?:个|個|一个|"
        r"些)?(?:问题|問題|咨询|諮詢|问一下|问一个问题|问个问题|請教|请教)(?:一下|想问|要问|你|您|"
        r"问题)*"
        r"|(?:可以|能|能不能|可不可以)(?:帮|幫)(?:我|一下|个忙|忙)*(?:吗|嗎|么)?",
    ),
    (
        SmallTalk.IDENTITY,
        r"(?:(?:so |and |but |wait |hi |hey |tell me |can you tell me |may i (?:know|ask) |i (?:want|"
        r"need|would like|'d like) to know )*"
        r"(?:who|what) (?:are|r) (?:you|u)|what'?s your (?:full |real )?name|what is your (?:full |"
        r"real )?name|your name|do you have a name(?: i can use)?|"
        r"(?:what (?:should|do|can|may) i call you(?: by)?)|what are you called|(?:give|"
        r"tell) me your name|who (?:made|built|created|programmed|developed|trained) you|"
        r"who am i (?:talking|speaking|chatting) (?:to|with)|how old are you|"
        r"where are you from)(?: again| exactly| please| anyway)*",
    ),
    (
        SmallTalk.IDENTITY,
        r"(?:(?:so |and |but |wait |hi |hey |sorry |tell me |may i (?:know|ask) |i (?:want|need|"
        r"would like) to know |how do i know )*(?:if |that |whether )?"
        r"(?:(?:are|r) (?:you|u)|you are|you're|u r|is this|am i (?:talking|speaking|chatting) (?:to|"
        r"with)|are we (?:talking|chatting) (?:to|with)|is it|do you think you are|"
        r"would you consider yourself(?: to be)?|you sound like|i think you are) "
        r"(?:just |really |actually |still |like |even )*(?:an? |the )?(?:(?:real|live|actual|human|"
        r"automated|virtual|chat|digital|artificial|ai|machine|computer|program|someone|somebody|"
        r"robot|bot|chatbot|person|people|human being|"
        r"humans?|agent|assistant|intelligence|gpt|chatgpt|llm|language model|alive|"
        r"one) ?)+(?:or (?:an? |the )?(?:not|(?:\w+ ?){1,4}))?(?:right now|here)?)",
    ),
    (
        SmallTalk.IDENTITY,
        r"(?:请问|請問|那|那么)?(?:你|您|妳|你们|这|這|这里|对面|對面)(?:到底|究竟|其实|都)?(?:(?:是|"
        r"是不是|应该是)(?:谁|誰|什么人|什麼人|什么东西|一个|个|個)?(?:真的|真正的)?"
        r"(?:机器人|機器人|机器|機器|真人|人工|活人|人|ai|智能客服|自动回复|人工智能|chatgpt|gpt|程序|"
        r"电脑|客服)?(?:客服|在回复|在聊)?(?:还是|還是)?(?:一个|个)?(?:机器人|機器人|真人|人工|人|ai|"
        r"机器)?"
        r"(?:客服)?(?:吗|嗎|么|吧|啊|呀|呢)*|(?:叫|的名字(?:是|叫)?|名字(?:是|叫)?|怎么称呼|怎麼稱呼|"
        r"贵姓)(?:什么|什麼|啥)?(?:名字)?|多大了?|几岁了?|从哪里?来)"
        r"|(?:怎么|怎麼|如何)称呼(?:你|您)?|(?:谁|誰)(?:做|开发|創造|创造|发明|制造)(?:了|的)?(?:你|"
        r"您)(?:的)?",
    ),
)
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _TABLE)
_TRAILING = re.compile(r"^(?:and|so|um+|uh+|please|pls|oh)\s+|\s+(?:please|pls|btw|lol)$")


def clause_talk(clause: str) -> SmallTalk | None:
    """The kind of small talk that one plain clause is, as a whole; None when it says anything else."""
    clause = _TRAILING.sub("", clause).strip()
    kinds = [kind for kind, pattern in _PATTERNS if pattern.fullmatch(clause)]
    return max(kinds) if kinds else None


def small_talk(text: str) -> SmallTalk | None:
    """The kind of small talk that a whole message is; None as soon as one clause says something else."""
    found = [clause_talk(clause) for clause in clauses(text)]
    kinds = [kind for kind in found if kind is not None]
    return max(kinds) if kinds and len(kinds) == len(found) else None
