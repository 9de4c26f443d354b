"""Two organisations with people, payments, claims and broadcasts, drawn at random."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Table, insert

from gateway.core.calendar import month_of
from gateway.store import models
from gateway.store.database import Database

OURS, THEIRS = "ours", "theirs"
TRADES = ("sewing", "craft", "food", "other_work", None)
PLACES = ("3", "3-27", "3-27-06", "3-27-06-05", "3-27-02-01", "4-40-04", "1-05", None)


@dataclass
class Drawn:
    """The rows that were written, table by table, for tests to count again by themselves."""

    rows: dict[str, list[dict]] = field(default_factory=dict)

    def add(self, table: Table, **values) -> dict:
        self.rows.setdefault(table.name, []).append(values)
        return values

    def of(self, name: str, organisation: str = OURS) -> list[dict]:
        return [row for row in self.rows.get(name, []) if row.get("organisation_id", organisation) == organisation]

    def write(self, database: Database) -> None:
        with database.write() as db:
            for table in models.metadata.sorted_tables:
                if table.name in self.rows:
                    db.execute(insert(table), self.rows[table.name])


def draw(seed: int, now: datetime, people: int = 120) -> Drawn:
    """Draw two organisations; the same seed draws the same."""
    dice, drawn = random.Random(seed), Drawn()
    for organisation in (OURS, THEIRS):
        drawn.add(models.organisations, id=organisation, name=organisation)
        number = f"+977{organisation}"
        pace = {"messages_per_second": 1, "calls_per_second": 1, "segment_price": 140, "minute_price": 200}
        drawn.add(models.channels, id=organisation, organisation_id=organisation, provider="x", address=number, language="ne", **pace)
        for code in ("ssf", "savings"):
            details = {"code": code, "title": {"ne": f"{code} ने", "en": code.upper()}, "schedule": "monthly", "seasons": []}
            drawn.add(models.schemes, id=f"{organisation}-{code}", organisation_id=organisation, created_at=now, **details)
    for index in range(people):
        _draw_member(drawn, dice, index, now)
    for organisation in (OURS, THEIRS):
        _draw_broadcasts(drawn, dice, organisation, now)
    return drawn


def _draw_member(drawn: Drawn, dice: random.Random, index: int, now: datetime) -> None:
    organisation = dice.choice((OURS, OURS, THEIRS))
    member = f"member-{index}"
    drawn.add(
        models.members,
        id=member,
        organisation_id=organisation,
        number=f"{index:05}",
        language=dice.choice(("ne", "ne", "mai", "en")),
        state=dice.choice(("active", "active", "active", "pending", "left", "erased")),
        private=False,
        trade=dice.choice(TRADES),
        place=dice.choice(PLACES),
        sex=dice.choice(("female", "female", "female", "male", None)),
        birth_year=dice.choice((None, 1950, 1975, 1990, 2001, 2008, 2015)),
        household_role=dice.choice(("head", "spouse", "daughter_in_law", None)),
        preferred_medium="voice",
        created_at=now - timedelta(days=dice.randrange(700)),
    )
    drawn.add(models.phones, id=index + 1, blind_index=f"{index:032}".encode(), sealed=b"", created_at=now)
    for turn in range(dice.randrange(4)):
        _draw_contribution(drawn, dice, (organisation, member, f"{index}-{turn}"), now)
    for turn in range(dice.randrange(3)):
        _draw_claim(drawn, dice, (organisation, member, f"{index}-{turn}"), now)
    for turn in range(dice.randrange(4)):
        at = now - timedelta(days=dice.randrange(500))
        details = {"channel_id": organisation, "phone_id": index + 1, "direction": dice.choice(("in", "out"))}
        drawn.add(models.calls, provider="x", external_id=f"{index}-{turn}", status="completed", started_at=at, **details)
        drawn.add(models.messages, at=at, **details)


def _draw_contribution(drawn: Drawn, dice: random.Random, whose: tuple[str, str, str], now: datetime) -> None:
    organisation, member, key = whose
    at = now - timedelta(days=dice.randrange(300))
    entry = {
        "id": key,
        "organisation_id": organisation,
        "member_id": member,
        "scheme_id": dice.choice((f"{organisation}-ssf", f"{organisation}-savings", None)),
        "amount": dice.randrange(1, 5_000_00),
        "month": month_of(at),
        "payer": dice.choice(("member", "member", "government")),
        "reference": key,
        "reverses": None,
        "noted_by": "voice",
        "noted_at": at,
    }
    drawn.add(models.contributions, **entry)
    for state in dice.choice(((), ("confirmed",), ("questioned",), ("questioned", "confirmed"))):
        drawn.add(models.contribution_decisions, contribution_id=key, state=state, by="x", at=at)
    if dice.random() < 0.15:
        drawn.add(models.contributions, **entry | {"id": f"{key}-r", "reference": f"{key}-r", "reverses": key, "amount": -entry["amount"]})


def _draw_claim(drawn: Drawn, dice: random.Random, whose: tuple[str, str, str], now: datetime) -> None:
    organisation, member, key = whose
    states = dice.choice(
        (("received",), ("received", "review"), ("received", "paper_missing", "review", "approved", "paid"), ("received", "refused"))
    )
    at = opened = now - timedelta(days=dice.randrange(40, 300))
    for state in states:
        drawn.add(models.claim_events, claim_id=key, state=state, by="x", at=at)
        changed, at = at, at + timedelta(days=dice.randrange(1, 9))
    drawn.add(
        models.claims,
        id=key,
        organisation_id=organisation,
        member_id=member,
        number=key,
        kind=dice.choice(("health", "health", "maternity", "accident")),
        state=states[-1],
        amount=dice.randrange(1, 90_000_00) if states[-1] in {"approved", "paid"} else None,
        opened_at=opened,
        changed_at=changed,
    )


def _draw_broadcasts(drawn: Drawn, dice: random.Random, organisation: str, now: datetime) -> None:
    members = [row["id"] for row in drawn.of("members", organisation)]
    for index in range(3):
        key, at = f"{organisation}-{index}", now - timedelta(days=index)
        drawn.add(
            models.broadcasts,
            id=key,
            organisation_id=organisation,
            channel_id=organisation,
            title=f"Title {key}",
            purpose="message",
            best_hour=False,
            heads_up=False,
            tries=3,
            created_by="terminal",
            medium=dice.choice(("sms", "voice")),
            texts={},
            audience={},
            state="finished",
            on_ambiguous="hold",
            expanded=True,
            created_at=at,
        )
        for member in members:
            state = dice.choice(("delivered", "delivered", "read", "sent", "failed", "suppressed", "queued"))
            seconds = dice.randrange(5, 60) if state == "delivered" and dice.random() < 0.5 else None
            details = {"broadcast_id": key, "channel_id": organisation, "member_id": member, "phone_id": int(member.split("-")[1]) + 1}
            details |= {"medium": "sms", "language": "ne", "updated_at": now}
            tries = dice.randrange(1, 3)
            for before in range(1, tries):
                drawn.add(
                    models.deliveries,
                    state="undelivered",
                    round=before,
                    latest=False,
                    seconds=dice.choice((None, 3)),
                    answered_by=None,
                    **details,
                )
            by = dice.choice(("human", "machine", None)) if seconds else None
            drawn.add(models.deliveries, state=state, round=tries, latest=True, seconds=seconds, answered_by=by, **details)
        kind = dice.choice(("meeting", "training"))
        drawn.add(models.notices, id=key, organisation_id=organisation, kind=kind, starts_at=at, published_at=at)
        for member in members:
            if dice.random() < 0.5:
                drawn.add(models.rsvps, notice_id=key, member_id=member, answer=dice.choice(("yes", "yes", "no")), at=at)
