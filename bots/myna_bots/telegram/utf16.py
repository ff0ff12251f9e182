"""Offsets in UTF-16 code units, as Telegram counts them; Python counts code points."""


def length(text: str) -> int:
    """UTF-16 code units of a text."""
    return len(text) + sum(1 for each in text if ord(each) > 0xFFFF)


def offset(text: str, place: int) -> int:
    """The UTF-16 offset of a code point's place."""
    return length(text[:place])


def place(text: str, units: int) -> int:
    """The code point's place of a UTF-16 offset; inside a pair, that of the pair."""
    seen = 0
    for at, each in enumerate(text):
        if seen >= units:
            return at
        seen += 2 if ord(each) > 0xFFFF else 1
    return len(text)


def trimmed(text: str, entities: list[dict[str, object]]) -> tuple[str, list[dict[str, object]]]:
    """A text without white space at its ends, and its entities moved along; empty ones are dropped."""
    cut = length(text) - length(text.lstrip())
    text = text.strip()
    end = length(text)
    made: list[dict[str, object]] = []
    for each in entities:
        begins = int(str(each["offset"])) - cut
        ends = min(begins + int(str(each["length"])), end)
        begins = max(begins, 0)
        if ends > begins:
            made.append({**each, "offset": begins, "length": ends - begins})
    return text, made
