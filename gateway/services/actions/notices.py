"""What flows may do about meetings, trainings and news."""

from __future__ import annotations

from gateway.core.events import (
    RsvpGiven,
)
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.services.actions.named import action
from gateway.services.context import Gateway
from gateway.store import notices


@action("found none", "notice.id notice.kind_phrase notice.date notice.place")
def next_notice(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The next meeting or training; asked again in the same conversation, the one after it."""
    heard = call.values.get("notice.id")
    with gateway.database.read() as db:
        notice = notices.next_after(db, call.caller.organisation_id, call.now, heard if isinstance(heard, str) else None)
    if notice is None or notice.starts_at is None or notice.place is None:
        return ActionResult("none")
    return ActionResult(
        "found",
        {
            "notice.id": notice.id,
            "notice.kind_phrase": f"{notice.kind}_word",
            "notice.date": notice.starts_at.isoformat(),
            "notice.place": notice.place,
        },
    )


def _rsvp(call: ActionCall, answer: str) -> ActionResult:
    notice_id = call.values["notice.id"]
    if call.member is None or not isinstance(notice_id, str):
        return ActionResult("done")  # a stranger may listen and say yes; there is nobody to write down
    return ActionResult("done", facts=(RsvpGiven(call.member.id, notice_id, "yes" if answer == "yes" else "no"),))


@action("done")
def rsvp_yes(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She will come."""
    return _rsvp(call, "yes")


@action("done")
def rsvp_no(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She cannot come."""
    return _rsvp(call, "no")


@action("found none", "news.phrase")
def rights_news(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The newest item about workers' rights."""
    with gateway.database.read() as db:
        news = notices.news(db, call.caller.organisation_id, call.now)
    return ActionResult("found", {"news.phrase": news}) if news else ActionResult("none")
