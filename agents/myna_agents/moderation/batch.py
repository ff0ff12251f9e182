"""What the models see of many messages at once: the same slots and marks as one by one, a message at a tenth of the cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from myna_agents.moderation import features
from myna_agents.moderation.features import Slots, Symbols
from myna_agents.moderation.linear import PIECE_CHARS, LinearModel, is_chinese
from myna_agents.moderation.look import Look, Models
from myna_agents.moderation.near import MAX_CHARS, MIN_CHARS, mark_of
from myna_agents.moderation.normalise import Normalised
from myna_agents.moderation.sounds import heard

MOST: Final = 64
"""Messages in one pass: their number and a slot share 32 bits, and their symbols stay in the processor's cache."""
FEWEST: Final = 6
"""Fewer messages are quicker one by one (measured)."""
_TABLE_BITS: Final = 17
_TABLE: Final = np.zeros(1 << _TABLE_BITS, dtype=np.int32)
"""Scratch of `_distinct`: what it held before means nothing. Used by the event loop's thread only."""


def read(looks: Sequence[Look], models: Models) -> None:
    """Let the models read at most `MOST` messages that fit: sets the chance and mark of each."""
    if len(looks) < FEWEST:
        for look in looks:
            _read_alone(look, models)
        return
    messages = [look.message for look in looks]
    forms = Forms.of(messages)
    spam, abuse = models
    filled = fill(messages, forms, spam.bits)
    spammy, rude = chances(spam, messages, filled), [0.0] * len(messages)
    if not all(each.skeleton.isascii() for each in messages):
        rude = chances(abuse, messages, narrowed(filled, spam.bits, abuse.bits))
    for place, (look, mark) in enumerate(zip(looks, marks(messages, forms), strict=True)):
        look.mark, look.rude, look.chance = mark, rude[place], spammy[place]
        if look.taught is not None:
            look.chance = look.taught.from_slots(spam, look.message, filled.of(place))


def _read_alone(look: Look, models: Models) -> None:
    message, (spam, abuse) = look.message, models
    forms = features.Forms.of(message)
    filled = features.slots_of(forms, message, spam.bits)
    look.mark = features.simhash_of(forms.letters) if len(message.skeleton) >= MIN_CHARS else None
    if look.taught is None:
        look.chance = spam.from_slots(message, filled)
    else:
        look.chance = look.taught.from_slots(spam, message, filled)
    chinese = not message.skeleton.isascii()
    look.rude = (
        abuse.from_slots(message, features.narrowed(filled, spam.bits, abuse.bits)) if chinese else 0.0
    )


def fits(message: Normalised) -> bool:
    """Whether a message is judged as one piece, so that it can share a pass."""
    return len(message.raw) <= PIECE_CHARS and len(message.skeleton) <= MAX_CHARS and message.readable


