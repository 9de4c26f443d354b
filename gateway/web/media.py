"""Clips for providers to play. They are public: they hold prompts and numbers, never a person's voice."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

CACHE_SECONDS = 3600  # providers ask again after an hour, with the ETag, so that a new recording is soon heard


def blueprint(audio_dir: Path) -> Blueprint:
    """`GET /audio/<language>/<clip>.wav`; anything that is not a clip below the folder is 404."""
    routes = Blueprint("media", __name__)

    @routes.get("/audio/<path:clip>.wav")
    def play(clip: str) -> Response:
        return send_from_directory(audio_dir, f"{clip}.wav", mimetype="audio/wav", max_age=CACHE_SECONDS)

    return routes
