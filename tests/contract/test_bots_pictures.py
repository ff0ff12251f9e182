"""A bot's picture and the files of its messages: who sets them, who sees them, and addresses that need no token."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.bot_world import Caller, World, world
from support.telegram_bot import PNG, Telegram


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def ann(shop: World) -> Caller:
    return await shop.person("ann")


async def test_a_bots_picture_is_set_shown_and_taken_away(shop: World, ann: Caller) -> None:
    bob, bot = await shop.person("bob", None), await shop.bot(ann)
    path = f"/v1/bots/{bot.id}/photo"
    await bob.ask("GET", path, 404)
    await ann.ask("PUT", path, 204, content=PNG)
    assert (await ann.ask("GET", f"/v1/bots/{bot.id}"))["bot"]["photo"] is True
    headers = {"Authorization": f"Bearer {bob.token}"}
    shown = await shop.http.get(path, headers=headers)
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    ticket = await bob.ask("POST", f"{path}/ticket")
    assert (await shop.http.get(ticket["url"])).content == PNG
    assert (await shop.http.get(path, params={"ticket": "x" * 20})).status_code in {401, 403, 404}
    assert (await shop.http.get(path)).status_code == 401
    # Telegram's methods show the same picture.
    photos = await Telegram(bot).call("getUserProfilePhotos", user_id=int(bot.id))
    assert photos["total_count"] == 1
    await bob.ask("PUT", path, 403, content=PNG)
    await ann.ask("DELETE", path, 204)
    await ann.ask("POST", f"{path}/ticket", 404)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "no_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400, "no_picture"),
        (PNG[:20], 400, "no_picture"),
        (PNG + bytes(2 * 1024 * 1024), 413, "too_large"),
    ],
)
async def test_what_is_no_picture_changes_nothing(
    shop: World, ann: Caller, content: bytes, status: int, code: str
) -> None:
    bot = await shop.bot(ann)
    refused = await ann.ask("PUT", f"/v1/bots/{bot.id}/photo", status, content=content)
    assert refused["code"] == code
    assert (await ann.ask("GET", f"/v1/bots/{bot.id}"))["bot"]["photo"] is False


async def test_a_bots_file_is_for_those_who_may_read_its_message(shop: World, ann: Caller) -> None:
    bob, eve = await shop.person("bob"), await shop.person("eve")
    place = await shop.group(ann, bob.id)
    bot = Telegram(await shop.installed(ann, place))
    chat = -(10**12 + int(place))
    sent = await bot.call(
        "sendDocument", chat_id=chat, files={"document": ("a b.txt", b"hello", "text/plain")}
    )
    seq = sent["message_id"]
    message = (await ann.ask("GET", f"/v1/conversations/{place}/messages"))["messages"][-1]
    (file,) = message["body"]["attachments"]
    assert (file["name"], file["size"]) == ("a b.txt", 5)
    path = f"/v1/conversations/{place}/messages/{seq}/files/{file['id']}"
    got = await shop.http.get(path, headers={"Authorization": f"Bearer {bob.token}"})
    assert (got.content, got.headers["content-type"]) == (b"hello", "application/octet-stream")
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20b.txt"
    ticket = await bob.ask("POST", f"{path}/ticket")
    assert ticket["thumbnail_url"] is None
    assert (await shop.http.get(ticket["url"])).content == b"hello"
    await eve.ask("GET", path, 404)
    await eve.ask("POST", f"{path}/ticket", 404)
    await bob.ask("GET", path.replace(file["id"], f"f{'0' * len(file['id'][1:])}"), 404)
    # The ticket is for this file and for whoever may still read the message.
    photo = await bot.call("sendPhoto", chat_id=chat, files={"photo": ("p.png", PNG, "image/png")})
    other = (await ann.ask("GET", f"/v1/conversations/{place}/messages"))["messages"][-1]
    shown = f"/v1/conversations/{place}/messages/{photo['message_id']}/files/{other['body']['attachments'][0]['id']}"
    assert (await bob.ask("POST", f"{shown}/ticket"))["thumbnail_url"]
    assert (await shop.http.get(f"{shown}?{ticket['url'].partition('?')[2]}")).status_code == 401
    await ann.ask("DELETE", f"/v1/conversations/{place}/members/{bob.id}", 204)
    assert (await shop.http.get(ticket["url"])).status_code == 404
