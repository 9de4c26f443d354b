"""`/testimonies`: members' own words for others to hear, as far as each agreed."""

from __future__ import annotations

from flask import Response

from gateway.core.roles import Permission
from gateway.services import testimonies
from gateway.services.exports import PAGE
from gateway.web.console import files
from gateway.web.console.paging import Pager
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import gettext as _

routes = Routes("testimonies")


@routes.page("/testimonies", Permission.SEE_TESTIMONIES)
def page(visit: Visit) -> Page:
    """Those that wait for somebody to listen stand first."""
    found = testimonies.page(visit.gateway, visit.actor, visit.query.get("after", ""), PAGE + 1)
    shown = sorted(found[:PAGE], key=lambda one: (one.state != "waiting", one.state == "withdrawn"))
    return Page("testimonies.html", testimonies=shown, pager=Pager.behind(found, lambda one: one.id, PAGE))


@routes.page("/testimonies/<testimony_id>", Permission.SEE_TESTIMONIES)
def testimony(visit: Visit, testimony_id: str) -> Page:
    """Listen, write down, keep or take back."""
    return Page("testimony.html", one=testimonies.show(visit.gateway, visit.actor, testimony_id))


@routes.page("/testimonies/<testimony_id>/recording", Permission.SEE_TESTIMONIES)
def recording(visit: Visit, testimony_id: str) -> Response:
    """Her voice; that somebody listened stands in the audit log."""
    return files.sound(testimonies.listen(visit.gateway, visit.actor, testimony_id).read_bytes())


@routes.form("/testimonies/<testimony_id>/words", Permission.SEE_TESTIMONIES, back=testimony)
def write_down(visit: Visit, testimony_id: str) -> Done:
    """Keep what she said as a text."""
    testimonies.write_down(visit.gateway, visit.actor, testimony_id, visit.form.get("words", ""))
    return Done(f"/testimonies/{testimony_id}", _("Her words are written down."))


@routes.form("/testimonies/<testimony_id>/keep", Permission.SEE_TESTIMONIES, back=testimony)
def keep(visit: Visit, testimony_id: str) -> Done:
    """Let it be used as she agreed."""
    testimonies.keep(visit.gateway, visit.actor, testimony_id)
    return Done(f"/testimonies/{testimony_id}", _("It is kept, and goes with the collection."))


@routes.page("/testimonies/<testimony_id>/withdraw", Permission.SEE_TESTIMONIES)
def to_withdraw(visit: Visit, testimony_id: str) -> Page:
    """Ask once more: her voice will be gone."""
    return Page("testimony_withdraw.html", one=testimonies.show(visit.gateway, visit.actor, testimony_id))


@routes.form("/testimonies/<testimony_id>/withdraw", Permission.SEE_TESTIMONIES, back=to_withdraw)
def withdraw(visit: Visit, testimony_id: str) -> Done:
    """She wants it back."""
    testimonies.withdraw(visit.gateway, visit.actor, testimony_id)
    return Done("/testimonies", _("Her voice and her words are deleted."))


@routes.page("/testimonies/collection", Permission.EXPORT)
def collection(visit: Visit) -> Response:
    """All that were kept, with their recordings, named where she agreed to it."""
    return files.download("testimonies", "zip", lambda path: testimonies.bundle(visit.gateway, visit.actor, path))
