"""What the normaliser makes of disguises, and of texts that are none."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna_agents.moderation.attack import CHINESE, ENGLISH, Disguise, disguised
from myna_agents.moderation.normalise import normalise
from myna_agents.moderation.sounds import heard

ENGLISH_TEXT = "Claim your cash prize today, call 08001234567 now"
CHINESE_TEXT = "免费领取,加微信13800138000联系"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Ｆｒｅｅ　ｍｏｎｅｙ", "free money"),
        ("F R E E  m o n e y", "freemoney"),
        ("f.r.e.e v-i-a-g-r-a", "freeviagra"),
        ("cl\u200bi\u2060ck h\ufeffere", "click here"),
        ("w\u0335i\u0336n b\u0301ig", "win big"),
        ("frее mоnеу", "free money"),
        ("𝕏𝘏ℂ𝟝𝟡𝟛", "xhc593"),
        ("🅵🆁🅴🅴 ⓒⓐⓢⓗ", "free cash"),
        ("辦證刻章 請 聯 系", "办证刻章请联系"),
        ("加我❶③八零零1⑶8零〇零", "加我13800138000"),
        ("call 158 7996 2374", "call 15879962374"),
        ("下͟浮͟出͟u͟", "下浮出u"),
    ],
)
def test_a_disguised_text_reads_as_what_it_says(written: str, read: str) -> None:
    assert normalise(written).text == read


@pytest.mark.parametrize(
    "plain",
    [
        "where is my order?",
        "привет, как дела",
        "第一次用,二维码在哪里?",
        "see docs.example.org/start for v2.1",
        "卫星发射",
    ],
)
def test_an_honest_text_is_left_as_it_is(plain: str) -> None:
    assert normalise(plain).text == plain
    assert normalise(plain).altered == 0


@pytest.mark.parametrize(
    ("written", "letters"), [("fr33 m0ney", "freemoney"), ("加薇芯", "加微信"), ("p@y $ale", "paysale")]
)
def test_leet_and_homophones_of_wechat_are_undone_in_the_skeleton(written: str, letters: str) -> None:
    assert normalise(written).skeleton == letters


@pytest.mark.parametrize("kind", [kind for kind in ENGLISH if kind is not Disguise.LEET])
@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_an_english_disguise_leaves_no_trace_in_the_skeleton(kind: Disguise, strength: float) -> None:
    worn = disguised(ENGLISH_TEXT, kind, strength, Random(5))
    assert worn != ENGLISH_TEXT
    assert normalise(worn).skeleton == normalise(ENGLISH_TEXT).skeleton


SAME_SOUND = [Disguise.HOMOPHONE, Disguise.PINYIN, Disguise.SPLIT]


@pytest.mark.parametrize("kind", [kind for kind in CHINESE if kind not in {*SAME_SOUND, Disguise.SHAPE}])
@pytest.mark.parametrize("strength", [0.8, 1.0])
def test_a_chinese_disguise_leaves_no_trace_in_the_skeleton(kind: Disguise, strength: float) -> None:
    worn = disguised(CHINESE_TEXT, kind, strength, Random(5))
    assert worn != CHINESE_TEXT
    assert normalise(worn).skeleton == normalise(CHINESE_TEXT).skeleton


@pytest.mark.parametrize("kind", SAME_SOUND)
@pytest.mark.parametrize("strength", [0.3, 0.8])
def test_a_chinese_text_sounds_as_before_under_what_spares_its_sound(kind: Disguise, strength: float) -> None:
    text = "免费领取代开发票,电话13800138000"
    worn = disguised(text, kind, strength, Random(5))
    assert worn != text
    assert heard(normalise(worn).skeleton) == heard(normalise(text).skeleton)


@pytest.mark.parametrize(
    ("one", "other"),
    [("加薇信", "加微信"), ("加wei信", "加微信"), ("jia wo weixin", "加我微信"), ("加微亻言", "加微信")],
)
def test_two_writings_of_one_sound_are_heard_alike(one: str, other: str) -> None:
    assert heard(normalise(one).skeleton) == heard(normalise(other).skeleton) != ""


@pytest.mark.parametrize(
    "text", ["hello, how are you today", "привет", "12345678", "see docs.example.org", ""]
)
def test_what_is_no_chinese_is_not_heard(text: str) -> None:
    assert heard(normalise(text).skeleton) == ""


@pytest.mark.parametrize("text", ["我和女子篮球队", "生日快乐", "不用谢", "他的手机"])
def test_ordinary_characters_beside_each_other_are_not_joined(text: str) -> None:
    assert len(heard(text)) == len(text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("call oh eight hundred", "call oh eight hundred"),
        ("zero eight  zero two three", "08023"),
        ("I have one or two questions", "I have one or two questions"),
    ],
)
def test_numbers_spelt_out_are_digits_from_three_on(written: str, read: str) -> None:
    assert normalise(written).text == read.lower()


@pytest.mark.parametrize("kind", list(Disguise))
def test_a_disguise_without_strength_changes_nothing(kind: Disguise) -> None:
    assert disguised(ENGLISH_TEXT + CHINESE_TEXT, kind, 0.0, Random(1)) == ENGLISH_TEXT + CHINESE_TEXT


@pytest.mark.parametrize("kind", list(Disguise))
def test_the_same_seed_gives_the_same_disguise(kind: Disguise) -> None:
    text = ENGLISH_TEXT + CHINESE_TEXT
    assert disguised(text, kind, 0.5, Random(9)) == disguised(text, kind, 0.5, Random(9))


@given(st.text())
def test_any_text_can_be_normalised_and_its_skeleton_holds_no_space_or_punctuation(text: str) -> None:
    found = normalise(text)
    assert found == normalise(text)
    assert all(char.isalnum() for char in found.skeleton)
    assert found.altered >= 0


def test_a_lone_surrogate_does_not_stop_the_normaliser() -> None:
    assert normalise("a\ud800b").skeleton == "ab"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ᏀᎡᎬᎬ ᏟᎪᏚᎻ", "gree cash"),  # Cherokee
        ("ꓚꓮꓢꓧ", "cash"),  # Lisu
        ("ⲤⲟⲢⲣ", "copp"),  # Coptic
        ("ϲаѕһ", "cash"),  # Greek and Cyrillic
        ("ꜱʜᴏᴘ", "shop"),
        ("𐊠𐊡𐊢", "abc"),  # Carian
    ],
)
def test_confusables_of_other_alphabets_read_as_the_letters_they_pass_for(written: str, read: str) -> None:
    assert normalise(written).text == read


@pytest.mark.parametrize(
    "plain",
    [
        "გამარჯობა როგორ ხარ",
        "բարեւ ձեզ ինչպես եք",
        "שלום מה שלומך",
        "नमस्ते आप कैसे हैं",
        "สวัสดีครับ",
        "Καλημέρα σας",
    ],
)
def test_a_text_in_another_alphabet_is_left_as_it_is_written(plain: str) -> None:
    assert not normalise(plain).skeleton.isascii()
