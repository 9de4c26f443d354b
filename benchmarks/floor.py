"""The floor of the inbound path: a bare Flask application that answers every post with the same 300 bytes, under the gateway's server."""

from __future__ import annotations

import sys

from flask import Flask, Response

from benchmarks.machine import HOST
from gateway.cli.serve import Wsgi, serve

ANSWER = ('<?xml version="1.0" encoding="UTF-8"?><Response>' + "<Pause/>" * 30).ljust(289) + "</Response>"


def bare() -> Wsgi:
    """Build the application."""
    app = Flask(__name__, static_folder=None)

    @app.post("/twilio/voice")
    def answer() -> Response:
        return Response(ANSWER, content_type="text/xml; charset=utf-8")

    return app


if __name__ == "__main__":
    serve(bare, HOST, int(sys.argv[1]), workers=1)
