"""The flows of a running process: its catalogue, exchanged for another when the files change and are sound.

A look at the folder costs a few file stamps and happens beside the calls, in a thread of its own. Conversations that are under way go on in
the versions with which they began: those are in the database before anybody can begin a new one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import structlog

from gateway.engine import loader
from gateway.errors import GatewayError
from gateway.services import versions
from gateway.services.actions import SPECS
from gateway.services.versions import StoredVersions

if TYPE_CHECKING:
    from gateway.audio.catalogue import ClipCatalogue
    from gateway.engine.definition import Catalogue, Flow
    from gateway.store.database import Database

LOOK_EVERY = 3.0  # seconds
SUFFIXES = {".yaml", ".tsv", ".txt"}

Stamps = Mapping[str, tuple[int, int]]  # file -> when it was written (ns), its bytes

log = structlog.get_logger(__name__)


class LiveFlows:
    """`catalogue` is what conversations begin in; one assignment exchanges it. `state` is `faulty` while the files cannot be used."""

    def __init__(self, folder: Path, clips: ClipCatalogue, database: Database, clock: Callable[[], datetime]) -> None:
        """Read the folder. Raises an ExceptionGroup of GatewayErrors where its files are faulty."""
        self._folder = folder
        self._clips = clips
        self._database = database
        self._clock = clock
        self._known: dict[str, Flow] = {}  # every version that this process has run, by hash
        self._judged = self._seen = stamps(folder)
        self.state: Literal["current", "faulty"] = "current"
        self.catalogue = self._keeping_older(loader.load(folder, SPECS))

    def look(self) -> None:
        """Take the files if they changed and are sound; say once what is wrong with them if they are not.

        A change is taken when a second look finds the same stamps: by then nobody is in the middle of writing it.
        """
        found = stamps(self._folder)
        settled, self._seen = found == self._seen, found
        if found == self._judged or not settled:
            return
        try:
            catalogue = loader.load(self._folder, SPECS)
        except ExceptionGroup as faults:
            self._judged, self.state = found, "faulty"
            log.error("flows_faulty", faults="; ".join(str(fault) for fault in faults.exceptions))  # noqa: TRY400 - the faults are the message
            return
        if stamps(self._folder) != found:
            return  # written to while we read: the next look reads again
        versions.remember(self._database, catalogue, self._clock())
        self.catalogue = self._keeping_older(catalogue)
        self._judged, self.state = found, "current"
        log.info("flows_taken", flows=len(catalogue.flows))

    def keep_looking(self, every: float = LOOK_EVERY) -> None:
        """Look every few seconds, for as long as this process lives."""
        threading.Thread(target=self._look_for_ever, args=(every,), name="flows", daemon=True).start()

    def _look_for_ever(self, every: float) -> None:
        pause = threading.Event()
        while not pause.wait(every):
            try:
                self.look()
            except (GatewayError, OSError) as error:  # the database or the disk is away: the running flows go on
                log.warning("flows_not_read", error=str(error))

    def _keeping_older(self, catalogue: Catalogue) -> Catalogue:
        self._known = {**self._known, **{flow.hash: flow for flow in catalogue.flows.values()}}
        older = StoredVersions(self._database, catalogue, SPECS, self._known)
        return replace(catalogue, older=older, middles=self._clips.middles())


def stamps(folder: Path) -> Stamps:
    """What tells whether a file was written to, without reading it."""
    found: dict[str, tuple[int, int]] = {}
    for path in sorted(path for inside in (".", loader.TRANSLATIONS, loader.LESSONS) for path in (folder / inside).glob("*")):
        if path.suffix in SUFFIXES:
            try:
                status = path.stat()
            except OSError:  # a link to nowhere, or gone since
                continue
            found[str(path)] = (status.st_mtime_ns, status.st_size)
    return found
