"""Short reactions to what the agent said last: yes, no, and "that did not help"."""

import re

from myna_agents.hearing.smalltalk import clause_talk
from myna_agents.text.clauses import clauses

_YES = re.compile(
    r"(?:(?:oh |ok(?:ay)? |well )?(?:yes+|yeah+|yep|yup|ya|sure(?: thing)?|ok(?:ay)?|please(?: do)?|"
    r"go ahead|do (?:it|that|so)|of course|"
    r"absolutely|definitely|certainly|why not|by all means|sounds good|good idea|fine|alright|"
    r"all right|correct|right|exactly|"
    r"(?:that|it) would be (?:great|nice|good|helpful|perfect|lovely|awesome)|(?:i'd|i would) (?:like|"
    r"love|appreciate) (?:that|it)|"
    r"yes (?:i (?:do|would|want)(?: (?:that|to))?|you (?:can|may|should))|"
    r"bring (?:in )?(?:a colleague|one|them|someone)(?: in)?|let'?s do (?:it|that)|i do))"
    r"(?: (?:please|thanks?|thank you|do|sure|go ahead|now|then|of course))*"
    r"|(?:嗯+|好|那)?(?:好的?|好吧|好呀|可以|行|要|需要|是|是的|对|對|嗯+|请|請|麻烦|麻煩|转吧|轉吧|"
    r"帮我转|幫我轉|转|轉|当然|當然|没问题|ok|那就转|叫吧|请吧|需要的|要的|同意|想)"
    r"(?:的|了|吧|啊|呀|呢|哦|您|你|您了|你了|谢谢|謝謝)*"
)
_NO = re.compile(
    r"(?:no+|nope|nah|naw|not (?:now|yet|really|needed|necessary)|no (?:need|way|thanks?|thank you)|"
    r"never ?mind|don'?t|"
    r"that'?s (?:ok(?:ay)?|fine|not needed)|i'?m (?:good|fine|ok(?:ay)?)|forget it|"
    r"maybe later)(?: (?:thanks?|thank you|please|now|needed|yet))*"
    r"|(?:先)?(?:不用|不要|不|不了|不需要|不必|不想|没必要|算了|暂时不|暂不|否|无需)(?:用|要|"
    r"需要)?(?:的|了|吧|啊|谢谢|謝謝|麻烦|您|你)*"
)
_UNHELPFUL = re.compile(
    r"\b(?:(?:that|this|it|you|your answer|the answer)(?:'s| is| was| did| does| are| has)?(?: not|"
    r"n'?t) (?:really |very |at all )?"
    r"(?:help(?:ful|ing|ed)?(?: me)?(?: at all)?|answer(?:ing|ed)? (?:my|the) question|"
    r"what i (?:asked|meant|want(?:ed)?|need(?:ed)?)|"
    r"useful|(?:the )?right(?: answer)?|correct)|(?:not|un)\s?helpful|useless|wrong answer|(?:that|"
    r"this|it)(?: i|')s (?:wrong|incorrect|nonsense|no help)|"
    r"no help at all|you (?:don'?t|didn'?t|did not|do not) (?:understand|answer|get it)(?: (?:me|"
    r"my question))?|not what i (?:asked|meant|wanted))$"
    r"|^(?:你的?|这个?|您的?|这个?回答|你这|說的|说的)*(?:根本|完全|都)?(?:没用|沒用|没有用|没有帮助|"
    r"没帮助|没帮到我?|不对|不對|答非所问|答非所問|"
    r"不是我(?:想)?(?:问|要)的|没(?:有)?回答我?的?问题|没解决|沒解決|没有解决|听不懂|看不懂|不明白|"
    r"什么都不懂|废话|廢話)[的了啊吧呀呢我问题]*$"
)


def says_yes(text: str) -> bool:
    """Whether a message does nothing but agree, thanks and fillers aside."""
    found = clauses(text)
    agrees = [bool(_YES.fullmatch(clause)) for clause in found]
    rest = (clause for clause, yes in zip(found, agrees, strict=True) if not yes)
    return any(agrees) and all(
        clause_talk(clause) is not None and not _NO.fullmatch(clause) for clause in rest
    )


def says_no(text: str) -> bool:
    """Whether a message begins with a refusal and says nothing else of weight."""
    found = clauses(text)
    return (
        bool(found)
        and bool(_NO.fullmatch(found[0]))
        and all(clause_talk(clause) is not None or _NO.fullmatch(clause) for clause in found[1:])
    )


def says_unhelpful(text: str) -> bool:
    """Whether a message says that the last answer did not help, and asks nothing new."""
    found = clauses(text)
    hits = [bool(_UNHELPFUL.search(clause)) for clause in found]
    rest = (clause for clause, hit in zip(found, hits, strict=True) if not hit)
    return any(hits) and all(
        clause_talk(clause) is not None or _NO.fullmatch(clause) is not None for clause in rest
    )
