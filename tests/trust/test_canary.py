"""The canary: a run of everything, with real programs, and afterwards no trace of a name, a number, a PIN or a note anywhere but sealed.

Looked through are all lines that the programs wrote, every command that Redis was sent and what it keeps, every file of the data folder
and its name, the files of the database, and every address that the provider saw.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
import pytest
import redis
from fakes.phone import Phone
from fakes.twilio import FakeTwilio
from sqlalchemy import create_engine, text
from store.test_secrets import forms

GATEWAY = [sys.executable, "-P", "-m", "gateway.cli"]
OURS = "+97714000000"
PRIVATE, HER_PIN = "+9779720000002", "4826"
NUMBERS = {"imported": "+9779851987654", "stranger": "+9779862413579"}
TEXTS = ("Kanchankali", "Bardiyakot", "कञ्चनकली", "बर्दियाकोट", "canarynote", "क्यानरीकुरा")
PIN = "7364"
A_PIN = re.compile(rb"(?<![0-9a-zA-Z.:+/=_-])7364(?![0-9a-zA-Z+/=_-])")
ERASED = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "PUBLIC_BASE_URL", "PORT")


def text_forms(words: str) -> dict[str, bytes]:
    """The ways in which words could lie about in a file."""
    return {
        "plain": words.encode(),
        "small": words.lower().encode(),
        "utf-16": words.encode("utf-16-le"),
        "escaped": json.dumps(words)[1:-1].encode(),
        "in an address": quote(words).encode(),
        "hexadecimal": words.encode().hex().encode(),
    }


def traces_in(content: bytes) -> set[str]:
    """Which canaries are in there, and in which form."""
    found = {f"{whose} number, {name}" for whose, number in NUMBERS.items() for name, form in forms(number).items() if form in content}
    found |= {f"{words}, {name}" for words in TEXTS for name, form in text_forms(words).items() if form in content}
    return found | ({"the PIN"} if A_PIN.search(content) else set()) | ({"a PIN's hash"} if b"$argon2" in content else set())


def test_every_canary_would_be_found():
    for words in TEXTS:
        assert all(traces_in(b"x" + form + b"x") for form in text_forms(words).values())
    for number in NUMBERS.values():
        assert all(traces_in(b"x" + form + b"x") for form in forms(number).values())
    assert all(traces_in(said) for said in (b"PIN 7364", b'"7364"', b"(7364)", b"=\0" + b"7364", b"$argon2id$v=19"))
    assert not traces_in(b"at 12:00:07.736412, 17364, a7364f")


@pytest.fixture(params=["sqlite", "postgres"])
def environ(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the programs are told: a database of one kind, and Twilio's account."""
    for name in ERASED:
        monkeypatch.delenv(name, raising=False)
    environ = {"GATEWAY_DATA_DIR": str(tmp_path / "data"), "GATEWAY_NUMBER": OURS}
    if request.param == "postgres":
        environ["DATABASE_URL"] = request.getfixturevalue("empty_postgres_url")
    return environ


class Run:
    """A whole gateway at work, with everybody who uses it."""

    def __init__(self, address: str, environ: dict[str, str], twilio: FakeTwilio, folder: Path) -> None:
        self.address, self.environ, self.twilio, self.folder = address, environ, twilio, folder
        self.said: list[str] = []  # what commands wrote to standard error

    def phone(self, number: str) -> Phone:
        return Phone(self.address, self.twilio.account_sid, self.twilio.auth_token, number, gateway_number=OURS)

    def command(self, *words: str, given: str = "") -> str:
        done = subprocess.run(
            [*GATEWAY, *words], env={**os.environ, **self.environ}, input=given, capture_output=True, text=True, check=False, timeout=60
        )
        self.said.append(done.stderr)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        url = self.environ.get("DATABASE_URL") or f"sqlite:///{self.folder}/gateway.sqlite3"
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as db:
            result = db.execute(text(statement))
            rows = [tuple(row) for row in result] if result.returns_rows else []
        engine.dispose()
        return rows


@contextmanager
def watched(url: str) -> Iterator[list[str]]:
    """Every command that a Redis is sent meanwhile."""
    heard: list[str] = []
    client = redis.Redis.from_url(url)
    monitor = client.monitor()

    def listen() -> None:
        try:
            with monitor:
                heard.extend(repr(command) for command in monitor.listen())
        except (redis.RedisError, OSError, ValueError, AttributeError):
            return  # it was told to stop, or Redis ended

    threading.Thread(target=listen, daemon=True).start()
    time.sleep(0.3)
    yield heard
    time.sleep(0.3)


