"""What customers say when they want a person, when they do not, and when they only talk."""

import pytest

from myna_agents.hearing.replies import says_no, says_unhelpful, says_yes
from myna_agents.hearing.smalltalk import SmallTalk, small_talk
from myna_agents.hearing.wants import asks_for_person

WANTS_A_PERSON = (
    "I want to talk to a human",
    "can i speak to a real person please",
    "Human please",
    "agent!",
    "operator",
    "connect me to an agent",
    "Please transfer me to a representative",
    "get me a human",
    "get me a manager now",
    "I need to speak with someone",
    "is there a real person I can talk to?",
    "let me talk to customer service",
    "I don't want to talk to a bot",
    "no bots, I want a person",
    "stop, I want an actual human being",
    "Can you put me through to your support team?",
    "why can't I talk to a human?",
    "I'd prefer talking to a human",
    "could a human help me please?",
    "this is useless, escalate this to a supervisor",
    "I don't need a bot I need a human",
    "don't you have a human I could talk to?",
    "are you a bot? I want to talk to a person.",
    "talk to human",
    "real human",
    "live agent",
    "Could someone call me?",
    "I'd like to speak to someone from your team",
    "hand me over to a colleague",
    "转人工",
    "转人工客服",
    "人工客服",
    "我要人工",
    "找真人",
    "我想找个真人聊",
    "能不能转人工？",
    "要不转人工吧",
    "我要找你们经理",
    "叫你们负责人来",
    "帮我转接人工服务",
    "有没有真人客服",
    "不想跟机器人说话",
    "别让机器人回复我",
    "请帮我接人工",
    "我想和人工客服沟通",
    "轉人工",
    "請幫我轉接真人客服",
    "為什麼不能轉人工",
    "人工在吗",
    "我要投诉，给我转人工",
    "跟真人说话",
    "可以让人工来处理吗",
    "我需要人工帮助",
    "找客服",
    "联系客服",
    "转客服",
    "你能帮我叫个人吗",
    "换个人来",
    "客服",
    "人工！",
    "麻烦转一下人工",
)
WANTS_NO_PERSON = (
    "I don't want a human",
    "I don't want to talk to a human, just tell me the price",
    "no need to connect me to an agent",
    "please don't transfer me to a human",
    "no human needed",
    "I'd rather not speak to a person",
    "are you a human?",
    "am I talking to a real person?",
    "is this a bot or a human",
    "How long does it take to reach an agent?",
    "what happens when I am transferred to a human agent?",
    "I spoke with an agent yesterday about my refund",
    "Can the agent see my order?",
    "what are your customer service hours?",
    "Do I have to talk to someone to cancel?",
    "How many people can use one account?",
    "real estate agents discount?",
    "how do I send money to someone?",
    "Is the lamp safe for humans?",
    "Can I give it to a person abroad?",
    "Where can I find the user manual?",
    "who are you",
    "I am already talking to an agent",
    "Do you have representative offices in China?",
    "never mind the human, just answer",
    "I was talking to a representative and got cut off",
    "my manager told me to ask about invoices",
    "不用转人工",
    "不需要人工客服",
    "我不想找真人，你直接告诉我吧",
    "别转人工",
    "先不转人工",
    "你是真人吗",
    "你是人工还是机器人",
    "人工客服几点上班？",
    "人工服务时间是什么时候",
    "客服电话是多少",
    "人工智能是什么",
    "人工费多少钱",
    "退货需要人工审核吗",
    "找人代付可以吗",
    "一个人可以用几个账号",
    "怎么找到订单",
    "人工湖在哪里",
    "无需人工，自助就行",
    "暂时不需要人工",
    "這裡是真人嗎",
    "不要轉人工",
    "我可以把礼物送给别人吗",
    "真人模特图片在哪看",
)


