"""Clips for providers to play. They are public: they hold prompts and numbers, never what a member said.

What was recorded for a clip by phone is heard in the same call, before it is approved: under a name that nobody can guess.
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

CACHE_SECONDS = 3600  # providers ask again after an hour, with the ETag, so that a new recording is soon heard


def blueprint(audio_dir: Path, takes_dir: Path) -> Blueprint:
    """`GET /audio/<language>/<clip>.wav` and `/audio/takes/<id>.wav`; anything that is not a clip below these folders is 404."""
    routes = Blueprint("media", __name__)

    @routes.get("/audio/<path:clip>.wav")
    def play(clip: str) -> Response:
        return send_from_directory(audio_dir, f"{clip}.wav", mimetype="audio/wav", max_age=CACHE_SECONDS)

    @routes.get("/audio/takes/<take>.wav")
    def play_take(take: str) -> Response:
        response = send_from_directory(takes_dir, f"{take}.wav", mimetype="audio/wav")
        response.headers["Cache-Control"] = "no-store"
        return response

    return routes
