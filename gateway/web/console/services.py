"""`/services`: the directory of services near a member, each with a number to call."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from flask import request

from gateway.core import places
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import directory
from gateway.services.directory import NewService, Taken
from gateway.web.console import reading
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import gettext as _

routes = Routes("services")

SHIPPED = ("health_post", "day_care", "legal_aid", "social_security", directory.OFFICE)
NAMES = {"name_ne": "ne", "name_en": "en"}


@routes.page("/services", Permission.SEE_BROADCASTS)
def page(visit: Visit) -> Page:
    """The directory by kind and place; `?kind=` and `?place=` (a code) narrow it down."""
    found = directory.list_all(visit.gateway, visit.actor)
    kind, place = visit.query.get("kind", ""), visit.query.get("place", "")
    districts = {places.above(one.place, "district") or one.place for one in found}
    return Page(
        "services.html",
        services=[one for one in found if kind in {"", one.kind} and (not place or f"{one.place}-".startswith(f"{place}-"))],
        all=found,
        kinds=_kinds(visit, {one.kind for one in found}),
        districts=[(code, places.find(code).name(visit.language)) for code in sorted(districts) if places.is_place(code)],
        kind=kind,
        place=place,
    )


@routes.form("/services", Permission.PLAN_BROADCASTS, back=page)
def add(visit: Visit) -> Done:
    """Write an entry down."""
    form = visit.form
    names = {language: form[field].strip() for field, language in NAMES.items() if form.get(field, "").strip()}
    new = NewService(form.get("kind", ""), reading.field(form, "place", reading.place), form.get("number", ""), names)
    directory.add(visit.gateway, visit.actor, new)
    return Done("/services", _("It is in the directory: members of this place hear it."))


@routes.page("/services/<service_id>/remove", Permission.PLAN_BROADCASTS)
def to_remove(visit: Visit, service_id: str) -> Page:
    """Ask once more."""
    one = next((one for one in directory.list_all(visit.gateway, visit.actor) if one.id == service_id), None)
    if one is None:
        raise GatewayError("service:unknown", id=service_id)
    return Page("service_remove.html", one=one)


@routes.form("/services/<service_id>/remove", Permission.PLAN_BROADCASTS, back=to_remove)
def remove(visit: Visit, service_id: str) -> Done:
    """Take an entry away."""
    directory.remove(visit.gateway, visit.actor, service_id)
    return Done("/services", _("It is taken out of the directory."))


@routes.page("/services/file", Permission.PLAN_BROADCASTS)
def to_take_in(visit: Visit) -> Page:
    """Choose a table."""
    return Page("services_file.html", kinds=_kinds(visit, set()), taken=None)


@routes.form("/services/file", Permission.PLAN_BROADCASTS, back=to_take_in)
def take_in(visit: Visit) -> Page | Done:
    """Say first what would happen; the same file is then taken in with a second tap."""
    upload = request.files.get("file")
    if upload is None:
        taken = _taken(visit, _kept(visit.form.get("kept", "")), visit.form.get("name", ""), dry_run=False)
        said = _("%(added)s added, %(changed)s changed, %(refused)s refused.")
        return Done("/services", said % {"added": taken.added, "changed": taken.changed, "refused": len(taken.refusals)})
    data, name = upload.stream.read(), upload.filename or ""
    taken = _taken(visit, data, name, dry_run=True)
    kept = base64.b64encode(data).decode()
    return Page("services_file.html", kinds=_kinds(visit, set()), taken=taken, kept=kept, name=name)


def _kept(written: str) -> bytes:
    """The file that the page brought along. GatewayError `import:no-file` where somebody changed it."""
    try:
        return base64.b64decode(written, validate=True)
    except ValueError:
        raise GatewayError("import:no-file", where="file") from None


def _taken(visit: Visit, data: bytes, name: str, *, dry_run: bool) -> Taken:
    with tempfile.TemporaryDirectory(prefix="aawaj-") as folder:
        path = Path(folder) / f"services{'.xlsx' if name.lower().endswith(('.xlsx', '.xlsm')) else '.csv'}"
        path.write_bytes(data)
        try:
            return directory.take_in(visit.gateway, visit.actor, path, dry_run=dry_run)
        except GatewayError as error:
            raise GatewayError(error.code, where="file", **error.values) from None


def _kinds(visit: Visit, used: set[str]) -> list[str]:
    """The kinds that are shipped, and others that somebody added."""
    return [*(kind for kind in SHIPPED if kind in visit.gateway.catalogue.phrases), *sorted(used - set(SHIPPED))]
