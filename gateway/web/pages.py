"""The pages that are not webhooks: where a newcomer arrives, and whether everything is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, render_template

if TYPE_CHECKING:
    from gateway.services.context import Gateway


def blueprint(gateway: Gateway) -> Blueprint:
    """`GET /` and `GET /health`."""
    routes = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

    @routes.get("/")
    def welcome() -> str:
        return render_template("welcome.html", organisation=gateway.settings.organisation, simulated=gateway.settings.uses_simulator)

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

    return routes
