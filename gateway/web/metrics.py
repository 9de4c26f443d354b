"""`GET /metrics`: figures for a monitoring program, in the text format of Prometheus. They tell of nobody.

Closed unless a token is set: a proxy on the same machine makes every request look as if it came from there, so that no address is proof.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flask import Response, abort, request

from gateway.errors import GatewayError
from gateway.services import health

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

    from gateway.services.context import Gateway
    from gateway.services.health import Measures

BEARER = "Bearer "


def answer(gateway: Gateway) -> Response:
    """The figures, for whoever has the token; 404 where none is set, 401 for another one, 503 without a database."""
    token = gateway.settings.metrics_token
    if not token:
        abort(404)
    given = request.headers.get("Authorization", "")
    if not given.startswith(BEARER) or not hmac.compare_digest(given.removeprefix(BEARER).encode(), token.encode()):
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    try:
        families = list(_families(health.measure(gateway)))
    except GatewayError:
        return Response(status=503)
    registry.register(_Once(families))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


class _Once:
    """What was measured, as the library wants it."""

    def __init__(self, families: list[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> list[GaugeMetricFamily]:
        return self._families


def _families(found: Measures) -> Iterator[GaugeMetricFamily]:
    from prometheus_client.core import GaugeMetricFamily

    for what, way, says in (
        ("deliveries", "medium", "Texts and calls that we owe, changed today, by the state they are in"),
        ("calls", "direction", "Calls of today"),
        ("messages", "direction", "Texts of today that came in, or went out as an answer"),
    ):
        labels = ["channel", way, "state"] if what != "messages" else ["channel", way]
        family = GaugeMetricFamily(f"aawaj_{what}_today", says, labels=labels)
        for row in found.traffic:
            if row.what == what:
                family.add_metric([row.channel_id, row.way, row.state][: len(labels)], row.many)
        yield family
    yield from _of_channels(found)
    yield GaugeMetricFamily("aawaj_redis_up", "Whether Redis answers", value=found.queues is not None)
    if found.queues is not None:
        jobs = GaugeMetricFamily("aawaj_queue_jobs", "Jobs in the queues", labels=["queue", "state"])
        oldest = GaugeMetricFamily("aawaj_queue_oldest_seconds", "For how long the oldest job has waited", labels=["queue"])
        for queue in found.queues.queues:
            jobs.add_metric([queue.name, "waiting"], queue.waiting)
            jobs.add_metric([queue.name, "underway"], queue.underway)
            jobs.add_metric([queue.name, "failed"], queue.failed)
            oldest.add_metric([queue.name], queue.oldest or 0)
        yield from (jobs, oldest)
        yield GaugeMetricFamily("aawaj_workers_alive", "Workers that showed that they live", value=found.queues.alive)
    for name, says, at in (
        ("swept", "When the clock last rang", found.swept_at),
        ("backup", "When a backup was last finished", found.backup_at),
    ):
        if at is not None:
            yield GaugeMetricFamily(f"aawaj_{name}_timestamp_seconds", says, value=at.timestamp())


def _of_channels(found: Measures) -> Iterator[GaugeMetricFamily]:
    from prometheus_client.core import GaugeMetricFamily

    breaker = GaugeMetricFamily(
        "aawaj_channel_held", "1: the provider failed again and again, and the channel is left alone", labels=["channel", "medium"]
    )
    share = GaugeMetricFamily(
        "aawaj_channel_pace_share",
        "Part of its pace at which a channel sends: 1 unless its provider complained",
        labels=["channel", "medium"],
    )
    left = GaugeMetricFamily(
        "aawaj_channel_day_left", "Texts that a channel may still send today, where it has a limit", labels=["channel"]
    )
    told = GaugeMetricFamily(
        "aawaj_channel_callback_seconds", "For how long a channel's provider has told nothing of what was sent", labels=["channel"]
    )
    for seen in found.channels:
        for medium in seen.carries:
            breaker.add_metric([seen.channel.id, medium], medium in seen.held)
            share.add_metric([seen.channel.id, medium], seen.shares.get(medium, 1))
        if seen.left is not None:
            left.add_metric([seen.channel.id], seen.left)
        if seen.callback_at is not None:
            told.add_metric([seen.channel.id], (found.at - seen.callback_at).total_seconds())
    yield from (breaker, share, left, told)
