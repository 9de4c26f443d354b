"""Recordings: fetched from the provider by its own id for them, kept below the data directory, never by an address that a request named."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.jobs import FetchRecording, Job
from gateway.providers.faults import SendError
from gateway.providers.http import open_http
from gateway.services import studio
from gateway.store import recordings

if TYPE_CHECKING:
    from gateway.services.context import Gateway

FOLDER = "recordings"
MOST_TRIES = 24
MOST_AT_ONCE = 200
TRY_EVERY = timedelta(minutes=5)  # the provider is still writing it, or is away


def ready(gateway: Gateway, provider: str, external_id: str) -> None:
    """The provider says that a recording can be fetched; one that no conversation knows yet waits for the sweep."""
    with gateway.database.read() as db:
        recording_id = recordings.by_external_id(db, provider, external_id)
    if recording_id is not None:
        gateway.enqueue([FetchRecording(recording_id)])


def fetch(gateway: Gateway, recording_id: str) -> None:
    """Fetch one recording and keep it; a recording that cannot be had is tried again by the sweep, then given up as lost."""
    with gateway.database.read() as db:
        row = recordings.get(db, recording_id)
    if row is None or row.state != "pending":
        return
    try:
        audio = asyncio.run(_download(gateway, row.provider, row.external_id))
    except SendError:
        with gateway.database.write() as db:
            recordings.missed(db, recording_id, MOST_TRIES)
        return
    name = f"{FOLDER}/{recording_id}.wav"
    write_whole(gateway.settings.data_dir / name, audio)
    studio.prepare(gateway, recording_id, gateway.settings.data_dir / name)
    with gateway.database.write() as db:
        gone = not recordings.kept(db, recording_id, name) and recordings.get(db, recording_id) is None
    if gone:  # she was erased meanwhile
        (gateway.settings.data_dir / name).unlink(missing_ok=True)


def due(gateway: Gateway) -> list[Job]:
    """Recordings whose fetching was lost or failed, each the later the more often it failed."""
    now = gateway.clock()
    with gateway.database.read() as db:
        waiting = recordings.pending(db, limit=MOST_AT_ONCE)
    return [FetchRecording(row.id) for row in waiting if row.created_at + row.tries * TRY_EVERY <= now]


async def _download(gateway: Gateway, provider: str, external_id: str) -> bytes:
    async with open_http(connections=1) as http:
        return await gateway.providers[provider].fetch_recording(http, external_id)


def write_whole(path: Path, content: bytes) -> None:
    """A file that is either there whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
