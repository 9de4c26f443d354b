"""`GET /health`: whether everything is well, for whoever watches the installation; `GET /metrics`: its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify

from gateway.web import metrics

if TYPE_CHECKING:
    from gateway.services.context import Gateway


def blueprint(gateway: Gateway) -> Blueprint:
    """The two routes."""
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    def health() -> tuple[Response, int]:
        """503 without a database, since nothing can be answered then; without Redis only sending waits. With faulty flow files the
        flows run on as they were."""
        database, queue = gateway.database.is_up(), gateway.queue_is_up()
        status = "ok" if database and queue else "degraded" if database else "down"
        body = {
            "status": status,
            "database": "up" if database else "down",
            "queue": "up" if queue else "down",
            "flows": gateway.flows.state,
        }
        return jsonify(body), 200 if database else 503

    @routes.get("/metrics")
    def measures() -> Response:
        """Figures for a monitoring program."""
        return metrics.answer(gateway)

    return routes
