"""Counts and times for Prometheus and whatever reads its format."""

import hmac
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Header, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0, generate_latest
from prometheus_client.registry import Collector

from myna.api.principal import Core
from myna.errors import NotFound, Unauthorised
from myna.model.moderation import Action
from myna.moderation.judging import BOUNDS_S, Judging

router = APIRouter(tags=["service"])


class _Moderation(Collector):
    def __init__(self, judging: Judging) -> None:
        self._judging = judging

    def collect(self) -> Iterator[Metric]:
        """The metrics of this moment."""
        found = self._judging
        verdicts = CounterMetricFamily("myna_moderation_verdicts", "Messages by verdict.", labels=["action"])
        for action in Action:
            verdicts.add_metric([action.value], found.verdicts[action.value])
        yield verdicts
        failures = CounterMetricFamily(
            "myna_moderation_failures", "Failures of judging by layer.", labels=["layer"]
        )
        for layer, count in sorted(found.failures.items()):
            failures.add_metric([layer], count)
        yield failures
        seconds = HistogramMetricFamily(
            "myna_moderation_seconds", "From asking about a message to its verdict."
        )
        buckets, seen = list[tuple[str, float]](), 0
        for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), found.steps, strict=True):
            seen += count
            buckets.append((bound, float(seen)))
        seconds.add_metric([], buckets, found.waited_s)
        yield seconds
        yield CounterMetricFamily(
            "myna_moderation_busy_seconds", "What the passes of the filter took.", value=found.busy_s
        )


@router.get("/metrics", summary="Counts and times of this process, for Prometheus", response_class=Response)
async def metrics(core: Core, authorization: Annotated[str, Header()] = "") -> Response:
    """Needs `Authorization: Bearer` with `MYNA_METRICS_TOKEN`; without that setting there is nothing here."""
    wanted = core.settings.metrics_token
    if not wanted:
        raise NotFound("This server tells no metrics; set MYNA_METRICS_TOKEN.")
    # Compared in constant time: how long the answer takes must not tell how much of a guess was right.
    if not hmac.compare_digest(authorization.encode(), f"Bearer {wanted}".encode()):
        raise Unauthorised("Metrics need the token of MYNA_METRICS_TOKEN.")
    registry = CollectorRegistry()
    if core.sender.judging is not None:
        registry.register(_Moderation(core.sender.judging))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_1_0_0)
