"""Files over the routes: uploads that resume, what is sniffed and removed, who may read, what is collected."""

import io
import time
import wave
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from myna.adapters.sql.conversations.files import GRACE_S
from myna.log.writes import Join
from myna.model.conversation import MemberRole
from support.api_world import ANN, BOB, EVE, GROUP, OPA, VIC, WHO, ZOE, World
from support.planning import SUPPORT

HERE = f"/conversations/{GROUP}"


def picture(kind: str = "JPEG", size: tuple[int, int] = (1200, 800), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, kind, **more)
    return out.getvalue()


async def begin(app: World, who: int, size: int, name: str = "a.bin") -> str:
    made = await app.ask(who, "POST", "/files", 201, json={"name": name, "size": size})
    return str(made["id"])


async def append(app: World, who: int, file: str, offset: int, data: bytes, status: int = 200) -> Any:
    return await app.ask(
        who, "PATCH", f"/files/{file}", status, content=data, headers={"Upload-Offset": str(offset)}
    )


async def upload(app: World, who: int, data: bytes, name: str = "a.bin") -> str:
    file = await begin(app, who, len(data), name)
    assert (await append(app, who, file, 0, data))["state"] == "ready"
    return file


async def get(app: World, who: int, path: str, **headers: str) -> Any:
    """A download with a real token: these routes check it themselves."""
    user = await app.services.accounts.user(who)
    assert user is not None
    token = app.services.tokens.access(user)
    return await app.http.get(path, headers={"Authorization": f"Bearer {token}", **headers})


async def test_an_upload_resumes_where_it_broke(app: World) -> None:
    data = bytes(range(256)) * 40
    file = await begin(app, ANN, len(data))
    assert (await append(app, ANN, file, 0, data[:1000]))["offset"] == 1000
    refused = await append(app, ANN, file, 0, data[:1000], 409)
    assert (refused["code"], refused["offset"]) == ("wrong_offset", 1000)
    app.who = ANN
    head = await app.http.head(f"/files/{file}")
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("1000", str(len(data)))
    await append(app, ANN, file, 1000, data[1000:5000])
    done = await append(app, ANN, file, 5000, data[5000:])
    assert (done["state"], done["offset"]) == ("ready", len(data))
    assert (await append(app, ANN, file, len(data), b""))["state"] == "ready"
    assert (await get(app, ANN, f"/files/{file}")).content == data


async def test_a_broken_connection_keeps_what_arrived(app: World) -> None:
    from starlette.requests import Request

    from myna.api.conversations.files import _arriving

    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"abc", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    request = Request({"type": "http", "method": "PATCH", "headers": []}, receive)
    file = await begin(app, ANN, 6)
    found = await app.services.files.append(WHO[ANN], int(file), 0, _arriving(request))
    assert found.received == 3
    await append(app, ANN, file, 3, b"def")
    assert (await get(app, ANN, f"/files/{file}")).content == b"abcdef"


async def test_more_bytes_than_announced_are_refused_and_not_kept(app: World) -> None:
    file = await begin(app, ANN, 3)
    await append(app, ANN, file, 0, b"abcd", 413)
    assert (await append(app, ANN, file, 0, b"ab"))["offset"] == 2
    await app.ask(ANN, "POST", "/files", 413, json={"name": "big", "size": 10**12})
    await app.ask(ANN, "POST", "/files", 400, json={"name": "none", "size": 0})


async def test_an_upload_belongs_to_its_user(app: World) -> None:
    file = await begin(app, ANN, 3)
    await append(app, BOB, file, 0, b"abc", 404)
    await append(app, ANN, file, 0, b"abc")
    for who in (BOB, ZOE):
        assert (await get(app, who, f"/files/{file}")).status_code == 404
        await app.say(who, GROUP, "x", status=404, body={"files": [file]})
    assert (await app.http.get(f"/files/{file}")).status_code == 401


async def test_members_read_what_is_attached_and_nobody_else(app: World) -> None:
    file = await upload(app, ANN, b"%PDF-1.7 minutes", "minutes.pdf")
    await app.say(ANN, GROUP, "1", body={"text": "see", "files": [file]})
    (message,) = (await app.messages(BOB, GROUP))["messages"]
    (shown,) = message["body"]["files"]
    assert (shown["id"], shown["name"], shown["type"]) == (file, "minutes.pdf", "application/pdf")
    answer = await get(app, BOB, f"/files/{file}")
    assert answer.content == b"%PDF-1.7 minutes"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    for who in (EVE, OPA, ZOE, VIC):
        assert (await get(app, who, f"/files/{file}")).status_code == 404
    await app.write(Join(GROUP, EVE, MemberRole.MEMBER, {}, history="none"))
    assert (await get(app, EVE, f"/files/{file}")).status_code == 404
    await app.ask(ANN, "DELETE", f"{HERE}/messages/1")
    assert (await get(app, BOB, f"/files/{file}")).status_code == 404


