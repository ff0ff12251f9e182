"""Messages as sets of hashed character n-grams."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from myna_agents.moderation.normalise import Normalised
from myna_agents.moderation.sounds import heard

LONGEST_NGRAM: Final = 4
_FIRST_OF_MEANING: Final = 3
META_SLOTS: Final = 128
"""Slots at the end of the table for traits of the whole message: 8 traits of 16 steps."""

STEP: Final = np.uint32(0x01000193)  # the 32-bit FNV prime
MIX: Final = np.uint32(
    0x9E3779B1
)  # prime near 2^32 / golden ratio: Knuth, The Art of Computer Programming 3, 6.4
_WIDE_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
ALPHABET: Final = np.uint32(0x110000)  # past the last code point, so the forms share no n-gram
_LONG_NUMBERS: Final = re.compile("[0-9]{5,}")
_DIGITS: Final = re.compile("[0-9]+")
ZERO: Final = np.uint32(ord("0"))
_ONE: Final = np.uint32(ord("1"))
_NINE: Final = np.uint32(9)

COUNTED: Final = 255
"""Bits that a counter of one byte can take."""
LANES: Final[NDArray[np.uint64]] = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).view(
    np.uint64
)[:, 0]
"""Each byte's bits as eight counters of one byte, so that one addition counts eight of them."""

Symbols = NDArray[np.uint32]
Slots = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Forms:
    """One message in the three forms that n-grams are taken from, as one row of symbols.

    Each form has an alphabet of its own, so that they share no n-gram; each ends with a symbol of its own.
    """

    row: Symbols
    raw: int
    """Where the form as sent ends, and the skeleton, with its digits read as 0, begins."""
    skeleton: int
    """Where the skeleton ends, and how it is heard begins."""

    @classmethod
    def of(cls, message: Normalised) -> "Forms":
        """The forms of a message."""
        raw, skeleton = f"\x02{message.raw}\x03", message.skeleton
        octets = f"{raw}{skeleton}\x03{heard(skeleton)}\x03".encode("utf-32-le", "surrogatepass")
        row = np.frombuffer(octets, dtype="<u4").astype(np.uint32)
        normalised = row[len(raw) :]
        np.putmask(normalised, folded(normalised), ZERO)
        normalised += ALPHABET
        row[len(raw) + len(skeleton) + 1 :] += ALPHABET
        return cls(row, len(raw), len(raw) + len(skeleton) + 1)

    @property
    def letters(self) -> Symbols:
        """The code points of the skeleton, with its digits read as 0."""
        return self.row[self.raw : self.skeleton - 1] - ALPHABET

    @property
    def singles(self) -> tuple[Symbols, Symbols]:
        """The rows whose symbols count alone: as sent, and as heard.

        Singles and pairs tell how a message is written, longer ones what it says, whatever its disguise; measured
        on the development part of the data.
        """
        return self.row[: self.raw], self.row[self.skeleton :]


def folded(row: Symbols) -> NDArray[np.bool_]:
    """Which code points of a row are the digits that are read as 0."""
    # Whatever comes before "1" wraps around and is large.
    return (row - _ONE) < _NINE


def ngrams(forms: Forms) -> list[Symbols]:
    """The rolling hashes of the n-grams of 2 to `LONGEST_NGRAM` symbols, by size, one for each place where one starts.

    The last of size n starts n - 1 symbols before the end of the row.
    """
    rolling, found = forms.row, list[Symbols]()
    for size in range(2, LONGEST_NGRAM + 1):
        if size == _FIRST_OF_MEANING:
            rolling = rolling[forms.raw :]
        if len(rolling) < 2:
            break
        rolling = rolling[:-1] * STEP
        rolling += forms.row[len(forms.row) - len(rolling) :]
        found.append(rolling)
    return found


def slots(message: Normalised, bits: int) -> Slots:
    """The distinct slots, ascending, in 0 .. 2^bits + META_SLOTS, that a message fills."""
    return slots_of(Forms.of(message), message, bits)


def slots_of(forms: Forms, message: Normalised, bits: int) -> Slots:
    """The same for a message whose forms are known."""
    filled = mixed(np.concatenate((*forms.singles, *ngrams(forms))), bits)
    filled.sort()
    keep = np.empty(len(filled), dtype=np.bool_)
    keep[0] = True
    np.not_equal(filled[1:], filled[:-1], out=keep[1:])
    return np.concatenate((filled[keep], traits(message) + (1 << bits)))


