"""The HTTP routes that keep knowledge right: gaps, findings, impact, and how strict a base is."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from myna.api.at_hand import at_hand
from myna.api.ids import IdPath
from myna.api.principal import Asker
from myna.errors import NotFound
from myna.rights import Verb, require
from myna_knowledge.api.shapes import (
    MAX_DAYS,
    Accepted,
    Change,
    Strictness,
    answer_json,
    calibration_json,
    draft_json,
    finding_json,
    gap_json,
    impact_json,
    job_json,
    question_json,
    source_json,
)
from myna_knowledge.care.model import FindingKind, GapState
from myna_knowledge.library import Library
from myna_knowledge.model import SourceKind

Days = Annotated[int, Query(ge=1, le=MAX_DAYS)]


def router(opened: Callable[[], Library]) -> APIRouter:
    """The routes over the library that is open when a request comes. Questions are shown with personal data masked."""
    routes = APIRouter()
    shelf = at_hand(opened)

    async def seen(who: Asker, kb: int, library: Library, verb: Verb = Verb.SEE_KNOWLEDGE) -> None:
        require(who, verb)
        await library.base(who.workspace, kb)

    @routes.get("/knowledge-bases/{kb}/gaps")
    async def list_gaps(
        kb: IdPath, who: Asker, library: Library = shelf, state: GapState | None = GapState.OPEN
    ) -> dict[str, Any]:
        """What agents could not answer from this base, most asked first; `state` is open unless told otherwise."""
        await seen(who, kb, library)
        return {"gaps": [gap_json(each) for each in await library.care.gaps(kb, state)]}

    @routes.get("/knowledge-bases/{kb}/gaps/{gap}")
    async def read_gap(kb: IdPath, gap: IdPath, who: Asker, library: Library = shelf) -> dict[str, Any]:
        """A gap with its questions, what people of the team answered, and the entry proposed from that."""
        await seen(who, kb, library)
        found = await library.care.gap(kb, gap)
        return {
            **gap_json(found.gap),
            "asked": [question_json(each) for each in found.questions],
            "answers": [answer_json(each) for each in found.answers],
            "draft": draft_json(found.draft),
        }

    @routes.post("/knowledge-bases/{kb}/gaps/{gap}/accept", status_code=202)
    async def accept_draft(
        kb: IdPath, gap: IdPath, body: Accepted, who: Asker, library: Library = shelf
    ) -> dict[str, Any]:
        """Add the entry, or change the one it `replaces`, and resolve the gap; a job ingests it."""
        await seen(who, kb, library, Verb.TEACH)
        await library.care.gap(kb, gap)
        key = None
        if body.replaces is not None:
            known = {each.id: each for each in await library.sources(kb)}
            old = known.get(int(body.replaces))
            if old is None or old.kind is not SourceKind.FAQ:
                raise NotFound(f"Knowledge base {kb} has no FAQ entry {body.replaces}.")
            key = old.key
        source, job = await library.put(kb, body.draft(key))
        await library.care.end(kb, gap, GapState.RESOLVED, source.id)
        return {"source": source_json(source), "job": job_json(job)}

    @routes.post("/knowledge-bases/{kb}/gaps/{gap}/dismiss", status_code=204)
    async def dismiss_gap(kb: IdPath, gap: IdPath, who: Asker, library: Library = shelf) -> Response:
        """The base need not answer this; more of these questions stay hidden."""
        await seen(who, kb, library, Verb.TEACH)
        await library.care.end(kb, gap, GapState.DISMISSED)
        return Response(status_code=204)

    @routes.post("/knowledge-bases/{kb}/gaps/{gap}/reopen", status_code=204)
    async def reopen_gap(kb: IdPath, gap: IdPath, who: Asker, library: Library = shelf) -> Response:
        """Take a gap up again."""
        await seen(who, kb, library, Verb.TEACH)
        await library.care.end(kb, gap, GapState.OPEN)
        return Response(status_code=204)

    _findings(routes, opened)
    _impact(routes, opened)
    return routes


def _findings(routes: APIRouter, opened: Callable[[], Library]) -> None:
    shelf = at_hand(opened)

    @routes.get("/knowledge-bases/{kb}/findings")
    async def list_findings(
        kb: IdPath,
        who: Asker,
        library: Library = shelf,
        kind: FindingKind | None = None,
        dismissed: bool = False,
    ) -> dict[str, Any]:
        """Contradictions, stale and unused sources of the base as it stands now."""
        require(who, Verb.SEE_KNOWLEDGE)
        await library.base(who.workspace, kb)
        found = await library.care.findings(kb, kind, dismissed=dismissed)
        return {"findings": [finding_json(each) for each in found]}

    @routes.post("/knowledge-bases/{kb}/findings/{finding}/dismiss", status_code=204)
    async def dismiss_finding(kb: IdPath, finding: IdPath, who: Asker, library: Library = shelf) -> Response:
        """It is right as it is: hide the finding for as long as its passages stay the same."""
        require(who, Verb.TEACH)
        await library.base(who.workspace, kb)
        await library.care.dismiss(kb, finding)
        return Response(status_code=204)

    @routes.post("/knowledge-bases/{kb}/findings/{finding}/restore", status_code=204)
    async def restore_finding(kb: IdPath, finding: IdPath, who: Asker, library: Library = shelf) -> Response:
        """Show a finding again that was dismissed."""
        require(who, Verb.TEACH)
        await library.base(who.workspace, kb)
        await library.care.dismiss(kb, finding, dismissed=False)
        return Response(status_code=204)


def _impact(routes: APIRouter, opened: Callable[[], Library]) -> None:
    shelf = at_hand(opened)

    @routes.post("/knowledge-bases/{kb}/impact")
    async def try_change(kb: IdPath, body: Change, who: Asker, library: Library = shelf) -> dict[str, Any]:
        """What a new source, or one in the place of another, would have done to the questions of the last days."""
        require(who, Verb.SEE_KNOWLEDGE)
        await library.base(who.workspace, kb)
        replaces = None if body.replaces is None else int(body.replaces)
        found = await library.care.impact(kb, body.source.draft(), days=body.days, replaces=replaces)
        return impact_json(found)

    @routes.get("/knowledge-bases/{kb}/sources/{source}/impact")
    async def source_impact(
        kb: IdPath, source: IdPath, who: Asker, library: Library = shelf, days: Days = 30
    ) -> dict[str, Any]:
        """In how many answers of the last days a source was cited: what deleting it would take away."""
        require(who, Verb.SEE_KNOWLEDGE)
        await library.base(who.workspace, kb)
        if source not in {each.id for each in await library.sources(kb)}:
            raise NotFound(f"Knowledge base {kb} has no source {source}.")
        found = await library.care.usage(kb, source, days)
        return {"days": found.days, "answers": found.answers, "conversations": found.conversations}

    @routes.get("/knowledge-bases/{kb}/calibration")
    async def read_calibration(kb: IdPath, who: Asker, library: Library = shelf) -> dict[str, Any]:
        """How sure the base must be to answer, and what each threshold would answer, rightly and wrongly."""
        require(who, Verb.SEE_KNOWLEDGE)
        await library.base(who.workspace, kb)
        return calibration_json(*await library.care.strictness(kb))

    @routes.put("/knowledge-bases/{kb}/calibration")
    async def choose_strictness(
        kb: IdPath, body: Strictness, who: Asker, library: Library = shelf
    ) -> dict[str, Any]:
        """Choose the bound on wrong answers; the threshold follows at once, and at every later calibration."""
        require(who, Verb.TEACH)
        await library.base(who.workspace, kb)
        await library.care.choose_strictness(kb, body.wrong)
        return calibration_json(*await library.care.strictness(kb))
