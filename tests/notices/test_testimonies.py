"""Testimonies: agreed to, spoken, heard back, kept; listened to, written down, exported, withdrawn. On SQLite and on PostgreSQL."""

from __future__ import annotations

import csv

import pytest
from calls.conftest import Installation
from click.testing import CliRunner
from sqlalchemy import insert, select

from gateway.cli import main
from gateway.core import events
from gateway.core.events import ClipRecorded, DigitsPressed, PromptSpoken, RecordingMade, TaskOpened
from gateway.engine import interpreter
from gateway.engine.interpreter import Opening, Sprint
from gateway.errors import GatewayError
from gateway.services import callers, erasure, testimonies
from gateway.services.access import Actor, terminal
from gateway.services.commit import Conversation, Writing, commit
from gateway.services.receive.turns import setting
from gateway.store import channels, members, models, retention

SITA = "sample-1"


class Telling:
    """A call in which she is asked for her story; every sprint is committed."""

    def __init__(self, here: Installation, number: str = "+9779720000001", medium: str = "voice") -> None:
        self.here, self.gateway = here, here.gateway
        with self.gateway.database.read() as db:
            person = members.caller(db, self.gateway.seal.index(number))
            self.channel = channels.of_provider(db, self.gateway.providers.main.name)[0]
        self.caller = callers.caller_of(self.gateway, self.channel, person, new=False)
        opening = Opening(self.gateway.new_id(), medium)
        at = setting(self.gateway, self.gateway.clock())
        self._keep(interpreter.start(self.gateway.catalogue, "testimony", opening, self.caller, at))

    def does(self, *events) -> Telling:
        for event in events:
            at = setting(self.gateway, self.gateway.clock())
            self._keep(interpreter.resume(self.gateway.catalogue, self.sprint.session, event, self.caller, at))
        return self

    def presses(self, keys: str) -> Telling:
        return self.does(*map(DigitsPressed, keys))

    def _keep(self, sprint: Sprint) -> None:
        self.sprint = sprint
        now, session = self.gateway.clock(), models.flow_sessions
        self.said = [fact.prompt for fact in sprint.facts if isinstance(fact, PromptSpoken)]
        with self.gateway.database.write() as db:
            if db.execute(select(session.c.id).where(session.c.id == sprint.session.id)).first() is None:
                row = {"id": sprint.session.id, "provider": "twilio", "external_id": sprint.session.id, "channel_id": self.channel.id}
                row |= {
                    "medium": "voice",
                    "state": self.gateway.seal.seal("{}"),
                    "open": True,
                    "version": 1,
                    "updated_at": now,
                    "created_at": now,
                }
                row |= {"phone_id": self.caller.phone_id, "member_id": SITA}
                db.execute(insert(session).values({name: value for name, value in row.items() if name in session.c}))
            phone = self.caller.phone_id
            where = Conversation(sprint.session.id, "twilio", self.channel.id, "main", phone, "voice", (SITA,))
            commit(Writing(self.gateway, db, where, sprint, now))


def given(here: Installation, keys: str = "11") -> str:
    """A testimony of hers, agreed to by these keys; its recording has come."""
    told = Telling(here).presses(keys).does(RecordingMade(here.gateway.new_id(), 40, "1")).presses("1")
    [fact] = [fact for fact in told.sprint.facts if isinstance(fact, events.TestimonyGiven)]
    file = f"recordings/{fact.recording_id}.wav"
    (here.gateway.settings.data_dir / "recordings").mkdir(exist_ok=True)
    (here.gateway.settings.data_dir / file).write_bytes(b"her voice")
    with here.gateway.database.write() as db:
        db.execute(models.recordings.update().where(models.recordings.c.id == fact.recording_id).values(state="kept", file=file))
    return fact.testimony_id


@pytest.mark.parametrize(("keys", "consent"), [("11", "named"), ("21", "unnamed"), ("1221", "unnamed")])
def test_what_she_agreed_to_is_kept_with_its_wording_and_version(here: Installation, organiser: Actor, keys: str, consent: str):
    given(here, keys)
    [one] = testimonies.list_all(here.gateway, organiser)
    version = here.gateway.catalogue.flows["testimony"].hash[:12]
    assert (one.state, one.consent, one.language, one.consent_wording) == ("waiting", consent, "ne", f"testimony@{version}")
    assert (one.name is not None) is (consent == "named")


