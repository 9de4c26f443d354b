"""Members of every kind, by chance, and the slow answer to the question who of them is told: row by row, in Python."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from gateway.core.audience import Audience
from gateway.core.phone import LINE
from gateway.store import models
from gateway.store.database import Database
from gateway.store.whom import Told

Row = dict[str, Any]
MONTHS = ("2082-09", "2082-10")
LANGUAGES = ("ne", "en", "mai")
PLACES = ("3", "3-27", "3-27-06", "3-27-06-05", "3-27-06-11", "3-28", "1-05-01", None)
LISTS = ("list-a", "list-b")
IMPORTS = ("import-a", "import-b")
USERS = ("user-a", "user-b")
SCHEMES = {"health": "scheme-a", "saving": "scheme-b"}
NOTICE, BEFORE = "notice-a", "broadcast-a"
STATES = ("delivered", "read", "failed", "undelivered", "unknown", "accepted")


@dataclass
class Crowd:
    """Rows by table, as they stand in the database; `as_of` is when the audience is asked for."""

    as_of: datetime
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def of(self, table: str, **wanted: object) -> list[Row]:
        return [row for row in self.rows.get(table, []) if all(row[name] == value for name, value in wanted.items())]

    def put(self, table: str, **row: object) -> Row:
        self.rows.setdefault(table, []).append(row)
        return row

    def write(self, database: Database) -> None:
        with database.write() as db:
            for table, rows in self.rows.items():
                db.execute(insert(models.metadata.tables[table]), rows)


def gather(seed: int, members: int, as_of: datetime) -> Crowd:
    """A crowd: phones that are shared, lines, stopped or somebody else's now; members who fit or not in every way there is."""
    chance, crowd = random.Random(seed), Crowd(as_of)
    common = {"organisation_id": "main", "created_at": as_of}
    for user in USERS:
        crowd.put("users", id=user, sealed_name=b"x", role="collector", state="active", **common)
    for number, each in enumerate(IMPORTS):
        counts = dict.fromkeys(("row", "added", "changed", "known", "refused"), 0)
        crowd.put(
            "imports", id=each, kind="members", digest=bytes([number]), state="finished", by="x", updated_at=as_of, **counts, **common
        )
    for code, each in SCHEMES.items():
        crowd.put("schemes", id=each, code=code, title={}, schedule="monthly", seasons=[], **common)
    crowd.put("notices", id=NOTICE, organisation_id="main", kind="meeting", published_at=as_of)
    for each in LISTS:
        crowd.put("member_lists", id=each, title=each, by="x", **common)
    crowd.put("broadcasts", **broadcast(BEFORE, as_of))
    for number in range(1, members + 1):
        crowd.put(
            "phones",
            id=number,
            blind_index=number.to_bytes(4),
            sealed=b"x",
            operator=chance.choice(("ntc", "ncell", LINE, None)),
            stopped_at=chance.choice((None, None, None, as_of)),
            told_at=chance.choice((None, None, *(as_of - timedelta(days=days) for days in (-1, 0, 1, 2, 3, 4)))),
            created_at=as_of,
        )
        _member(chance, crowd, number)
    for member in crowd.rows["members"]:
        _records(chance, crowd, member)
    return crowd


def broadcast(broadcast_id: str, as_of: datetime, **changes: object) -> Row:
    """A broadcast as it is approved."""
    fixed = dict.fromkeys(("best_hour", "heads_up", "expanded"), False)
    return {
        "id": broadcast_id,
        "organisation_id": "main",
        "channel_id": "main",
        "title": "x",
        "purpose": "message",
        "medium": "sms",
        "texts": {},
        "audience": {},
        "tries": 3,
        "on_ambiguous": "hold",
        "state": "approved",
        "created_by": "x",
        "created_at": as_of,
        "approved_at": as_of,
        **fixed,
        **changes,
    }


def _member(chance: random.Random, crowd: Crowd, number: int) -> None:
    member_id = f"m{chance.randrange(10**8):08}-{number}"
    crowd.put(
        "members",
        id=member_id,
        organisation_id="main",
        number=str(number),
        language=chance.choice(LANGUAGES),
        script=chance.choice((None, "romanised", "devanagari")),
        state=chance.choice(("active",) * 8 + ("pending", "left")),
        private=chance.random() < 0.5,
        trade=chance.choice(("sewing", "craft", None)),
        place=chance.choice(PLACES),
        preferred_medium=chance.choice(("sms", "voice")),
        best_hour=chance.choice((None, 9, 21)),
        collector_id=chance.choice((None, *USERS)),
        import_id=chance.choice((None, *IMPORTS)),
        consented_at=chance.choice((crowd.as_of,) * 5 + (None,)),
        created_at=crowd.as_of + timedelta(hours=chance.choice((0, -1, -1, -1, 1))),
    )
    for phone_id in {chance.randint(max(1, number - 5), number) for _ in range(chance.choice((0, 1, 1, 1, 2, 3)))}:
        stale = chance.choice((None,) * 5 + (crowd.as_of,))
        crowd.put("member_phones", member_id=member_id, phone_id=phone_id, stale_at=stale)


