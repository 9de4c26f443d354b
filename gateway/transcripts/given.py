"""What a transcript may say of the world before anybody calls, and how it is set up. One sentence each; see docs/transcripts.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import yaml

from gateway.config import PACKAGE_ROOT
from gateway.core import money
from gateway.core.calendar import NEPAL, month_of
from gateway.core.ids import number_of
from gateway.core.reference import with_check_digit
from gateway.core.schemes import Rate, SchemeFile
from gateway.core.schemes import read as read_scheme
from gateway.errors import GatewayError
from gateway.services import directory as offices
from gateway.services import members as directory
from gateway.services import pins
from gateway.services.access import terminal
from gateway.services.installation import ORGANISATION
from gateway.store import channels, claims, contributions, deliveries, enrolments, lessons, members, notices, phones, schemes, users
from gateway.store.members import CallerRow
from gateway.transcripts.grammar import Entry
from gateway.transcripts.stage import EMPTY, NO_OFFICE, Scene

NUMBER = r"(?P<number>\+[0-9]{6,15}) "
INSTANT = r"(?P<instant>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2})"
SHIPPED = PACKAGE_ROOT / "gateway" / "data" / "schemes"
Found = Mapping[str, str | None]


def instant(text: str) -> datetime:
    """A moment in Nepal, `2026-11-22 21:00`; ValueError for one that never was."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=NEPAL)


def set_up(scene: Scene, entry: Entry) -> None:
    """Make true what a `given` line says. Raises GatewayError `transcript:given` for what cannot be."""
    if entry.value in (EMPTY, NO_OFFICE):
        return  # the scene was built that way
    for pattern, perform in FORMS.items():
        if found := re.fullmatch(pattern, entry.value):
            try:
                perform(scene, found.groupdict())
            except (LookupError, ValueError, OSError):
                break
            return
    raise GatewayError("transcript:given", where=entry.place, given=entry.value, forms="; ".join((EMPTY, NO_OFFICE, *EXAMPLES)))


def _text(found: Found, name: str) -> str:
    return found[name] or ""


def _paisa(found: Found) -> int | None:
    amount = found.get("amount")
    return money.parse(amount) if amount else None


def _person(scene: Scene, number: str) -> CallerRow:
    with scene.gateway.database.read() as db:
        person = members.caller(db, scene.gateway.seal.index(number))
    if person is None or not person.members:
        raise LookupError(number)
    return person


def _member(scene: Scene, found: Found) -> str:
    """The member of this phone; of several the one that was written down last."""
    return max(member.id for member in _person(scene, _text(found, "number")).members)


def _is_member(scene: Scene, found: Found) -> None:
    gateway, pin = scene.gateway, found["pin"]
    seed = number_of(gateway.new_id())
    hashed = pins.hash_pin(pin) if pin else None
    with gateway.database.write() as db:
        new = members.NewMember(
            id=f"transcript-{seed:04}",
            organisation_id=ORGANISATION,
            number=members.new_number(db, ORGANISATION, seed),
            language=found["language"] or gateway.settings.language,
            private=bool(found["private"]),
            pin_hash=hashed,
            usual_instalment=_paisa(found),
            consented_at=None if found["brought"] else scene.at,
            consent_how=None if found["brought"] else "paper",
            consent_wording=None if found["brought"] else "transcript",
            state="pending" if found["brought"] else "active",
            welcomed_at=None if found["brought"] or found["new"] else scene.at,
        )
        members.add(db, gateway.seal, new, scene.at)
        phone_id = phones.find_or_create(db, gateway.seal, _text(found, "number"), scene.at)
        members.attach_phone(db, new.id, phone_id)
        if not (found["brought"] or found["silent"]):
            phones.note_first_call(db, phone_id, scene.at)
        if found["kind"] == "collector":
            users.add(db, gateway.seal, users.NewUser(new.id, ORGANISATION, "transcript", "collector"), scene.at)
            users.link(db, new.id, new.id)


def _has_called(scene: Scene, found: Found) -> None:
    with scene.gateway.database.write() as db:
        phone_id = phones.find_or_create(db, scene.gateway.seal, _text(found, "number"), scene.at)
        phones.note_first_call(db, phone_id, scene.at)
        if found["language"]:
            phones.set_language(db, phone_id, found["language"])


def _speaks(scene: Scene, found: Found) -> None:
    person = _person(scene, _text(found, "number"))
    with scene.gateway.database.write() as db:
        for member in person.members:
            members.set_language(db, member.id, _text(found, "language"))
        phones.set_language(db, person.phone_id, _text(found, "language"))


