"""`/broadcasts`: a message to many, from the first word to what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Response, url_for

from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import broadcast as broadcasting
from gateway.services.broadcast import Broadcast, Draft, Progress
from gateway.services.broadcast.planning import MOST_TRIES
from gateway.web.console import composing, files, showing
from gateway.web.console.composing import Form
from gateway.web.console.naming import who_of
from gateway.web.console.paging import Pager, number_in
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import gettext as _

routes = Routes("broadcasts")

ROWS = 20  # on a page
MOST_COUNTED = 50_000  # people of one row of the list: of more, its own page tells
PAUSE, LONG_PAUSE = 2, 15  # seconds between two looks at a broadcast to so many people, and at one to more
TONES = {"draft": "note", "approved": "note", "sending": "note", "paused": "warn", "finished": "good", "cancelled": ""}
GOING_ON = ("approved", "sending")
LAST_WORDS = timedelta(minutes=30)  # after the last was sent: so long the page waits for word of how it went
# States of people, the best first, in groups that an organiser understands: its tone, its name, the states.
GROUPS = (
    ("good", "arrived", ("delivered", "read")),
    ("fair", "on_the_way", ("accepted", "sent")),
    ("wait", "waiting", ("queued", "sending")),
    ("warn", "unclear", ("unknown",)),
    ("bad", "not_arrived", ("undelivered", "failed")),
    ("none", "not_sent", ("suppressed",)),
)


# --- the list ----------------------------------------------------------------------------------------------------------------------


@routes.page("/broadcasts", Permission.SEE_BROADCASTS)
def page(visit: Visit) -> Page:
    """All broadcasts, the newest first, each with how far it is."""
    found = broadcasting.latest(visit.gateway, visit.actor, ROWS + 1, visit.query.get("after", ""))
    who = who_of(visit)
    rows = [_row(visit, each, who) for each in found[:ROWS]]
    return Page(
        "broadcasts.html",
        rows=rows,
        pager=Pager.behind(found, lambda each: each.id, ROWS),
        tones=TONES,
        may_plan=visit.actor.may(Permission.PLAN_BROADCASTS),
    )


def _row(visit: Visit, found: Broadcast, who: Callable[[str | None], str]) -> dict[str, Any]:
    planned = (found.planned or {}).get("recipients", 0)
    if planned > MOST_COUNTED:
        return {"broadcast": found, "by": who(found.created_by), "planned": planned}
    status = broadcasting.status(visit.gateway, visit.actor, found.id)
    groups = _grouped(status.counts.states)
    return {
        "broadcast": status.broadcast,
        "by": who(status.broadcast.created_by),
        "agreed": status.agreed,
        "people": status.counts.total,
        "done": status.counts.total - status.counts.open,
        "missed": sum(number for _tone, name, number in groups if name in {"not_arrived", "not_sent"}),
        "bar": [(tone, number) for tone, _name, number in groups],
    }


def _grouped(states: Mapping[str, int]) -> list[tuple[str, str, int]]:
    return [(tone, name, sum(states.get(state, 0) for state in each)) for tone, name, each in GROUPS]


# --- writing it --------------------------------------------------------------------------------------------------------------------


@routes.page("/broadcasts/new", Permission.PLAN_BROADCASTS)
def new(visit: Visit) -> Page:
    """The form, empty or as it was written."""
    form = Form(visit.form) if visit.form else composing.form_of(Draft("", flow=visit.query.get("flow")))
    form.setdefault("key", visit.gateway.new_id())
    return _compose(visit, form, url_for("broadcasts.new"), _("New broadcast"))


@routes.form("/broadcasts/new", Permission.PLAN_BROADCASTS, back=new)
def write(visit: Visit) -> Page | Done:
    """Count, find a place, take plain letters, or keep it: whichever button was pressed."""
    if again := _not_kept_yet(visit, url_for("broadcasts.new"), _("New broadcast")):
        return again
    draft = composing.draft_of(visit.form)
    made = broadcasting.create(visit.gateway, visit.actor, draft, visit.form.get("key") or None)
    broadcasting.change(visit.gateway, visit.actor, made, draft)  # she went back in her browser and changed it
    return Done(url_for("broadcasts.plan", broadcast_id=made))


@routes.page("/broadcasts/<broadcast_id>/change", Permission.PLAN_BROADCASTS)
def change(visit: Visit, broadcast_id: str) -> Page | Done:
    """A draft in the form; what is approved is changed no more."""
    found = broadcasting.status(visit.gateway, visit.actor, broadcast_id).broadcast
    if found.state != "draft" and not visit.form:
        return Done(url_for("broadcasts.broadcast", broadcast_id=broadcast_id))
    form = Form(visit.form) if visit.form else composing.form_of(Draft.of(found))
    return _compose(visit, form, url_for("broadcasts.change", broadcast_id=broadcast_id), _("Change the broadcast"))


@routes.form("/broadcasts/<broadcast_id>/change", Permission.PLAN_BROADCASTS, back=change)
def rewrite(visit: Visit, broadcast_id: str) -> Page | Done:
    """Write the draft anew."""
    if again := _not_kept_yet(visit, url_for("broadcasts.change", broadcast_id=broadcast_id), _("Change the broadcast")):
        return again
    broadcasting.change(visit.gateway, visit.actor, broadcast_id, composing.draft_of(visit.form))
    return Done(url_for("broadcasts.plan", broadcast_id=broadcast_id))


@routes.form("/broadcasts/glance", Permission.PLAN_BROADCASTS, is_part=True)
def glance(visit: Visit) -> Page:
    """What is known of what is written so far, at each pause in the writing."""
    return Page("broadcast_glance.html", **_seen(visit, visit.form), action=url_for("broadcasts.new"))


def _not_kept_yet(visit: Visit, action: str, heading: str) -> Page | None:
    """The form again, where a button asks for something else than to keep it."""
    wish, _separator, which = visit.form.get("do", "keep").partition(":")
    if wish == "keep":
        return None
    form = composing.in_plain_letters(visit.form, which) if wish == "use" else Form(visit.form)
    return _compose(visit, form, action, heading)


def _compose(visit: Visit, form: Form, action: str, heading: str) -> Page:
    return Page(
        "broadcast_compose.html",
        form=form,
        action=action,
        heading=heading,
        offered=composing.offered(visit, form),
        chosen_places=composing.places_chosen(form),
        found_places=composing.places_found(form),
        opened=composing.opened(form),
        media=composing.medium_names(),
        tries=[(str(tries), showing.number(tries)) for tries in range(1, MOST_TRIES + 1)],
        **_seen(visit, form),
    )


def _seen(visit: Visit, form: Form) -> dict[str, Any]:
    """A glance at the form, and what a call would say."""
    names = dict(composing.text_fields(visit))
    try:
        draft = composing.draft_of(form)
        heard = broadcasting.hear(visit.gateway, visit.actor, draft)
        return {"glance": broadcasting.glance(visit.gateway, visit.actor, draft), "heard": heard, "names": names, "fault": None}
    except GatewayError as fault:
        return {"glance": None, "heard": {}, "names": names, "fault": fault}


# --- the plan, a test, the approval ------------------------------------------------------------------------------------------------


@routes.page("/broadcasts/<broadcast_id>/plan", Permission.PLAN_BROADCASTS)
def plan(visit: Visit, broadcast_id: str) -> Page | Done:
    """All that is known before it goes out; once it is approved, how far it is."""
    status = broadcasting.status(visit.gateway, visit.actor, broadcast_id)
    if status.broadcast.state != "draft":
        return Done(url_for("broadcasts.broadcast", broadcast_id=broadcast_id))
    draft, planned, fault = Draft.of(status.broadcast), None, None
    try:
        planned = broadcasting.plan(visit.gateway, visit.actor, draft, kept=True)
    except GatewayError as found:
        fault = found
    who = who_of(visit)
    languages = {language: composing.language_name(language) for language in (*visit.gateway.catalogue.languages, *draft.texts)}
    heard = broadcasting.hear(visit.gateway, visit.actor, draft) if fault is None else {}
    return Page(
        "broadcast_plan.html",
        found=status,
        plan=planned,
        fault=fault,
        heard=heard,
        by=who(status.broadcast.created_by),
        agreed=[who(name) for name in status.agreed],
        i_agreed=visit.actor.name in status.agreed,
        mark=draft.mark,
        read={
            language: broadcasting.example(visit.gateway, language, text) for language, text in (planned.texts if planned else {}).items()
        },
        names=languages,
        audience=composing.in_words(visit, draft.audience),
        tried_in=[(language, languages[language]) for language in dict.fromkeys((*draft.texts, *heard))],
        now=visit.gateway.clock(),
        **_may(visit),
    )


@routes.form("/broadcasts/<broadcast_id>/test", Permission.PLAN_BROADCASTS, back=plan)
def test(visit: Visit, broadcast_id: str) -> Done:
    """Send it to the phone in her hand; its number stands nowhere afterwards."""
    draft = Draft.of(broadcasting.status(visit.gateway, visit.actor, broadcast_id).broadcast)
    _made, jobs = broadcasting.try_out(visit.gateway, visit.actor, draft, visit.form.get("phone", ""), visit.form.get("language", ""))
    visit.gateway.enqueue(jobs)
    return Done(url_for("broadcasts.plan", broadcast_id=broadcast_id), _("It is on its way to your phone."))


@routes.form("/broadcasts/<broadcast_id>/approve", Permission.APPROVE_BROADCASTS, back=plan)
def approve(visit: Visit, broadcast_id: str) -> Done:
    """Agree to what she has seen. The second tap of two finds it approved, and shows how far it is."""
    status = broadcasting.status(visit.gateway, visit.actor, broadcast_id)
    address = url_for("broadcasts.broadcast", broadcast_id=broadcast_id)
    if status.broadcast.state != "draft":
        return Done(address)
    jobs = broadcasting.approve(visit.gateway, visit.actor, broadcast_id, visit.form.get("seen", ""))
    visit.gateway.enqueue(jobs)
    if not jobs:
        return Done(url_for("broadcasts.plan", broadcast_id=broadcast_id), _("You have agreed. A second person must agree, too."))
    return Done(address, _("It is on its way."))


# --- while it goes out, and afterwards ---------------------------------------------------------------------------------------------


@routes.page("/broadcasts/<broadcast_id>", Permission.SEE_BROADCASTS)
def broadcast(visit: Visit, broadcast_id: str) -> Page | Done:
    """How far it is and what came of it."""
    found = broadcasting.progress(visit.gateway, visit.actor, broadcast_id)
    if found.broadcast.state == "draft" and visit.actor.may(Permission.PLAN_BROADCASTS):
        return Done(url_for("broadcasts.plan", broadcast_id=broadcast_id))
    who = who_of(visit)
    return Page(
        "broadcast.html",
        **_progress(visit, found),
        by=who(found.broadcast.created_by),
        agreed=[who(name) for name in found.agreed],
        audience=composing.in_words(visit, found.broadcast.audience),
        read={code: broadcasting.example(visit.gateway, code, text) for code, text in found.broadcast.texts.items()},
    )


@routes.part("/broadcasts/<broadcast_id>/progress", Permission.SEE_BROADCASTS)
def progress(visit: Visit, broadcast_id: str) -> Page:
    """The part of the page that moves."""
    return Page("broadcast_progress.html", **_progress(visit, broadcasting.progress(visit.gateway, visit.actor, broadcast_id)))


def _progress(visit: Visit, found: Progress) -> dict[str, Any]:
    groups = _grouped(found.states)
    return {
        "found": found,
        "groups": groups,
        "groups_bar": [(tone, number) for tone, _name, number in groups],
        "going_on": found.broadcast.state in GOING_ON,
        "moves": found.broadcast.state in GOING_ON or _awaits_word(visit, found),
        "gone_out": broadcasting.GONE_OUT,
        "pause": PAUSE if found.people <= MOST_COUNTED else LONG_PAUSE,
        "tones": TONES,
        "why": composing.reason,
        **_may(visit),
    }


def _awaits_word(visit: Visit, found: Progress) -> bool:
    """Whether all is sent and how some of it went is still to be heard: calls that ring, texts on their way."""
    ended = found.broadcast.finished_at
    return bool(found.silent and ended and visit.gateway.clock() - ended < LAST_WORDS)


def _may(visit: Visit) -> dict[str, bool]:
    return {
        "may_plan": visit.actor.may(Permission.PLAN_BROADCASTS),
        "may_approve": visit.actor.may(Permission.APPROVE_BROADCASTS),
        "may_export": visit.actor.may(Permission.EXPORT),
        "may_see_replies": visit.actor.may(Permission.SEE_MEMBERS),
    }


@routes.form("/broadcasts/<broadcast_id>/pause", Permission.APPROVE_BROADCASTS, back=broadcast)
def pause(visit: Visit, broadcast_id: str) -> Done:
    """Send nothing more for now."""
    broadcasting.pause(visit.gateway, visit.actor, broadcast_id)
    return Done(
        url_for("broadcasts.broadcast", broadcast_id=broadcast_id), _("It is paused. What is on its way at this moment still arrives.")
    )


@routes.form("/broadcasts/<broadcast_id>/resume", Permission.APPROVE_BROADCASTS, back=broadcast)
def resume(visit: Visit, broadcast_id: str) -> Done:
    """Go on after a pause."""
    visit.gateway.enqueue(broadcasting.resume(visit.gateway, visit.actor, broadcast_id))
    return Done(url_for("broadcasts.broadcast", broadcast_id=broadcast_id), _("It goes on."))


@routes.page("/broadcasts/<broadcast_id>/cancel", Permission.APPROVE_BROADCASTS)
def cancelling(visit: Visit, broadcast_id: str) -> Page:
    """What it means to stop it for good."""
    found = broadcasting.status(visit.gateway, visit.actor, broadcast_id)
    waiting = found.counts.states.get("queued", 0) or (found.broadcast.planned or {}).get("recipients", 0)
    return Page("broadcast_cancel.html", found=found, waiting=waiting)


@routes.form("/broadcasts/<broadcast_id>/cancel", Permission.APPROVE_BROADCASTS, back=broadcast)
def cancel(visit: Visit, broadcast_id: str) -> Done:
    """Stop it for good."""
    broadcasting.cancel(visit.gateway, visit.actor, broadcast_id)
    return Done(url_for("broadcasts.broadcast", broadcast_id=broadcast_id), _("It is stopped."))


@routes.form("/broadcasts/<broadcast_id>/resolve", Permission.APPROVE_BROADCASTS, back=broadcast)
def resolve(visit: Visit, broadcast_id: str) -> Done:
    """Decide about what may or may not have gone out."""
    decision = visit.form.get("decision")
    if decision not in {"resend", "close"}:
        raise GatewayError("request:invalid", fault=_("Choose one of the two."), where="decision")
    number, jobs = broadcasting.resolve(visit.gateway, visit.actor, broadcast_id, resend=decision == "resend")
    visit.gateway.enqueue(jobs)
    said = _("%(number)s messages are sent again.") if decision == "resend" else _("%(number)s messages are left as they are.")
    return Done(url_for("broadcasts.broadcast", broadcast_id=broadcast_id), said % {"number": showing.number(number)})


@routes.form("/broadcasts/<broadcast_id>/again", Permission.PLAN_BROADCASTS, back=broadcast)
def again(visit: Visit, broadcast_id: str) -> Done:
    """A draft of the same for those who did not hear it; two taps make one."""
    draft = broadcasting.again(visit.gateway, visit.actor, broadcast_id)
    found = broadcasting.progress(visit.gateway, visit.actor, broadcast_id)
    made = broadcasting.create(visit.gateway, visit.actor, draft, f"again {broadcast_id} {found.heard.people}")
    return Done(url_for("broadcasts.plan", broadcast_id=made), _("This is the same for those who did not hear it. Change it as you like."))


@routes.page("/broadcasts/<broadcast_id>/replies", Permission.SEE_MEMBERS)
def replies(visit: Visit, broadcast_id: str) -> Page:
    """What members wrote back."""
    rows = broadcasting.replies(visit.gateway, visit.actor, broadcast_id, number_in(visit.query, "after"), ROWS + 1)
    return Page("broadcast_replies.html", rows=rows[:ROWS], pager=Pager.behind(rows, lambda row: row.id, ROWS), broadcast_id=broadcast_id)


@routes.page("/broadcasts/<broadcast_id>/results.<form>", Permission.EXPORT)
def export(visit: Visit, broadcast_id: str, form: str) -> Response:
    """A row for each recipient, as a file."""
    return files.download("broadcast", form, partial(broadcasting.export, visit.gateway, visit.actor, broadcast_id))