def live(run: Run, folder: Path) -> None:
    """What members and organisers do, all of it with canaries."""
    sheet = folder / "members.csv"
    sheet.write_text(f"name,phone,private,trade\n{TEXTS[2]} {TEXTS[3]},{NUMBERS['imported']},yes,sewing\n", encoding="utf-8")
    run.command("members", "import", str(sheet))
    ((number,),) = run.sql("SELECT number FROM members WHERE id NOT LIKE 'sample%'")
    run.command("members", "pin", str(number), given=f"{PIN}\n{PIN}\n")
    hers, stranger = run.phone(NUMBERS["imported"]), run.phone(NUMBERS["stranger"])
    for words in ("darta", "1", f"{TEXTS[0]}, {TEXTS[1]}", "1", TEXTS[4], TEXTS[5], f"{NUMBERS['imported']} {TEXTS[2]}"):
        stranger.text(words)
    call = hers.ring().press("2").press("9999").press(PIN)
    assert call.heard
    hers.ring().press("1").press(PIN)
    for words in (f"dabi {PIN}", "yogdan", PIN, "300", "1", f"yogdan 400 {TEXTS[4]}", PIN, "1", "manche", TEXTS[5]):
        hers.text(words)
    run.phone("+9779720000001").ring().press("1").press("1")
    run.command("broadcast", "send", "--text", "ne=भोलि बैठक छ।", "--life-safety", "An Organiser", "--yes", "--no-wait")
    deadline = time.monotonic() + 45
    while not run.twilio.sent_to(NUMBERS["imported"]) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert run.twilio.sent_to(NUMBERS["imported"])
    stranger.text("STOP")
    run.command("members", "export", str(folder / "out.csv"))
    run.command("members", "dossier", str(number), str(folder / "hers.json"))
    assert TEXTS[2] in (folder / "hers.json").read_text(encoding="utf-8")
    run.command("tasks", "list")
    run.command("audit", "list")
    run.command("audit", "verify")
    run.command("text", NUMBERS["imported"], TEXTS[4])


# By whether it is PostgreSQL: what no text can be written with, and its end.
BROKEN = {
    True: ("ALTER TABLE messages ADD CONSTRAINT broken CHECK (false) NOT VALID", "ALTER TABLE messages DROP CONSTRAINT broken"),
    False: ("CREATE TRIGGER broken BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'broken'); END", "DROP TRIGGER broken"),
}


def go_wrong(run: Run) -> None:
    """Requests that are refused, and one in the middle of which the database fails."""
    forged = Phone(run.address, run.twilio.account_sid, "not the token", NUMBERS["imported"], gateway_number=OURS)
    with pytest.raises(AssertionError, match="403"):
        forged.text(TEXTS[0])
    hers = run.phone(NUMBERS["imported"])
    breaks, mends = BROKEN["DATABASE_URL" in run.environ]
    run.sql(breaks)
    with pytest.raises(AssertionError, match=r"50[03]"):
        hers.text(f"{TEXTS[0]} {PIN}")
    run.sql(mends)
    hers.text(f"\x00 {TEXTS[0]}")


def test_a_run_of_everything_leaves_no_trace(environ, start, tmp_path):
    folder = tmp_path / "data"
    with FakeTwilio(callbacks=("sent", "delivered")) as twilio:
        account = {"TWILIO_ACCOUNT_SID": twilio.account_sid, "TWILIO_AUTH_TOKEN": twilio.auth_token, "TWILIO_API_BASE_URL": twilio.url}
        gateway = start([*GATEWAY, "up", "--port", "0", "--data", str(folder)], environ={**environ, **account})
        address = gateway.wait_for(r"ready (http://127\.0\.0\.1:\d+)", seconds=90)[1]
        run = Run(address, environ, twilio, folder)
        settings = dict(line.split("=", 1) for line in (folder / "environment").read_text(encoding="utf-8").splitlines())
        with watched(settings["REDIS_URL"]) as commands:
            live(run, tmp_path)
            go_wrong(run)
        assert run.sql("SELECT count(*) FROM members WHERE state = 'pending'") == [(1,)], "she did register"
        assert run.sql("SELECT count(*) FROM contributions WHERE member_id NOT LIKE 'sample%'") != [(0,)], "she did contribute"
        twilio.wait_for_callbacks()
        if "DATABASE_URL" in environ:
            with psycopg.connect(environ["DATABASE_URL"], autocommit=True) as db:
                db.execute("CHECKPOINT")
        files = everything_in(folder, environ)
        gateway.stop()
    lines = "\n".join([*gateway.lines, *run.said])
    assert "Traceback" in lines or "OperationalError" in lines, "nothing went wrong, so this proves little"
    assert len(commands) > 20
    assert any(b"An Organiser" in content for content in files.values()), "these are not the files in which the rows are"
    places = {
        "what the programs wrote": lines.encode("utf-8", "surrogateescape"),
        "what Redis was sent": "\n".join(commands).encode(),
        "addresses": "\n".join(f"{sent.url} {sent.callback}" for sent in twilio.ledger).encode(),
        "names of files": "\n".join(files).encode(),
        **files,
        **everything_in(folder, {}),
    }
    assert {place: found for place, content in places.items() if (found := traces_in(content))} == {}


def everything_in(folder: Path, environ: dict[str, str]) -> dict[str, bytes]:
    """The content of every file of the data folder, and of PostgreSQL's."""
    folders = [folder]
    if "DATABASE_URL" in environ:
        data = Path(parse_qs(urlsplit(environ["DATABASE_URL"]).query)["host"][0]) / "data"
        folders += [data / "base", data / "pg_wal"]
    return {str(file): file.read_bytes() for each in folders for file in sorted(each.rglob("*")) if file.is_file()}
