"""The copilot over HTTP: a suggested reply, a summary, the knowledge base, other words, similar cases."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from myna.api.ids import ConversationPath, IdText
from myna.api.principal import Asker, Core
from myna.errors import Malformed
from myna.helpdesk.model import ItemKind
from myna.rights import Verb, require
from myna.search import Query as Sought
from myna_agents.agent import AgentProfile
from myna_agents.api.office import Desk, profile_for, ticket
from myna_agents.api.shapes import Shape, Words
from myna_knowledge.text import topic_terms

router = APIRouter(prefix="/v1", tags=["copilot"])
SIMILAR = 5
LOOKED_AT = 40


class Ask(Shape):
    """The operator's own question; without `bases` all of the workspace's are asked, internal ones too."""

    question: Words
    bases: list[IdText] = Field(default_factory=list, max_length=20)


class Rewrite(Shape):
    """A draft to be put differently."""

    text: Annotated[str, Field(min_length=1, max_length=8_000)]
    tone: Literal["friendly", "formal", "short", "fix", "translate"]
    lang: str | None = Field(default=None, max_length=40, examples=["German"])


@router.get("/copilot", summary="What the copilot can do here")
async def abilities(asker: Asker, desk: Desk) -> dict[str, Any]:
    """Suggestions and summaries are made from quotes without a model; `tones` is empty then."""
    require(asker, Verb.OPERATE)
    return {"engine": desk.world.engine.name, "tones": list(desk.copilot.tones)}


@router.post("/conversations/{conversation}/copilot/reply", summary="Suggest a reply")
async def reply(conversation: ConversationPath, asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """An answer to what the customer asked last, from what the agent may tell customers, with citations.

    `reason` is `confident`, or `unsure` below the agent's threshold; otherwise `text` is null and the passages may still help."""
    found = await ticket(core, asker, conversation)
    suggestion = await desk.copilot.suggest(found, await profile_for(core, asker, found))
    return suggestion.as_json()


@router.post("/conversations/{conversation}/copilot/summary", summary="Summarise a conversation")
async def summary(conversation: ConversationPath, asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """Why a person was wanted, what was asked, what was answered, what is open; extracts, in the customer's language."""
    found = await ticket(core, asker, conversation)
    return {"summary": await desk.copilot.summary(found, await profile_for(core, asker, found))}


@router.get("/conversations/{conversation}/copilot/similar", summary="Similar cases, labels and macros")
async def similar(conversation: ConversationPath, asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """Other conversations in which the same words were used, the labels that they have, and macros whose text fits."""
    found = await ticket(core, asker, conversation)
    scene = await desk.copilot.scene(found, await profile_for(core, asker, found))
    words = topic_terms(scene.question or scene.text)[:8]
    cases: dict[int, dict[str, Any]] = {}
    for word in words:
        hits, _ = await core.search.find(asker, Sought(text=word), None, LOOKED_AT)
        for hit in hits:
            other = int(hit["message"]["conversation"])
            if other == conversation or await core.desk.ticket(other) is None:
                continue
            case = cases.setdefault(
                other, {"conversation": str(other), "words": [], "snippet": hit["snippet"]}
            )
            if word not in case["words"]:
                case["words"].append(word)
    least = max(1, min(2, len(words)))
    near = [each for each in cases.values() if len(each["words"]) >= least]
    near = sorted(near, key=lambda each: -len(each["words"]))[:SIMILAR]
    labels = await core.helpdesk.labels(asker, [int(each["conversation"]) for each in near])
    counted: dict[int, int] = {}
    for label in (label for found_labels in labels.values() for label in found_labels):
        counted[label] = counted.get(label, 0) + 1
    macros = await core.helpdesk.items(asker, ItemKind.MACRO)
    wanted = set(words)
    fits = [(len(wanted & set(topic_terms(_macro_text(each.name, each.body)))), each) for each in macros]
    return {
        "cases": near,
        "labels": [str(label) for label in sorted(counted, key=lambda each: -counted[each])[:SIMILAR]],
        "macros": [str(each.id) for share, each in sorted(fits, key=lambda one: -one[0])[:SIMILAR] if share],
    }


@router.post("/copilot/ask", summary="Ask the knowledge base")
async def ask(asked: Ask, asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """An answer for the operator, with citations; internal knowledge bases are asked too."""
    require(asker, Verb.OPERATE)
    require(asker, Verb.SEE_KNOWLEDGE)
    chosen = [int(base) for base in asked.bases]
    for base in chosen:
        await desk.library.base(asker.workspace, base)
    bases = chosen or [each.base.id for each in await desk.library.bases(asker.workspace)]
    if not bases:
        raise Malformed("There is no knowledge base yet.")
    profile = AgentProfile(user=0, name="Myna", bases=tuple(bases))
    return (await desk.copilot.ask(profile, asked.question)).as_json()


@router.post("/copilot/rewrite", summary="Put a draft differently")
async def rewrite(asked: Rewrite, asker: Asker, desk: Desk) -> dict[str, Any]:
    """409 `needs_model` without a model, 409 `unfounded` when the model added a fact; `lost` lists facts that it left out."""
    require(asker, Verb.OPERATE)
    text, lost = await desk.copilot.rewrite(asked.text, asked.tone, asked.lang)
    return {"text": text, "lost": lost}


def _macro_text(name: str, body: Any) -> str:
    return " ".join([name, *(str(step.get("text", "")) for step in body.get("steps") or ())])