@dataclass(frozen=True, slots=True)
class Filled:
    """The distinct slots that each of some messages fills: those that `features.slots` gives, in no order."""

    slots: Slots
    message: NDArray[np.int64]
    """Which message fills each of them."""

    def of(self, place: int) -> Slots:
        """The slots of one message, ascending."""
        return np.sort(self.slots[self.message == place])


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms of some messages in one row of symbols, as `features.Forms` has those of one."""

    row: Symbols
    alphabet: Symbols
    """What was added to each symbol for the form that it belongs to."""
    message: Symbols
    """Which message each symbol belongs to."""
    left: NDArray[np.int64]
    """How many symbols its message has from there on."""
    letters: NDArray[np.int64]
    """How many symbols the skeleton of each message has."""

    @classmethod
    def of(cls, messages: Sequence[Normalised]) -> "Forms":
        """The forms of some messages."""
        texts: list[str] = []
        sizes: list[int] = []
        for each in messages:
            ears = heard(each.skeleton)
            texts.append(f"\x02{each.raw}\x03{each.skeleton}\x03{ears}\x03")
            sizes += (len(each.raw) + 2, len(each.skeleton) + 1, len(ears) + 1)
        octets = "".join(texts).encode("utf-32-le", "surrogatepass")
        parts = np.array(sizes, dtype=np.int64)
        alphabet = np.repeat(np.tile(_ALPHABETS, len(messages)), parts)
        wholes = parts.reshape(-1, 3).sum(axis=1)
        left = np.repeat(np.cumsum(wholes), wholes) - np.arange(len(alphabet))
        message = np.repeat(np.arange(len(messages), dtype=np.uint32), wholes)
        row = np.frombuffer(octets, dtype="<u4").astype(np.uint32)
        np.putmask(row, features.folded(row) & (alphabet > 0), features.ZERO)
        row += alphabet
        return cls(row, alphabet, message, left, parts[1::3] - 1)


_ALPHABETS: Final = np.array([0, features.ALPHABET, 2 * int(features.ALPHABET)], dtype=np.uint32)


def fill(messages: Sequence[Normalised], forms: Forms, bits: int) -> Filled:
    """What `features.slots` gives for each of at most `MOST` messages; `bits` is at most 24."""
    row, alphabet, left, message = forms.row, forms.alphabet, forms.left, forms.message
    pairs = row[:-1] * features.STEP
    pairs += row[1:]
    said = np.flatnonzero((alphabet > 0) & (left > 2))  # where n-grams of meaning start
    threes = pairs[said] * features.STEP + row[said + 2]
    longer = np.flatnonzero(left[said] > 3)
    fours = threes[longer] * features.STEP + row[said[longer] + 3]
    alone = np.flatnonzero(alphabet != features.ALPHABET)
    paired = np.flatnonzero(left > 1)
    hashes = np.concatenate((row[alone], pairs[paired], threes, fours))
    places = np.concatenate((message[alone], message[paired], message[said], message[said[longer]]))
    # A message's traits come after all of its n-grams, so one bit more than the table has.
    places <<= np.uint32(bits + 1)
    places |= features.mixed(hashes, bits).view(np.uint32)
    traits = _traits(messages, forms) + np.uint32(1 << bits)
    traits |= np.arange(len(messages), dtype=np.uint32)[:, None] << np.uint32(bits + 1)
    keys = np.concatenate((places, traits.ravel()))
    return _filled(_distinct(keys), bits)


def _filled(keys: Symbols, bits: int) -> Filled:
    slots = keys & np.uint32((2 << bits) - 1)
    return Filled(slots.view(np.int32), (keys >> np.uint32(bits + 1)).astype(np.int64))


def _distinct(keys: Symbols) -> Symbols:
    """Each distinct key once. Looks them up in a table, which takes a third of what sorting takes (measured)."""
    found, rest = list[Symbols](), np.arange(len(keys), dtype=np.int32)
    left = keys
    while len(left):
        place = ((left * features.MIX) >> np.uint32(32 - _TABLE_BITS)).astype(np.intp)
        _TABLE[place] = rest
        winner = _TABLE[place]
        found.append(left[winner == rest])
        others = np.flatnonzero(keys[winner] != left)  # another key took the place: they try again
        left, rest = left[others], rest[others]
    return np.concatenate(found)


def narrowed(filled: Filled, bits: int, fewer: int) -> Filled:
    """The same in a table of 2^fewer slots."""
    slots = filled.slots
    small = np.where(slots < 1 << bits, slots >> (bits - fewer), slots - ((1 << bits) - (1 << fewer)))
    keys = small.view(np.uint32) | (filled.message << (fewer + 1)).astype(np.uint32)
    return _filled(_distinct(keys), fewer)


def chances(model: LinearModel, messages: Sequence[Normalised], filled: Filled) -> list[float]:
    """What `LinearModel.probability` gives for each message."""
    lengths = np.bincount(filled.message, minlength=len(messages))
    # Whole numbers far below 2^53: their sum is the same in any order.
    totals = np.bincount(filled.message, model.weights.take(filled.slots), minlength=len(messages))
    scores = totals * model.scale / np.sqrt(lengths) + model.bias
    return [
        (model.chinese if is_chinese(each.skeleton) else model.english).at(score)
        for each, score in zip(messages, scores.tolist(), strict=True)
    ]


def marks(messages: Sequence[Normalised], forms: Forms) -> list[int | None]:
    """What `near.mark_of` gives for each message's skeleton."""
    found: list[int | None] = [None] * len(messages)
    counted = forms.letters - 2
    plain = (forms.letters >= MIN_CHARS) & (counted <= features.COUNTED)
    # In the skeleton, with two more of its letters behind: its end is a letter of it that stands for itself.
    symbols = np.flatnonzero(forms.alphabet == features.ALPHABET)
    ends = np.repeat(np.cumsum(forms.letters + 1), forms.letters + 1) - np.arange(len(symbols))
    owner = forms.message[symbols]
    starts = symbols[(ends > 3) & plain[owner]]
    if len(starts):
        letters = forms.row.astype(np.uint64) - np.uint64(features.ALPHABET)
        step = np.uint64(features.STEP)
        hashes = features.mixed_wide(
            (letters[starts] * step + letters[starts + 1]) * step + letters[starts + 2]
        )
        which = np.flatnonzero(plain)
        sizes = counted[which]
        lanes = features.LANES[hashes.view(np.uint8).reshape(-1, 8)]
        counts = np.add.reduceat(lanes, np.cumsum(sizes) - sizes, axis=0).view(np.uint8)
        majority = counts.astype(np.int64) * 2 > sizes[:, None]
        made = np.packbits(majority, axis=1).view(">u8")[:, 0].tolist()
        for place, mark in zip(which.tolist(), made, strict=True):
            found[place] = mark
    for place in np.flatnonzero((forms.letters >= MIN_CHARS) & ~plain).tolist():
        found[place] = mark_of(messages[place].skeleton)
    return found


def _traits(messages: Sequence[Normalised], forms: Forms) -> Symbols:
    """`features.traits` of each message."""
    zeros = forms.message[forms.row == features.ALPHABET + features.ZERO]
    digits = np.bincount(zeros, minlength=len(messages))
    letters = forms.letters
    raw, altered, links, plain, number = np.array(
        [
            (
                len(m.raw),
                m.altered,
                features.links(m.text),
                m.raw.isascii(),
                features.longest_number(m.skeleton),
            )
            for m in messages
        ],
        dtype=np.int64,
    ).T
    length = np.maximum(raw, 1)
    steps = np.stack(
        (
            _bit_length(letters),
            16 * digits // (letters + 1),
            _bit_length(digits),
            16 * altered // length,
            links,
            16 * letters // (length + 1),
            8 * plain,
            number,
        ),
        axis=1,
    )
    return np.asarray(np.minimum(steps, 15) + 16 * np.arange(steps.shape[1]), dtype=np.uint32)


def _bit_length(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """`int.bit_length` of each number: the exponent of a float is exact below 2^53."""
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int64)
