"""Myna as an OAuth 2.0 provider over HTTP: RFC 6749 with PKCE, RFC 7009, 7662, 8414 and 9207."""

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field, StringConstraints

from myna.api.identity.auth import address_of
from myna.api.identity.people import PersonName
from myna.api.ids import IdPath, IdText
from myna.api.principal import Asker, Core
from myna.api.scopes import SCOPES
from myna.errors import MynaError, TooMany
from myna.identity.applications import MAX_REDIRECTS, Asked, OAuthError
from myna.limits.addresses import place_of
from myna.model.identity import Application
from myna.model.workspace import WorkspaceRole
from myna.services import Services
from myna.wire import stamp

router = APIRouter(tags=["oauth"])
MAX_FORM_BYTES = 16 * 1024
_FORM = {
    "requestBody": {
        "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}},
        "required": True,
    }
}
Redirect = Annotated[
    str, StringConstraints(min_length=8, max_length=500), Field(examples=["https://app.example.org/back"])
]
Word = Annotated[str, StringConstraints(max_length=64)]


class NewApplication(BaseModel):
    """What is registered. With a role it may act for itself, too."""

    name: PersonName
    redirect_uris: list[Redirect] = Field(default_factory=list[str], max_length=MAX_REDIRECTS)
    scopes: list[Word] = Field(min_length=1, max_length=30, examples=[["profile"]])
    confidential: bool = Field(
        default=True, description="False for what cannot keep a secret: pages, phones."
    )
    role: WorkspaceRole | None = None
    custom_role: IdText | None = Field(default=None, description="With the role `custom`: which.")


class ChangedApplication(BaseModel):
    """What changes; the rest stays."""

    name: PersonName | None = None
    redirect_uris: list[Redirect] | None = Field(default=None, max_length=MAX_REDIRECTS)
    scopes: list[Word] | None = Field(default=None, min_length=1, max_length=30)


class Authorization(BaseModel):
    """An authorization request, as it came to `/oauth/authorize`."""

    client_id: str = Field(max_length=64)
    redirect_uri: str = Field(max_length=500)
    response_type: str = Field(default="", max_length=64)
    scope: str = Field(default="", max_length=1000)
    state: str = Field(default="", max_length=2000)
    code_challenge: str = Field(default="", max_length=128)
    code_challenge_method: str = Field(default="", max_length=16)

    def asked(self) -> Asked:
        """The same as the core knows it."""
        return Asked(
            self.client_id,
            self.redirect_uri,
            self.response_type,
            self.scope,
            self.state,
            self.code_challenge,
            self.code_challenge_method,
        )


class Decision(Authorization):
    """What the person decided about it."""

    allow: bool


