"""How an agent behaves among several people: whom it hears, when it helps unasked, and when it stops talking to bots."""

from dataclasses import replace

import pytest

from myna.model.conversation import ConversationKind
from myna.model.workspace import User, UserKind
from myna_agents.agent import AgentProfile, GroupPolicy, profile_of
from myna_agents.hearing.addressed import addressed_by_mention, without_call
from myna_agents.hearing.hearing import Heard, hear, wants_nothing
from myna_agents.turns.rehearsal import Stage, rehearse, said
from myna_agents.turns.runner import Runner
from support.agents_world import AGENT, ANN, BOB, OTHER_BOT, PROFILE, Library, Platform, world_of

HELPFUL = replace(PROFILE, group=GroupPolicy("answerable", quiet_s=45.0, cool_down_s=300.0))
QUESTION = "How long can I return a lamp?"


async def run_all(
    platform: Platform, profile: AgentProfile = PROFILE, now: float = 0.0, library: Library | None = None
) -> None:
    runner = Runner(world_of(platform, library, profile=profile, clock=lambda: now))
    while not platform.queue.empty():
        await runner.take(platform.queue.get_nowait())


@pytest.mark.parametrize(
    ("text", "spoken_to"),
    [
        ("@myna how long?", True),
        ("which plug does the UK version have @Myna?", True),
        ("可以帮忙看一下吗 @小八", True),
        ("请问@小八 周日营业吗", True),
        ("ask @myna", False),
        ("@myna said 30 days", False),
        ("did @myna help you?", False),
        ("让@小八看看", False),
        ("mail a@myna.example", False),
    ],
)
def test_a_mention_speaks_to_the_agent_unless_it_talks_about_it(text: str, spoken_to: bool) -> None:
    assert addressed_by_mention(text, PROFILE.names) is spoken_to


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("@Myna how long?", "how long?"),
        ("hey Myna, how long?", "how long?"),
        ("how long, Myna?", "how long?"),
        ("@小八 退货期限多久", "退货期限多久"),
        ("Myna said so", "Myna said so"),
        ("@Myna", ""),
    ],
)
def test_what_is_looked_up_has_no_form_of_address(text: str, left: str) -> None:
    assert without_call(text, PROFILE.names) == left


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("thanks @Myna", True),
        ("@Myna 👍", True),
        ("谢谢小八", True),
        ("good bot", True),
        ("@Myna?", False),
        ("@Myna", False),
        ("Myna, thanks. And on Sundays?", False),
    ],
)
def test_thanks_and_smileys_want_no_reply_in_a_group(text: str, nothing: bool) -> None:
    assert wants_nothing(text, PROFILE.names) is nothing


def test_every_judgement_says_how_likely_and_why() -> None:
    nobody = hear(Heard("lunch at one?"), PROFILE.names, ["Ann"])
    assert (nobody.heard, nobody.why) == (False, "p=0.05")
    other = hear(Heard("Ann, can you look?"), PROFILE.names, ["Ann"])
    assert (other.heard, other.clues) == (False, ("other_named",))
    going_on = hear(Heard("and on Sundays?", after_own=True, since_own_s=20.0), PROFILE.names, ["Ann"])
    assert (going_on.heard, going_on.clues) == (True, ("follow_up",))
    late = hear(Heard("and on Sundays?", after_own=True, since_own_s=2000.0), PROFILE.names, ["Ann"])
    assert not late.heard


async def test_the_question_of_whoever_was_answered_goes_on_without_a_name() -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.asks(f"@myna {QUESTION}")
    await run_all(platform)
    platform.asks("and must the parcel be insured?")
    await run_all(platform)
    platform.asks("and must the parcel be insured?", sender=BOB)
    await run_all(platform)
    assert [ended.how for ended in platform.ended] == ["finish", "finish", "skip"]


async def test_the_reason_of_a_silence_is_kept_with_its_probability() -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.asks("Bob, lunch?")
    await run_all(platform)
    (ended,) = platform.ended
    assert ended.decision.reason == "not_addressed"
    assert ended.decision.trace["heard"] == "p=0.00 other_named"