def narrowed(filled: Slots, bits: int, fewer: int) -> Slots:
    """The slots in a table of 2^fewer of a message that fills these in one of 2^bits: what `slots` gives for `fewer`."""
    split = int(np.searchsorted(filled, 1 << bits))
    ngrams = filled[:split] >> (bits - fewer)
    keep = np.ones(len(ngrams), dtype=np.bool_)
    np.not_equal(ngrams[1:], ngrams[:-1], out=keep[1:])
    return np.concatenate((ngrams[keep], filled[split:] - ((1 << bits) - (1 << fewer))))


def traits(message: Normalised) -> Slots:
    """The slots, in 0 .. META_SLOTS, of traits of the whole message; each trait has 16 steps."""
    raw, text, skeleton = message.raw, message.text, message.skeleton
    length = max(len(raw), 1)
    letters = len(skeleton)
    digits = letters - len(_DIGITS.sub("", skeleton))
    return np.array(
        (
            min(letters.bit_length(), 15),
            16 + min(16 * digits // (letters + 1), 15),
            32 + min(digits.bit_length(), 15),
            48 + min(16 * message.altered // length, 15),
            64 + links(text),
            80 + min(16 * letters // (length + 1), 15),
            104 if raw.isascii() else 96,
            112 + longest_number(skeleton),
        ),
        dtype=np.int32,
    )


def longest_number(skeleton: str) -> int:
    """How many digits the longest number has, up to 15, as one of 16 steps: what is shorter than 5 is none.

    It tells a phone number or an account from the dates, times and prices of which everyday messages are full.
    """
    return min(max(map(len, _LONG_NUMBERS.findall(skeleton)), default=0), 15)


def links(text: str) -> int:
    """How many links and how many "@" a text has, up to three of each, as one of 16 steps."""
    return min(text.count("://") + text.count("www.") + text.count("t.me/"), 3) * 4 + min(text.count("@"), 3)


def simhash(skeleton: str) -> int:
    """64 bits of which near-duplicate skeletons share most, from their 3-grams.

    Charikar, Similarity Estimation Techniques from Rounding Algorithms, STOC 2002.
    """
    if len(skeleton) < 3:
        return hash_of_short(skeleton)
    return simhash_of(np.frombuffer(skeleton.encode("utf-32-le", "surrogatepass"), dtype="<u4"))


def simhash_of(letters: Symbols) -> int:
    """The same of the code points of a skeleton of three letters or more."""
    row, step = letters.astype(np.uint64), np.uint64(STEP)
    rolling = mixed_wide((row[:-2] * step + row[1:-1]) * step + row[2:])
    counts = ones(rolling)
    return int.from_bytes(np.packbits(counts > len(rolling) // 2).tobytes(), "big")


def ones(hashes: NDArray[np.uint64]) -> NDArray[np.uint8] | NDArray[np.int64]:
    """How many of the hashes have each bit set: [64], the bits in the order of their octets in memory."""
    octets = hashes.view(np.uint8).reshape(-1, 8)
    if len(hashes) <= COUNTED:
        few: NDArray[np.uint8] = np.add.reduce(LANES.take(octets), axis=0).view(np.uint8)
        return few
    counts = np.zeros(64, dtype=np.int64)
    for start in range(0, len(hashes), COUNTED):
        counts += np.add.reduce(LANES.take(octets[start : start + COUNTED]), axis=0).view(np.uint8)
    return counts


def hash_of_short(skeleton: str) -> int:
    """64 bits for a skeleton too short for 3-grams: equal for equal ones."""
    return int.from_bytes(skeleton.encode("utf-8", "surrogatepass")[:8].ljust(8, b"\0"), "big")


def mixed(rolling: Symbols, bits: int) -> Slots:
    """The slots, in 0 .. 2^bits, that rolling hashes fall into."""
    spread = (rolling ^ (rolling >> np.uint32(15))) * MIX
    spread >>= np.uint32(32 - bits)
    return spread.view(np.int32)


def mixed_wide(rolling: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Rolling hashes of which every bit counts; the array given is used up."""
    rolling *= _WIDE_MIX
    rolling ^= rolling >> np.uint64(29)
    rolling *= _WIDE_MIX
    return rolling
