"""Clips for providers to play. They are public: they hold prompts and numbers.

What was recorded for a clip by phone is heard in the same call, before it is approved; members who share a phone hear their own recorded
names; an organisation's own words are heard in its broadcasts and notices: all under names that nobody can guess, and no cache keeps them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flask import Blueprint, Response, send_from_directory

CACHE_SECONDS = 3600  # providers ask again after an hour, with the ETag, so that a new recording is soon heard


def blueprint(audio_dir: Path, data_dir: Path, *, spoken: Sequence[str]) -> Blueprint:
    """`GET /audio/<language>/<clip>.wav`, and `/audio/<folder>/<id>.wav` of the folders `spoken` in the data directory.

    Anything that is not a clip below these folders is 404.
    """
    routes = Blueprint("media", __name__)

    @routes.get("/audio/<path:clip>.wav")
    def play(clip: str) -> Response:
        return send_from_directory(audio_dir, f"{clip}.wav", mimetype="audio/wav", max_age=CACHE_SECONDS)

    def play_spoken(folder: str, recording: str) -> Response:
        response = send_from_directory(data_dir / folder, f"{recording}.wav", mimetype="audio/wav")
        response.headers["Cache-Control"] = "no-store"
        return response

    for folder in spoken:
        routes.add_url_rule(f"/audio/{folder}/<recording>.wav", f"play_{folder}", play_spoken, defaults={"folder": folder})
    return routes