async def test_operators_read_a_visitor_s_file(app: World) -> None:
    file = await upload(app, VIC, b"my order", "order.txt")
    await app.say(VIC, SUPPORT, "1", body={"files": [file]})
    assert (await get(app, OPA, f"/files/{file}")).text == "my order"
    assert (await get(app, BOB, f"/files/{file}")).status_code == 404


async def test_a_ticket_works_without_a_token_for_its_file_only(app: World) -> None:
    file, other = await upload(app, ANN, b"one"), await upload(app, ANN, b"two")
    await app.say(ANN, GROUP, "1", body={"files": [file]})
    made = await app.ask(BOB, "POST", f"/files/{file}/ticket")
    path = made["url"].removeprefix("/v1")
    assert (await app.http.get(path)).content == b"one"
    assert (await app.http.get(path.replace(file, other))).status_code == 401
    assert (await app.http.get(path + "x")).status_code == 401
    assert (await app.http.get(path.replace(f"={BOB}.", f"={ANN}."))).status_code == 401
    await app.ask(BOB, "DELETE", f"{HERE}/members/me", 204)
    assert (await app.http.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("data", "name", "kind", "way"),
    [
        (b"<script>alert(1)</script>", "page.html", "text/plain", "attachment"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", "text/plain", "attachment"),
        (b"OggS" + bytes(60), "voice.exe", "audio/ogg", "inline"),
        (b"\x00\x01\x02", "x.jpg", "application/octet-stream", "attachment"),
        ("中文".encode(), "说明.txt", "text/plain", "attachment"),
    ],
)
async def test_what_a_file_is_says_its_content(
    app: World, data: bytes, name: str, kind: str, way: str
) -> None:
    file = await upload(app, ANN, data, name)
    answer = await get(app, ANN, f"/files/{file}")
    assert answer.headers["content-type"].split(";")[0] == kind
    assert answer.headers["content-disposition"].startswith(way)


def recording(seconds: float) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(bytes(int(seconds * 8000) * 2))
    return out.getvalue()


WEBM = bytes.fromhex(
    "1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104428581021853806701ffffffffffffff"
)


@pytest.mark.parametrize(
    ("data", "said", "kind", "expected"),
    [
        (recording(2.5), None, "audio/x-wav", 2.5),
        (recording(2.5), 99.0, "audio/x-wav", 2.5),
        (WEBM, 3.25, "video/webm", 3.25),
        (WEBM, None, "video/webm", None),
        (b"OggS" + bytes(60), 4.0, "audio/ogg", 4.0),
        (b"OggS" + bytes(60), None, "audio/ogg", None),
        (b"a letter", 5.0, "text/plain", None),
    ],
)
async def test_a_recording_says_how_long_it_lasts(
    app: World, data: bytes, said: float | None, kind: str, expected: float | None
) -> None:
    made = await app.ask(
        ANN, "POST", "/files", 201, json={"name": "voice", "size": len(data), "duration_s": said}
    )
    done = await append(app, ANN, made["id"], 0, data)
    assert (done["type"], done["duration_s"]) == (kind, expected)
    await app.say(ANN, GROUP, "voice", body={"text": "", "files": [made["id"]]})
    (message,) = (await app.messages(BOB, GROUP))["messages"]
    assert message["body"]["files"][0]["duration_s"] == expected


@pytest.mark.parametrize("wrong", [0, -1, 86_401, "long", []])
async def test_a_length_that_makes_no_sense_is_refused(app: World, wrong: Any) -> None:
    await app.ask(ANN, "POST", "/files", 400, json={"name": "voice", "size": 9, "duration_s": wrong})


async def test_a_picture_loses_its_metadata_and_gets_a_thumbnail(app: World) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "secret place", 6
    exif.get_ifd(0x8825)[1] = "N"
    for kind in ("JPEG", "PNG", "WEBP"):
        file = await upload(app, ANN, picture(kind, exif=exif), f"a.{kind.lower()}")
        info = await app.ask(ANN, "GET", f"/files/{file}/info")
        assert (info["width"], info["height"], info["thumbnail"]) == (800, 1200, True), kind
        data = (await get(app, ANN, f"/files/{file}")).content
        assert b"secret place" not in data
        with Image.open(io.BytesIO(data)) as kept:
            assert (kept.format, kept.size, dict(kept.getexif())) == (kind, (800, 1200), {})
        small = await get(app, ANN, f"/files/{file}/thumbnail")
        assert small.headers["content-type"] == "image/webp"
        with Image.open(io.BytesIO(small.content)) as thumb:
            assert max(thumb.size) == 480


async def test_an_animation_stays_one(app: World) -> None:
    frames = [Image.new("RGB", (40, 30), shade) for shade in ("red", "green", "blue")]
    for kind in ("GIF", "WEBP"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:])
        file = await upload(app, ANN, out.getvalue(), "a")
        with Image.open(io.BytesIO((await get(app, ANN, f"/files/{file}")).content)) as kept:
            assert (kept.format, getattr(kept, "n_frames", 1)) == (kind, 3)


