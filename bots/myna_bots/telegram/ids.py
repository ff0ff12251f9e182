"""Chat ids: a private chat is its user's id; groups, support conversations and channels are -(10^12 + conversation id)."""

from myna_bots.telegram.errors import bad

SUPERGROUP = 10**12


def chat_id(conversation: int) -> int:
    """The chat id of a group, channel or support conversation."""
    return -(SUPERGROUP + conversation)


def conversation_id(chat: int) -> int:
    """The conversation behind a negative chat id."""
    if chat > -SUPERGROUP:
        raise bad("chat not found")
    return -chat - SUPERGROUP
