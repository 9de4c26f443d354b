"""Every table is counted again, by hand and without the database: what is shown must be the same."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import datetime
from statistics import median

import pytest
from fakes.drawn import OURS, THEIRS, Drawn, draw
from sqlalchemy import func, select

from gateway.core import places
from gateway.core.calendar import month_of
from gateway.errors import GatewayError
from gateway.services import statistics
from gateway.services.access import Actor
from gateway.services.context import Gateway
from gateway.services.statistics import TABLES, Filters, Table
from gateway.services.statistics.words import HEADINGS, VALUES
from gateway.store import models
from gateway.store.database import open_database
from gateway.store.statistics import patience

HERE = {"pending", "active"}


@pytest.fixture
def written(gateway: Gateway, now: datetime) -> Drawn:
    drawn = draw(1, now, people=150)
    drawn.write(gateway.database)
    return drawn


def named(kind: str, key: str | None, gateway: Gateway) -> str:
    if key is None:
        return HEADINGS["none" if kind == "scheme" else "unknown"][1]
    if kind == "trade":
        return gateway.catalogue.phrases[key]["en"].capitalize()
    if kind in {"province", "district", "municipality"}:
        return places.find(key).name_en
    return VALUES[kind][key][1]


def expect(table: Table, expected: dict[str, tuple], least: dict[str, int], apart: tuple[str, ...] = ()) -> None:
    """Each row is as expected or withheld; withheld where fewer than five stand behind it; and not everything is withheld."""
    *body, total = table.rows
    assert {row[0] for row in body if any(row[1:]) or row[1] is None} == set(expected)
    for row in body:
        if row[1] is None:
            assert all(cell is None for cell in row[1:])
        elif any(row[1:]):
            assert row[1:] == expected[row[0]]
            assert least[row[0]] >= 5
    sums = tuple(map(sum, zip(*(cells for name, cells in expected.items() if name not in apart), strict=True)))
    assert total[1:] in {sums, (None,) * len(sums)}
    assert any(row[1] is not None for row in table.rows)


def part(place: str | None, length: int) -> str | None:
    return place[:length] if place and len(place) >= length else None


MEMBERS = {
    "trade": lambda row: row["trade"],
    "province": lambda row: part(row["place"], 1),
    "district": lambda row: part(row["place"], 4),
    "municipality": lambda row: part(row["place"], 7),
    "sex": lambda row: row["sex"],
    "language": lambda row: row["language"],
    "role": lambda row: row["household_role"],
}


@pytest.mark.parametrize("group", MEMBERS)
def test_members_are_counted_as_by_hand(group: str, gateway: Gateway, admin: Actor, written: Drawn) -> None:
    counted = Counter(MEMBERS[group](row) for row in written.of("members") if row["state"] in HERE)
    table = statistics.table(gateway, admin, f"members-by-{group}")
    expected = {named(group, key, gateway): (number,) for key, number in counted.items()}
    expect(table, expected, {name: number for name, (number,) in expected.items()})


def test_ages_are_counted_as_by_hand(gateway: Gateway, admin: Actor, written: Drawn, now: datetime) -> None:
    def band(row: dict) -> str | None:
        if row["birth_year"] is None:
            return None
        return str(max(first for first in (0, 15, 25, 35, 45, 55, 65) if first <= now.year - row["birth_year"]))

    counted = Counter(band(row) for row in written.of("members") if row["state"] in HERE)
    expected = {named("age", key, gateway): (number,) for key, number in counted.items()}
    expect(statistics.table(gateway, admin, "members-by-age"), expected, {name: number for name, (number,) in expected.items()})


def test_states_count_those_who_left_too(gateway: Gateway, admin: Actor, written: Drawn) -> None:
    counted = Counter(row["state"] for row in written.of("members"))
    expected = {named("member", key, gateway): (number,) for key, number in counted.items()}
    apart = (named("member", "left", gateway), named("member", "erased", gateway))
    expect(statistics.table(gateway, admin, "members-by-state"), expected, {name: number for name, (number,) in expected.items()}, apart)


@pytest.mark.parametrize(("name", "down", "across"), [("trade-and-province", "trade", "province"), ("trade-and-sex", "trade", "sex")])
def test_cross_tables_are_counted_as_by_hand(  # noqa: PLR0917 - fixtures
    name: str, down: str, across: str, gateway: Gateway, admin: Actor, written: Drawn
) -> None:
    rows = [row for row in written.of("members") if row["state"] in HERE]
    counted = Counter((named(down, MEMBERS[down](row), gateway), named(across, MEMBERS[across](row), gateway)) for row in rows)
    table = statistics.table(gateway, admin, f"members-by-{name}")
    for row in table.rows:
        for heading, shown in zip(table.header[1:], row[1:], strict=True):
            wanted = sum(number for (one, other), number in counted.items() if row[0] in {one, "All"} and heading in {other, "All"})
            assert shown in {wanted, None}
            assert shown != 0 or not wanted
            assert shown is None or shown == 0 or shown >= 5


def state_of(entry: dict, drawn: Drawn) -> str:
    if any(other["reverses"] == entry["id"] for other in drawn.of("contributions")):
        return "reversed"
    states = {row["state"] for row in drawn.of("contribution_decisions") if row["contribution_id"] == entry["id"]}
    return next((state for state in ("confirmed", "questioned") if state in states), "noted")


@pytest.mark.parametrize("group", ["month", "scheme", "state", "payer"])
def test_contributions_are_counted_as_by_hand(group: str, gateway: Gateway, admin: Actor, written: Drawn) -> None:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    people: dict[str, set[str]] = defaultdict(set)
    for entry in written.of("contributions"):
        state = state_of(entry, written)
        if entry["reverses"] or (group != "state" and state == "reversed"):
            continue
        scheme = entry["scheme_id"]
        key = {
            "month": entry["month"],
            "scheme": scheme.removeprefix(f"{OURS}-").upper() if scheme else HEADINGS["none"][1],
            "state": named("contribution", state, gateway),
            "payer": named("payer", entry["payer"], gateway),
        }[group]
        sums[key][0] += 1
        sums[key][1] += entry["amount"]
        people[key].add(entry["member_id"])
    table = statistics.table(gateway, admin, f"contributions-by-{group}")
    if group == "month":
        sums = {f"{MONTHS[int(key[5:]) - 1]} {key[:4]}": value for key, value in sums.items()}
        people = {f"{MONTHS[int(key[5:]) - 1]} {key[:4]}": value for key, value in people.items()}
    apart = (named("contribution", "reversed", gateway),)
    expect(table, {key: tuple(value) for key, value in sums.items()}, {key: len(value) for key, value in people.items()}, apart)


MONTHS = "Baishakh Jeth Asar Saun Bhadau Asoj Kattik Mangsir Pus Magh Phagun Chait".split()


@pytest.mark.parametrize(("group", "kind"), [("kind", "kind"), ("state", "claim")])
def test_claims_are_counted_as_by_hand(group: str, kind: str, gateway: Gateway, admin: Actor, written: Drawn) -> None:
    sums: dict[str, list[int]] = defaultdict(lambda: [0])
    people: dict[str, set[str]] = defaultdict(set)
    for claim in written.of("claims"):
        key = named(kind, claim[group], gateway)
        sums[key][0] += 1
        people[key].add(claim["member_id"])
    table = statistics.table(gateway, admin, f"claims-by-{group}")
    expect(table, {key: tuple(value) for key, value in sums.items()}, {key: len(value) for key, value in people.items()})


def test_days_are_measured_as_by_hand(gateway: Gateway, admin: Actor, written: Drawn, now: datetime) -> None:
    ours = {claim["id"]: claim["member_id"] for claim in written.of("claims")}
    rested: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for claim, member in ours.items():
        events = [row for row in written.of("claim_events") if row["claim_id"] == claim]
        for event, ends in zip(events, [*(row["at"] for row in events[1:]), now], strict=True):
            rested[event["state"]].append((member, (ends - event["at"]).total_seconds() / 86400))
    for state, *measured in statistics.table(gateway, admin, "claims-by-days").rows:
        (key,) = (key for key, (_, name) in VALUES["claim"].items() if name == state)
        assert key not in {"paid", "refused"}
        days = [length for _, length in rested[key]]
        few = len({member for member, _ in rested[key]}) < 5
        assert measured == ([None] * 3 if few else [len(days), round(median(days), 1), round(max(days), 1)])


def test_answers_and_deliveries_are_counted_as_by_hand(gateway: Gateway, admin: Actor, written: Drawn) -> None:
    theirs = {row["id"] for row in written.of("broadcasts", THEIRS)}
    by_broadcast = {row["id"]: row["title"] for row in written.of("broadcasts")}
    table = statistics.table(gateway, admin, "broadcasts")
    assert len(table.rows) == len(by_broadcast)
    for key, title in by_broadcast.items():
        (row,) = (row for row in table.rows if str(row[0]).startswith(title))
        sent = [delivery for delivery in written.of("deliveries") if delivery["broadcast_id"] == key and delivery["latest"]]
        assert len({delivery["member_id"] for delivery in sent}) == len(sent)
        assert row[-2] in {len(sent), None}
        assert row[1] in {sum(delivery["state"] in {"delivered", "read"} for delivery in sent), None}
        heard = [delivery["seconds"] for delivery in sent if delivery["seconds"] and delivery["answered_by"] != "machine"]
        assert row[-1] in {round(sum(heard) / len(heard)) if heard else 0, None}
    assert not theirs & {str(row[0]) for row in table.rows}
    answers = Counter(
        row["answer"] for row in written.of("rsvps") if row["notice_id"] in {notice["id"] for notice in written.of("notices")}
    )
    shown = statistics.table(gateway, admin, "notices").rows
    if all(cell is not None for row in shown for cell in row):
        assert [sum(row[at] for row in shown) for at in (1, 2)] == [answers["yes"], answers["no"]]


@pytest.mark.parametrize(("name", "rows", "at"), [("calls", "calls", "started_at"), ("texts", "messages", "at")])
def test_talks_are_counted_as_by_hand(  # noqa: PLR0917 - fixtures
    name: str, rows: str, at: str, gateway: Gateway, admin: Actor, written: Drawn, now: datetime
) -> None:
    counted = Counter((month_of(row[at]), row["direction"]) for row in written.of(rows) if row["channel_id"] == OURS)
    table = statistics.table(gateway, admin, f"{name}-by-month", Filters(since="2082-01"))
    seen = 0
    for row in table.body:
        month, year = str(row[0]).split(" ")
        key = f"{year}-{MONTHS.index(month) + 1:02}"
        for heading, direction in zip(table.header[1:-1], ("in", "out"), strict=True):
            assert heading == VALUES["direction"][direction][1]
            shown = row[table.header.index(heading)]
            assert shown in {counted[key, direction], None}
            seen += shown is not None
    assert seen


@pytest.mark.parametrize("place", ["3", "3-27", "3-27-06", "3-27-06-05"])
def test_a_place_counts_all_in_it(place: str, gateway: Gateway, admin: Actor, written: Drawn) -> None:
    inside = [
        row
        for row in written.of("members")
        if row["state"] in HERE and row["place"] and (row["place"] == place or row["place"].startswith(f"{place}-"))
    ]
    table = statistics.table(gateway, admin, "members-by-sex", Filters(place=place))
    assert table.rows[-1][1] in {len(inside), None}


def test_months_narrow_what_is_counted(gateway: Gateway, admin: Actor, written: Drawn, now: datetime) -> None:
    table = statistics.table(gateway, admin, "contributions-by-payer", Filters(since="2083-04", until="2083-05"))
    entries = [row for row in written.of("contributions") if row["month"] in {"2083-04", "2083-05"} and not row["reverses"]]
    assert table.rows[-1][1] in {sum(state_of(row, written) != "reversed" for row in entries), None}
    registered = statistics.table(gateway, admin, "members-by-sex", Filters(since="2083-01"))
    new = [row for row in written.of("members") if row["state"] in HERE and month_of(row["created_at"]) >= "2083-01"]
    assert registered.rows[-1][1] == len(new)


# --- whose, and who may ------------------------------------------------------------------------------------------------------------


def test_two_organisations_do_not_mix(gateway: Gateway, admin: Actor, written: Drawn) -> None:
    them = Actor(THEIRS, "admin", "user:2", user_id="2")
    before = {name: statistics.table(gateway, admin, name).rows for name in TABLES if not name.startswith("platform")}
    with gateway.database.write() as db:
        theirs = models.members.c.organisation_id == THEIRS
        db.execute(models.members.update().where(theirs).values(trade="craft", place="7-75", sex="other"))
    assert {name: statistics.table(gateway, admin, name).rows for name in before} == before
    assert statistics.table(gateway, them, "members-by-trade").rows != before["members-by-trade"]


def test_all_organisations_together_are_for_admins(gateway: Gateway, admin: Actor, written: Drawn) -> None:
    everybody = [row for row in written.rows["members"] if row["state"] in HERE]
    table = statistics.table(gateway, admin, "platform-by-trade")
    assert table.rows[-1][1] == len(everybody)
    assert "2 organisations" in table.note
    for role in ("reader", "organiser", "collector"):
        with pytest.raises(GatewayError, match="access:denied"):
            statistics.table(gateway, Actor(OURS, role, "user:3", user_id="3"), "platform-by-trade")


def test_what_concerns_few_of_the_others_is_withheld_from_whoever_knows_the_rest(gateway: Gateway, admin: Actor, now: datetime) -> None:
    drawn = Drawn()
    for organisation, trades in ((OURS, {"sewing": 20, "craft": 9}), (THEIRS, {"sewing": 30, "craft": 2})):
        drawn.add(models.organisations, id=organisation, name=organisation)
        for trade, number in trades.items():
            for index in range(number):
                key = f"{organisation}-{trade}-{index}"[:36]
                common = {"language": "ne", "state": "active", "private": False, "preferred_medium": "voice", "created_at": now}
                drawn.add(models.members, id=key, organisation_id=organisation, number=key[-12:], trade=trade, **common)
    for index, row in enumerate(drawn.rows["members"]):
        row["number"] = f"{index:05}"
    drawn.write(gateway.database)
    rows = {row[0]: row[1] for row in statistics.table(gateway, admin, "platform-by-trade").rows}
    assert rows["Handicraft"] is None  # 11, of which 9 are ours
    assert sum(number is None for number in rows.values()) >= 2


@pytest.mark.parametrize("role", ["reader", "organiser", "admin"])
def test_readers_may_look_and_each_look_is_one_row_of_the_audit_log(role: str, gateway: Gateway, written: Drawn) -> None:
    statistics.table(gateway, Actor(OURS, role, "user:9", user_id="9"), "members-by-trade", Filters(place="3"))
    with gateway.database.read() as db:
        rows = db.execute(select(models.audit.c.actor, models.audit.c.action, models.audit.c.subject, models.audit.c.detail)).all()
    assert [tuple(row) for row in rows] == [("user:9", "see_statistics", "statistics:members-by-trade", '{"place": "3"}')]


def test_a_collector_may_not_look(gateway: Gateway, written: Drawn) -> None:
    with pytest.raises(GatewayError, match="access:denied"):
        statistics.table(gateway, Actor(OURS, "collector", "user:4", user_id="4"), "members-by-trade")
    with gateway.database.read() as db:
        assert db.execute(select(func.count()).select_from(models.audit)).scalar_one() == 0


@pytest.mark.parametrize(
    ("name", "filters", "code"),
    [
        ("members-by-shoe", Filters(), "statistics:unknown"),
        ("calls-by-month", Filters(place="3"), "statistics:filter"),
        ("members-by-trade", Filters(place="9-99"), "place:unknown"),
        ("members-by-trade", Filters(since="2083-13"), "statistics:month"),
        ("members-by-trade", Filters(since="' OR 1=1"), "statistics:month"),
        ("members-by-trade", Filters(since="2083-08", until="2083-07"), "statistics:month"),
        ("members-by-trade", Filters(since="2099-01", until="2099-02"), "calendar:outside"),
    ],
)
def test_what_cannot_be_answered_is_named(name: str, filters: Filters, code: str, gateway: Gateway, admin: Actor) -> None:
    with pytest.raises(GatewayError, match=code):
        statistics.table(gateway, admin, name, filters)


@pytest.mark.parametrize("language", ["ne", "en"])
def test_every_table_of_an_empty_organisation_is_shown(language: str, gateway: Gateway, admin: Actor) -> None:
    with gateway.database.write() as db:
        db.execute(models.organisations.insert(), {"id": OURS, "name": OURS})
    for name in TABLES:
        table = statistics.table(gateway, admin, name, language=language)
        assert statistics.as_text(table)
        assert statistics.as_csv(table)
        assert statistics.as_svg(table)


def test_the_order_of_rows_tells_nothing_of_their_counts(gateway: Gateway, admin: Actor, now: datetime) -> None:
    orders = set()
    for turn in range(2):
        drawn = draw(turn, now)
        if turn == 0:
            drawn.write(gateway.database)
        orders.add(tuple(row[0] for row in statistics.table(gateway, admin, "members-by-trade").rows))
        with gateway.database.write() as db:
            shuffled = random.Random(turn).choice(["craft", "food"])
            db.execute(
                models.members.update().where(models.members.c.trade == "sewing", models.members.c.id < "member-5").values(trade=shuffled)
            )
    assert len(orders) == 1


def test_a_district_is_not_worked_out_from_its_province(gateway: Gateway, admin: Actor, now: datetime) -> None:
    """Two small districts in two provinces would hide one another, if it were not for the table of provinces."""
    drawn = Drawn()
    drawn.add(models.organisations, id=OURS, name=OURS)
    index = 0
    for place, number in {"3-27": 30, "3-26": 3, "3-25": 20, "1-05": 40, "1-06": 2, "1-04": 15}.items():
        for _ in range(number):
            index += 1
            common = {"language": "ne", "state": "active", "private": False, "preferred_medium": "voice", "created_at": now}
            drawn.add(models.members, id=f"m{index}", organisation_id=OURS, number=f"{index:05}", place=place, **common)
    drawn.write(gateway.database)
    for name in ("members-by-district", "members-by-municipality"):
        statistics.table(gateway, admin, name)
    shown = {row[0]: row[1] for row in statistics.table(gateway, admin, "members-by-district").rows}
    assert [shown[name] for name in ("Bhaktapur", "Lalitpur", "Sunsari", "Jhapa")] == [None] * 4
    assert [shown[name] for name in ("Kathmandu", "Morang", "All")] == [30, 40, 110]


def test_postgresql_has_patience_for_a_count_and_none_after_it(postgres_url: str) -> None:
    database = open_database(postgres_url)
    with database.read() as db:
        with patience(db):
            assert db.exec_driver_sql("SHOW statement_timeout").scalar_one() == "1min"
        assert db.exec_driver_sql("SHOW statement_timeout").scalar_one() == "4s"
    database.close()
