"""Cheap judgements by lists and patterns, each with a reason code.

Every pattern takes linear time: gaps are bounded, and no two neighbouring parts of a pattern without a
bound can match the same characters.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from myna.model.filtering import Listed
from myna.model.moderation import Action, Reason
from myna_agents.moderation.normalise import Normalised, normalise


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason, and the least that should happen because of it."""

    action: Action
    reason: Reason


@dataclass(frozen=True, slots=True)
class Lists:
    """What a community always or never wants to see; everything lower case.

    A host stands for its subdomains, too. A phone number is its digits only; a handle has no "@".
    """

    allow_hosts: frozenset[str] = field(default=frozenset())
    deny_hosts: frozenset[str] = field(default=frozenset())
    deny_phones: frozenset[str] = field(default=frozenset())
    deny_handles: frozenset[str] = field(default=frozenset())


_MANY_LINKS: Final = 3
_PITCH_CHARS: Final = 300
_LONG_RUN: Final = 60
_LONG_TEXT: Final = 200
_REPETITIVE: Final = 0.2

_HOST: Final = re.compile(r"(https?://)?(?<![a-z0-9.@\-])([a-z0-9][a-z0-9.\-]{2,252})")
_SPOKEN_DOT: Final = re.compile("[点丶。](?=(?:com|net|cn|cc|top|xyz|vip|org)(?![a-z]))")
_TOP_LEVEL: Final = frozenset(
    [
        "com",
        "net",
        "org",
        "cn",
        "cc",
        "me",
        "top",
        "xyz",
        "vip",
        "io",
        "co",
        "uk",
        "ru",
        "info",
        "biz",
        "site",
        "online",
        "shop",
        "club",
        "app",
        "live",
        "tv",
    ]
)
# What the expensive patterns need to be worth a look; most messages have nothing of it.
_DOTTED: Final = re.compile("[.点丶。][a-z0-9.\\-]")
_SEVEN_DIGITS: Final = re.compile("[0-9]{7}")
_MESSENGERS: Final = ("whatsapp", "telegram", "wechat", "vx", "wx", "qq", "tg")
_CHINESE_MESSENGERS: Final = ("信", "芯", "扣扣", "飞机")
_ORDERS: Final = (
    "instruction",
    "prompt",
    "rules",
    "direction",
    "guideline",
    "told",
    "you are now",
    "do anything now",
    "<|",
    "inst]",
    "sys>>",
    "##",
)
"""Every order to an agent that `_INJECTION` finds has one of these, or one of the Chinese ones."""
_CHINESE_ORDERS: Final = ("指令", "指示", "提示", "规则", "要求", "设定")
_PHONE: Final = re.compile(r"(?<![0-9])[0-9]{7,15}(?![0-9])")
_HANDLE: Final = re.compile(r"(?<![a-z0-9_.])@([a-z0-9_]{4,32})|t\.me/\+?([a-z0-9_\-]{4,40})")
_ACCOUNT: Final = re.compile(
    r"(?:[微薇葳徽溦威][信芯]|扣扣|飞机|whatsapp|telegram|wechat|(?<![a-z])(?:vx|wx|qq|tg))(?:号|id)?"
    r"[ :]{0,2}([a-z0-9_\-]{5,20})"
)
_SOLICITS: Final = re.compile(
    r"\b(?:free|win(?:ner)?|won|cash|prize|claim|loans?|discount|earn|profit|investment|casino|betting|subscribe"
    r"|guaranteed|limited offer|urgent|cheap|viagra|crypto)\b"
    "|免费|领取|代开|发票|贷款|兼职|日赚|赚钱|推广|引流|博彩|彩票|下注|私聊|出售|办证|高薪|返利"
    "|代理|招募|收益|担保|刷单|上门"
)
_INVITES: Final = frozenset(
    [
        "u.wechat.com",
        "weixin.qq.com",
        "work.weixin.qq.com",
        "qm.qq.com",
        "qun.qq.com",
        "jq.qq.com",
        "t.me",
        "telegram.me",
        "wa.me",
        "chat.whatsapp.com",
        "line.me",
        "lin.ee",
        "discord.gg",
    ]
)
"""Hosts whose addresses add a contact or join a group of another messenger."""
_RUN: Final = re.compile(rf"([^\s\-=_*#~.])\1{{{_LONG_RUN - 1},}}")
_INJECTION: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}?"
    r"\b(?:previous|prior|above|earlier|preceding|all|your|any|every|everything)\b"
    r".{0,24}?\b(?:instructions?|prompts?|rules|directions|guidelines|told)\b"
    r"|\b(?:reveal|print|repeat|show|output|tell me)\b.{0,30}?\b(?:system|initial|hidden)\b"
    r".{0,12}?\b(?:prompt|instructions?)\b"
    r"|\byou are now (?:an? |in )?(?:dan|jailbroken|developer mode|unrestricted|unfiltered)\b"
    r"|\bdo anything now\b"
    r"|<\|(?:im_start|im_end|system|endoftext)\|>|\[/?inst\]|<</?sys>>|#{2,6} ?(?:system|instruction)s?\b"
    "|(?:忽略|无视|忘记|忘掉|不要理会|跳过).{0,12}?(?:之前|以上|上面|前面|先前|所有|一切|系统)"
    ".{0,8}?(?:指令|指示|提示|规则|要求|设定)"
    "|(?:输出|显示|告诉我|泄露|重复|打印).{0,10}?(?:系统|初始|隐藏).{0,4}?(?:提示|指令|设定)"
)


