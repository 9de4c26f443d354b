"""`/sayings`: the organisation's own words, written down and recorded."""

from __future__ import annotations

from flask import Response, send_file, url_for

from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import sayings
from gateway.web.console import composing
from gateway.web.console.paging import ROWS, Pager, number_in
from gateway.web.console.routes import RECORDING, Done, Page, Routes, Visit
from gateway.web.console.words import gettext as _

routes = Routes("sayings")


@routes.page("/sayings", Permission.SEE_BROADCASTS)
def page(visit: Visit) -> Page:
    """All words of its own, and in which languages they are recorded."""
    found = sayings.page(visit.gateway, visit.actor, number_in(visit.query, "after"), ROWS + 1)
    return Page(
        "sayings.html",
        rows=found[:ROWS],
        pager=Pager.behind(found, lambda row: row.number),
        written_in=_languages(visit),
        may_plan=visit.actor.may(Permission.PLAN_BROADCASTS),
    )


@routes.form("/sayings", Permission.PLAN_BROADCASTS, back=page)
def make(visit: Visit) -> Done:
    """Write words down, to be recorded next."""
    written = {code: visit.form.get(f"text_{code}", "").strip() for code, _name in _languages(visit)}
    made = sayings.create(visit.gateway, visit.actor, {code: text for code, text in written.items() if text})
    return Done(url_for("sayings.saying", saying_id=made.id), _("Written down. Now it is to be spoken."))


@routes.page("/sayings/<saying_id>", Permission.SEE_BROADCASTS)
def saying(visit: Visit, saying_id: str) -> Page:
    """Words, their recordings, and where they are said."""
    return again(visit, saying_id)


def again(visit: Visit, saying_id: str, language: str = "") -> Page:  # noqa: ARG001  # of the form's address
    """Their page, also where a recording of them could not be taken."""
    found = sayings.show(visit.gateway, visit.actor, saying_id)
    return Page(
        "saying.html",
        found=found,
        names=dict(_languages(visit)),
        used=sayings.used_by(visit.gateway, visit.actor, saying_id),
        may_plan=visit.actor.may(Permission.PLAN_BROADCASTS),
    )


@routes.form("/sayings/<saying_id>/<language>", Permission.PLAN_BROADCASTS, back=again, most=RECORDING)
def record(visit: Visit, saying_id: str, language: str) -> Done:
    """Take a recording of these words."""
    with visit.file("recording") as path:
        if path is None:
            raise GatewayError("request:invalid", fault=_("Choose a recording first."), where="recording")
        sayings.record(visit.gateway, visit.actor, saying_id, language, path)
    return Done(url_for("sayings.saying", saying_id=saying_id), _("It is recorded. Listen to it once before you use it."))


@routes.page("/sayings/<saying_id>/<language>.wav", Permission.SEE_BROADCASTS)
def listen(visit: Visit, saying_id: str, language: str) -> Response:
    """The recording, as callers hear it."""
    return send_file(sayings.recorded_file(visit.gateway, visit.actor, saying_id, language), mimetype="audio/wav", conditional=True)


@routes.page("/sayings/<saying_id>/remove", Permission.PLAN_BROADCASTS)
def removing(visit: Visit, saying_id: str) -> Page:
    """What it means to take them away."""
    return Page("saying_remove.html", found=sayings.show(visit.gateway, visit.actor, saying_id))


@routes.form("/sayings/<saying_id>/remove", Permission.PLAN_BROADCASTS, back=removing)
def remove(visit: Visit, saying_id: str) -> Done:
    """Take words away that nothing says."""
    sayings.remove(visit.gateway, visit.actor, saying_id)
    return Done(url_for("sayings.page"), _("The words are gone."))


def _languages(visit: Visit) -> composing.Options:
    return [(code, name) for code, name in composing.text_fields(visit) if not code.endswith("_latn")]
