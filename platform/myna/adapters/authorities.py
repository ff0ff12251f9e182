"""The certificate authorities that TLS connections trust, read once for a process: each reading takes some 30 ms.

Both libraries keep their own choice: httpx trusts certifi's authorities, httpx2 those of the system.
"""

import ssl
from functools import cache

import httpx
import httpx2


@cache
def authorities(*, environment: bool = False) -> ssl.SSLContext:
    """For clients of httpx. `environment`: SSL_CERT_FILE and SSL_CERT_DIR count."""
    return httpx.create_ssl_context(trust_env=environment)


@cache
def authorities2() -> ssl.SSLContext:
    """For clients of httpx2, whatever the environment says."""
    return httpx2.create_ssl_context(trust_env=False)
