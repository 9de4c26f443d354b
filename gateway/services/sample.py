"""Sample members, claims and notices for a newcomer's first minutes: numbers in a range that no operator uses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from gateway.core.calendar import NEPAL, month_of
from gateway.core.claims import PAPERS
from gateway.core.passwords import derived
from gateway.core.reference import with_check_digit
from gateway.services import passwords, pins
from gateway.services.installation import ORGANISATION, SAMPLE
from gateway.store import claims, contributions, members, notices, phones, users

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

OPEN_MEMBER, PRIVATE_MEMBER, SHARED_PHONE = "+9779720000001", "+9779720000002", "+9779720000003"
NAMES = {"admin": "सरिता श्रेष्ठ", "organiser": "कमला गुरुङ", "reader": "विमला कार्की"}  # each signs in with the name of her role
ROLES = tuple(NAMES)
# As docs and transcripts name them: three phones, the last shared by two. `pin_hash` holds the PIN until it is hashed.
PEOPLE: tuple[tuple[str, Mapping[str, object]], ...] = (
    (
        OPEN_MEMBER,
        {"name": "सीता तामाङ", "village": "लेले", "place": "3-25-04", "birth_year": 1985, "trade": "sewing", "usual_instalment": 300_00},
    ),
    (PRIVATE_MEMBER, {"name": "माया राई", "place": "3-25-04", "birth_year": 1992, "trade": "craft", "private": True, "pin_hash": "4826"}),
    (
        SHARED_PHONE,
        {"name": "गीता थारू", "place": "5-58", "birth_year": 1974, "trade": "food", "usual_instalment": 200_00, "pin_hash": "7391"},
    ),
    (
        SHARED_PHONE,
        {"name": "रीता थारू", "place": "5-58", "birth_year": 1999, "trade": "sewing", "usual_instalment": 500_00, "pin_hash": "5064"},
    ),
)


def let_in(gateway: Gateway) -> bool:
    """Let newcomers sign in as somebody of each of `ROLES`, with passwords that follow from the installation's key.

    Only where nobody real can be reached; True when they were written.
    """
    if not gateway.settings.uses_simulator:
        return False
    hashes = {role: passwords.hashed(derived(gateway.settings.secret_key, role)) for role in ROLES}
    with gateway.database.write() as db:
        if users.get(db, gateway.seal, ORGANISATION, f"{SAMPLE}{ROLES[0]}") is not None:
            return False
        for role, name in NAMES.items():
            user_id = f"{SAMPLE}{role}"
            users.add(db, gateway.seal, users.NewUser(user_id, ORGANISATION, name, role), gateway.clock())
            users.set_sign_in(db, gateway.seal, user_id, role)
            users.set_password(db, gateway.seal, user_id, hashes[role])
    return True


def load(gateway: Gateway) -> bool:
    """Write the sample, unless it is there. True when it was written."""
    now = gateway.clock()
    hashes = {pin: pins.hash_pin(pin) for pin in ("4826", "7391", "5064")}
    with gateway.database.write() as db:
        if members.get(db, "sample-1") is not None:
            return False
        collector = users.NewUser("sample-didi", ORGANISATION, "दिदी", "collector")
        users.add(db, gateway.seal, collector, now)
        for position, (number, told) in enumerate(PEOPLE, start=1):
            _add(gateway, db, position, number, {**told, "pin_hash": hashes.get(str(told.get("pin_hash")))})
        _contributions(db, now)
        _claims(gateway, db, now)
        _notices(db, now)
    return True


def _add(gateway: Gateway, db: Connection, position: int, number: str, told: Mapping[str, object]) -> None:
    now = gateway.clock()
    member = members.NewMember(
        id=f"sample-{position}",
        organisation_id=ORGANISATION,
        number=with_check_digit(1000 + position),
        language="ne",
        consented_at=now,
        consent_how="paper",
        consent_wording="sample",
        welcomed_at=now,
        sex="female",
        collector_id="sample-didi",
        **told,  # type: ignore[arg-type]  # they name real fields
    )
    members.add(db, gateway.seal, member, now)
    phone_id = phones.find_or_create(db, gateway.seal, number, now)
    members.attach_phone(db, member.id, phone_id)
    phones.note_first_call(db, phone_id, now)


def _contributions(db: Connection, now: datetime) -> None:
    for index, (member_id, amount) in enumerate((("sample-1", 300_00), ("sample-1", 300_00), ("sample-1", 300_00), ("sample-3", 200_00))):
        paid = now - timedelta(days=30 * (3 - index % 3))
        contributions.note(
            db,
            contributions.NewContribution(
                id=f"sample-{index}",
                organisation_id=ORGANISATION,
                member_id=member_id,
                amount=amount,
                month=month_of(paid),
                reference=with_check_digit(10_000_000 + index),
                noted_by="console",
            ),
            paid,
        )


def _claims(gateway: Gateway, db: Connection, now: datetime) -> None:
    """One that was approved, one under review; both members have heard of it."""
    opened, decided = now - timedelta(days=20), now - timedelta(days=2)
    states = (
        ("sample-1", with_check_digit(2001), "health", {"state": "approved", "amount": 5_000_00}),
        ("sample-2", with_check_digit(2002), "maternity", {"state": "review", "review_until": now + timedelta(days=7)}),
    )
    for claim_id, number, kind, decision in states:
        claims.open_claim(db, gateway.seal, claims.NewClaim(claim_id, ORGANISATION, claim_id, number, kind, by="sample"), opened)
        for paper in PAPERS[kind]:
            claims.tick(db, claim_id, paper, "sample", decided)
        claims.move(db, gateway.seal, claims.Move(claim_id, version=1, by="sample", **decision), decided)  # type: ignore[arg-type]
        claims.heard(db, claim_id, 2, decided)


def _notices(db: Connection, now: datetime) -> None:
    today = now.astimezone(NEPAL).date()

    def gathering(kind: str, days: int, hour: int) -> notices.NoticeRow:
        starts = datetime.combine(today + timedelta(days=days), time(hour), NEPAL)
        published = now - timedelta(days=1)
        return notices.NoticeRow(f"sample-{kind}", ORGANISATION, kind, None, "ward_office", starts, published, over_at=starts)

    notices.publish(db, gathering("meeting", 7, 8))
    notices.publish(db, gathering("training", 14, 13))
    news = notices.NoticeRow("sample-news", ORGANISATION, "news", "news_c177", None, None, now - timedelta(days=1), over_at=None)
    notices.publish(db, news)