def _records(chance: random.Random, crowd: Crowd, member: Row) -> None:
    member_id, now = member["id"], crowd.as_of
    common = {"organisation_id": "main", "member_id": member_id}
    for each in LISTS:
        if chance.random() < 0.3:
            crowd.put("member_list_entries", list_id=each, member_id=member_id)
    for answer in chance.choice(((), ("yes",), ("no",))):
        crowd.put("rsvps", notice_id=NOTICE, member_id=member_id, answer=answer, at=now)
    for state in chance.sample(("review", "paid", "refused"), chance.choice((0, 0, 1, 2))):
        number = str(len(crowd.rows.get("claims", [])))
        crowd.put("claims", id=f"claim-{number}", number=number, kind="health", state=state, opened_at=now, changed_at=now, **common)
    for scheme_id in chance.sample((*SCHEMES.values(),), chance.choice((0, 1, 2))):
        enrolment = f"{member_id}-{scheme_id}"[-36:]
        until = chance.choice((None, *MONTHS))
        month = chance.choice(("2082-08", *MONTHS))
        crowd.put("enrolments", id=enrolment, member_id=member_id, scheme_id=scheme_id, from_month=month, until_month=until)
        if chance.random() < 0.2:
            crowd.put("skips", enrolment_id=enrolment, month=chance.choice(MONTHS), by="x", at=now)
        if chance.random() < 0.6:
            _entry(chance, crowd, common | {"scheme_id": chance.choice((scheme_id, scheme_id, None))})
    if chance.random() < 0.6:
        phone_id = chance.choice(crowd.rows["phones"])["id"]
        for link in crowd.of("member_phones", member_id=member_id):
            phone_id = link["phone_id"]
        _delivery(chance, crowd, member_id, phone_id)


def _entry(chance: random.Random, crowd: Crowd, common: Row) -> None:
    number = len(crowd.rows.get("contributions", []))
    entry = crowd.put(
        "contributions",
        id=f"entry-{number}",
        amount=100,
        month=chance.choice(MONTHS),
        payer=chance.choice(("member", "member", "government")),
        reference=f"entry-{number}",
        reverses=None,
        noted_by="x",
        noted_at=crowd.as_of,
        **common,
    )
    fate = chance.choice(("noted", "confirmed", "questioned", "reversed"))
    if fate == "reversed":
        back = {"id": f"back-{number}", "reference": f"back-{number}", "amount": -100, "reverses": entry["id"]}
        crowd.put("contributions", **{**entry, **back})
    elif fate != "noted":
        crowd.put("contribution_decisions", contribution_id=entry["id"], state=fate, by="x", at=crowd.as_of)


def _delivery(chance: random.Random, crowd: Crowd, member_id: str, phone_id: int) -> None:
    shared = chance.random() < 0.3
    for round_ in (1, 2):
        crowd.put(
            "deliveries",
            broadcast_id=BEFORE,
            channel_id="main",
            member_id=member_id,
            phone_id=phone_id,
            round=round_,
            latest=round_ == 2,
            medium=chance.choice(("sms", "voice")),
            language="ne",
            state="suppressed" if shared else chance.choice(STATES),
            error="send:shared-phone" if shared else None,
            answered_by=chance.choice((None, "human", "machine")),
            seconds=chance.choice((None, 3, 10, 40)),
            answered_at=chance.choice((None,) * 9 + (crowd.as_of,)) if not shared else None,
            updated_at=crowd.as_of,
        )


# --- the slow answer ---------------------------------------------------------------------------------------------------------------


@dataclass
class Answer:
    """By member, in order of id, the row that she gets: (phone, medium, language, shared); and why others get none."""

    rows: dict[str, tuple[int, str, str, bool]]
    left_out: Mapping[str, int]


def answer(crowd: Crowd, audience: Audience, told: Told) -> Answer:
    """Who is told."""
    rows: dict[str, tuple[int, str, str, bool]] = {}
    left_out = Counter[str]()
    taken: set[int] = set()
    for member in sorted(crowd.rows["members"], key=lambda row: row["id"]):
        if member["state"] != "active" or member["created_at"] > crowd.as_of or not _fits(crowd, member, audience):
            continue
        way = _way(crowd, member, told)
        shares = not isinstance(way, str) and way[0] in taken
        why = _why(crowd, member, audience, way) or ("shared-phone" if shares else None)
        if why:
            left_out[why] += 1
        if why in {None, "shared-phone"} and not isinstance(way, str):
            rows[member["id"]] = (*way, shares)
            taken.add(way[0])
    return Answer(rows, left_out)


