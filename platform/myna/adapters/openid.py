"""OpenID Connect through Authlib, with requests only to checked addresses."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from myna.adapters.guarded import Guarded
from myna.adapters.public_web import PublicWeb
from myna.errors import MynaError
from myna.model.identity import Claims, Provider

ASK_S = 10.0
KEPT_S = 3600.0
"""How long a provider's own description and keys are believed."""
MAX_BYTES = 1_000_000
"""Longest answer that is read."""
LEEWAY_S = 60
SCOPE = "openid profile email"
SIGNATURES = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
"""Signatures with public keys only: with a shared secret whoever reads it here could sign as the provider."""
HINT = "Set MYNA_PRIVATE_PROVIDERS=1 if the company's own provider stands there."
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_FAILURES = (OAuthError, JoseError, httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError)


class _Bounded(httpx2.AsyncByteStream):
    """A body that ends with an error when it is too long."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._inner:
            size += len(piece)
            if size > MAX_BYTES:
                raise ValueError("the answer is too long")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Asking(Guarded):
    """The same with answers of a bounded length."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer. Raises AddressRefused before anything is sent."""
        answer = await super().handle_async_request(request)
        answer.stream = _Bounded(answer.stream)
        return answer


class OpenId:
    """See `Doors`. Obligation: `close` gives the connections back."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._transport = _Asking(PublicWeb(allow_private=allow_private, hint=HINT))
        self._told: dict[str, tuple[float, dict[str, Any]]] = {}
        self._keys: dict[str, tuple[float, dict[str, Any]]] = {}

    async def check(self, issuer: str) -> None:
        """Whether a provider answers there with what is needed."""
        self._told.pop(issuer, None)
        async with _explained(issuer):
            metadata = await self._metadata(issuer)
            await self._key_set(metadata, fresh=True)

    async def address(self, provider: Provider, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in."""
        async with _explained(provider.issuer), self._client(provider, "", back) as client:
            metadata = await self._metadata(provider.issuer)
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
            )
            return str(url)

    async def claims(
        self, provider: Provider, secret: str, back: str, code: str, nonce: str, verifier: str, issuer: str
    ) -> Claims:
        """Who came back with this code."""
        async with _explained(provider.issuer), self._client(provider, secret, back) as client:
            metadata = await self._metadata(provider.issuer)
            named = metadata.get("authorization_response_iss_parameter_supported")
            # The answer of another provider must not be taken for this one's (RFC 9207, section 2.4).
            if (named or issuer) and issuer != metadata["issuer"]:
                raise ValueError("the answer is another provider's")
            methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
            if secret and "client_secret_basic" not in methods:
                client.token_endpoint_auth_method = "client_secret_post"  # noqa: S105 - a method's name
            token = await client.fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                redirect_uri=back,
            )
            claims = await self._verified(metadata, provider, token, nonce)
            if "email" not in claims and metadata.get("userinfo_endpoint"):
                answer = await client.get(metadata["userinfo_endpoint"])
                answer.raise_for_status()
                more = answer.json()
                # OpenID Connect Core 1.0, section 5.3.2: otherwise another person's claims could be put in.
                if more["sub"] != claims["sub"]:
                    raise ValueError("the user information is about somebody else")
                claims = {**more, **claims}
            return _claims_of(claims)

    async def close(self) -> None:
        """End all connections."""
        await self._transport.end()

    def _client(self, provider: Provider, secret: str, back: str) -> Any:
        method = "client_secret_basic" if secret else "none"
        return AsyncOAuth2Client(
            client_id=provider.client,
            client_secret=secret or None,
            token_endpoint_auth_method=method,
            scope=SCOPE,
            redirect_uri=back,
            code_challenge_method="S256",
            transport=_Shared(self._transport),
            follow_redirects=False,
            trust_env=False,
        )

    async def _verified(
        self, metadata: dict[str, Any], provider: Provider, token: Any, nonce: str
    ) -> dict[str, Any]:
        """The claims of the ID token: signature, issuer, audience, times and nonce (OpenID Connect Core 1.0, 3.1.3.7)."""
        told = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        registry = JWSRegistry(algorithms=sorted(SIGNATURES & set(told)), strict_check_header=False)
        for fresh in (False, True):
            keys = KeySet.import_key_set(await self._key_set(metadata, fresh=fresh))  # type: ignore[arg-type]  # JSON
            try:
                decoded = jwt.decode(token["id_token"], keys, registry=registry)
                break
            except JoseError:
                # The provider may have changed its keys since they were fetched.
                if fresh:
                    raise
        options = {
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "value": provider.client},
        }
        params = {"nonce": nonce, "client_id": provider.client, "access_token": token.get("access_token")}
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(leeway=LEEWAY_S)
        return dict(claims)

    async def _metadata(self, issuer: str) -> dict[str, Any]:
        kept = self._told.get(issuer)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        found = await self._json(get_well_known_url(issuer, external=True))
        # OpenID Connect Discovery 1.0, section 4.3.
        if found.get("issuer") != issuer:
            raise ValueError(f"it calls itself {str(found.get('issuer'))[:200]!r}")
        missing = [each for each in _NEEDED if not isinstance(found.get(each), str)]
        if missing:
            raise ValueError(f"it does not say its {', '.join(missing)}")
        self._insist(found["authorization_endpoint"])
        self._told[issuer] = (time.monotonic() + KEPT_S, found)
        return found

    async def _key_set(self, metadata: dict[str, Any], *, fresh: bool) -> dict[str, Any]:
        kept = self._keys.get(metadata["jwks_uri"])
        if kept is None or fresh or kept[0] < time.monotonic():
            found = await self._json(metadata["jwks_uri"])
            kept = self._keys[metadata["jwks_uri"]] = (time.monotonic() + KEPT_S, found)
        return kept[1]

    async def _json(self, url: str) -> dict[str, Any]:
        self._insist(url)
        async with httpx2.AsyncClient(
            transport=_Shared(self._transport), follow_redirects=False, trust_env=False
        ) as client:
            answer = await client.get(url, headers={"Accept": "application/json"})
            if answer.status_code != 200:
                raise ValueError(f"{url} answers {answer.status_code}")
            found = answer.json()
            if not isinstance(found, dict):
                raise ValueError(f"{url} does not answer with an object")
            return found

    def _insist(self, url: str) -> None:
        """Tokens and keys come over TLS; only where private providers are allowed may it be plain HTTP."""
        scheme = urlsplit(url).scheme
        if scheme != "https" and not (self._allow_private and scheme == "http"):
            raise ValueError(f"{url[:200]} is not https")


