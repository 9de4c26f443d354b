"""A test to my own phone: the very text and call of a draft, by the whole way that a broadcast takes, to one number.

It is a broadcast of its own with the purpose `test` and belongs to no member. Any ordinary number of Nepal may get one, since an
organiser's own phone is written down nowhere; so that nobody is pestered, an organisation has a few tests a day, each is in the audit log,
and STOP and the quiet hours hold as ever.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core import calendar, consent, phone
from gateway.core.audience import Audience
from gateway.core.calendar import NEPAL
from gateway.core.events import MEDIA
from gateway.core.jobs import Job, SendBatch
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Permission
from gateway.services.broadcast import content, planning, running
from gateway.services.tariff import tariff
from gateway.store import broadcasts, phones, rest_days, trials

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.broadcast.content import Lengths
    from gateway.services.broadcast.draft import Draft
    from gateway.services.context import Gateway

MOST_A_DAY = 10


def try_out(gateway: Gateway, actor: Actor, draft: Draft, number: str, language: str = "") -> tuple[str, list[Job]]:
    """Send a draft to one number, in one language ("" for the first that it has); its id as a broadcast, and what to ring.

    GatewayErrors `broadcast:test-number`, `broadcast:test-at-night`, `broadcast:too-many-tests`, `broadcast:unknown-language`, and those of
    `create`.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    now, e164 = gateway.clock(), phone.parse(number)
    if e164 is None or not phone.may_call(e164):
        raise GatewayError("broadcast:test-number")
    tried = replace(draft, purpose=broadcasts.TEST, audience=Audience(), starts_at=None, expires_at=None, best_hour=False, heads_up=False)
    tried = replace(tried, tries=1, gap_hours=0, budget=None, life_safety_by=None, again_of=None)
    broadcast_id = gateway.new_id()
    with gateway.database.write() as db:
        rest = rest_days.load(db, actor.organisation_id)
        if consent.quiet(now, rest):
            raise GatewayError("broadcast:test-at-night", opens=f"{consent.opens_at(now, rest):%Y-%m-%d %H:%M}")
        if trials.count(db, actor.organisation_id, calendar.midnight(now)) >= MOST_A_DAY:
            raise GatewayError("broadcast:too-many-tests", most=MOST_A_DAY)
        long = content.measure(gateway, db, actor.organisation_id, tried)
        known = tariff(gateway, db, content.sending_channel(gateway, db, actor), now.astimezone(NEPAL).date())
        phone_id, operator = phones.find_or_create(db, gateway.seal, e164, now), phone.operator(e164)
        rows = [
            trials.TrialRow(phone_id, medium, chosen, units * known.of(medium, operator))
            for chosen in (_chosen(long, language),)
            for medium in MEDIA
            if (units := long.of(medium).get(chosen))
        ]
        new = running.new_broadcast(gateway, db, actor, tried, broadcast_id)
        broadcasts.create(db, new, now)
        planned = {"recipients": 1, "price": sum(row.price for row in rows), "month": planning.budget_month(now)}
        start = broadcasts.Approved(long.texts or tried.texts, planned)
        trials.start(db, new, start, rows, now)
        access.note(gateway, db, actor, "test_broadcast", f"broadcast:{broadcast_id}", to=phone.mask(e164))
    return broadcast_id, [SendBatch(broadcast_id)]


def _chosen(long: Lengths, language: str) -> str:
    languages = sorted({*long.segments, *long.minutes})
    if language and language not in languages:
        raise GatewayError("broadcast:unknown-language", language=language, known=", ".join(languages))
    return language or languages[0]
