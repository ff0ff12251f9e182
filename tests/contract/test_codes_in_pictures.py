"""QR codes in pictures: read when a picture arrives, shown with it, and judged with the message that carries it."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from myna_agents.moderation import LayeredModerator, Lists
from support.api_world import ANN, GROUP, OPA, World, world

INVITATION = "https://u.wechat.com/EAbcdefghijk"


def with_code(said: str, *, scale: int = 4) -> bytes:
    code: Any = zxingcpp.create_barcode(said, zxingcpp.BarcodeFormat.QRCode)
    drawn = Image.fromarray(np.asarray(code.to_image(scale=scale)))
    photo = Image.effect_noise((900, 700), 30).convert("RGB")
    photo.paste(drawn.convert("RGB"), (200, 150))
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=85)
    return out.getvalue()


@pytest.fixture
async def filtered(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    moderator = LayeredModerator(lists=Lists(deny_hosts=frozenset({"casino.example"})))
    async with world(database_url, tmp_path, moderator=moderator) as made:
        yield made


async def uploaded(app: World, data: bytes) -> dict[str, object]:
    begun = await app.ask(ANN, "POST", "/files", 201, json={"name": "code.jpg", "size": len(data)})
    sent: dict[str, object] = await app.ask(
        ANN, "PATCH", f"/files/{begun['id']}", 200, content=data, headers={"Upload-Offset": "0"}
    )
    return sent


async def send(app: World, file: dict[str, object], status: int) -> dict[str, object]:
    body = {"text": "", "files": [file["id"]]}
    sent: dict[str, object] = await app.say(ANN, GROUP, f"send-{file['id']}", body=body, status=status)
    return sent


async def test_a_denied_link_in_a_code_is_held(filtered: World) -> None:
    file = await uploaded(filtered, with_code("https://www.casino.example/join?id=7"))
    assert file["codes"] == ["https://www.casino.example/join?id=7"]
    held = await send(filtered, file, 202)
    (waiting,) = (await filtered.ask(OPA, "GET", "/held?state=waiting"))["held"]
    assert waiting["id"] == held["held"]
    assert {"link.denied"} <= {each["code"] for each in waiting["reasons"]}


async def test_a_code_that_invites_elsewhere_is_flagged(filtered: World) -> None:
    file = await uploaded(filtered, with_code(INVITATION))
    await send(filtered, file, 201)
    (flagged,) = (await filtered.ask(OPA, "GET", "/held?state=flagged"))["held"]
    found = {each["code"]: each["detail"] for each in flagged["reasons"]}
    assert found["code.invites"] == "u.wechat.com"


async def test_a_picture_without_a_code_passes_and_says_so(filtered: World) -> None:
    out = io.BytesIO()
    Image.effect_noise((900, 700), 30).convert("RGBA").save(out, "PNG")
    file = await uploaded(filtered, out.getvalue())
    assert file["codes"] == []
    await send(filtered, file, 201)
