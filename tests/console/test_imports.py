"""Files of members, contributions and claims: tried out, taken in by a worker, broken off and gone on with."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import openpyxl
import pytest
from console.test_members import hidden, said
from fakes.console import Console
from playwright.sync_api import expect

from gateway.services import members, uploads
from gateway.services.access import terminal
from gateway.services.imports import jobs
from gateway.web.console.imports import SAMPLES

ADMIN = terminal("main")
FILE = "name,phone,trade\nकमला गुरुङ,9841000077,sewing\nRadha,12,sewing\n,9841000078,craft\n"
KILLED = Path(__file__).with_name("worker_that_dies.py")


def hand_in(client, content: str | bytes = FILE, name: str = "members.csv", **more) -> str:
    """Hand a file in as the form does; the address at which it is."""
    data = content.encode() if isinstance(content, str) else content
    form = {"kind": "members", "id": hidden(client.get("/imports"), "id"), **more}
    answer = client.post("/imports", {**form, "file": (io.BytesIO(data), name)}, content_type="multipart/form-data")
    assert answer.status_code == 303, said(answer)
    return answer.headers["Location"]


def work(console: Console) -> None:
    """What the worker does when it hears the bells."""
    for job in uploads.due(console.gateway):
        uploads.go_on(console.gateway, job.upload_id)


def kept(console: Console) -> list[Path]:
    folder = console.gateway.settings.data_dir / uploads.FOLDER
    return list(folder.iterdir()) if folder.exists() else []


def many(rows: int) -> str:
    return "name,phone\n" + "".join(f"दिदी {row},98{row + 40_000_000}\n" for row in range(rows))


def test_a_file_is_tried_out_first_and_changes_nothing_before_she_says_so(console: Console):
    client = console.as_("organiser")
    address = hand_in(client)
    waiting = client.get(address).get_data(as_text=True)
    assert '<meta http-equiv="refresh"' in waiting
    assert "<progress" in waiting
    work(console)
    page = said(client.get(address))
    assert "This would happen Added 1 Changed 0 Known already 0 Refused 2" in page
    assert "3 phone the phone number cannot be read" in page
    assert "4 name a new member needs a name" in page
    assert "http-equiv" not in client.get(address).get_data(as_text=True)
    assert not members.find(console.gateway, ADMIN, "9841000077")
    assert client.post(f"{address}/take").status_code == 303
    work(console)
    assert "It is taken in Added 1" in said(client.get(address))
    assert members.find(console.gateway, ADMIN, "9841000077")
    assert kept(console) == []


def test_the_file_is_private_and_a_second_tap_is_one_file(console: Console):
    client = console.as_("organiser")
    first = hand_in(client)
    (file,) = kept(console)
    assert file.stat().st_mode & 0o777 == 0o600
    assert hand_in(client, id=first.rpartition("/")[2]) == first
    assert kept(console) == [file]
    work(console)
    for _ in range(2):
        assert client.post(f"{first}/take").status_code == 303
    work(console)
    work(console)
    assert "Added 1" in said(client.get(first))


def test_refusals_are_a_file_too_in_nepali(console: Console):
    client = console.as_("organiser", "ne")
    address = hand_in(client)
    work(console)
    client.post(f"{address}/take")
    work(console)
    rows = list(csv.reader(io.StringIO(client.get(f"{address}/refusals.csv").get_data(as_text=True).lstrip("\ufeff"))))
    assert rows == [["लहर", "महल", "कारण"], ["3", "फोन", "फोन नम्बर बुझिएन"], ["4", "नाम", "नयाँ सदस्यको नाम चाहिन्छ"]]


def test_a_heading_that_is_none_is_said_and_the_file_deleted(console: Console):
    client = console.as_("organiser")
    address = hand_in(client, "Sita,9841000077\n")
    work(console)
    page = said(client.get(address))
    assert "It cannot be taken in" in page
    assert "Nobody knows the column" in page
    assert kept(console) == []
    with console.gateway.database.read() as db:
        stored = bytes(db.exec_driver_sql("SELECT sealed_report FROM uploads").scalar_one())
    assert b"Sita" not in stored  # what was no heading may be a name


def test_it_is_cancelled_and_goes_on_when_it_is_handed_in_again(console: Console, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jobs, "BATCH", 20)
    monkeypatch.setattr(uploads, "EVERY", 0)
    client, content = console.as_("organiser"), many(100)
    address = hand_in(client, content)
    work(console)
    client.post(f"{address}/take")
    looks = iter([False, False, True])
    (job,) = uploads.due(console.gateway)
    assert uploads.go_on(console.gateway, job.upload_id, stop=lambda: next(looks)) == [job]
    assert "It is being taken in" in said(client.get(address))
    assert "is deleted" in said(client.post(f"{address}/cancel", follow_redirects=True))
    assert kept(console) == []
    assert uploads.due(console.gateway) == []
    again = hand_in(client, content)
    work(console)
    client.post(f"{again}/take")
    work(console)
    assert "Added 100" in said(client.get(again))
    with console.gateway.database.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM members").scalar() == 104


def test_who_cancels_in_the_middle_stops_the_worker(console: Console, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jobs, "BATCH", 20)
    monkeypatch.setattr(uploads, "EVERY", 0)
    client = console.as_("organiser")
    address = hand_in(client, many(200))
    work(console)
    client.post(f"{address}/take")
    (job,) = uploads.due(console.gateway)
    looks = []

    def cancelled_on_the_way() -> bool:
        looks.append(1)
        if len(looks) == 3:
            client.post(f"{address}/cancel")
        return False

    assert uploads.go_on(console.gateway, job.upload_id, stop=cancelled_on_the_way) == []
    with console.gateway.database.read() as db:
        assert db.exec_driver_sql("SELECT state FROM imports").scalar() == "cancelled"
        assert db.exec_driver_sql("SELECT count(*) FROM members").scalar() < 204
    assert "It was cancelled" in said(client.get(address))


def test_a_worker_that_is_killed_is_gone_on_with_at_the_next_bell(console: Console):
    client = console.as_("organiser")
    address = hand_in(client, many(3_000))
    work(console)
    client.post(f"{address}/take")
    (job,) = uploads.due(console.gateway)
    settings = console.gateway.settings
    environ = {
        **os.environ,
        "SECRET_KEY": settings.secret_key,
        "PUBLIC_BASE_URL": settings.public_base_url,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "GATEWAY_DATA_DIR": str(settings.data_dir),
    }
    process = subprocess.Popen([sys.executable, KILLED, job.upload_id], env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip().isdecimal() and int(line) >= 1_000:
                break
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    with console.gateway.database.read() as db:
        half = db.exec_driver_sql("SELECT count(*) FROM members").scalar()
    assert 1_000 <= half < 3_004
    assert "It is being taken in" in said(client.get(address))
    worker = subprocess.Popen([sys.executable, "-m", "gateway.cli", "worker"], env=environ)
    try:
        until = time.monotonic() + 60
        while "It is taken in Added 3,000" not in said(client.get(address)):
            assert time.monotonic() < until
            console.gateway.enqueue(uploads.due(console.gateway))  # as the sweep does
            time.sleep(1)
    finally:
        worker.terminate()
        worker.wait()
    assert kept(console) == []
    with console.gateway.database.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM members").scalar() == 3_004


def test_two_workers_that_hear_the_same_bell_do_the_work_once(console: Console):
    client = console.as_("organiser")
    address = hand_in(client, many(1_500))
    work(console)
    client.post(f"{address}/take")
    (job,) = uploads.due(console.gateway)
    threads = [threading.Thread(target=uploads.go_on, args=(console.gateway, job.upload_id)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "Added 1,500" in said(client.get(address))


def test_whoever_may_import_no_more_is_not_worked_for(console: Console):
    client = console.as_("organiser")
    address = hand_in(client)
    with console.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE users SET role = 'collector' WHERE id = 'organiser-main'")
    work(console)
    assert "It cannot be taken in" in said(console.as_("admin").get(address))
    assert kept(console) == []


def test_what_nobody_wanted_is_deleted_after_a_day(console: Console):
    from dataclasses import replace
    from datetime import timedelta

    client = console.as_("organiser")
    address = hand_in(client)
    work(console)
    assert len(kept(console)) == 1
    now = console.gateway.clock()
    uploads.forget(replace(console.gateway, clock=lambda: now + timedelta(days=2)))
    assert kept(console) == []
    assert "It was cancelled" in said(client.get(address))


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_a_sample_is_taken_as_it_is(console: Console, kind: str):
    client = console.as_("organiser")
    for needed in dict.fromkeys(("members", kind)):
        content = client.get(f"/imports/samples/{needed}.csv").get_data()
        address = hand_in(client, content, kind=needed)
        work(console)
        assert "Added 2 Changed 0 Known already 0 Refused 0" in said(client.get(address))
        client.post(f"{address}/take")
        work(console)
        assert "It is taken in" in said(client.get(address))


def test_a_large_file_is_taken_and_a_large_form_elsewhere_is_not(console: Console):
    client = console.as_("organiser")
    hand_in(client, many(20_000))
    assert client.post("/members", {"words": "x" * 100_000}).status_code == 413


def test_records_go_out_as_files_for_whoever_may(console: Console):
    client = console.as_("organiser")
    assert "सीता तामाङ" in client.get("/exports/members.csv").get_data(as_text=True)
    for kind in ("members", "contributions", "claims"):
        book = openpyxl.load_workbook(io.BytesIO(client.get(f"/exports/{kind}.xlsx").get_data()))
        assert book.active.max_row > 1
    assert console.as_("collector").get("/exports/members.csv").status_code == 403
    assert client.get("/exports/members.exe").status_code == 422
    assert "took a list out as a file" in said(console.as_("admin").get("/audit"))


def test_another_organisation_and_a_collector_see_no_file(console: Console):
    from gateway.store import organisations

    address = hand_in(console.as_("organiser"))
    with console.gateway.database.write() as db:
        organisations.ensure(db, "others", "Others")
    other = console.as_("admin", organisation_id="others")
    assert other.get(address).status_code == 404
    assert other.post(f"{address}/cancel").status_code == 404
    assert console.as_("collector").get(address).status_code == 403


def test_the_bar_moves_without_a_reload(open_as, console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "EVERY", 0)
    (tmp_path / "many.csv").write_text(many(6_000), encoding="utf-8")
    wanted = threading.Event()

    def slowly() -> bool:
        time.sleep(0.35)
        return False

    def worker() -> None:
        while not wanted.is_set():
            for job in uploads.due(console.gateway):
                uploads.go_on(console.gateway, job.upload_id, stop=slowly)
            time.sleep(0.05)

    thread = threading.Thread(target=worker, daemon=True)
    with open_as("organiser", "en", width=360) as page:
        page.goto("/imports")
        page.set_input_files("#file", tmp_path / "many.csv")
        thread.start()
        try:
            page.get_by_role("button", name="Try it out").click()
            page.get_by_role("button", name="Take it in").click(timeout=15_000)
            page.evaluate("window.marked = true")
            expect(page.locator("progress")).to_be_visible()
            seen = {page.locator("progress").get_attribute("value")}
            while page.get_by_role("heading", name="It is taken in").count() == 0 and len(seen) < 50:
                bar = page.locator("progress")
                if bar.count():
                    seen.add(bar.get_attribute("value", timeout=2_000))
                page.wait_for_timeout(200)
            assert len(seen) > 2
            assert page.evaluate("window.marked") is True
        finally:
            wanted.set()
            thread.join()