@pytest.mark.parametrize("text", WANTS_A_PERSON)
def test_a_customer_who_asks_for_a_person_is_understood(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize("text", WANTS_NO_PERSON)
def test_talking_about_people_is_no_request_for_one(text: str) -> None:
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hi", SmallTalk.GREETING),
        ("Hello there!", SmallTalk.GREETING),
        ("good morning", SmallTalk.GREETING),
        ("hi, how are you?", SmallTalk.HOW_ARE_YOU),
        ("what's up", SmallTalk.HOW_ARE_YOU),
        ("Thanks a lot!", SmallTalk.THANKS),
        ("ok, thank you so much for your help", SmallTalk.THANKS),
        ("bye", SmallTalk.BYE),
        ("thanks, bye!", SmallTalk.BYE),
        ("have a nice day", SmallTalk.BYE),
        ("who are you?", SmallTalk.IDENTITY),
        ("are you a bot or a human?", SmallTalk.IDENTITY),
        ("am I talking to a real person?", SmallTalk.IDENTITY),
        ("what can you do?", SmallTalk.ABILITIES),
        ("can you help me?", SmallTalk.ABILITIES),
        ("ok", SmallTalk.FILLER),
        ("你好", SmallTalk.GREETING),
        ("您好，在吗？", SmallTalk.GREETING),
        ("早上好！", SmallTalk.GREETING),
        ("谢谢", SmallTalk.THANKS),
        ("好的，谢谢您", SmallTalk.THANKS),
        ("再见", SmallTalk.BYE),
        ("拜拜～", SmallTalk.BYE),
        ("你是谁？", SmallTalk.IDENTITY),
        ("你是机器人吗", SmallTalk.IDENTITY),
        ("你是真人还是机器人？", SmallTalk.IDENTITY),
        ("你能做什么", SmallTalk.ABILITIES),
        ("好的", SmallTalk.FILLER),
        ("你好吗", SmallTalk.HOW_ARE_YOU),
    ],
)
def test_small_talk_is_told_apart(text: str, kind: SmallTalk) -> None:
    assert small_talk(text) is kind


@pytest.mark.parametrize(
    "text",
    [
        "hi, how do I return a lamp?",
        "thanks but where is my order",
        "hello what are your opening hours",
        "how are refunds handled?",
        "Do you sell thank you cards?",
        "who are your suppliers",
        "is this lamp real leather?",
        "what can I do about a broken lamp?",
        "help me cancel my order",
        "how is it going to be delivered",
        "你好，怎么退货",
        "谢谢卡有卖吗",
        "可以开发票吗",
        "你们是哪里发货的",
        "请问什么时候发货",
        "能做礼品包装吗",
        "",
        "???",
        "👍",
    ],
)
def test_a_question_is_never_taken_for_small_talk(text: str) -> None:
    assert small_talk(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Yes please!",
        "ok",
        "sure, go ahead",
        "please do",
        "yes, thank you",
        "that would be great",
        "好",
        "好的，谢谢",
        "可以",
        "需要",
        "麻烦了",
        "行",
        "嗯嗯",
        "要的",
    ],
)
def test_agreeing_is_understood(text: str) -> None:
    assert says_yes(text)
    assert not says_no(text)


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "No thanks",
        "not now",
        "no, thank you",
        "never mind",
        "不用了",
        "不用，谢谢",
        "不需要",
        "算了",
        "先不用",
    ],
)
def test_refusing_is_understood(text: str) -> None:
    assert says_no(text)
    assert not says_yes(text)


@pytest.mark.parametrize(
    "text", ["yes, but how much is it?", "what about Europe?", "好的那运费多少", "no way to open the box?"]
)
def test_a_question_is_neither_yes_nor_no(text: str) -> None:
    assert not says_yes(text)
    assert not says_no(text)


@pytest.mark.parametrize(
    "text",
    [
        "that didn't help",
        "this is not helpful",
        "That does not answer my question.",
        "没用",
        "答非所问",
        "没有回答我的问题",
    ],
)
def test_a_customer_who_was_not_helped_is_understood(text: str) -> None:
    assert says_unhelpful(text)


@pytest.mark.parametrize(
    "text", ["the lamp is not working", "is this useful for plants?", "没收到货", "灯泡没用过可以退吗"]
)
def test_a_complaint_about_the_goods_is_not_one_about_the_answer(text: str) -> None:
    assert not says_unhelpful(text)