@router.get("/.well-known/oauth-authorization-server", summary="What applications need to know")
async def metadata(core: Core) -> dict[str, Any]:
    """RFC 8414."""
    base = core.applications.issuer
    methods = ["client_secret_basic", "client_secret_post", "none"]
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "introspection_endpoint": f"{base}/oauth/introspect",
        "scopes_supported": sorted(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods[:2],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


@router.get("/oauth/authorize", status_code=303, summary="Where applications send people")
async def authorize(request: Request, core: Core) -> RedirectResponse:
    """Leads to the dashboard, which asks the person. Only an address that the application registered is ever gone back to."""
    answer = RedirectResponse(
        f"{core.settings.base_url}/dashboard/#/authorize?{request.url.query[:8000]}", 303
    )
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/v1/oauth/look", summary="What an application asks for")
async def look(asked: Authorization, asker: Asker, core: Core) -> dict[str, Any]:
    """For the page that asks the person. `redirect` is set when the request is wrong: go there at once."""
    found, scopes, back = await core.applications.look(asker, asked.asked())
    return {
        "application": {"id": str(found.id), "name": found.name},
        "scopes": [{"scope": each, "text": SCOPES.get(each, each)} for each in scopes],
        "redirect": back or None,
    }


@router.post("/v1/oauth/decide", summary="Let an application in, or not")
async def decide(asked: Decision, asker: Asker, core: Core) -> dict[str, str]:
    """Go to `redirect`: it holds a code that works once, within a minute, or that the person refused."""
    return {"redirect": await core.applications.decide(asker, asked.asked(), allow=asked.allow)}


@router.post("/oauth/token", summary="Tokens for applications", openapi_extra=_FORM)
async def token(request: Request, core: Core) -> JSONResponse:
    """`authorization_code` with `code_verifier`, `refresh_token` (each works once), or `client_credentials`."""
    return await _endpoint(request, core, "token")


@router.post("/oauth/revoke", summary="End what a token belongs to", openapi_extra=_FORM)
async def revoke(request: Request, core: Core) -> JSONResponse:
    """RFC 7009: the whole grant ends, whichever of its tokens is shown."""
    return await _endpoint(request, core, "revoke")


@router.post("/oauth/introspect", summary="What a token is worth", openapi_extra=_FORM)
async def introspect(request: Request, core: Core) -> JSONResponse:
    """RFC 7662, for applications with a secret and their own access tokens."""
    return await _endpoint(request, core, "introspect")


@router.get("/v1/admin/applications", summary="The workspace's applications")
async def applications(asker: Asker, core: Core) -> dict[str, Any]:
    """By name, and the scopes that there are."""
    found = await core.applications.all(asker)
    return {"applications": [_application(each) for each in found], "scopes": SCOPES}


@router.post("/v1/admin/applications", status_code=201, summary="Register an application")
async def add(asked: NewApplication, asker: Asker, core: Core) -> dict[str, Any]:
    """Its secret is shown this once."""
    made, secret = await core.applications.add(
        asker,
        asked.name,
        asked.redirect_uris,
        asked.scopes,
        confidential=asked.confidential,
        role=asked.role,
        custom=None if asked.custom_role is None else int(asked.custom_role),
    )
    return {**_application(made), "client_secret": secret or None}


@router.patch("/v1/admin/applications/{application}", summary="Change an application")
async def change(application: IdPath, asked: ChangedApplication, asker: Asker, core: Core) -> dict[str, Any]:
    """Tokens that are out keep their scopes."""
    found = core.applications
    return _application(await found.change(asker, application, asked.name, asked.redirect_uris, asked.scopes))


@router.post("/v1/admin/applications/{application}/secret", summary="A new secret for an application")
async def new_secret(application: IdPath, asker: Asker, core: Core) -> dict[str, str]:
    """The old one ends. It is shown this once."""
    return {"client_secret": await core.applications.new_secret(asker, application)}


@router.delete("/v1/admin/applications/{application}", status_code=204, summary="Remove an application")
async def remove(application: IdPath, asker: Asker, core: Core) -> Response:
    """Everything that people gave it ends at once."""
    await core.applications.remove(asker, application)
    return Response(status_code=204)


async def _endpoint(request: Request, core: Services, what: str) -> JSONResponse:
    """One of the three endpoints that applications ask themselves, with errors as RFC 6749 section 5.2 writes them."""
    place = place_of(address_of(request))
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    try:
        await core.limits.check("sign_in_address", place)
        form = await _form(request)
        client = await core.applications.client(*_credentials(request, form))
        if what == "token":
            return JSONResponse(await core.applications.token(client, form), 200, headers)
        if what == "revoke":
            await core.applications.revoke(client, form.get("token", ""))
            return JSONResponse({}, 200, headers)
        if not client.secret:
            raise OAuthError("Only for applications with a secret.", status=401, code="invalid_client")
        return JSONResponse(await core.applications.introspect(client, form.get("token", "")), 200, headers)
    except MynaError as failed:
        if isinstance(failed, TooMany):
            headers["Retry-After"] = str(max(1, (failed.retry_ms or 1000) // 1000))
        if failed.status == 401:
            await core.limits.note("sign_in_address", place)
            headers["WWW-Authenticate"] = 'Basic realm="Myna"'
        body = {"error": failed.code, "error_description": failed.message}
        return JSONResponse(body, failed.status, headers)


async def _form(request: Request) -> dict[str, str]:
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > MAX_FORM_BYTES:
            raise OAuthError("The form is too long.", status=413, code="invalid_request")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=30)
    except ValueError as wrong:
        raise OAuthError("This is no form.", code="invalid_request") from wrong
    if len({name for name, _ in pairs}) != len(pairs):
        raise OAuthError("A parameter comes twice.", code="invalid_request")
    return dict(pairs)


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    kind, _, told = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client, _, secret = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as wrong:
        raise OAuthError("The credentials are malformed.", status=401, code="invalid_client") from wrong
    return unquote_plus(client), unquote_plus(secret)


def _application(application: Application) -> dict[str, Any]:
    return {
        "id": str(application.id),
        "client_id": str(application.id),
        "name": application.name,
        "redirect_uris": list(application.redirects),
        "scopes": list(application.scopes),
        "confidential": bool(application.secret),
        "user": str(application.user) if application.user else None,
        "created_at": stamp(application.created_at),
    }
