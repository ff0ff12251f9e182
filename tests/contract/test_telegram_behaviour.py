"""What Telegram's methods do, as people in the conversation see it: every method that changes something changes that."""

import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from myna.deliver.relay import Relay
from support.bot_world import Caller, World, world
from support.telegram_bot import PNG, Telegram

SCOPES = ["messages:read:all", "messages:write", "messages:delete", "members:read", "members:manage", "files"]
_numbers = itertools.count(1)


def key() -> dict[str, str]:
    return {"Idempotency-Key": f"k{next(_numbers)}"}


@dataclass(slots=True)
class Shop:
    """A group of Ann's with Bob and a bot that is an administrator."""

    world: World
    ann: Caller
    bob: Caller
    place: str
    bot: Telegram

    @property
    def path(self) -> str:
        return f"/v1/conversations/{self.place}"

    async def does(self, method: str, status: int = 200, **given: Any) -> Any:
        """The result of a method in the group, or the error's words."""
        return await self.bot.call(method, status, chat_id=-(10**12 + int(self.place)), **given)

    async def shown(self, seq: int) -> dict[str, Any]:
        """A message as Ann sees it."""
        query = {"after_seq": seq - 1, "limit": 1}
        return dict((await self.ann.ask("GET", f"{self.path}/messages", params=query))["messages"][0])

    async def says(self, who: Caller, status: int = 201, **body: Any) -> Any:
        """Say something, with what is to come of it."""
        said = {"body": {"text": "hello", **body}}
        return await who.ask("POST", f"{self.path}/messages", status, json=said, headers=key())

    async def members(self) -> dict[str, str]:
        """Who is there, with their roles."""
        found = (await self.ann.ask("GET", self.path))["members"]
        return {each["user"]["id"]: each["role"] for each in found}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with world(tmp_path) as made:
        made.services.sender.throttle = None
        ann, bob = await made.person("ann"), await made.person("bob")
        place = await made.group(ann, bob.id)
        bot = await made.bot(ann, "shop_bot", scopes=SCOPES, privacy="all")
        wanted = {"scopes": SCOPES, "privacy": "all", "role": "admin"}
        await ann.ask("PUT", f"/v1/bots/{bot.id}/installations/{place}", json=wanted)
        yield Shop(made, ann, bob, place, Telegram(bot))


MEDIA = {
    "sendPhoto": "photo",
    "sendDocument": "document",
    "sendAudio": "audio",
    "sendVideo": "video",
    "sendVoice": "voice",
    "sendAnimation": "animation",
    "sendVideoNote": "video_note",
    "sendSticker": "sticker",
}
NO_CAPTION = {"sendVideoNote", "sendSticker"}


async def test_every_kind_of_file_reaches_people_and_comes_back_by_its_id(shop: Shop) -> None:
    for method, kind in MEDIA.items():
        caption: dict[str, Any] = {} if method in NO_CAPTION else {"caption": f"a {kind}"}
        sent = await shop.does(method, files={kind: (f"{kind}.png", PNG, "image/png")}, **caption)
        shown = await shop.shown(sent["message_id"])
        (file,) = shown["body"]["attachments"]
        got = await shop.ann.http.get(
            f"{shop.path}/messages/{shown['seq']}/files/{file['id']}",
            headers={"Authorization": f"Bearer {shop.ann.token}"},
        )
        assert got.content == PNG, method
        assert (f"a {kind}" in shown["body"]["text"]) is (method not in NO_CAPTION), method
        part = sent[kind][-1] if kind == "photo" else sent[kind]
        path = (await shop.bot.call("getFile", file_id=part["file_id"]))["file_path"]
        again = await shop.does(method, **{kind: part["file_id"]})
        repeated = again[kind][-1] if kind == "photo" else again[kind]
        assert repeated["file_unique_id"] == part["file_unique_id"], method
        assert (await shop.bot.bot.http.get(f"/file/bot{shop.bot.bot.token}/{path}")).content == PNG


