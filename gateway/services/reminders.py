"""Once a day: remind who asked for it of open instalments, and open tasks for entries that nobody looked at.

A reminder goes to a member who agreed to it, by SMS where she prefers that, to a phone that nobody else shares, at her best hour and
never at night, at most once a month. Its words tell nothing to who else may read it. That the day's work is done stands in the audit
log; a sweep that dies over it does it again, and reminds nobody twice.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from gateway.core import consent
from gateway.core.calendar import NEPAL, month_of
from gateway.services import access, contributions, schemes
from gateway.services.access import Actor
from gateway.store import contributions as entries
from gateway.store import deliveries, reminders

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.reminders import Addressee

AT_ONCE = 200  # members in one look
APART = timedelta(days=28)  # between two reminders, where a month ends soon after the first
PHRASE = "reminder"  # of flows/phrases.yaml


def daily(gateway: Gateway) -> None:
    """Do the day's work, unless it is done already, or night."""
    now = gateway.clock()
    if consent.quiet(now):
        return
    subject = f"reminders:{now.astimezone(NEPAL).date().isoformat()}"
    with gateway.database.read() as db:
        waiting = reminders.not_yet(db, subject)
    if not waiting:
        return
    contributions.check_waiting(gateway)
    for organisation_id in waiting:
        count = remind(gateway, organisation_id)
        with gateway.database.write() as db:
            access.note(gateway, db, Actor(organisation_id, "admin", "gateway"), "remind", subject, count=count)


def remind(gateway: Gateway, organisation_id: str) -> int:
    """Remind the members of an organisation who have open months; how many there were."""
    now, after, count = gateway.clock(), "", 0
    with gateway.database.read() as db:
        channel_id = reminders.channel_of(db, organisation_id)
    while channel_id is not None:
        batch = reminders.Batch(organisation_id, month_of(now), now - APART, after, AT_ONCE)
        with gateway.database.read() as db:
            found = reminders.addressees(db, batch)
        count += sum(_remind(gateway, channel_id, one, now) for _, one in found if one is not None)
        if len(found) < AT_ONCE:
            break
        after = found[-1][0]
    return count


def _remind(gateway: Gateway, channel_id: str, her: Addressee, now: datetime) -> bool:
    with gateway.database.read() as db:
        if not any(one.standing.months_open for one in schemes.standings(db, her.member_id, schemes.today_of(gateway))):
            return False
    language = her.language if her.language in gateway.catalogue.languages else gateway.catalogue.languages[0]
    words = gateway.catalogue.phrase(PHRASE, language, romanised=her.script == "romanised")
    reply = deliveries.NewReply(channel_id, her.phone_id, her.member_id, language, words, moment(now, her.best_hour), by_day=True)
    with gateway.database.write() as db:
        entries.hold(db, her.member_id)
        if reminders.is_reminded(db, her.member_id, month_of(now)):
            return False  # another sweep was faster
        reminders.keep(db, her.member_id, month_of(now), deliveries.owe_reply(db, gateway.seal, reply, now))
    return True


def moment(now: datetime, best_hour: int | None) -> datetime:
    """The next instant of somebody's best hour in Nepal that is not in quiet hours; now where she has none.

    >>> moment(datetime(2026, 11, 21, 10, 30, tzinfo=NEPAL), 17).isoformat()
    '2026-11-21T17:00:00+05:45'
    >>> moment(datetime(2026, 11, 21, 10, 30, tzinfo=NEPAL), 9).isoformat()
    '2026-11-22T09:00:00+05:45'
    """
    here = now.astimezone(NEPAL)
    if best_hour is None or here.hour == best_hour:
        return consent.opens_at(now)
    hour = datetime.combine(here.date(), time(best_hour), NEPAL)
    return consent.opens_at(hour if hour > here else hour + timedelta(days=1))