def _why(crowd: Crowd, member: Row, audience: Audience, way: str | tuple[int, str, str]) -> str | None:
    if member["consented_at"] is None:
        return "no-consent"
    if isinstance(way, str):
        return way
    if any(crowd.of("member_list_entries", list_id=each, member_id=member["id"]) for each in audience.but_lists):
        return "on-list"
    told_at = crowd.of("phones", id=way[0])[0]["told_at"]
    if audience.not_told_for and told_at and timedelta(0) <= crowd.as_of - told_at < timedelta(days=audience.not_told_for):
        return "told-lately"
    return None


def _way(crowd: Crowd, member: Row, told: Told) -> str | tuple[int, str, str]:
    links = [link["phone_id"] for link in crowd.of("member_phones", member_id=member["id"], stale_at=None)]
    if not links:
        return "no-phone"
    phones = sorted((phone for each in links for phone in crowd.of("phones", id=each, stopped_at=None)), key=lambda row: row["id"])
    if not phones:
        return "stopped"
    language = member["language"]
    romanised = f"{language}_latn"
    text = romanised if member["script"] == "romanised" and romanised in told.texts else language
    if text not in told.texts and language not in told.spoken:
        return "no-text"
    mobiles = [phone for phone in phones if phone["operator"] != LINE]
    can_text, can_call = text in told.texts and mobiles, language in told.spoken
    if can_text and (member["preferred_medium"] == "sms" or not can_call):
        return mobiles[0]["id"], "sms", text
    return (phones[0]["id"], "voice", language) if can_call else "no-mobile"


def _fits(crowd: Crowd, member: Row, audience: Audience) -> bool:
    hers = {"member_id": member["id"]}
    return all(
        (
            not audience.trades or member["trade"] in audience.trades,
            not audience.places or any(f"{member['place'] or ''}-".startswith(f"{code}-") for code in audience.places),
            not audience.languages or member["language"] in audience.languages,
            not audience.collectors or member["collector_id"] in audience.collectors,
            not audience.imports or member["import_id"] in audience.imports,
            not audience.lists or any(crowd.of("member_list_entries", list_id=each, **hers) for each in audience.lists),
            not audience.claims or any(claim["state"] in audience.claims for claim in crowd.of("claims", **hers)),
            not audience.rsvp
            or [row["answer"] for row in crowd.of("rsvps", **hers)] == ([] if audience.rsvp == "none" else [audience.rsvp]),
            not audience.not_reached_by or _missed(crowd, member),
            _pays(crowd, member, audience),
        )
    )


def _pays(crowd: Crowd, member: Row, audience: Audience) -> bool:
    month = audience.month or MONTHS[1]
    wanted = {SCHEMES[code] for code in audience.schemes}
    enrolled = [
        row
        for row in crowd.of("enrolments", member_id=member["id"])
        if row["from_month"] <= month <= (row["until_month"] or "9") and (not wanted or row["scheme_id"] in wanted)
    ]
    paid = [row for row in crowd.of("contributions", member_id=member["id"], month=month, payer="member") if _counts(crowd, row)]
    if audience.schemes and not enrolled:
        return False
    if audience.contribution == "paid":
        return any(not wanted or row["scheme_id"] in wanted for row in paid)
    if audience.contribution == "open":
        return any(
            not crowd.of("skips", enrolment_id=row["id"], month=month)
            and not any(entry["scheme_id"] in {row["scheme_id"], None} for entry in paid)
            for row in enrolled
        )
    return True


def _counts(crowd: Crowd, entry: Row) -> bool:
    fate = {row["state"] for row in crowd.of("contribution_decisions", contribution_id=entry["id"])}
    return entry["reverses"] is None and not crowd.of("contributions", reverses=entry["id"]) and "questioned" not in fate


def _missed(crowd: Crowd, member: Row) -> bool:
    return any(not _heard(crowd, row) for row in crowd.of("deliveries", member_id=member["id"], broadcast_id=BEFORE, latest=True))


def _heard(crowd: Crowd, row: Row) -> bool:
    if row["error"] == "send:shared-phone":
        on_it = {link["member_id"] for link in crowd.of("member_phones", phone_id=row["phone_id"])}
        others = crowd.of("deliveries", phone_id=row["phone_id"], latest=True, error=None)
        return any(other["member_id"] in on_it and _heard(crowd, other) for other in others)
    if row["answered_at"]:
        return True
    listened = row["medium"] == "sms" or (row["answered_by"] != "machine" and (row["seconds"] or 0) >= 10)
    return row["state"] in {"delivered", "read"} and listened
