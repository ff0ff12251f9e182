"""Every method that the surface is to have, called as bots call it; what comes back fits aiogram's newest models."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from myna_bots.telegram.call import METHODS
from myna_bots.telegram.dispatch import MODULES
from myna_bots.telegram.names import UNSUPPORTED
from support.backends import shared_data_dir
from support.bot_world import Caller, World, world
from support.telegram_bot import PNG, Telegram

SCOPES = ["messages:read:all", "messages:write", "messages:delete", "members:read", "members:manage", "files"]
OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
REFUSED = {
    "answerWebAppQuery": OLD,
    "banChatSenderChat": "Bad Request: SENDER_CHAT_INVALID",
    "unbanChatSenderChat": "Bad Request: SENDER_CHAT_INVALID",
    "getManagedBotToken": "Bad Request: BOT_NOT_MANAGED",
    "replaceManagedBotToken": "Bad Request: BOT_NOT_MANAGED",
}
"""Methods whose object cannot exist here: a query of a mini app, a chat that speaks, a bot that another one manages."""
_numbers = itertools.count(1)


@pytest.fixture
async def shop(tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    async with world(tmp_path, database_url) as made:
        yield made


async def installed(shop: World, ann: Caller, place: str, handle: str = "shop_bot") -> Telegram:
    bot = await shop.bot(ann, handle, scopes=SCOPES, privacy="all")
    wanted = {"scopes": SCOPES, "privacy": "all", "role": "admin"}
    await ann.ask("PUT", f"/v1/bots/{bot.id}/installations/{place}", json=wanted)
    return Telegram(bot)


def key() -> dict[str, str]:
    return {"Idempotency-Key": f"k{next(_numbers)}"}


async def _messages(bot: Telegram, chat: int, file: str, seq: int) -> None:
    """What is said, shown, changed, passed on and taken back."""
    here: dict[str, Any] = {"chat_id": chat}
    sent = (await bot.call("sendMessage", text="one", **here))["message_id"]
    for method, kind in (
        *(
            ("sendDocument", "document"),
            ("sendAudio", "audio"),
            ("sendVideo", "video"),
            ("sendVoice", "voice"),
        ),
        *(("sendAnimation", "animation"), ("sendVideoNote", "video_note"), ("sendSticker", "sticker")),
    ):
        given: dict[str, Any] = {kind: file}
        await bot.call(method, **here, **given)
    await bot.call("sendMediaGroup", media=[{"type": "photo", "media": file}] * 2, **here)
    await bot.call("sendChatAction", action="typing", **here)
    await bot.call("sendRichMessage", rich_message={"markdown": "rich"}, **here)
    await bot.call("sendRichMessageDraft", draft_id=4, rich_message={"html": "in the ma"}, **here)
    await bot.call("sendMessage", text="in the making", **here)
    await bot.call("sendMessageDraft", draft_id=5, text="o", **here)
    await bot.call("sendMessage", text="once", **here)
    place: dict[str, Any] = {"latitude": 52.5, "longitude": 13.4}
    await bot.call("sendLocation", **place, **here)
    await bot.call("sendVenue", title="Shop", address="Street 1", **place, **here)
    await bot.call("sendContact", phone_number="+491", first_name="Ann", **here)
    await bot.call("sendDice", **here)
    poll = await bot.call("sendPoll", question="Tea?", options=["yes", "no"], **here)
    await bot.call("stopPoll", message_id=poll["message_id"], **here)
    await bot.call("forwardMessage", from_chat_id=chat, message_id=seq, **here)
    await bot.call("forwardMessages", from_chat_id=chat, message_ids=[seq], **here)
    copied = await bot.call("copyMessage", from_chat_id=chat, message_id=seq, **here)
    copies = await bot.call("copyMessages", from_chat_id=chat, message_ids=[seq], **here)
    await bot.call("editMessageText", message_id=sent, text="two", **here)
    keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]}
    await bot.call("editMessageReplyMarkup", message_id=sent, reply_markup=keyboard, **here)
    photo = (await bot.call("sendPhoto", photo=file, caption="c", **here))["message_id"]
    await bot.call("editMessageCaption", message_id=photo, caption="d", **here)
    await bot.call("editMessageMedia", message_id=photo, media={"type": "document", "media": file}, **here)
    heart = [{"type": "emoji", "emoji": "❤"}]
    await bot.call("setMessageReaction", message_id=seq, reaction=heart, **here)
    await bot.call("deleteMessage", message_id=copied["message_id"], **here)
    await bot.call("deleteMessages", message_ids=[copies[0]["message_id"]], **here)
    tasks = [{"id": 1, "text": "milk"}, {"id": 2, "text": "bread"}]
    list_ = {"business_connection_id": "none", "checklist": {"title": "Buy", "tasks": tasks}, **here}
    checklist = (await bot.call("sendChecklist", **list_))["message_id"]
    list_["checklist"] = {"title": "Buy", "tasks": tasks[:1]}
    await bot.call("editMessageChecklist", message_id=checklist, **list_)
    for method in ("pinChatMessage", "unpinChatMessage"):
        await bot.call(method, message_id=seq, **here)
    await bot.call("unpinAllChatMessages", **here)


async def _chat(bot: Telegram, chat: int, file: str, ann: int, bob: int) -> None:
    """The chat, its members and its links."""
    here: dict[str, Any] = {"chat_id": chat}
    them: dict[str, Any] = {"user_id": bob, **here}
    for method in ("getChatAdministrators", "getChatMemberCount"):
        await bot.call(method, **here)
    await bot.call("restrictChatMember", permissions={"can_send_messages": False}, **them)
    await bot.call("restrictChatMember", permissions={"can_send_messages": True}, **them)
    await bot.call("setChatMemberTag", tag="guest", **them)
    assert (await bot.call("getChatMember", **them))["tag"] == "guest"
    await bot.call("promoteChatMember", can_delete_messages=True, **them)
    await bot.call("setChatAdministratorCustomTitle", custom_title="Boss", **them)
    assert (await bot.call("getChatMember", **them))["custom_title"] == "Boss"
    await bot.call("promoteChatMember", can_delete_messages=False, **them)
    await bot.call("setChatPermissions", permissions={"can_invite_users": True}, **here)
    await bot.call("setChatTitle", title="Renamed", **here)
    await bot.call("setChatDescription", description="All about tea", **here)
    await bot.call("setChatPhoto", files={"photo": ("p.png", PNG, "image/png")}, **here)
    full = await bot.call("getChat", **here)
    assert (full["title"], full["description"], "photo" in full) == ("Renamed", "All about tea", True)
    await bot.call("deleteChatPhoto", **here)
    assert "photo" not in await bot.call("getChat", **here)
    await bot.call("exportChatInviteLink", **here)
    link = await bot.call("createChatInviteLink", name="two", member_limit=2, **here)
    link = await bot.call("editChatInviteLink", invite_link=link["invite_link"], member_limit=3, **here)
    await bot.call("revokeChatInviteLink", invite_link=link["invite_link"], **here)
    await bot.call("banChatMember", **them)
    await bot.call("unbanChatMember", **them)
    await bot.call("setMyProfilePhoto", photo={"type": "static", "photo": file})
    own = await bot.call("getUserProfilePhotos", user_id=int(bot.bot.id))
    assert own["total_count"] == 1
    await bot.call("removeMyProfilePhoto")
    assert (await bot.call("getUserProfilePhotos", user_id=int(bot.bot.id)))["total_count"] == 0
    assert ann != bob


async def _topics(bot: Telegram, chat: int, ann: Caller, place: str) -> None:
    """A topic from its beginning to its end."""
    here: dict[str, Any] = {"chat_id": chat}
    await bot.call("getForumTopicIconStickers")
    topic = await bot.call("createForumTopic", name="Tea", **here)
    inside: dict[str, Any] = {"message_thread_id": topic["message_thread_id"], **here}
    said = await bot.call("sendMessage", text="green?", **inside)
    assert (said["message_thread_id"], said["is_topic_message"]) == (topic["message_thread_id"], True)
    await bot.call("pinChatMessage", message_id=said["message_id"], **here)
    await bot.call("editForumTopic", name="Green tea", **inside)
    shown = (await ann.ask("GET", f"/v1/conversations/{place}/about"))["topics"]
    assert shown[str(topic["message_thread_id"])]["name"] == "Green tea"
    await bot.call("closeForumTopic", **inside)
    await bot.call("closeForumTopic", 400, **inside)
    await bot.call("reopenForumTopic", **inside)
    await bot.call("unpinAllForumTopicMessages", **inside)
    assert "pinned_message" not in await bot.call("getChat", **here)
    await bot.call("editGeneralForumTopic", name="Everything else", **here)
    for method in ("close", "reopen", "hide", "unhide"):
        await bot.call(f"{method}GeneralForumTopic", **here)
    await bot.call("unpinAllGeneralForumTopicMessages", **here)
    await bot.call("deleteForumTopic", **inside)
    gone = await bot.call("sendMessage", 400, text="x", **inside)
    assert gone == "Bad Request: message thread not found"


async def _own(bot: Telegram) -> None:
    """What the bot says of itself."""
    await bot.call("getMe")
    await bot.call("getWebhookInfo")
    await bot.call("setMyCommands", commands=[{"command": "tea", "description": "Tea"}])
    await bot.call("getMyCommands")
    await bot.call("deleteMyCommands")
    for name in ("Name", "Description", "ShortDescription"):
        field = {"Name": "name", "Description": "description"}.get(name, "short_description")
        given: dict[str, Any] = {field: "Words"}
        await bot.call(f"setMy{name}", **given)
        await bot.call(f"getMy{name}")
    await bot.call("setChatMenuButton", menu_button={"type": "commands"})
    await bot.call("getChatMenuButton")
    await bot.call("setMyDefaultAdministratorRights", rights={"can_delete_messages": True})
    await bot.call("getMyDefaultAdministratorRights")
    await bot.call("setWebhook", url="http://127.0.0.1:9/hook")
    await bot.call("deleteWebhook")
    for method in ("logOut", "close"):
        await bot.call(method)


async def _requests(shop: World, bot: Telegram, chat: int, ann: Caller) -> None:
    """Three people ask to be let in: by method, by method, by the query."""
    link = await bot.call("createChatInviteLink", chat_id=chat, creates_join_request=True)
    code = link["invite_link"].rpartition("/")[2]
    for method in ("approveChatJoinRequest", "declineChatJoinRequest", "answerChatJoinRequestQuery"):
        who = await shop.person(f"asker{next(_numbers)}", None)
        await who.ask("POST", f"/v1/invites/{code}", json={"note": "let me in"})
        request = (await _next(bot, "chat_join_request"))["chat_join_request"]
        assert (request["from"]["id"], request["bio"]) == (int(who.id), "let me in")
        if method.startswith("answer"):
            query = {"chat_join_request_query_id": request["query_id"], "result": "approve"}
            await bot.call(method, **query)
        else:
            await bot.call(method, chat_id=chat, user_id=int(who.id))
        inside = (await bot.call("getChatMember", chat_id=chat, user_id=int(who.id)))["status"]
        assert inside == ("left" if method.startswith("decline") else "member")


async def _next(bot: Telegram, kind: str) -> dict[str, Any]:
    """The next update of a kind; those before it are confirmed."""
    kinds = ["message", "chat_join_request", "message_reaction", "poll", "poll_answer", "callback_query"]
    kinds += ["inline_query", "chosen_inline_result", "my_chat_member", "chat_member"]
    while True:
        (update,) = await bot.updates(allowed_updates=kinds, limit=1)
        if kind in update:
            return update


async def _reactions(bot: Telegram, chat: int, ann: Caller, place: str) -> None:
    """Somebody reacts; the bot hears it and takes it off."""
    seq = (await bot.call("sendMessage", chat_id=chat, text="nice?"))["message_id"]
    for method in ("deleteMessageReaction", "deleteAllMessageReactions"):
        path = f"/v1/conversations/{place}/messages/{seq}/reactions/👍"
        await ann.ask("PUT", path, headers=key())
        put = (await _next(bot, "message_reaction"))["message_reaction"]
        assert (put["message_id"], put["user"]["id"]) == (seq, int(ann.id))
        assert (put["old_reaction"], put["new_reaction"]) == ([], [{"type": "emoji", "emoji": "👍"}])
        given = {"chat_id": chat, "user_id": int(ann.id)}
        if method == "deleteMessageReaction":
            given["message_id"] = seq
        await bot.call(method, **given)
        off = (await _next(bot, "message_reaction"))["message_reaction"]
        assert off["new_reaction"] == []


async def _click(bot: Telegram, chat: int, ann: Caller, place: str) -> None:
    keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]}
    sent = await bot.call("sendMessage", chat_id=chat, text="choose", reply_markup=keyboard)
    path = f"/v1/conversations/{place}/messages/{sent['message_id']}/actions"
    await ann.ask("POST", path, 202, json={"action": "telegram", "value": "a"}, headers=key())
    query = (await _next(bot, "callback_query"))["callback_query"]
    await bot.call("answerCallbackQuery", callback_query_id=query["id"])


async def _inline(bot: Telegram, ann: Caller, place: str) -> None:
    """Somebody asks the bot for something to send, and sends it."""
    path = f"/v1/conversations/{place}/inline"
    asked = asyncio.create_task(ann.ask("POST", path, json={"bot": "@shop_bot", "query": "tea"}))
    query = (await _next(bot, "inline_query"))["inline_query"]
    assert (query["query"], query["from"]["id"]) == ("tea", int(ann.id))
    content = {"message_text": "<b>Green</b> tea", "parse_mode": "HTML"}
    article = {"type": "article", "id": "1", "title": "Green", "input_message_content": content}
    venue = {"type": "venue", "id": "2", "latitude": 1, "longitude": 2, "title": "Shop", "address": "Street"}
    await bot.call("answerInlineQuery", inline_query_id=query["id"], results=[article, venue])
    found = await asked
    assert [each["title"] for each in found["results"]] == ["Green", "Shop"]
    choice = {"query": found["id"], "result": "1"}
    sent = await ann.ask("POST", f"{path}/choice", 201, json=choice, headers=key())
    (said,) = (
        await ann.ask(
            "GET", f"/v1/conversations/{place}/messages", params={"after_seq": sent["seq"] - 1, "limit": 1}
        )
    )["messages"]
    assert (said["sender"], said["body"]["text"]) == (ann.id, "Green tea")
    assert said["body"]["entities"][0]["type"] == "bold"
    chosen = (await _next(bot, "chosen_inline_result"))["chosen_inline_result"]
    assert (chosen["result_id"], chosen["query"]) == ("1", "tea")


async def _alone(bot: Telegram, chat: int, ann: Caller, place: str, file: str) -> None:
    """Something that one member alone sees: it stands in no log."""
    before = len((await ann.ask("GET", f"/v1/conversations/{place}/messages"))["messages"])
    here: dict[str, Any] = {"chat_id": chat, "receiver_user_id": int(ann.id)}
    sent = await bot.call("sendPhoto", photo=file, caption="psst", **here)
    assert (sent["message_id"], sent["receiver_user"]["id"]) == (0, int(ann.id))
    here["ephemeral_message_id"] = sent["ephemeral_message_id"]
    await bot.call("editEphemeralMessageCaption", caption="pssst", **here)
    await bot.call("editEphemeralMessageMedia", media={"type": "document", "media": file}, **here)
    await bot.call("editEphemeralMessageText", text="never mind", **here)
    keyboard = {"inline_keyboard": [[{"text": "a", "url": "https://example.org"}]]}
    await bot.call("editEphemeralMessageReplyMarkup", reply_markup=keyboard, **here)
    await bot.call("deleteEphemeralMessage", **here)
    assert "not found" in await bot.call("deleteEphemeralMessage", 400, **here)
    assert len((await ann.ask("GET", f"/v1/conversations/{place}/messages"))["messages"]) == before


async def _refused(bot: Telegram, chat: int) -> None:
    for method, expected in REFUSED.items():
        given = {"chat_id": chat, "sender_chat_id": -5, "user_id": 7, "web_app_query_id": "1"}
        assert await bot.call(method, 400, **given) == expected


@pytest.mark.needs("bot-libraries")
async def test_every_method_does_what_it_says(shop: World) -> None:
    ann, bob = await shop.person("ann"), await shop.person("bob")
    shop.services.sender.throttle = None
    place = await shop.group(ann, bob.id)
    bot, chat = await installed(shop, ann, place), -(10**12 + int(place))
    await _next(bot, "my_chat_member")
    seq = await ann.says(place, "hello")
    sent = await bot.call("sendPhoto", chat_id=chat, files={"photo": ("p.png", PNG, "image/png")})
    file = sent["photo"][-1]["file_id"]
    await bot.call("getFile", file_id=file)
    await _messages(bot, chat, file, seq)
    await _chat(bot, chat, file, int(ann.id), int(bob.id))
    await _topics(bot, chat, ann, place)
    await _own(bot)
    await _requests(shop, bot, chat, ann)
    await _reactions(bot, chat, ann, place)
    await _click(bot, chat, ann, place)
    await _inline(bot, ann, place)
    await _alone(bot, chat, ann, place, file)
    await _refused(bot, chat)
    await bot.call("leaveChat", chat_id=chat)
    done = {each["method"].lower() for each in bot.seen if each["body"].get("ok")}
    named = {each.lower() for each in REFUSED}
    assert METHODS.keys() - done - named == {"kickchatmember", "getchatmemberscount"}
    bot.check()


async def test_votes_are_counted_once_and_told(shop: World) -> None:
    ann, bob = await shop.person("ann"), await shop.person("bob")
    place = await shop.group(ann, bob.id)
    bot, chat = await installed(shop, ann, place), -(10**12 + int(place))
    sent = await bot.call(
        "sendPoll", chat_id=chat, question="Tea?", options=["yes", "no"], is_anonymous=False
    )
    path = f"/v1/conversations/{place}/messages/{sent['message_id']}/actions"

    async def vote(who: Caller, value: str, status: int = 202, headers: dict[str, str] | None = None) -> Any:
        return await who.ask(
            "POST", path, status, json={"action": "poll", "value": value}, headers=headers or key()
        )

    again = key()
    await vote(ann, "0", headers=again)
    assert (await vote(ann, "0", headers=again))["duplicate"]
    answer = (await _next(bot, "poll_answer"))["poll_answer"]
    assert (answer["user"]["id"], answer["option_ids"]) == (int(ann.id), [0])
    state = (await _next(bot, "poll"))["poll"]
    assert ([each["voter_count"] for each in state["options"]], state["total_voter_count"]) == ([1, 0], 1)
    await vote(bob, "1")
    await vote(ann, "1")
    while (state := (await _next(bot, "poll"))["poll"])["options"][1]["voter_count"] != 2:
        pass
    assert ([each["voter_count"] for each in state["options"]], state["total_voter_count"]) == ([0, 2], 2)
    shown = (await ann.ask("GET", f"/v1/conversations/{place}/messages"))["messages"]
    labels = [row[0]["label"] for each in shown for row in each["body"].get("buttons", [])]
    assert labels == ["yes", "no · 2"]
    await vote(ann, "7", 400)
    closed = await bot.call("stopPoll", chat_id=chat, message_id=sent["message_id"])
    assert (closed["total_voter_count"], closed["is_closed"]) == (2, True)
    await vote(ann, "0", 409)
    ended = (await _next(bot, "poll"))["poll"]
    assert (ended["is_closed"], ended["total_voter_count"]) == (True, 2)
    bot.check()


async def test_a_poll_ends_by_itself_and_the_bot_is_told_once(shop: World) -> None:
    ann = await shop.person("ann")
    place = await shop.group(ann)
    bot, chat = await installed(shop, ann, place), -(10**12 + int(place))
    given: dict[str, Any] = {"chat_id": chat, "question": "Tea?", "options": ["yes", "no"], "open_period": 1}
    sent = await bot.call("sendPoll", **given)
    assert not sent["poll"]["is_closed"]
    ended = (await _next(bot, "poll"))["poll"]
    assert (ended["id"], ended["is_closed"]) == (sent["poll"]["id"], True)
    (shown,) = (await ann.ask("GET", f"/v1/conversations/{place}/messages"))["messages"]
    assert "buttons" not in shown["body"] or shown["body"]["buttons"] == []
    again = await bot.call("stopPoll", 400, chat_id=chat, message_id=sent["message_id"])
    assert again == "Bad Request: poll has already been closed"
    principal = await shop.bots.registry.principal_of(int(bot.bot.id))
    await shop.bots.polls.closed(principal, {"conversation": place, "seq": sent["message_id"]})
    told = [each.type for each in await shop.bots.log.entries(int(bot.bot.id), 0, 100)]
    assert told.count("poll.changed") == 1
    bot.check()


async def test_a_closed_topic_is_closed_to_people_too(shop: World) -> None:
    ann, bob = await shop.person("ann"), await shop.person("bob")
    place = await shop.group(ann, bob.id)
    bot, chat = await installed(shop, ann, place), -(10**12 + int(place))
    topic = await bot.call("createForumTopic", chat_id=chat, name="Tea")
    inside = {"chat_id": chat, "message_thread_id": topic["message_thread_id"]}

    async def says(who: Caller, status: int) -> Any:
        said = {"body": {"text": "in the topic"}, "thread": topic["message_thread_id"]}
        path = f"/v1/conversations/{place}/messages"
        return await who.ask("POST", path, status, json=said, headers=key())

    await says(bob, 201)
    await bot.call("closeForumTopic", **inside)
    assert (await says(bob, 403))["code"] == "topic_closed"
    await says(ann, 201)
    await bob.says(place, "outside")
    await bot.call("reopenForumTopic", **inside)
    await says(bob, 201)


async def test_a_closed_or_hidden_general_topic_is_closed_to_all_who_do_not_run_the_group(
    shop: World,
) -> None:
    ann, bob = await shop.person("ann"), await shop.person("bob")
    place = await shop.group(ann, bob.id)
    bot, chat = await installed(shop, ann, place), -(10**12 + int(place))
    topic = await bot.call("createForumTopic", chat_id=chat, name="Tea")
    await bob.says(place, "while it is open")

    async def refused() -> None:
        said = {"body": {"text": "outside"}}
        path = f"/v1/conversations/{place}/messages"
        assert (await bob.ask("POST", path, 403, json=said, headers=key()))["code"] == "topic_closed"
        said["thread"] = topic["message_thread_id"]
        await bob.ask("POST", path, 201, json=said, headers=key())
        await ann.says(place, "I run it")

    await bot.call("closeGeneralForumTopic", chat_id=chat)
    await refused()
    again = await bot.call("closeGeneralForumTopic", 400, chat_id=chat)
    assert again == "Bad Request: TOPIC_NOT_MODIFIED"
    await bot.call("reopenGeneralForumTopic", chat_id=chat)
    await bob.says(place, "open again")
    await bot.call("hideGeneralForumTopic", chat_id=chat)
    await refused()
    await bot.call("reopenGeneralForumTopic", chat_id=chat)
    about = await ann.ask("GET", f"/v1/conversations/{place}/about")
    assert about["general"] == {"closed": False, "hidden": False}
    await bob.says(place, "and shown")


async def test_a_question_without_an_answer_and_a_foreign_result_are_refused(shop: World) -> None:
    ann, bob = await shop.person("ann"), await shop.person("bob")
    place = await shop.group(ann, bob.id)
    bot = await installed(shop, ann, place)
    path = f"/v1/conversations/{place}/inline"
    await ann.ask("POST", path, 404, json={"bot": "nobody_bot"})
    asked = asyncio.create_task(ann.ask("POST", path, json={"bot": "shop_bot"}))
    query = (await _next(bot, "inline_query"))["inline_query"]
    nothing = [{"type": "article", "id": "1"}]
    refused = await bot.call("answerInlineQuery", 400, inline_query_id=query["id"], results=nothing)
    assert refused.startswith("Bad Request: RESULT_TYPE_INVALID")
    content = {"message_text": "hi"}
    result = {"type": "article", "id": "1", "title": "t", "input_message_content": content}
    twice = await bot.call("answerInlineQuery", 400, inline_query_id=query["id"], results=[result, result])
    assert twice == "Bad Request: RESULT_ID_DUPLICATE"
    await bot.call("answerInlineQuery", inline_query_id=query["id"], results=[result])
    found = await asked
    choice = {"query": found["id"], "result": "1"}
    await bob.ask("POST", f"{path}/choice", 404, json=choice, headers=key())
    await ann.ask("POST", f"{path}/choice", 404, json={**choice, "result": "2"}, headers=key())
    assert await bot.call("answerInlineQuery", 400, inline_query_id="999", results=[result]) == OLD


@pytest.mark.needs("shared-data")
def test_the_surface_is_the_schemas() -> None:
    folder = shared_data_dir()
    assert folder is not None
    file = folder.parent / "reference" / "botapi-schema.json"
    if not file.exists():
        pytest.skip("no schema of the Bot API beside the shared data")
    tiers: dict[str, set[str]] = {}
    for name, each in json.loads(file.read_text())["methods"].items():
        tiers.setdefault(each["tier"], set()).add(name.lower())
    served = tiers.pop("must") | tiers.pop("should")
    assert len(MODULES) > 5
    assert served - METHODS.keys() == set()
    (others,) = tiers.values()
    assert others == UNSUPPORTED
