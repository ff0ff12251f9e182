"""One suite for every store of blobs: a folder, and an S3-compatible server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from myna.adapters.blob_local import LocalBlobs
from myna.adapters.blob_s3 import PART_BYTES, S3Blobs
from myna.errors import Malformed, MynaError, NotFound
from myna.ports.content import Blobs
from support.s3 import s3_server

LARGE = PART_BYTES * 2 + 12_345


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    with s3_server("myna") as url:
        yield url


@pytest.fixture(params=["folder", "s3"])
async def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Blobs]:
    made: Blobs
    if request.param == "folder":
        made = LocalBlobs(tmp_path / "blobs")
    else:
        made = S3Blobs(str(request.getfixturevalue("s3_url")), "key", "secret")
    yield made
    await made.close()


async def pieces(data: bytes, step: int = 300_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), step):
        yield data[start : start + step]


async def whole(blobs: Blobs, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in blobs.get(key, start, end)])


@pytest.mark.parametrize("size", [0, 1, 300_000, LARGE])
async def test_what_was_put_comes_back(blobs: Blobs, size: int) -> None:
    data = bytes(size % 251 for size in range(251)) * (size // 251 + 1)
    data = data[:size]
    assert await blobs.put("blobs/1", pieces(data)) == size
    assert await whole(blobs, "blobs/1") == data


async def test_ranges_come_back(blobs: Blobs) -> None:
    await blobs.put("blobs/2", pieces(b"0123456789"))
    assert await whole(blobs, "blobs/2", 2, 5) == b"234"
    assert await whole(blobs, "blobs/2", 7) == b"789"
    assert await whole(blobs, "blobs/2", 3, 3) == b""
    assert await whole(blobs, "blobs/2", 10) == b""


@pytest.mark.parametrize("before", [10, LARGE])
async def test_a_source_that_fails_leaves_nothing(blobs: Blobs, before: int) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for chunk in pieces(bytes(before)):
            yield chunk
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError):
        await blobs.put("blobs/3", broken())
    with pytest.raises(NotFound):
        await whole(blobs, "blobs/3")


async def test_a_second_put_replaces_the_first(blobs: Blobs) -> None:
    await blobs.put("blobs/4", pieces(b"one"))
    await blobs.put("blobs/4", pieces(b"two"))
    assert await whole(blobs, "blobs/4") == b"two"


async def test_deleting_twice_is_harmless(blobs: Blobs) -> None:
    await blobs.put("blobs/5", pieces(b"x"))
    await blobs.delete("blobs/5")
    await blobs.delete("blobs/5")
    with pytest.raises(NotFound):
        await whole(blobs, "blobs/5")


@pytest.mark.parametrize("key", ["../x", "a/../b", "/etc/passwd", "a//b", ".hidden", ""])
async def test_a_key_cannot_leave_the_folder(tmp_path: Path, key: str) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    with pytest.raises(Malformed):
        await blobs.put(key, pieces(b"x"))
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "s3://bucket?colour=red"])
def test_an_address_that_makes_no_sense_is_refused(url: str) -> None:
    with pytest.raises(MynaError) as refused:
        S3Blobs(url, "", "")
    assert refused.value.code == "bad_setting"


async def test_a_store_that_does_not_answer_is_busy() -> None:
    blobs = S3Blobs("s3://bucket?endpoint=http://127.0.0.1:9", "key", "secret")
    try:
        with pytest.raises(MynaError) as refused:
            await blobs.put("blobs/1", pieces(b"x"))
        assert (refused.value.status, refused.value.temporary) == (503, True)
    finally:
        await blobs.close()
