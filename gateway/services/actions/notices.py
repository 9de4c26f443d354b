"""What flows may do about meetings, trainings and news."""

from __future__ import annotations

from gateway.core.calendar import NEPAL
from gateway.core.events import RsvpGiven
from gateway.engine.definition import MEANT
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.services import notice_words
from gateway.services.actions.named import action
from gateway.services.context import Gateway
from gateway.store import notices
from gateway.store.notices import Asking, NoticeRow

GATHERING = "notice.id notice.kind_phrase notice.date notice.place notice.details"


@action("found moved cancelled none", GATHERING)
def next_notice(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The next meeting or training; asked again in the same conversation, the one after it.

    `moved` and `cancelled` where she had said yes before that, and has not heard of it since.
    """
    heard = call.values.get("notice.id")
    member_id = call.member.id if call.member else None
    asking = Asking(call.caller.organisation_id, call.now, member_id, heard if isinstance(heard, str) else None)
    with gateway.database.read() as db:
        notice = notices.next_after(db, asking)
    if notice is None:
        return ActionResult("none")
    return ActionResult(_standing(gateway, notice, member_id), _values(gateway, call, notice))


@action("found moved cancelled tomorrow news over", GATHERING)
def told_notice(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The notice `notice.id` of the broadcast by which this conversation came about; `over` where nothing of it is to be told any more."""
    with gateway.database.read() as db:
        notice = notices.get(db, str(call.values.get("notice.id", "")))
    if notice is None or notice.organisation_id != call.caller.organisation_id:
        return ActionResult("over")
    values, ends = _values(gateway, call, notice), notice.over_at or notice.starts_at
    if ends is not None and ends <= call.now:
        return ActionResult("over", values)
    if notice.starts_at is None:
        return ActionResult("over" if notice.cancelled_at else "news", values)
    outcome = "cancelled" if notice.cancelled_at else _standing(gateway, notice, _answering(gateway, call))
    days = (notice.starts_at.astimezone(NEPAL).date() - call.now.astimezone(NEPAL).date()).days
    return ActionResult("tomorrow" if outcome == "found" and days == 1 else outcome, values)


def _standing(gateway: Gateway, notice: NoticeRow, member_id: str | None) -> str:
    """Whether what she said yes to still holds."""
    if notice.cancelled_at is not None:
        return "cancelled"
    if notice.moved_at is None or member_id is None:
        return "found"
    with gateway.database.read() as db:
        answer = notices.answer_of(db, notice.id, member_id)
    return "moved" if answer is not None and answer[0] == "yes" and answer[1] < notice.moved_at else "found"


def _values(gateway: Gateway, call: ActionCall, notice: NoticeRow) -> dict[str, object]:
    romanised = call.session.medium == "sms" and call.caller.romanised
    nothing = dict.fromkeys(GATHERING.split())  # of the notice before this one nothing stays
    return nothing | notice_words.values(gateway, notice, call.session.language, romanised=romanised)


def _answering(gateway: Gateway, call: ActionCall) -> str | None:
    """Whose answer it is: hers who is speaking; on a phone that several share hers who said who she is, else hers for whom we rang."""
    if call.member is not None:
        return call.member.id
    meant = call.values.get(MEANT)
    if isinstance(meant, str):
        return meant
    delivery_id = call.values.get("broadcast.delivery")
    if not isinstance(delivery_id, int):
        return None
    with gateway.database.read() as db:
        member_id = notices.rung_for(db, delivery_id)
    return member_id if member_id in {member.id for member in call.caller.sharing} else None


def _rsvp(gateway: Gateway, call: ActionCall, answer: str) -> ActionResult:
    notice_id, member_id = call.values["notice.id"], _answering(gateway, call)
    if member_id is None or not isinstance(notice_id, str):
        return ActionResult("done")  # a stranger may listen and say yes; there is nobody to write down
    return ActionResult("done", facts=(RsvpGiven(member_id, notice_id, "yes" if answer == "yes" else "no"),))


@action("done")
def rsvp_yes(gateway: Gateway, call: ActionCall) -> ActionResult:
    """She will come."""
    return _rsvp(gateway, call, "yes")


@action("done")
def rsvp_no(gateway: Gateway, call: ActionCall) -> ActionResult:
    """She cannot come."""
    return _rsvp(gateway, call, "no")


@action("found none", "news.phrase news.said")
def rights_news(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The newest item about workers' rights: a phrase, or words of the organisation's own."""
    with gateway.database.read() as db:
        news = notices.news(db, call.caller.organisation_id, call.now)
    if news is None:
        return ActionResult("none")
    said = notice_words.words(gateway, None, news.saying_id, call.session.language, romanised=False)
    return ActionResult("found", {"news.phrase": news.phrase, "news.said": said})
