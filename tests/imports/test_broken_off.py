"""Imports that are broken off: killed, cancelled, begun twice at once. What is there in the end is what a clean run leaves."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from imports.conftest import Office, open_office

from gateway.errors import GatewayError
from gateway.services import imports
from gateway.services.imports import jobs
from gateway.store import phones

SCRIPT = Path(__file__).with_name("slow_import.py")
FIRST = "सीता गीता रीता माया राधा कमला".split()
LAST = "तामाङ थारू राई लिम्बू गुरुङ मगर".split()


def members(rows: int) -> str:
    """A file with repeated rows, repeated people, rows that are refused, and phones that are spoilt."""
    draw = random.Random(rows)
    lines = ["name,phone,trade,usual_instalment"]
    for _ in range(rows):
        phone = f"98{draw.randrange(rows * 2):08}"
        spoilt = draw.choice([phone, phone, f"+977{phone}", f"{phone}.0", phone[:-3]])
        name = f"{draw.choice(FIRST)} {draw.choice(LAST)}"
        lines.append(f"{name},{spoilt},{draw.choice(['sewing', 'craft', 'nothing', ''])},{draw.choice(['300', '', '0'])}")
    return "\n".join(lines)


def payments(rows: int) -> str:
    """A file in which many rows are alike, and some have receipts."""
    draw = random.Random(rows)
    lines = ["phone,amount,month,receipt,state"]
    for number in range(rows):
        receipt = draw.choice(["", "", f"R-{number % (rows // 2)}"])
        phone, month = f"98412345{draw.randrange(5):02}", f"2083-0{draw.randrange(1, 4)}"
        lines.append(f"{phone},{draw.choice(['300', '200'])},{month},{receipt},{draw.choice(['', 'confirmed'])}")
    return "\n".join(lines)


MEMBERS = """SELECT m.sealed_name, m.trade, m.usual_instalment, m.version, m.state, p.sealed,
    (SELECT count(*) FROM member_names n WHERE n.member_id = m.id)
    FROM members m LEFT JOIN member_phones mp ON mp.member_id = m.id LEFT JOIN phones p ON p.id = mp.phone_id"""
ENTRIES = """SELECT p.sealed, c.amount, c.month, c.receipt, c.payer,
    (SELECT max(d.state) FROM contribution_decisions d WHERE d.contribution_id = c.id)
    FROM contributions c JOIN member_phones mp ON mp.member_id = c.member_id JOIN phones p ON p.id = mp.phone_id"""
WHOLE = {"members": (MEMBERS, "SELECT sealed FROM phones"), "contributions": (ENTRIES,)}
OF_ALL = ("SELECT state, row, added, changed, known, refused FROM imports", 'SELECT row, "column", reason FROM import_refusals')


def whole(office: Office, kind: str):
    """All that an import leaves, without what is drawn by chance."""
    return [sorted(office.rows(statement), key=str) for statement in (*WHOLE[kind], *OF_ALL)]


def begin(office: Office, kind: str, path: Path, rest: float = 0.2) -> subprocess.Popen[str]:
    command = [sys.executable, SCRIPT, office.environ["DATABASE_URL"], str(office.folder), kind, str(path), str(rest)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def wait_for(process: subprocess.Popen[str], row: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if not line.strip().isdecimal() or int(line) >= row:
            return


@pytest.fixture
def clean(sqlite_template, tmp_path, now) -> Iterator[Office]:
    """Another office, on SQLite, in which nothing is broken off."""
    (tmp_path / "clean").mkdir()
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'clean' / 'gateway.sqlite3')}"
    opened = open_office(url, tmp_path / "clean", now)
    yield opened
    opened.gateway.database.close()


@pytest.mark.parametrize(("kind", "content"), [("members", members), ("contributions", payments)])
def test_c22_killed_half_way_and_gone_on_with_it_equals_a_clean_run(anywhere: Office, clean: Office, kind, content):
    path = anywhere.file(content(8_000), f"many-{kind}.csv")
    some = "".join(f"x{n},98412345{n:02}\n" for n in range(5))
    anywhere.take("name,phone\n" + some)
    process = begin(anywhere, kind, path)
    for row in (1_500, 3_500):
        wait_for(process, row)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = begin(anywhere, kind, path)
    assert process.stdout is not None
    shown = [line.strip() for line in process.stdout]
    assert process.wait() == 0
    assert int(shown[0]) >= 3_000  # not from the beginning
    assert shown[-1] == "8001"

    clean.take("name,phone\n" + some)
    clean.take(path, kind)
    assert whole(anywhere, kind) == whole(clean, kind)


def test_two_processes_on_one_file_the_second_is_told(anywhere: Office):
    path = anywhere.file(members(4_000))
    first = begin(anywhere, "members", path, rest=1)
    wait_for(first, 500)
    second = begin(anywhere, "members", path)
    assert second.communicate()[0].strip() == "import:running"
    first.communicate()
    assert anywhere.rows("SELECT state, row FROM imports") == [("finished", 4_001)]


def test_one_process_cannot_begin_a_file_twice_either(anywhere: Office):
    path = anywhere.file(members(1_500))
    begun = imports.take_in(anywhere.gateway, anywhere.actor, "members", path)
    next(begun)
    with pytest.raises(GatewayError, match="import:running"):
        anywhere.take(path)
    assert list(begun)[-1].row == 1_501


def test_a_finished_file_says_so_and_is_compared_anew_when_asked(office: Office):
    path = office.file(members(700))
    clean = office.take(path)
    with pytest.raises(GatewayError, match="import:finished"):
        office.take(path)
    again = office.take(path, again=True)
    assert again.last.added == 0
    assert again.last.refused == clean.last.refused
    assert len(office.rows("SELECT * FROM import_refusals")) == len(again.refusals)


def test_a_cancelled_import_stops_and_goes_on_when_the_file_comes_again(anywhere: Office):
    path = anywhere.file(members(3_000))
    progress = imports.take_in(anywhere.gateway, anywhere.actor, "members", path)
    next(progress)
    at = next(progress)
    assert imports.cancel(anywhere.gateway, anywhere.actor, at.import_id).state == "cancelled"
    assert list(progress) == []
    assert anywhere.rows("SELECT state, row FROM imports") == [("cancelled", jobs.BATCH + 1)]
    assert anywhere.take(path).last.row == 3_001


def test_refusals_are_kept_with_row_column_and_reason_and_nothing_of_the_cell(office: Office):
    taken = office.take("name,phone,trade\nराधा,9841234567,dancing\nगोप्य,12,\n")
    kept = imports.refusals(office.gateway, office.actor, taken.last.import_id)
    assert [(refusal.row, refusal.column) for refusal in kept] == [(2, "trade"), (3, "phone")]
    assert "dancing" not in str(kept)
    with pytest.raises(GatewayError, match="import:unknown"):
        imports.refusals(office.gateway, office.actor, "another")


def test_a_dry_run_says_what_a_run_does_and_writes_nothing(office: Office):
    path = office.file(members(1_200))
    tried = office.take(path, dry_run=True)
    assert office.rows("SELECT * FROM imports") == office.people() == []
    done = office.take(path)
    assert tried.refusals == done.refusals
    assert sum(tried.counts) == sum(done.counts)
    assert (tried.last.added, tried.last.refused) == (done.last.added, done.last.refused)


def test_another_organisation_sees_nothing_of_it(office: Office):
    from gateway.services.access import Actor
    from gateway.store import organisations

    taken = office.take("name,phone\nराधा,9841234567\n")
    with office.gateway.database.write() as db:
        organisations.ensure(db, "other", "Other")
    other = Actor("other", "admin", "user:1")
    assert imports.latest(office.gateway, other) == []
    for ask in (imports.get, imports.refusals, imports.cancel):
        with pytest.raises(GatewayError, match="import:unknown"):
            ask(office.gateway, other, taken.last.import_id)
    theirs = list(imports.take_in(office.gateway, other, "members", office.folder / "members.csv"))
    assert (theirs[-1].added, theirs[-1].refused) == (1, 0)  # she is a member of both, and neither knows of the other
    assert (
        list(imports.take_in(office.gateway, other, "contributions", office.file("number,amount,month\n10008,5,2083-01\n")))[-1].refused
        == 1
    )


def test_only_who_may_import_and_export_does(office: Office, tmp_path):
    from gateway.services import exports
    from gateway.services.access import Actor

    for role in ("collector", "reader"):
        actor = Actor("main", role, "user:1", "1")
        with pytest.raises(GatewayError, match="access:denied"):
            imports.take_in(office.gateway, actor, "members", tmp_path / "x.csv")
        with pytest.raises(GatewayError, match="access:denied"):
            exports.write(office.gateway, actor, "members", tmp_path / "x")


def test_imports_and_exports_stand_in_the_audit_log(office: Office, tmp_path):
    from gateway.services import exports

    office.take("name,phone\nराधा,9841234567\n")
    exports.write(office.gateway, office.actor, "members", tmp_path / "out.csv")
    entries = office.rows("SELECT action, subject, detail FROM audit ORDER BY id")
    assert [action for action, _, _ in entries] == ["import", "import", "export"]
    assert entries[-1][1:] == ("members", '{"count": 1}')
    assert "9841234567" not in str(entries)


def test_c20_many_rows_need_no_more_memory_than_few_and_say_how_far_they_are(office: Office):
    office.take(members(1_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    path = office.file(members(25_000), "many.csv")
    shares = [progress.share for progress in imports.take_in(office.gateway, office.actor, "members", path)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) == 25_000 / jobs.BATCH + 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kilobytes; half of it is SQLite's cache


def test_f11_callers_are_written_down_while_an_import_runs(anywhere: Office):
    process = begin(anywhere, "members", anywhere.file(members(8_000)), rest=0)
    wait_for(process, 500)
    slowest = 0.0
    for number in range(100):
        began = time.monotonic()
        with anywhere.gateway.database.write() as db:
            phones.find_or_create(db, anywhere.gateway.seal, f"+97797200{number:05}", anywhere.gateway.clock())
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 4
    process.communicate()
    assert anywhere.rows("SELECT state, row FROM imports") == [("finished", 8_001)]