async def test_a_bomb_and_a_damaged_picture_are_refused(app: World) -> None:
    out = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(out, "PNG")
    for data, code in ((out.getvalue(), "picture_too_large"), (picture()[:3000], "picture_damaged")):
        file = await begin(app, ANN, len(data))
        assert (await append(app, ANN, file, 0, data, 422))["code"] == code
        await app.say(ANN, GROUP, code, status=404, body={"files": [file]})


@pytest.mark.parametrize(
    ("span", "status", "expected"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=8-", 206, b"89"),
        ("bytes=-3", 206, b"789"),
        ("bytes=5-99", 206, b"56789"),
        ("bytes=10-", 416, b""),
        ("bytes=x", 200, b"0123456789"),
        ("bytes=0-1,3-4", 200, b"0123456789"),
    ],
)
async def test_ranges(app: World, span: str, status: int, expected: bytes) -> None:
    file = await upload(app, ANN, b"0123456789")
    answer = await get(app, ANN, f"/files/{file}", Range=span)
    assert (answer.status_code, answer.content) == (status, expected)
    again = await get(app, ANN, f"/files/{file}", **{"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_the_same_bytes_are_stored_once_and_go_with_their_last_file(app: World, tmp_path: Path) -> None:
    one, two = await upload(app, ANN, b"same bytes"), await upload(app, BOB, b"same bytes")
    stored = [each for each in (tmp_path / "data" / "files").rglob("*") if each.is_file()]
    assert len(stored) == 1
    await app.say(BOB, GROUP, "1", body={"files": [two]})
    late = time.time() + GRACE_S + 60
    assert await app.services.files.collect(time.time()) == 0
    assert await app.services.files.collect(late) == 0
    assert (await get(app, ANN, f"/files/{one}")).status_code == 404
    assert (await get(app, BOB, f"/files/{two}")).content == b"same bytes"
    await app.ask(BOB, "DELETE", f"{HERE}/messages/1")
    assert await app.services.files.collect(late) == 1
    assert [each for each in (tmp_path / "data" / "files").rglob("*") if each.is_file()] == []


async def test_an_upload_that_stopped_is_collected(app: World, tmp_path: Path) -> None:
    file = await begin(app, ANN, 10)
    await append(app, ANN, file, 0, b"abc")
    assert await app.services.files.collect(time.time() + GRACE_S + 60) == 1
    await append(app, ANN, file, 3, b"defghij", 404)


async def test_a_forward_passes_its_files_on(app: World) -> None:
    file = await upload(app, ANN, b"plan", "plan.txt")
    await app.say(ANN, GROUP, "1", body={"text": "the plan", "files": [file]})
    mine = int((await app.ask(BOB, "GET", "/saved"))["id"])
    await app.say(BOB, mine, "1", body={"forward": {"conversation": str(GROUP), "seq": 1}})
    await app.ask(BOB, "DELETE", f"{HERE}/members/me", 204)
    assert (await get(app, BOB, f"/files/{file}")).text == "plan"


@pytest.mark.parametrize("files", [["0"], ["x"], ["1", "1"], [str(n) for n in range(1, 12)], ["77"]])
async def test_files_of_the_wrong_shape_are_refused(app: World, files: list[str]) -> None:
    with pytest.raises(Exception, match=r"files|file"):
        await app.frame(
            ANN,
            {
                "op": "send",
                "conversation": str(GROUP),
                "client_id": "1",
                "body": {"text": "x", "files": files},
            },
        )
    assert len(await app.events(ANN, GROUP)) == 1
