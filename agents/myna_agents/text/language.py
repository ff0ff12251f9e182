"""Which language to answer in: by script, with the conversation as memory.

Statistical detectors err on messages of one to four words, which is what people type into a chat; scripts do not.
"""

import re
from collections.abc import Iterable, Sequence

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]")
_KANA = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff]")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)?")
_HIDDEN = re.compile(r"https?://\S+|\S+@\S+\.\S+|@\w+")

_FEW_LATIN_WORDS = 2
"""Up to this many Latin words in a row say nothing: `ok`, `iPhone 15 Pro` and `VIP` occur in every language."""


def script_language(text: str) -> str | None:
    """The language that the script of a text gives away, or None when the text has no letters.

    Han characters win over Latin words unless those are far more: `iPhone 15 怎么退货` is Chinese. A Latin script is
    taken for English.
    """
    text = _HIDDEN.sub(" ", text)
    han = len(_HAN.findall(text))
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    latin = len(_LATIN_WORD.findall(text))
    if han and han * 3 >= latin:
        return "zh"
    for pattern, code in ((_CYRILLIC, "ru"), (_ARABIC, "ar")):
        if pattern.search(text):
            return code
    return "en" if latin else None


def conversation_language(texts: Sequence[str], default: str) -> str:
    """The language of the newest of a member's texts; the ones before decide where it says too little.

    `texts` is oldest first. One or two Latin words do not turn a conversation that was held in another script.
    """
    remembered: str | None = None
    for text in texts:
        found = script_language(text)
        if found is None:
            continue
        short = len(_LATIN_WORD.findall(_HIDDEN.sub(" ", text))) <= _FEW_LATIN_WORDS
        if found == "en" and short and remembered not in {None, "en"}:
            continue
        remembered = found
    return remembered or default


def spoken(lang: str, languages: Iterable[str]) -> str:
    """The language of an agent's own sentences for somebody who writes `lang`: the same, or the agent's first."""
    known = tuple(languages)
    return lang if lang in known else known[0]


def same_language(left: str, right: str) -> bool:
    """Whether two language tags name one language, whatever their regions: `zh-Hant` and `zh` do."""
    return left.partition("-")[0].lower() == right.partition("-")[0].lower()