def test_without_her_word_nothing_is_recorded_or_kept(here: Installation, organiser: Actor):
    assert Telling(here).said == ["testimony/what_for", "testimony/consent"]
    assert Telling(here).presses("3").said == ["testimony/no_thanks"]
    told = Telling(here).presses("11").does(RecordingMade("RE1", 40, "1"))
    assert any(isinstance(fact, ClipRecorded) for fact in told.sprint.facts)
    told.presses("2").does(RecordingMade("RE2", 30, "1"))  # again
    assert testimonies.list_all(here.gateway, organiser) == []


def test_by_text_she_is_called(here: Installation):
    facts = Telling(here, medium="sms").sprint.facts
    assert [fact.kind for fact in facts if isinstance(fact, TaskOpened)] == ["call_back"]


def test_only_what_was_kept_is_exported_as_she_agreed(here: Installation, organiser: Actor, tmp_path):
    named, unnamed = given(here, "11"), given(here, "21")
    given(here, "11")  # waits
    file = tmp_path / "out" / "stories.csv"
    file.parent.mkdir()
    assert testimonies.export(here.gateway, organiser, file) == 0
    testimonies.keep(here.gateway, organiser, named)
    testimonies.keep(here.gateway, organiser, unnamed)
    testimonies.write_down(here.gateway, organiser, unnamed, "=I sew  all day")
    assert testimonies.export(here.gateway, organiser, file) == 2
    rows = {row["testimony"]: row for row in csv.DictReader(file.open(encoding="utf-8-sig"))}
    assert rows[named]["name"] == "सीता तामाङ"
    assert (rows[unnamed]["name"], rows[unnamed]["words"]) == ("", "'=I sew all day")
    assert (file.parent / rows[named]["recording"]).read_bytes() == b"her voice"


def test_what_is_withdrawn_is_silent_for_ever(here: Installation, organiser: Actor, tmp_path):
    one = given(here)
    path = testimonies.listen(here.gateway, organiser, one)
    testimonies.write_down(here.gateway, organiser, one, "I sew all day")
    testimonies.keep(here.gateway, organiser, one)
    testimonies.withdraw(here.gateway, organiser, one)
    assert not path.exists()
    [found] = testimonies.list_all(here.gateway, organiser)
    assert (found.state, found.file, found.words) == ("withdrawn", None, None)
    assert testimonies.export(here.gateway, organiser, tmp_path / "x.csv") == 0
    for verb in (testimonies.keep, testimonies.withdraw):
        with pytest.raises(GatewayError) as caught:
            verb(here.gateway, organiser, one)
        assert caught.value.code == "testimony:decided"


def test_what_has_not_come_is_not_kept(here: Installation, organiser: Actor):
    one = given(here)
    with here.gateway.database.write() as db:
        db.execute(models.recordings.update().values(state="asked", file=None))
    with pytest.raises(GatewayError) as caught:
        testimonies.keep(here.gateway, organiser, one)
    assert caught.value.code == "testimony:not-there"
    assert [found.state for found in testimonies.list_all(here.gateway, organiser)] == ["waiting"]


def test_the_commands_say_what_was_done(on_sqlite: Installation):
    one = given(on_sqlite)
    for arguments, said in (
        (("write", one, "I sew all day"), "What she said is written down"),
        (("keep", one), f"{one} is kept"),
        (("withdraw", one), f"{one} is withdrawn"),
    ):
        result = CliRunner().invoke(main, ["testimonies", *arguments], env=on_sqlite.environ)
        assert (result.exit_code, result.output.startswith(said), result.output.count("\n")) == (0, True, 1)


def test_only_whoever_may_hears_them(here: Installation, organiser: Actor):
    one = given(here)
    theirs = Actor("another", "admin", "user:x")
    for actor, code in ((Actor("main", "collector", "user:x"), "access:denied"), (theirs, "testimony:unknown")):
        with pytest.raises(GatewayError) as caught:
            testimonies.listen(here.gateway, actor, one)
        assert caught.value.code == code


def test_her_voice_outlives_other_recordings_and_goes_when_she_is_erased(here: Installation, organiser: Actor):
    one = given(here)
    path = testimonies.listen(here.gateway, organiser, one)
    here.clock.move(days=365)
    with here.gateway.database.read() as db:
        assert retention.count(db, "recordings", here.clock()) == 0
    erasure.erase(here.gateway, terminal("main"), SITA)
    assert not path.exists()
    assert testimonies.list_all(here.gateway, organiser) == []