async def test_what_has_no_file_is_words_to_people_and_an_object_to_bots(shop: Shop) -> None:
    where = {"latitude": 52.5, "longitude": 13.4}
    table: list[tuple[str, dict[str, Any], str, str]] = [
        ("sendLocation", where, "location", "52.5"),
        ("sendVenue", {**where, "title": "Shop", "address": "Street 1"}, "venue", "Street 1"),
        ("sendContact", {"phone_number": "+491", "first_name": "Eve"}, "contact", "+491"),
        ("sendDice", {}, "dice", "🎲"),
        ("sendPoll", {"question": "Tea?", "options": ["yes", "no"]}, "poll", "Tea?"),
        ("sendRichMessage", {"rich_message": {"markdown": "*rich* words"}}, "text", "words"),
    ]
    for method, given, kind, words in table:
        sent = await shop.does(method, **given)
        assert kind in sent, method
        assert words in (await shop.shown(sent["message_id"]))["body"]["text"], method
    assert 1 <= (await shop.does("sendDice"))["dice"]["value"] <= 6


async def test_what_is_edited_is_another_thing_for_everybody(shop: Shop) -> None:
    seq = (await shop.does("sendMessage", text="one"))["message_id"]
    await shop.does("editMessageText", message_id=seq, text="two")
    shown = await shop.shown(seq)
    assert (shown["body"]["text"], "edited_at" in shown) == ("two", True)
    keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]}
    await shop.does("editMessageReplyMarkup", message_id=seq, reply_markup=keyboard)
    assert (await shop.shown(seq))["body"]["buttons"][0][0]["label"] == "a"
    same = await shop.does("editMessageReplyMarkup", 400, message_id=seq, reply_markup=keyboard)
    assert "message is not modified" in same
    await shop.does("editMessageReplyMarkup", message_id=seq)
    assert not (await shop.shown(seq))["body"].get("buttons")
    photo = await shop.does("sendPhoto", caption="c", files={"photo": ("p.png", PNG, "image/png")})
    file = photo["photo"][-1]["file_id"]
    await shop.does("editMessageCaption", message_id=photo["message_id"], caption="d")
    assert "d" in (await shop.shown(photo["message_id"]))["body"]["text"]
    media = {"type": "document", "media": file, "caption": "now a document"}
    changed = await shop.does("editMessageMedia", message_id=photo["message_id"], media=media)
    assert ("document" in changed, "photo" in changed, changed["caption"]) == (True, False, "now a document")
    assert "can't be edited" in await shop.does(
        "editMessageText", 400, message_id=(await shop.says(shop.bob))["seq"], text="x"
    )
    list_ = {"title": "Buy", "tasks": [{"id": 1, "text": "milk"}]}
    sent = await shop.does("sendChecklist", business_connection_id="b", checklist=list_)
    list_["tasks"] = [{"id": 1, "text": "bread"}]
    await shop.does(
        "editMessageChecklist", business_connection_id="b", message_id=sent["message_id"], checklist=list_
    )
    text = (await shop.shown(sent["message_id"]))["body"]["text"]
    assert ("bread" in text, "milk" in text) == (True, False)


async def test_what_is_passed_on_says_whence_and_what_is_copied_does_not(shop: Shop) -> None:
    chat = -(10**12 + int(shop.place))
    first = (await shop.says(shop.bob, text="from bob"))["seq"]
    second = (await shop.says(shop.bob, text="too"))["seq"]
    forwarded = await shop.does("forwardMessage", from_chat_id=chat, message_id=first)
    assert forwarded["forward_origin"]["sender_user"]["id"] == int(shop.bob.id)
    ids = await shop.does("forwardMessages", from_chat_id=chat, message_ids=[first, second])
    ids += await shop.does("copyMessages", from_chat_id=chat, message_ids=[first, second])
    ids.append(await shop.does("copyMessage", from_chat_id=chat, message_id=first))
    bodies = [(await shop.shown(each["message_id"]))["body"] for each in ids]
    assert [each["text"] for each in bodies] == ["from bob", "too", "from bob", "too", "from bob"]
    origins = ["forward_origin" in each.get("telegram", {}) for each in bodies]
    assert origins == [True, True, False, False, False]
    await shop.does("deleteMessage", message_id=ids[0]["message_id"])
    await shop.does("deleteMessages", message_ids=[first, ids[1]["message_id"]])
    for seq in (ids[0]["message_id"], first, ids[1]["message_id"]):
        assert (await shop.shown(seq))["state"] == "recalled"
    assert "not found" in await shop.does("deleteMessage", 400, message_id=9999)


