"""Signing in through OpenID Connect providers over HTTP, and their administration."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, StringConstraints

from myna.api.identity.auth import address_of, device_of, session_object
from myna.api.identity.people import PersonName
from myna.api.ids import MAX_ID, IdPath, IdText
from myna.api.principal import Asker, Core
from myna.errors import MynaError
from myna.identity.providers import Wanted
from myna.limits.addresses import place_of
from myna.model.identity import Linked, Provider
from myna.model.workspace import WorkspaceRole
from myna.services import Services
from myna.wire import optional_id, stamp

router = APIRouter(prefix="/v1", tags=["providers"])
Secret = Annotated[str, StringConstraints(min_length=16, max_length=128, pattern=r"^[\w-]+$")]
Issuer = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^https?://[^\s?#]{1,500}$"),
    Field(description="Exactly as the provider writes it.", examples=["https://192.0.2.7"]),
]
ClientId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
ClientSecret = Annotated[str, StringConstraints(max_length=500)]
Domain = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$")]


class ProviderRules(BaseModel):
    """What a provider's word is worth here."""

    links: bool | None = Field(
        default=None, description="A verified address leads to the person who has that address here."
    )
    creates: bool | None = Field(default=None, description="Somebody unknown becomes a new person.")
    role: WorkspaceRole | None = Field(default=None, description="What a new person may do; not `owner`.")
    custom_role: IdText | None = Field(default=None, description="With the role `custom`: which.")
    domains: list[Domain] | None = Field(default=None, max_length=50)
    active: bool | None = None


class NewProvider(ProviderRules):
    """A provider where this server is registered as a client."""

    name: PersonName
    issuer: Issuer
    client_id: ClientId = Field(examples=["myna"])
    client_secret: ClientSecret = ""


class ChangedProvider(ProviderRules):
    """What changes; the rest stays. An empty secret takes it away."""

    name: PersonName | None = None
    issuer: Issuer | None = None
    client_id: ClientId | None = None
    client_secret: ClientSecret | None = None


class Came(BaseModel):
    """What the page's address held after the provider sent the browser back, and what the browser kept from before."""

    arrival: Secret
    binding: Secret


class ComeIn(Came):
    """The same, with a code where a second factor is on."""

    code: str | None = Field(default=None, min_length=6, max_length=32, description="Of the second factor.")


@router.get("/auth/providers", summary="Where one can sign in instead")
async def providers(
    core: Core, workspace: Annotated[int | None, Query(gt=0, lt=MAX_ID)] = None
) -> dict[str, Any]:
    """Names for the sign-in page, of the first workspace where none is named."""
    first = None if workspace is not None else await core.accounts.first_workspace()
    place = workspace if first is None else first.id
    found = [] if place is None else await core.providers.open_to(place)
    return {"providers": [{"id": str(each.id), "name": each.name} for each in found]}


@router.post("/auth/providers/{provider}/begin", summary="Begin to sign in through a provider")
async def begin(provider: IdPath, request: Request, core: Core) -> dict[str, str]:
    """Keep `binding` in the browser and go to `url`; the provider sends the browser back to the dashboard."""
    await core.limits.take("link_address", place_of(address_of(request)))
    url, binding = await core.arrivals.begin(provider)
    return {"url": url, "binding": binding}


@router.get(
    "/auth/providers/{provider}/callback", status_code=303, summary="Where providers send browsers back"
)
async def callback(
    provider: IdPath,
    core: Core,
    state: Annotated[str, Query(max_length=128)] = "",
    code: Annotated[str, Query(max_length=4096)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str, Query(max_length=500)] = "",
) -> RedirectResponse:
    """Leads to the dashboard, always: with what to sign in with behind `#`, or with a code of what went wrong."""
    try:
        found = f"arrive/{await core.arrivals.answered(provider, state, code, error, iss)}"
    except MynaError as failed:
        found = f"arrive-failed/{failed.code}"
    answer = RedirectResponse(f"{core.settings.base_url}/dashboard/#/{found}", 303)
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/auth/arrive", summary="Sign in as whom a provider sent back")
async def arrive(asked: ComeIn, request: Request, core: Core) -> dict[str, Any]:
    """Tokens, as from signing in with a password. 401 `second_factor_needed` asks for the same again with a `code`."""
    await core.limits.take("link_address", place_of(address_of(request)))
    signed_in = await core.arrivals.come(asked.arrival, asked.binding, asked.code, device_of(request))
    return session_object(*signed_in)


@router.get("/account/providers", summary="My accounts at providers")
async def mine(asker: Asker, core: Core) -> dict[str, Any]:
    """With which I can sign in."""
    return {"linked": [_linked(*each) for each in await core.arrivals.links(asker)]}


@router.post("/account/providers", status_code=201, summary="Link an account at a provider")
async def link(asked: Came, asker: Asker, core: Core) -> dict[str, str]:
    """Whoever signs in there as who came back is the asker from now on."""
    return {"id": str((await core.arrivals.link(asker, asked.arrival, asked.binding)).id)}


@router.delete("/account/providers/{linked}", status_code=204, summary="End such a link")
async def unlink(linked: IdPath, asker: Asker, core: Core) -> Response:
    """409 `last_way_in` when nothing else would be left to sign in with."""
    await core.arrivals.unlink(asker, linked)
    return Response(status_code=204)


@router.get("/admin/providers", summary="The workspace's providers")
async def all_providers(asker: Asker, core: Core) -> dict[str, Any]:
    """With the address that each must be told to send browsers back to; secrets are not shown."""
    return {"providers": [_provider(core, each) for each in await core.providers.all(asker)]}


@router.post("/admin/providers", status_code=201, summary="Add a provider")
async def add(asked: NewProvider, asker: Asker, core: Core) -> dict[str, Any]:
    """It is asked for its description at once: 422 `provider_failed` says what is wrong, and nothing was stored."""
    return _provider(core, await core.providers.add(asker, _wanted(asked)))


@router.patch("/admin/providers/{provider}", summary="Change a provider")
async def change(provider: IdPath, asked: ChangedProvider, asker: Asker, core: Core) -> dict[str, Any]:
    """Sign-ins that were begun go on by the new rules."""
    return _provider(core, await core.providers.change(asker, provider, _wanted(asked)))


@router.delete("/admin/providers/{provider}", status_code=204, summary="Remove a provider")
async def remove(provider: IdPath, asker: Asker, core: Core) -> Response:
    """Nobody signs in through it any more; who is in stays."""
    await core.providers.remove(asker, provider)
    return Response(status_code=204)


def _wanted(asked: NewProvider | ChangedProvider) -> Wanted:
    return Wanted(
        asked.name,
        asked.issuer,
        asked.client_id,
        asked.client_secret,
        asked.links,
        asked.creates,
        asked.role,
        asked.domains,
        asked.active,
        None if asked.custom_role is None else int(asked.custom_role),
    )


def _provider(core: Services, provider: Provider) -> dict[str, Any]:
    return {
        "id": str(provider.id),
        "name": provider.name,
        "issuer": provider.issuer,
        "client_id": provider.client,
        "has_secret": bool(provider.secret),
        "links": provider.links,
        "creates": provider.creates,
        "role": provider.role,
        "custom_role": optional_id(provider.custom_role),
        "domains": list(provider.domains),
        "active": provider.active,
        "redirect_uri": core.arrivals.back(provider.id),
    }


def _linked(linked: Linked, provider: Provider) -> dict[str, Any]:
    return {
        "id": str(linked.id),
        "provider": provider.name,
        "email": linked.email,
        "linked_at": stamp(linked.linked_at),
    }
