"""Records over the API: pages, versions, one effect, files, and that each look is written down."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from fakes.api_world import CONSENT, populate

from gateway.services import tokens
from gateway.store import idempotency


@pytest.fixture(autouse=True)
def _as_fast_as_it_can(monkeypatch):
    monkeypatch.setattr(tokens, "MOST_A_SECOND", 1_000_000)


@pytest.fixture
def world(api):
    return populate(api.gateway, "main", "OURMARK", "984")


@pytest.mark.parametrize("path", ["/members", "/contributions", "/claims", "/users", "/tokens", "/audit"])
def test_pages_together_are_the_whole_list(api, world, path: str):
    key = {"/members": "number", "/audit": "number"}.get(path, "id")
    whole = [item[key] for item in api.ask("GET", f"{path}?limit=200")[1]["items"]]
    found, after = [], ""
    while after is not None:
        page = api.ask("GET", f"{path}?limit=1" + (f"&after={after}" if after else ""))[1]
        found += [item[key] for item in page["items"]]
        after = page["next"]
    assert found[: len(whole)] == whole  # of the audit log each look makes one row more
    assert len(set(found)) == len(found)
    assert len(whole) > 1


def test_of_two_who_change_her_at_once_the_second_is_told(api, world):
    path = f"/members/{world.ids['member.own']}"
    seen = api.ask("GET", path)[1]
    status, first = api.ask("PATCH", path, {"version": seen["version"], "trade": "weaving"})
    assert (status, first["trade"], first["version"]) == (200, "weaving", seen["version"] + 1)
    status, problem = api.ask("PATCH", path, {"version": seen["version"], "trade": "bidi"})
    assert (status, problem["code"], problem["retryable"]) == (409, "member:changed", False)
    assert api.ask("GET", path)[1]["trade"] == "weaving"


def test_a_change_names_only_what_changes(api, world):
    path = f"/members/{world.ids['member.own']}"
    assert api.ask("PATCH", path, {"version": 1, "village": None})[1]["village"] is None
    after = api.ask("PATCH", path, {"version": 2, "private": True})[1]
    assert (after["name"], after["village"], after["private"]) == ("Sita OURMARK own", None, True)
    assert api.ask("PATCH", path, {"version": 3, "private": None})[1]["code"] == "request:invalid"


def test_a_collector_registers_into_her_own_group(api, world):
    api.secrets["collector", "main"] = world.ids["secret.own"]
    new = {"name": "Rita Rai", "phones": ["9841777777"], **CONSENT}
    assert api.ask("POST", "/members", new, by="collector")[1]["collector_id"] == world.ids["collector.own"]
    seen = api.ask("GET", "/members", by="collector")[1]["items"]
    assert {member["collector_id"] for member in seen} == {world.ids["collector.own"]}


def test_a_payment_is_noted_questioned_confirmed_and_taken_back(api, world):
    body = {"member_id": world.ids["member.own"], "amount": 500_00, "month": "2083-07"}
    status, entry = api.ask("POST", "/contributions", body)
    assert (status, entry["state"], entry["month"]) == (201, "noted", "2083-07")
    assert api.ask("POST", "/contributions", body)[1]["code"] == "contribution:already"
    assert api.ask("POST", "/contributions", {**body, "again": True})[0] == 201
    path = f"/contributions/{entry['id']}"
    assert api.ask("POST", f"{path}/question", {"note": "no receipt"})[1]["state"] == "questioned"
    assert api.ask("POST", f"{path}/confirm", {})[1]["state"] == "confirmed"
    status, reversal = api.ask("POST", f"{path}/reverse", {})
    assert (status, reversal["amount"], reversal["reverses"]) == (201, -500_00, entry["id"])
    assert api.ask("POST", f"{path}/reverse", {})[:1] == (409,)
    assert api.ask("GET", path)[1]["state"] == "reversed"


def test_twenty_identical_payments_at_once_are_one(api, world):
    api.secret("organiser", "main")
    body = {"member_id": world.ids["member.own"], "amount": 700_00, "month": "2083-06", "again": True}

    def ask(_: int) -> int:
        headers = {"Authorization": f"Bearer {api.secret('organiser', 'main')}", "Idempotency-Key": "one-payment"}
        client = api.app.test_client()
        return client.post("/api/v1/contributions", json=body, headers=headers, base_url="https://gateway.example").status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, range(20))) <= {201, 409}
    entries = api.ask("GET", f"/members/{world.ids['member.own']}/contributions")[1]["items"]
    assert [entry["amount"] for entry in entries].count(700_00) == 1


class Killed(BaseException):
    """The process ends here."""


def test_a_payment_whose_process_ended_before_the_commit_is_noted_once_by_its_repeat(api, world, monkeypatch):
    body = {"member_id": world.ids["member.own"], "amount": 700_00, "month": "2083-06"}
    api.secret("admin", "main")
    with monkeypatch.context() as broken:
        broken.setattr(idempotency, "answer", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            api.request("POST", "/contributions", body, key="one-payment")
    api.clock.move(seconds=61)
    assert api.ask("POST", "/contributions", body, key="one-payment")[0] == 201  # and no `contribution:already`
    assert api.ask("POST", "/contributions", body, key="one-payment")[0] == 201
    entries = api.ask("GET", f"/members/{world.ids['member.own']}/contributions")[1]["items"]
    assert [entry["amount"] for entry in entries].count(700_00) == 1


def test_bells_are_rung_after_the_commit(api, world, monkeypatch):
    """Who is registered is owed a welcome; whoever hears the bell must find it."""
    from gateway.web.api import frame

    rung = []
    done = frame.idempotency.once

    def once(gateway, *given):
        answer = done(gateway, *given)
        rung.append("committed")
        return answer

    monkeypatch.setattr(frame.idempotency, "once", once)
    monkeypatch.setattr("gateway.queues.enqueue.Doorbell.ring", lambda _self, jobs: rung.extend(["rung"] * bool(list(jobs))))
    assert api.ask("POST", "/members", {"name": "Rita Rai", "phones": ["9841777777"], **CONSENT})[0] == 201
    assert "rung" not in rung[: rung.index("committed")]


def test_each_look_at_a_person_is_written_down_without_telling_of_her(api, world):
    api.ask("GET", f"/members/{world.ids['member.own']}", by="organiser")
    rows = api.ask("GET", "/audit?limit=200")[1]["items"]
    looks = [row for row in rows if row["subject"] == f"member:{world.ids['member.own']}" and row["action"] == "see_members"]
    assert looks
    assert looks[-1]["actor"].startswith("token:")
    assert not [mark for mark in world.marks if mark in json.dumps(rows)]
    assert api.ask("GET", "/audit/verify")[1]["fault"] is None


def test_a_file_is_tried_out_taken_in_and_known_the_second_time(api):
    file = {"data": b"name,phone\nRita Rai,9841777777\nMaya Rai,12\n", "content_type": "application/octet-stream"}

    def lines(query: str) -> list[dict[str, object]]:
        response = api.request("POST", f"/imports?kind=members&{query}", **file)
        assert (response.status_code, response.mimetype) == (200, "application/x-ndjson")
        return [json.loads(line) for line in response.get_data(as_text=True).splitlines()]

    tried = lines("dry_run=true")
    assert (tried[-1]["added"], tried[-1]["refused"], api.ask("GET", "/members")[1]["items"]) == (1, 1, [])
    assert [refusal["column"] for line in tried for refusal in line["refusals"]] == ["phone"]
    taken = lines("")
    assert (taken[-1]["added"], taken[-1]["share"]) == (1, 1.0)
    import_id = taken[-1]["import_id"]
    assert api.ask("GET", f"/imports/{import_id}")[1]["state"] == "finished"
    assert api.ask("GET", f"/imports/{import_id}/refusals")[1]["items"][0]["row"] == 3
    status, problem = api.ask("POST", "/imports?kind=members", **file)
    assert (status, problem["code"]) == (422, "import:finished")
    assert lines("again=true")[-1]["known"] == 1


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"\xff\xfe\x00", b"PK\x03\x04broken", b"a,b\n1,2\n"])
def test_a_file_that_is_no_table_is_refused_at_once(on_sqlite, data: bytes):
    status, problem = on_sqlite.ask("POST", "/imports?kind=members", data=data, content_type="application/octet-stream")
    assert (status, problem["code"].partition(":")[0]) == (422, "import")


def test_a_file_without_a_length_or_another_type_is_refused(on_sqlite):
    chunked = {"headers": {"Transfer-Encoding": "chunked"}, "content_type": "application/octet-stream", "data": b"name,phone\n"}
    assert on_sqlite.ask("POST", "/imports?kind=members", **chunked)[0] == 411
    assert on_sqlite.ask("POST", "/imports?kind=members", data=b"name,phone\n", content_type="text/csv")[0] == 415


def test_an_export_can_be_imported_and_has_no_formula(api, world):
    new = {"name": "=HYPERLINK(1)", "phones": ["9841777777"], **CONSENT}
    assert api.ask("POST", "/members", new)[0] == 201
    response = api.request("GET", "/exports/members")
    assert (response.mimetype, response.headers["Content-Disposition"]) == ("text/csv", "attachment; filename=members.csv")
    text = response.get_data(as_text=True)
    assert "'=HYPERLINK(1)" in text
    assert world.ids["phone.own"] in text
    assert api.request("GET", "/exports/members?format=xlsx").data[:2] == b"PK"


def test_an_erased_member_is_gone_and_the_sums_stay(api, world):
    path = f"/members/{world.ids['member.own']}"
    assert api.ask("GET", f"{path}/dossier")[1]["members"]
    assert api.ask("DELETE", path)[0] == 204
    assert api.ask("GET", path)[1]["name"] is None
    assert api.ask("GET", f"{path}/standing")[1]["total"] == 300_00


def test_of_an_erased_member_no_answer_is_kept(api):
    new = {"name": "Rita Rai", "phones": ["9841777777"], **CONSENT}
    member = api.ask("POST", "/members", new, key="rita-comes")[1]
    assert api.ask("DELETE", f"/members/{member['id']}")[0] == 204
    with api.gateway.database.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM idempotency_keys WHERE sealed_answer IS NOT NULL").scalar() == 0
    status, problem = api.ask("POST", "/members", new, key="rita-comes")
    assert (status, problem["code"]) == (409, "request:done")
    assert [found["name"] for found in api.ask("GET", "/members")[1]["items"]] == [None]