async def test_another_bot_is_answered_only_by_mention_and_only_so_often() -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.asks(QUESTION, sender=OTHER_BOT)
    platform.asks(f"Myna, {QUESTION}", sender=OTHER_BOT)
    await run_all(platform)
    assert {ended.decision.decision for ended in platform.ended} == {"silent"}
    platform = Platform(ConversationKind.GROUP)
    platform.says(ANN, "let the bots talk")
    for _ in range(3):
        platform.asks(f"@myna {QUESTION}", sender=OTHER_BOT)
        await run_all(platform)
    assert [ended.how for ended in platform.ended] == ["finish", "skip", "skip"]
    assert platform.ended[-1].decision.reason == "hop_limit"


async def test_an_agent_that_may_help_unasked_waits_whether_a_person_answers() -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.now = 1_000.0
    turn = platform.asks(QUESTION)
    await run_all(platform, HELPFUL, now=1_001.0)
    assert (platform.ended, platform.deferred) == ([], [1_045.0])
    platform.queue.put_nowait(turn)
    await run_all(platform, HELPFUL, now=1_045.0)
    (ended,) = platform.ended
    assert (ended.decision.decision, ended.decision.reason) == ("answer", "answerable")
    assert ended.body is not None
    assert "30 days" in ended.body["text"]


async def test_a_person_who_answers_first_keeps_the_agent_quiet() -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.now = 1_000.0
    platform.asks(QUESTION)
    platform.says(BOB, "a month, I think")
    await run_all(platform, HELPFUL, now=1_100.0)
    assert platform.ended[0].decision.reason == "person_answered"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("What about Mars?", "not_answerable"),
        ("I returned a lamp", "no_question"),
        ("@Bob how long can I return a lamp?", "for_somebody_else"),
    ],
)
async def test_unasked_it_answers_only_what_it_surely_knows(text: str, reason: str) -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.asks(text)
    await run_all(platform, HELPFUL, now=1_000.0)
    (ended,) = platform.ended
    assert (ended.how, ended.decision.reason) == ("skip", reason)


async def test_after_an_unasked_answer_it_cools_down() -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.now = 1_000.0
    platform.asks(QUESTION)
    await run_all(platform, HELPFUL, now=1_100.0)
    platform.now = 1_200.0
    platform.asks("Must a returned parcel be insured?", sender=BOB)
    await run_all(platform, HELPFUL, now=1_250.0)
    assert [ended.decision.reason for ended in platform.ended] == ["answerable", "cool_down"]


async def test_a_rehearsal_runs_the_whole_turn_and_leaves_nothing_behind() -> None:
    offline = world_of(Platform()).engine
    done = await rehearse(Stage(PROFILE, Library(), offline, offline), [said(1, ANN, QUESTION)])
    assert "30 days" in done.text
    assert done.shown == done.text
    assert done.citations[0]["quote"] in done.text
    handed = await rehearse(Stage(PROFILE, Library(), offline, offline), [said(1, ANN, "get me a human")])
    assert handed.handed_off == "asked_for_human"
    assert handed.summary
    group = Stage(PROFILE, Library(), offline, offline, ConversationKind.GROUP)
    assert (await rehearse(group, [said(1, ANN, "hello all")])).body is None
    assert PROFILE.user == AGENT


def test_an_agents_stored_settings_make_its_profile() -> None:
    user = User(AGENT, 1, UserKind.BOT, "Myna", "myna", agent=True)
    stored = {
        "aliases": ["小八"],
        "threshold": 0.7,
        "group": {"speak": "answerable", "quiet_s": 5, "newer": 1},
        "newer": 2,
    }
    profile = profile_of(user, [3], stored)
    assert (profile.names, profile.bases, profile.threshold) == (("Myna", "myna", "小八"), (3,), 0.7)
    assert (profile.group.speak, profile.group.quiet_s, profile.group.max_hops) == ("answerable", 5, 2)