async def test_pins_and_reactions_are_there_for_everybody(shop: Shop) -> None:
    seqs = [(await shop.says(shop.bob))["seq"] for _ in range(2)]

    async def pinned() -> set[int]:
        return {each["message"]["seq"] for each in (await shop.ann.ask("GET", f"{shop.path}/pins"))["pins"]}

    for seq in seqs:
        await shop.does("pinChatMessage", message_id=seq)
    assert await pinned() == set(seqs)
    assert (await shop.does("getChat"))["pinned_message"]["message_id"] in seqs
    await shop.does("unpinChatMessage", message_id=seqs[0])
    assert await pinned() == {seqs[1]}
    await shop.does("unpinAllChatMessages")
    assert await pinned() == set()
    await shop.does("setMessageReaction", message_id=seqs[0], reaction=[{"type": "emoji", "emoji": "👍"}])
    assert "👍" in str((await shop.shown(seqs[0]))["reactions"])
    await shop.does("setMessageReaction", message_id=seqs[0], reaction=[])
    assert not (await shop.shown(seqs[0])).get("reactions")


async def test_a_member_is_muted_promoted_put_out_and_let_back_in(shop: Shop) -> None:
    bob: dict[str, Any] = {"user_id": int(shop.bob.id)}
    await shop.does("restrictChatMember", permissions={"can_send_messages": False}, **bob)
    assert (await shop.does("getChatMember", **bob))["status"] == "restricted"
    await shop.says(shop.bob, 403)
    await shop.does("restrictChatMember", permissions={"can_send_messages": True}, **bob)
    await shop.says(shop.bob)
    for rights, role, status in (
        ({"can_delete_messages": True}, "moderator", "administrator"),
        ({"can_delete_messages": False}, "member", "member"),
    ):
        await shop.does("promoteChatMember", **rights, **bob)
        assert (await shop.members())[shop.bob.id] == role
        assert (await shop.does("getChatMember", **bob))["status"] == status
    # An administrator makes no other one: only the owner does.
    higher = await shop.does("promoteChatMember", 400, can_promote_members=True, **bob)
    assert higher == "Bad Request: not enough rights to promote a chat member"
    count = await shop.does("getChatMemberCount")
    link = (await shop.does("exportChatInviteLink")).rpartition("/")[2]
    await shop.does("banChatMember", **bob)
    assert shop.bob.id not in await shop.members()
    assert await shop.does("getChatMemberCount") == count - 1
    assert (await shop.does("getChatMember", **bob))["status"] == "kicked"
    await shop.bob.ask("POST", f"/v1/invites/{link}", 403, json={})
    await shop.does("unbanChatMember", only_if_banned=True, **bob)
    assert (await shop.does("getChatMember", **bob))["status"] == "left"
    await shop.bob.ask("POST", f"/v1/invites/{link}", json={})
    assert shop.bob.id in await shop.members()
    admins = {each["user"]["id"] for each in await shop.does("getChatAdministrators")}
    assert admins == {int(shop.ann.id), int(shop.bot.bot.id)}
    await shop.does("setChatPermissions", permissions={"can_invite_users": False})
    eve = await shop.world.person("eve")
    await shop.bob.ask("POST", f"{shop.path}/members", 403, json={"users": [eve.id]})
    await shop.does("setChatPermissions", permissions={"can_invite_users": True})
    await shop.bob.ask("POST", f"{shop.path}/members", json={"users": [eve.id]})
    await shop.does("leaveChat")
    assert shop.bot.bot.id not in await shop.members()
    assert "Forbidden: bot is not a member" in await shop.does("sendMessage", 403, text="x")


