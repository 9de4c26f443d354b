"""Exports: safe to open, only their owner's, and when they are imported again nothing changes, whatever people are called."""

from __future__ import annotations

import csv
import stat
import uuid

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core import people
from gateway.errors import GatewayError
from gateway.services import exports
from gateway.store import members, phones

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\r=x",
    "＝1",
    "'=1",
    "''@",
    " =1",
    "'",
    '"',
    ",;|\t",
    "\u202eनाम\u202c",
    "{{7*7}}",
    "a\x1fb",
    "\ufffeq",
    "_x000D_",
    "</t>",
    "x\n=1",
]
WHOLE = (
    "SELECT number, sealed_name, sealed_village, language, trade, usual_instalment, private, version, state, consented_at, consent_how,"
    " consent_wording FROM members ORDER BY number"
)
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30), st.text("=+-@'\t\r\n ＝＋－＠a;,\"", max_size=12))


def add(office, *names: str | None) -> None:
    """Members as they may come from elsewhere: their names went through no import."""
    gateway = office.gateway
    with gateway.database.write() as db:
        for name in names:
            member_id = gateway.new_id()
            number = members.new_number(db, "main", uuid.uuid4().int)
            members.add(
                db, gateway.seal, members.NewMember(member_id, "main", number, "ne", name=name, usual_instalment=300_50), gateway.clock()
            )
            for phone in range(2):
                e164 = f"+97798{uuid.uuid4().int % 10**8:08}"
                members.attach_phone(db, member_id, phones.find_or_create(db, gateway.seal, e164, gateway.clock()))
                if phone == 0 and name is None:
                    break


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
@given(names=st.lists(TEXTS.map(people.clean).filter(lambda text: people.is_name(text) and len(text) < 100), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_went_out_comes_in_again_and_changes_nothing(office, tmp_path, name, names):
    add(office, *names, None)
    before = office.rows(WHOLE), office.people(), office.rows("SELECT count(*) FROM member_phones")
    path = tmp_path / f"{uuid.uuid4().hex}{name}"
    assert exports.write(office.gateway, office.actor, "members", path) == len(before[0])
    taken = office.take(path, shared_phones=True)
    assert taken.refusals == []
    assert taken.counts[:2] == (0, 0)
    assert before == (office.rows(WHOLE), office.people(), office.rows("SELECT count(*) FROM member_phones"))


def test_no_cell_of_an_export_is_a_formula(office, tmp_path):
    add(office, *HOSTILE)
    exports.write(office.gateway, office.actor, "members", tmp_path / "out.csv")
    exports.write(office.gateway, office.actor, "members", tmp_path / "out.xlsx")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    for row in rows:
        for cell in row:
            assert cell == "-1" or not cell.lstrip().startswith(("=", "-", "@", "＝", "＋", "－", "＠")), cell
            assert not cell.startswith(("\t", "\r", "\n")), cell
            assert not cell.startswith("+") or cell[1:].isdecimal()
    assert {row[2][:4] for row in rows[1:]} == {"+977"}
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert {cell.data_type for row in book.active.iter_rows() for cell in row if cell.value is not None} == {"s"}
    assert {name for (name,) in office.rows("SELECT sealed_name FROM members")} & {row[1].value for row in book.active.iter_rows()} >= {
        "=1+1",
        "@SUM(A1)",
    }


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_an_export_is_its_owners_alone_and_appears_whole(office, tmp_path, name, monkeypatch):
    add(office, "राधा")
    path = tmp_path / name
    path.write_text("before")
    path.chmod(0o644)
    exports.write(office.gateway, office.actor, "members", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def fail(*_):
        raise OSError("no space")

    monkeypatch.setattr(exports, "_shown", fail)
    whole = path.read_bytes()
    with pytest.raises(OSError, match="no space"):
        exports.write(office.gateway, office.actor, "members", path)
    assert path.read_bytes() == whole
    assert sorted(file.name for file in tmp_path.iterdir() if "out" in file.name) == [name]


def test_an_export_is_for_spreadsheets_and_of_one_kind(office, tmp_path):
    exports.write(office.gateway, office.actor, "members", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfnumber,name,phone,")
    with pytest.raises(GatewayError, match="import:kind"):
        exports.write(office.gateway, office.actor, "secrets", tmp_path / "x.csv")
    for name in ("x.pdf", "x"):
        with pytest.raises(GatewayError, match=r"written as \.csv or \.xlsx"):
            exports.write(office.gateway, office.actor, "members", tmp_path / name)
        assert not (tmp_path / name).exists()


def test_every_page_of_members_goes_out_once(office, tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "PAGE", 7)
    office.take("name,phone\n" + "".join(f"n{n},98410{n:05}\n" for n in range(50)))
    assert exports.write(office.gateway, office.actor, "members", tmp_path / "out.csv") == 50
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len({row["phone"] for row in csv.DictReader(file)}) == 50