class _Shared(httpx2.AsyncBaseTransport):
    """A transport that outlives the client over it."""

    def __init__(self, inner: Guarded) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer."""
        return await self._inner.handle_async_request(request)


class _explained:  # noqa: N801 - used as a statement
    """Within 10 s, and every failure as `provider_failed`."""

    def __init__(self, issuer: str) -> None:
        self._issuer, self._limit = issuer, asyncio.timeout(ASK_S)

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()

    async def __aexit__(self, kind: Any, failed: BaseException | None, trace: Any) -> None:
        try:
            await self._limit.__aexit__(kind, failed, trace)
        except TimeoutError as late:
            raise _failed(self._issuer, "it did not answer in time") from late
        if isinstance(failed, MynaError):
            raise _failed(self._issuer, failed.message) from failed
        if isinstance(failed, _FAILURES):
            raise _failed(self._issuer, _told(failed)) from failed


def _told(failed: Exception) -> str:
    # A code or token may stand in what a library says about a request; of those only the kind is told.
    if isinstance(failed, OAuthError):
        return f"it answers {str(failed.error)[:80]!r}"
    if type(failed) is ValueError:
        return str(failed)[:300]
    return type(failed).__name__


def _failed(issuer: str, why: str) -> MynaError:
    return MynaError(
        f"The provider {issuer[:200]} could not be used: {why}.", status=422, code="provider_failed"
    )


def _claims_of(claims: dict[str, Any]) -> Claims:
    def text(name: str) -> str:
        value = claims.get(name)
        return value.strip()[:200] if isinstance(value, str) else ""

    # Letters of other scripts stay: U+212A, the sign for kelvin, in small is a "k", and that is another person's address.
    email = "".join(each.lower() if each.isascii() else each for each in text("email")) or None
    # Some providers send the words "true" and "false".
    verified = claims.get("email_verified") in (True, "true")
    return Claims(str(claims["sub"])[:255], email, verified, text("name"), text("preferred_username"))