async def test_a_link_lets_in_as_many_as_it_says_until_it_ends(shop: Shop) -> None:
    made = await shop.does("createChatInviteLink", member_limit=1, expire_date=int(time.time()) + 3600)
    code = made["invite_link"].rpartition("/")[2]
    assert (made["member_limit"], made["creates_join_request"]) == (1, False)
    people = [await shop.world.person(f"guest{n}", None) for n in range(3)]
    await people[0].ask("POST", f"/v1/invites/{code}", json={})
    assert people[0].id in await shop.members()
    refused = await people[1].http.post(
        f"/v1/invites/{code}", json={}, headers={"Authorization": f"Bearer {people[1].token}"}
    )
    assert 400 <= refused.status_code < 500
    changed = await shop.does("editChatInviteLink", invite_link=made["invite_link"], member_limit=5)
    other = changed["invite_link"].rpartition("/")[2]
    await people[1].ask("POST", f"/v1/invites/{other}", json={})
    ended = await shop.does("revokeChatInviteLink", invite_link=changed["invite_link"])
    assert ended["is_revoked"] is True
    refused = await people[2].http.post(
        f"/v1/invites/{other}", json={}, headers={"Authorization": f"Bearer {people[2].token}"}
    )
    assert 400 <= refused.status_code < 500
    assert {each.id in await shop.members() for each in people[:2]} == {True}
    assert people[2].id not in await shop.members()


OWN: list[tuple[str, dict[str, Any], str, Any, Any]] = [
    ("setMyName", {"name": "Shop helper"}, "getMyName", {"name": "Shop helper"}, None),
    (
        "setMyDescription",
        {"description": "Sells tea"},
        "getMyDescription",
        {"description": "Sells tea"},
        None,
    ),
    (
        *("setMyShortDescription", {"short_description": "Tea"}),
        *("getMyShortDescription", {"short_description": "Tea"}, None),
    ),
    (
        *("setMyCommands", {"commands": [{"command": "tea", "description": "Order tea"}]}),
        *("getMyCommands", [{"command": "tea", "description": "Order tea"}], None),
    ),
    ("deleteMyCommands", {}, "getMyCommands", [], None),
    (
        *("setChatMenuButton", {"menu_button": {"type": "commands"}}),
        *("getChatMenuButton", {"type": "commands"}, None),
    ),
]


async def test_what_a_bot_says_of_itself_is_what_it_is_told_again(shop: Shop) -> None:
    for method, given, asked, expected, _ in OWN:
        assert await shop.bot.call(method, **given) is True
        assert await shop.bot.call(asked) == expected, method
    assert (await shop.bot.call("getMe"))["first_name"] == "Shop helper"
    await shop.bot.call("setMyDefaultAdministratorRights", rights={"can_delete_messages": True})
    assert (await shop.bot.call("getMyDefaultAdministratorRights"))["can_delete_messages"] is True
    assert (await shop.bot.call("getMe"))["supports_inline_queries"] is False
    await shop.ann.ask("PATCH", f"/v1/bots/{shop.bot.bot.id}", json={"inline": "Tea by name"})
    assert (await shop.bot.call("getMe"))["supports_inline_queries"] is True


async def test_a_draft_is_seen_while_it_is_made_and_typing_while_it_is_not(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    signal = Relay.signal

    async def heard(relay: Relay, frame: Any) -> None:
        told.append(str(frame))
        await signal(relay, frame)

    monkeypatch.setattr(Relay, "signal", heard)
    await shop.does("sendChatAction", action="typing")
    assert "typing" in told[-1]
    await shop.does("sendMessageDraft", draft_id=5, text="in the ma")
    assert any("in the ma" in each for each in told[1:])
    sent = await shop.does("sendMessage", text="in the making")
    shown = await shop.shown(sent["message_id"])
    assert (shown["state"], shown["body"]["text"]) == ("sent", "in the making")
