"""The small installation that a transcript is played in: a real SQLite database of its own, the sample members, a clock that is moved."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from gateway import bootstrap, config
from gateway.core.calendar import NEPAL
from gateway.core.events import Medium
from gateway.core.ids import spelt
from gateway.core.jobs import Job, SendReply
from gateway.services import access, broadcast, installation, sample, sayings
from gateway.services.context import Gateway
from gateway.store import claiming, deliveries, members
from gateway.store import sayings as recorded_sayings
from gateway.store.database import open_database, upgrade
from gateway.store.sayings import ClipRow
from gateway.transcripts.telephone import without_wire

BEGINS = datetime(2026, 11, 22, 11, tzinfo=NEPAL)  # a Sunday in office hours, 6 Mangsir 2083
EMPTY, NO_OFFICE = "an empty organisation", "the office has no phone"
PERSON = "+97714000001"

ENVIRON = {
    "SECRET_KEY": "transcripts are played with sample members only",
    "PUBLIC_BASE_URL": "http://localhost",
    "REDIS_URL": "redis://localhost:1/0",  # never rung: the jobs of a scene are collected
    "GATEWAY_PERSON_NUMBER": PERSON,
    "GATEWAY_NUMBER": installation.SIMULATED_NUMBER,
}


@dataclass
class Scene:
    """An installation at a moment. `jobs` are the doorbells that nobody answers here."""

    gateway: Gateway
    at: datetime
    jobs: list[Job] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by

    def promised(self) -> list[str]:
        """The texts that were promised since this was asked last."""
        texts = texts_of(self.gateway, self.jobs)
        self.jobs.clear()
        return texts

    def tell(self, number: str, what: str, medium: Medium = "voice") -> int | None:
        """Ring or text this phone in a broadcast; the delivery, None where the phone gets none.

        `what` is `flow` and a flow's name; else for a call the name of a phrase, or `saying` and words of the organisation's own, and
        for a text its words.
        """
        organiser = access.terminal(installation.ORGANISATION)
        kind, _, rest = what.partition(" ")
        draft = broadcast.Draft("transcript", medium=medium)
        if medium == "sms":
            draft = replace(draft, texts=dict.fromkeys(self.gateway.catalogue.languages, what))
        if kind == "flow":
            draft = replace(draft, flow=rest)
        elif medium == "voice":
            draft = replace(draft, saying_id=self._saying(organiser, rest)) if kind == "saying" else replace(draft, phrase=what)
        everybody = broadcast.create(self.gateway, organiser, draft)
        broadcast.approve(self.gateway, organiser, everybody)
        broadcast.expand(self.gateway, everybody)
        claim = claiming.Claim("transcript", self.at, self.at + timedelta(minutes=1))
        with self.gateway.database.write() as db:
            rows = claiming.claim_page(db, claiming.Stream(everybody, medium), 1000, claim)
            claiming.record(db, [claiming.Outcome(row.id, "accepted") for row in rows], claim.token, self.at)
        return next((row.id for row in rows if self.gateway.seal.open(row.sealed) == number), None)

    def _saying(self, organiser: access.Actor, words: str) -> str:
        """Words of the organisation's own, as if they had been recorded in every language."""
        languages = self.gateway.catalogue.languages
        made = sayings.create(self.gateway, organiser, dict.fromkeys(languages, words))
        with self.gateway.database.write() as db:
            for language in languages:
                recorded_sayings.put_clip(db, ClipRow(made.id, language, self.gateway.new_id(), 1.0, organiser.name), self.at)
        return made.id


def texts_of(gateway: Gateway, jobs: Iterable[Job]) -> list[str]:
    """The words of the replies that these jobs ask for."""
    owed = [job.delivery_id for job in jobs if isinstance(job, SendReply)]
    with gateway.database.read() as db:
        return [text for one in owed if (text := deliveries.body(db, gateway.seal, one))]


class Stage:
    """Builds scenes. The flows are read once; each scene has a database of its own in `folder`."""

    def __init__(self, folder: Path, flows: Path, audio: Path) -> None:
        self._folder = folder
        self._count = itertools.count(1)
        self._samples: dict[tuple[datetime, bool, str], Path] = {}
        self._empty = folder / "empty.sqlite3"
        upgrade(f"sqlite:///{self._empty}")
        environ = {**ENVIRON, "DATABASE_URL": f"sqlite:///{self._empty}", "GATEWAY_FLOWS_DIR": str(flows), "GATEWAY_AUDIO_DIR": str(audio)}
        built = bootstrap.build(config.load({**environ, "GATEWAY_DATA_DIR": str(folder)}))
        built.database.close()
        # Every conversation here is younger than the flows: no older versions are kept.
        built.flows.catalogue = built.flows.catalogue.keeping({})
        self.gateway = without_wire(built, list)

    def scene(self, at: datetime | None = None, *, language: str = "ne", sample_members: bool = True, office_phone: bool = True) -> Scene:
        """A fresh installation as of this moment, in which everybody speaks this language."""
        at = at or BEGINS
        kind = (at, sample_members, language)
        if kind not in self._samples:
            self._samples[kind] = self._prepare(*kind)
        scene = self._open(self._copy(self._samples[kind]), at)
        settings = replace(scene.gateway.settings, language=language, person_number=PERSON if office_phone else "")
        scene.gateway = replace(scene.gateway, settings=settings)
        return scene

    def _prepare(self, at: datetime, sample_members: bool, language: str) -> Path:
        file = self._copy(self._empty)
        scene = self._open(file, at)
        scene.gateway = replace(scene.gateway, settings=replace(scene.gateway.settings, language=language))
        installation.prepare(scene.gateway)
        if sample_members:
            sample.load(scene.gateway)
            with scene.gateway.database.write() as db:
                for member in members.list_all(db, installation.ORGANISATION, "", 100):
                    members.set_language(db, member.id, language)
        scene.gateway.database.close()
        return file

    def _copy(self, file: Path) -> Path:
        return Path(shutil.copy(file, self._folder / f"{next(self._count)}.sqlite3"))

    def _open(self, file: Path, at: datetime) -> Scene:
        scene = Scene(self.gateway, at)
        scene.gateway = replace(
            self.gateway,
            database=open_database(f"sqlite:///{file}"),
            clock=scene.now,
            new_id=counting(),
            enqueue=scene.jobs.extend,
        )
        return scene


def counting() -> Callable[[], str]:
    """Ids that count, so that a transcript goes the same way each time."""
    counter = itertools.count(1)
    return lambda: spelt(next(counter))
