"""Blobs in an S3-compatible store: `s3://bucket/prefix?endpoint=http://host:port&region=name`."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from myna.errors import Busy, MynaError, NotFound

PART_BYTES = 8 * 1024 * 1024
"""Size of a part of a multipart upload, and so the memory that one upload takes. S3 wants at least 5 MiB."""
CHUNK_BYTES = 256 * 1024


class S3Blobs:
    """A blob is complete or not there: small ones go in one request, larger ones in parts that are joined at the end."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        parsed = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parsed.query).items()}
        if not parsed.netloc or set(options) - {"endpoint", "region"}:
            raise MynaError(
                f"Blob store {url!r}: use s3://bucket/prefix?endpoint=http://host:port&region=name.",
                code="bad_setting",
            )
        self._bucket = parsed.netloc
        self._prefix = parsed.path.strip("/")
        self._options = {
            "endpoint_url": options.get("endpoint"),
            "region_name": options.get("region", "us-east-1"),
            "aws_access_key_id": key or None,
            "aws_secret_access_key": secret or None,
            "config": AioConfig(
                connect_timeout=5,
                read_timeout=30,
                retries={"max_attempts": 3, "mode": "standard"},
                s3={"addressing_style": "path" if options.get("endpoint") else "auto"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        }
        self._stack = AsyncExitStack()
        self._client: Any = None
        self._opening = asyncio.Lock()

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Store a blob; its size in bytes. When the chunks end with an error, nothing is stored."""
        place = {"Bucket": self._bucket, "Key": self._named(key)}
        async with self._asked() as client:
            buffer, size, upload = bytearray(), 0, None
            parts: list[dict[str, Any]] = []
            try:
                async for chunk in chunks:
                    buffer += chunk
                    size += len(chunk)
                    while len(buffer) >= PART_BYTES:
                        if upload is None:
                            upload = (await client.create_multipart_upload(**place))["UploadId"]
                        part, buffer = bytes(buffer[:PART_BYTES]), buffer[PART_BYTES:]
                        parts.append(await _part(client, place, upload, len(parts) + 1, part))
                if upload is None:
                    await client.put_object(**place, Body=bytes(buffer))
                    return size
                if buffer:
                    parts.append(await _part(client, place, upload, len(parts) + 1, bytes(buffer)))
                await client.complete_multipart_upload(
                    **place, UploadId=upload, MultipartUpload={"Parts": parts}
                )
            except BaseException:
                if upload is not None:
                    await asyncio.shield(client.abort_multipart_upload(**place, UploadId=upload))
                raise
        return size

    async def get(self, key: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to and without `end`.

        Raises:
            NotFound: there is no such blob.
        """
        if end is not None and end <= start:
            return
        span = f"bytes={start}-{'' if end is None else end - 1}"
        async with self._asked() as client:
            try:
                found = await client.get_object(Bucket=self._bucket, Key=self._named(key), Range=span)
            except ClientError as refused:
                if _code(refused) == "InvalidRange":
                    return
                raise
            async with found["Body"] as body:
                while chunk := await body.read(CHUNK_BYTES):
                    yield chunk

    async def delete(self, key: str) -> None:
        """Remove a blob; one that is not there is ignored."""
        async with self._asked() as client:
            await client.delete_object(Bucket=self._bucket, Key=self._named(key))

    async def close(self) -> None:
        """Close the connections."""
        await self._stack.aclose()

    def _named(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key

    @asynccontextmanager
    async def _asked(self) -> AsyncGenerator[Any, None]:
        """The client; its errors become the core's."""
        async with self._opening:
            if self._client is None:
                made = get_session().create_client("s3", **self._options)
                self._client = await self._stack.enter_async_context(made)
        try:
            yield self._client
        except ClientError as refused:
            if _code(refused) in {"NoSuchKey", "404"}:
                raise NotFound("There is no such blob.") from refused
            raise Busy(f"The blob store refused: {_code(refused)}.", retry_ms=2000) from refused
        except BotoCoreError as failed:
            raise Busy("The blob store does not answer; try again.", retry_ms=2000) from failed


async def _part(client: Any, place: dict[str, str], upload: str, number: int, data: bytes) -> dict[str, Any]:
    made = await client.upload_part(**place, UploadId=upload, PartNumber=number, Body=data)
    return {"PartNumber": number, "ETag": made["ETag"]}


def _code(refused: ClientError) -> str:
    return str(refused.response.get("Error", {}).get("Code", "unknown"))
