"""Forum topics, ephemeral messages, inline results and what else needs a client that Myna does not have.

Myna's threads begin on a message and need no opening, so a conversation is never a forum; these answer as Telegram does
for a chat that is none.
"""

from typing import Any

from myna_bots.telegram.call import Call, method
from myna_bots.telegram.errors import bad

_TOPICS = (
    "createForumTopic",
    "editForumTopic",
    "closeForumTopic",
    "reopenForumTopic",
    "deleteForumTopic",
    "unpinAllForumTopicMessages",
    "editGeneralForumTopic",
    "closeGeneralForumTopic",
    "reopenGeneralForumTopic",
    "hideGeneralForumTopic",
    "unhideGeneralForumTopic",
)


@method(*_TOPICS)
async def topics(call: Call) -> Any:
    """The chat is no forum."""
    await call.chat()
    raise bad("the chat is not a forum")


@method("answerInlineQuery", "answerWebAppQuery", "answerChatJoinRequestQuery")
async def queries(call: Call) -> Any:
    """Such queries are never sent, so none can be answered."""
    raise bad("query is too old and response timeout expired or query ID is invalid")


@method(
    "editEphemeralMessageText",
    "editEphemeralMessageCaption",
    "editEphemeralMessageMedia",
    "editEphemeralMessageReplyMarkup",
    "deleteEphemeralMessage",
)
async def ephemeral(call: Call) -> Any:
    """Every message is in the log, so none is ephemeral."""
    await call.chat()
    raise bad("message to edit not found")


@method("sendChecklist", "editMessageChecklist")
async def checklists(call: Call) -> Any:
    """Checklists belong to business accounts, which there are none of."""
    call.params.need_text("business_connection_id")
    raise bad("BUSINESS_CONNECTION_INVALID")


@method("getManagedBotToken", "replaceManagedBotToken")
async def managed(call: Call) -> Any:
    """A bot manages no other bots."""
    call.params.need_integer("user_id")
    raise bad("BOT_NOT_MANAGED")