def _has_claim(scene: Scene, found: Found) -> None:
    """A claim that she has heard of, or news of one."""
    gateway, member_id, seed = scene.gateway, _member(scene, found), number_of(scene.gateway.new_id())
    claim_id, by, until = f"transcript-{seed:04}", "transcript", found["instant"]
    state = "paper_missing" if found["papers"] else _text(found, "state").removeprefix("in ").split(" ")[0]
    at = instant(until) if until and state == "paid" else scene.at
    moved = claims.Move(
        claim_id=claim_id,
        version=1,
        state=state,
        by=by,
        amount=_paisa(found),
        reason=found["reason"],
        review_until=instant(until) if until and state == "review" else None,
        paid_at=at if state == "paid" else None,
    )
    new = claims.NewClaim(claim_id, ORGANISATION, member_id, with_check_digit(3000 + seed), "health", by)
    with gateway.database.write() as db:
        claims.open_claim(db, gateway.seal, new, at - timedelta(minutes=1))
        if found["papers"]:
            claims.ask_for(db, claim_id, found["papers"].split(" and "))
        if state != "received":
            claims.move(db, gateway.seal, moved, at)
        if not found["news"]:
            claims.heard(db, claim_id, 1 if state == "received" else 2, scene.at)


def _has_paid(scene: Scene, found: Found) -> None:
    seed, month = number_of(scene.gateway.new_id()), found["month"]
    noted_at = scene.at - timedelta(days=2) if month else scene.at - timedelta(minutes=5)
    new = contributions.NewContribution(
        id=f"transcript-{seed:04}",
        organisation_id=ORGANISATION,
        member_id=_member(scene, found),
        amount=_paisa(found) or 0,
        month=month or month_of(scene.at),
        reference=with_check_digit(20_000_000 + seed),
        noted_by="console",
    )
    with scene.gateway.database.write() as db:
        contributions.note(db, new, noted_at)
        if found["final"]:
            contributions.decide(db, contributions.Decision(new.id, "confirmed", "transcript", None), scene.at)


def _pays(scene: Scene, found: Found) -> None:
    """She pays into a scheme of its own, the same each month."""
    rate = Rate(_text(found, "month"), amount=_paisa(found), source="transcript")
    _enrol(scene, found, SchemeFile(f"scheme-{number_of(scene.gateway.new_id()):04}", {"en": "Savings"}, "monthly", (), (rate,)))


def _pays_into(scene: Scene, found: Found) -> None:
    """She pays into a scheme that comes with the gateway."""
    file = SHIPPED / f"{found['scheme']}.yaml"
    _enrol(scene, found, read_scheme(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader), file.name))  # noqa: S506 - texts


def _enrol(scene: Scene, found: Found, scheme: SchemeFile) -> None:
    seed = number_of(scene.gateway.new_id())
    with scene.gateway.database.write() as db:
        schemes.add(db, scheme.code, ORGANISATION, scheme, scene.at)
        schemes.set_rates(db, scheme.code, scheme.rates)
        enrolments.add(db, enrolments.NewEnrolment(f"transcript-{seed:04}", _member(scene, found), scheme.code, _text(found, "month")))


def _collects(scene: Scene, found: Found) -> None:
    """She is a collector, and the one of the other phone is in her group."""
    gateway, admin = scene.gateway, terminal(ORGANISATION)
    member, other = _member(scene, found), directory.get(gateway, admin, _member(scene, {"number": found["other"]}))
    user = users.NewUser(f"user-{member}", ORGANISATION, "transcript", "collector")
    with gateway.database.write() as db:
        users.add(db, gateway.seal, user, scene.at)
        users.link(db, member, user.id)
    directory.change(gateway, admin, other.id, other.version, directory.Details(collector_id=user.id))


def _is_told(scene: Scene, found: Found) -> None:
    seed, before = number_of(scene.gateway.new_id()), scene.at - timedelta(days=1)
    news = found.get("phrase")
    starts_at = None if news else instant(_text(found, "instant"))
    kind = "news" if news else _text(found, "kind")
    row = notices.NoticeRow(f"transcript-{seed:04}", ORGANISATION, kind, news, found.get("place"), starts_at, before, over_at=starts_at)
    with scene.gateway.database.write() as db:
        notices.publish(db, row)


def _was_told(scene: Scene, found: Found) -> None:
    """A broadcast went to her phone by text, or rang it while nobody picked up."""
    missed = found.get("missed")
    delivery_id = scene.tell(_text(found, "number"), missed or _text(found, "texted"), "voice" if missed else "sms")
    if delivery_id is None:
        raise LookupError(_text(found, "number"))
    report = deliveries.Report("undelivered" if missed else "delivered", "transcript")
    with scene.gateway.database.write() as db:
        deliveries.advance(db, delivery_id, report, scene.at)