def findings(message: Normalised, lists: Lists) -> list[Finding]:
    """What lists and patterns say about one message, in a fixed order."""
    text, named = message.text, contacts_of(message.text)
    return [*denied(named, lists), *pitches(text, named, lists), *repeats(message), *injection(text)]


def contacts_of(text: str) -> list[tuple[Listed, str]]:
    """Links, phones and handles in a normalised text, each once."""
    found: list[tuple[Listed, str]] = []
    if "://" in text or _DOTTED.search(text):
        found += [(Listed.LINK, host) for host in hosts(text)]
    if _SEVEN_DIGITS.search(text):
        found += [(Listed.PHONE, phone) for phone in _PHONE.findall(text)]
    if "@" in text or "t.me/" in text:
        found += [(Listed.HANDLE, one or other) for one, other in _HANDLE.findall(text)]
    if _has(_MESSENGERS, text) or (not text.isascii() and _has(_CHINESE_MESSENGERS, text)):
        found += [(Listed.HANDLE, handle) for handle in _ACCOUNT.findall(text)]
    return list(dict.fromkeys(found)) if found else found


def _has(pieces: tuple[str, ...], text: str) -> bool:
    return any(map(text.__contains__, pieces))


def hosts(text: str) -> list[str]:
    """Hosts that a normalised text links to or names, in order, each once; those of mail addresses are left
    out."""
    found = dict.fromkeys(
        host.rstrip(".-")
        for scheme, host in _HOST.findall(_SPOKEN_DOT.sub(".", text))
        if "." in host.rstrip(".-") and (scheme or host.rstrip(".-").rpartition(".")[2] in _TOP_LEVEL)
    )
    return list(found)


Named = list[tuple[Listed, str]]
"""Links, phones and handles."""


def named_by_codes(codes: Sequence[str]) -> Named:
    """Links, phones and handles that QR codes in a message's pictures say."""
    return [each for code in codes for each in contacts_of(normalise(code).text)]


def invites(codes: Sequence[str]) -> Iterator[Finding]:
    """Whether a QR code leads to an account or a group of another messenger."""
    for kind, value in named_by_codes(codes):
        if kind is Listed.LINK and _listed(value, _INVITES):
            yield Finding(Action.FLAG, Reason("code.invites", value, 0.4))


def denied(named: Named, lists: Lists) -> Iterator[Finding]:
    """What a text names that is never wanted."""
    for kind, value in named:
        unwanted = {Listed.PHONE: lists.deny_phones, Listed.HANDLE: lists.deny_handles}.get(kind)
        if kind is Listed.LINK:
            bad = _listed(value, lists.deny_hosts) and not _listed(value, lists.allow_hosts)
        else:
            bad = unwanted is not None and value in unwanted
        if bad:
            yield Finding(Action.HOLD, Reason(f"{kind.value}.denied", value, 1.0))


def pitches(text: str, named: Named, lists: Lists) -> Iterator[Finding]:
    """Whether a text links to many places, or says how to get in touch and why one should."""
    links = [value for kind, value in named if kind is Listed.LINK and not _listed(value, lists.allow_hosts)]
    if len(links) > _MANY_LINKS:
        yield Finding(Action.FLAG, Reason("link.many", f"{len(links)} different hosts", 0.4))
    if links or any(kind is not Listed.LINK for kind, _ in named):
        pitch = list(dict.fromkeys(_SOLICITS.findall(text)))
        # A page about prices and returns has a few of these words, too, far from one another.
        if len(pitch) > 1 + len(text) // _PITCH_CHARS:
            yield Finding(Action.FLAG, Reason("contact.solicits", ", ".join(pitch[:5]), 0.4))


def _listed(host: str, listed: frozenset[str]) -> bool:
    if not listed:
        return False
    labels = host.split(".")
    return any(".".join(labels[start:]) in listed for start in range(max(0, len(labels) - 8), len(labels)))


def repeats(message: Normalised) -> Iterator[Finding]:
    """Whether a text repeats itself."""
    run = _RUN.search(message.raw) if _has_run(message.raw) else None
    if run:
        yield Finding(Action.FLAG, Reason("repeat.character", f"{run[1]!r} {len(run[0])} times", 0.3))
    elif len(message.skeleton) >= _LONG_TEXT:
        octets = message.skeleton.encode("utf-8", "surrogatepass")
        share = len(zlib.compress(octets, 1)) / len(octets)
        if share < _REPETITIVE:
            yield Finding(Action.FLAG, Reason("repeat.text", f"compresses to {share:.0%}", 0.3))


def _has_run(text: str) -> bool:
    # A run covers one of the pieces of half its length whole.
    half = _LONG_RUN // 2
    starts = range(0, len(text) - half + 1, half)
    return any(text.startswith(text[start] * half, start) for start in starts)


def injection(text: str) -> Iterator[Finding]:
    """Whether a text reads like an order to an agent."""
    # A tag for the agents and the review queue. Such text is also what an honest question about prompts
    # looks like, so it alone never keeps a message back.
    if not (_has(_ORDERS, text) or (not text.isascii() and _has(_CHINESE_ORDERS, text))):
        return
    found = _INJECTION.search(text)
    if found:
        yield Finding(Action.FLAG, Reason("injection.suspected", found.group(), 0.3))
