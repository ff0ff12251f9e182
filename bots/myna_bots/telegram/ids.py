"""Chat ids: a private chat is its user's id; groups, support conversations and channels are -(10^12 + conversation id).

A message id is the message's seq. Telegram's messages have one file each, so the further files of a message are messages of an
album with ids of their own, far beyond every seq and below 2^31: seq + number of the file · `ALBUM_STEP`.
"""

from myna_bots.telegram.errors import bad

SUPERGROUP = 10**12
ALBUM_STEP = 200_000_000


def chat_id(conversation: int) -> int:
    """The chat id of a group, channel or support conversation."""
    return -(SUPERGROUP + conversation)


def conversation_id(chat: int) -> int:
    """The conversation behind a negative chat id."""
    if chat > -SUPERGROUP:
        raise bad("chat not found")
    return -chat - SUPERGROUP


def message_id(seq: int, part: int) -> int:
    """The id of a message's file, from 0."""
    return seq + part * ALBUM_STEP


def seq_of(id_: int) -> int:
    """The message that an id is of, or of one of whose files."""
    return id_ % ALBUM_STEP if id_ > 0 else id_