def _has_heard(scene: Scene, found: Found) -> None:
    with scene.gateway.database.write() as db:
        lessons.heard(db, _member(scene, found), _text(found, "lesson"), int(_text(found, "chapters")), scene.at)


def _is_near(scene: Scene, found: Found) -> None:
    name = found["name"]
    new = offices.NewService(_text(found, "kind"), _text(found, "place"), _text(found, "line"), {"en": name} if name else {})
    offices.add(scene.gateway, terminal(ORGANISATION), new)


def _calls_back(scene: Scene, _found: Found) -> None:
    with scene.gateway.database.write() as db:
        for channel in channels.of_organisation(db, ORGANISATION):
            channels.ensure(db, channel._replace(missed_calls=True))


FORMS: Mapping[str, Callable[[Scene, Found], None]] = {
    NUMBER + r"is a (?P<new>new )?(?P<private>private )?(?P<kind>member|collector)(?P<brought> to be)?(?: with PIN (?P<pin>[0-9]{4}))?"
    r"(?:(?: and| with) the usual instalment (?P<amount>[0-9.]{1,12}))?(?: who speaks (?P<language>[a-z]{2,8}))?"
    r"(?P<silent>, and has never called)?": _is_member,
    NUMBER + r"has called before(?: in (?P<language>[a-z]{2,8}))?": _has_called,
    NUMBER + r"speaks (?P<language>[a-z]{2,8})": _speaks,
    NUMBER + r"has (?P<news>news of )?a claim (?P<state>received|in review|approved|paid|refused(?: as (?P<reason>[a-z_]+))?"
    r"|that misses (?P<papers>[a-z_]+(?: and [a-z_]+)*))"
    r"(?: for (?P<amount>[0-9.]{1,12}))?(?: (?:until|on) " + INSTANT + r")?": _has_claim,
    NUMBER + r"has paid (?P<amount>[0-9.]{1,12}) (?:today|for (?P<month>[0-9]{4}-[0-9]{2}))"
    r"(?P<final>, and it is final)?": _has_paid,
    NUMBER + r"pays (?P<amount>[0-9.]{1,12}) a month from (?P<month>[0-9]{4}-[0-9]{2})": _pays,
    NUMBER + r"pays into (?P<scheme>[a-z][a-z0-9-]*) from (?P<month>[0-9]{4}-[0-9]{2})": _pays_into,
    NUMBER + r"collects for (?P<other>\+[0-9]{6,15})": _collects,
    r"there is a (?P<kind>meeting|training) at (?P<place>[a-z_]+) on " + INSTANT: _is_told,
    NUMBER + r"(?:was texted (?P<texted>.+)|missed our call (?P<missed>(?:flow )?[a-z][a-z0-9_]*|saying .+))": _was_told,
    r"there is the news (?P<phrase>[a-z][a-z0-9_]*)": _is_told,
    NUMBER + r"has heard (?P<chapters>[0-9]{1,2}) chapters? of (?P<lesson>[a-z][a-z0-9_]*)": _has_heard,
    r"there is a (?P<kind>[a-z_]+) for (?P<place>[0-9-]+) with the number (?P<line>[0-9-]+)(?: called (?P<name>.+))?": _is_near,
    "missed calls are called back": _calls_back,
}
EXAMPLES = (
    "+9779720000004 is a member",
    "+9779720000004 is a private member with PIN 4826 and the usual instalment 300 who speaks en",
    "+9779720000004 is a new member (her number was not told yet; or: a member to be, whom a collector brought)",
    "+9779720000004 is a new member, and has never called",
    "+9779720000004 is a collector",
    "+9779720000004 has called before",
    "+9779720000001 speaks en",
    "+9779720000001 has a claim received",
    "+9779720000001 has a claim that misses hospital_bill (or: hospital_bill and bank_book)",
    "+9779720000001 has a claim in review until 2026-12-01 10:00",
    "+9779720000001 has a claim approved for 5000 (or: paid for 5000 on 2026-11-20 10:00, refused, refused as why_too_late)",
    "+9779720000001 has news of a claim approved for 5000",
    "+9779720000001 has paid 300 today (or: for 2083-07)",
    "+9779720000001 has paid 300 today, and it is final",
    "+9779720000001 pays 300 a month from 2083-05 (or: pays into ssf-informal from 2083-05)",
    "+9779720000001 collects for +9779720000002",
    "+9779720000001 has heard 2 chapters of posture",
    "there is a health_post for 3-25-04 with the number 01-5570105 (or: ... called Lele health post)",
    "there is a meeting (or: training) at ward_office on 2026-11-28 08:00",
    "there is the news news_c177",
    "missed calls are called back",
    "+9779720000001 was texted flow notices (or: was texted The office is closed.)",
    "+9779720000001 missed our call message_signatures (or: flow notices, saying The office is closed.)",
)
