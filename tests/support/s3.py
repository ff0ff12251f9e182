"""A private S3-compatible server (moto's) on a free loopback port."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from support import processes


@contextmanager
def s3_server(bucket: str) -> Iterator[str]:
    """`s3://BUCKET?endpoint=…` of an empty bucket."""
    from moto.server import ThreadedMotoServer

    port = processes.free_port()
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    try:
        endpoint = f"http://127.0.0.1:{port}"
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{bucket}", method="PUT"), timeout=10)
        yield f"s3://{bucket}?endpoint={endpoint}"
    finally:
        server.stop()
