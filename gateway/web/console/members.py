"""`/members`: find a member, write one down, and her own page with her story. Who she is stands in forms, never in an address."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, request

from gateway.core import money, people, places, schemes
from gateway.core.calendar import month_of
from gateway.core.digits import fold_digits
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.language import places as by_name
from gateway.services import contributions, dossier, erasure, identity, members, pins, staff, story
from gateway.services import schemes as paying
from gateway.services.members import UNSET, Details, Person, Unset
from gateway.web.console import files, showing
from gateway.web.console.menu import N_
from gateway.web.console.naming import who_of
from gateway.web.console.paging import Pager, number_in
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.tasks import KINDS
from gateway.web.console.words import gettext as _

routes = Routes("members")

NEWEST = 20  # members of one page
STORY = 25  # happenings of one page
TO_NEPALI_YEAR = 57  # from a year of the common era: nine months of twelve
FILTERS = ("state", "trade", "place", "collector_id")
CHANGES: Mapping[str, str] = {
    "register_members": N_("She was registered"),
    "change_members": N_("Her details were changed"),
    "pin.set": N_("She was given a PIN"),
    "pin.invited": N_("She was given a code to set a PIN"),
    "pin.unlocked": N_("She may try her PIN again"),
    "phone.restored": N_("A phone is hers again after all"),
    "enrol": N_("She began to pay into a scheme"),
    "skip": N_("Nothing is due from her in one month"),
    "end_enrolment": N_("She stopped paying into a scheme"),
    "dossier": N_("All that is held on her was given out"),
    "erase": N_("Who she is was erased"),
}
FIELDS: Mapping[str, str] = {
    "name": N_("Name"),
    "village": N_("Village"),
    "language": N_("Language"),
    "script": N_("Script"),
    "private": N_("Private"),
    "usual_instalment": N_("Usual instalment"),
    "trade": N_("Trade"),
    "place": N_("Place"),
    "sex": N_("Sex"),
    "birth_year": N_("Year of birth"),
    "household_role": N_("Role in the household"),
    "preferred_medium": N_("Call or text"),
    "best_hour": N_("Best hour"),
    "collector_id": N_("Collector"),
    "reminders": N_("Reminders"),
    "consent_how": N_("Consent"),
    "phones": N_("Phones"),
    "state": N_("State"),
}


# --- finding -----------------------------------------------------------------------------------------------------------------------


@routes.page("/members", Permission.SEE_MEMBERS)
def find(visit: Visit) -> Page:
    """One line to search by, and who came last."""
    filters = {name: value for name in FILTERS if (value := visit.query.get(name))}
    if written := visit.query.get("place_words"):
        filters["place"] = next((place.code for place in by_name.search(written)), "-")  # the largest of those that are called so
    rows = members.newest(visit.gateway, visit.actor, visit.query.get("after", ""), NEWEST + 1, **filters)
    pager = Pager.behind(rows, lambda person: person.id, NEWEST)
    return _list(visit, "members.html", rows[:NEWEST], pager=pager, filters=filters)


@routes.form("/members", Permission.SEE_MEMBERS, back=find)
def search(visit: Visit) -> Page:
    """Who has this number, name or phone, or who came last where nothing is asked for; as she types, the list alone."""
    wanted = visit.form.get("words", "").strip()
    gateway, actor = visit.gateway, visit.actor
    found = members.find(gateway, actor, wanted) if wanted else members.newest(gateway, actor, "", NEWEST)
    template = "members_found.html" if request.headers.get("HX-Request") else "members.html"
    return _list(visit, template, found, wanted=wanted, filters={})


def _list(visit: Visit, template: str, rows: list[Person], **more: object) -> Page:
    return Page(template, rows=rows, names=dict(staff.collectors(visit.gateway, visit.actor)), **{**_choices(visit), **more})


def _choices(visit: Visit) -> dict[str, Any]:
    """What may be chosen of a member, as pairs of a code and its name."""
    phrase = showing.of_phrase(visit.gateway)
    return {
        "states": _said("member", people.STATES),
        "trades": [(trade, phrase(trade)) for trade in people.TRADES],
        "tongues": _said("language", visit.gateway.catalogue.languages),
        "sexes": _said("sex", people.SEXES),
        "roles": _said("role", people.HOUSEHOLD_ROLES),
        "media": _said("medium", people.MEDIA),
        "collectors": staff.collectors(visit.gateway, visit.actor),
    }


def _said(kind: str, codes: Iterable[str]) -> list[tuple[str, str]]:
    return [(code, showing.said(code, kind)) for code in codes]


# --- registering -------------------------------------------------------------------------------------------------------------------


@routes.page("/members/new", Permission.REGISTER_MEMBERS)
def new(visit: Visit) -> Page:
    """The form for a worker who sits beside the organiser."""
    return Page("member_new.html", id=visit.form.get("id") or visit.gateway.new_id(), **_choices(visit), **_places(visit))


@routes.form("/members/new", Permission.REGISTER_MEMBERS, back=new)
def register(visit: Visit) -> Done:
    """Write her down."""
    phone, pin = visit.form.get("phone", "").strip(), visit.form.get("pin", "").strip()
    details = _details(visit, None)
    person = members.register(visit.gateway, visit.actor, details, [phone] if phone else [], pin or None, form_id(visit.form.get("id", "")))
    return Done(f"/members/{person.id}", _("She is registered. Her number is %(number)s.") % {"number": showing.digits(person.number)})


@routes.form("/members/places", Permission.SEE_MEMBERS, is_part=True)
def nearest(visit: Visit) -> Page:
    """The places that are called like what stands in the field."""
    return Page("member_places.html", **_places(visit))


def _places(visit: Visit) -> dict[str, Any]:
    """The places from which she must choose one, as far as the words name several."""
    found = by_name.search(visit.form.get("place_words", ""))
    return {"places": [(place.code, _in_full(place)) for place in found] if len(found) > 1 else []}


def _in_full(place: places.Place) -> str:
    """Where a place lies, so that two of one name are told apart."""
    district = places.above(place.code, "district")
    inside = f", {showing.place(district)}" if district and district != place.code else ""
    return f"{showing.place(place.code)}{inside}"


def form_id(written: str) -> str | None:
    """An id that we drew when the form was shown."""
    return written if len(written) == 32 and written.isascii() and written.isalpha() and written.islower() else None


def _details(visit: Visit, before: Person | None) -> Details:
    """What stands in the form of a member; `before` is how she was when it is a change."""
    form = visit.form
    named: dict[str, Any] = {}
    if name := form.get("name", "").strip():
        named["name"] = name
    for field in ("village", "trade", "sex", "household_role", "collector_id"):
        if field in form:
            named[field] = form[field].strip() or None
    for field in ("language", "preferred_medium", "consent_how", "consent_wording"):
        if form.get(field, "").strip():
            named[field] = form[field].strip()
    for field in ("private", "reminders"):
        named[field] = field in form
    if "best_hour" in form:
        named["best_hour"] = number_in(form, "best_hour") if form["best_hour"] else None
    return Details(
        **named,
        birth_year=_birth_year(form),
        usual_instalment=_rupees(form, "usual_instalment") if "usual_instalment" in form else UNSET,
        place=_place(visit, before),
        shares_phone="shares_phone" in form,
    )


def _birth_year(form: Mapping[str, str]) -> int | Unset | None:
    """A year of the common era from one of either calendar."""
    if "birth_year" not in form:
        return UNSET
    if not fold_digits(form["birth_year"]).strip():
        return None
    year = number_in(form, "birth_year")
    return year - TO_NEPALI_YEAR if form.get("year_of") == "bs" else year


def _rupees(form: Mapping[str, str], field: str) -> int | None:
    """Paisa; GatewayError `contribution:amount`."""
    written = form.get(field, "").strip()
    if not written:
        return None
    paisa = money.parse(written)
    if paisa is None:
        raise GatewayError("contribution:amount", where=field, value=written)
    return paisa


def _place(visit: Visit, before: Person | None) -> str | Unset | None:
    written = visit.form.get("place_words", "").strip()
    if before and before.place and written == showing.place(before.place):
        return UNSET
    return _chosen_place(written, visit.form.get("place", ""))


def _chosen_place(written: str, chosen: str) -> str | None:
    """The code of the place that the words name, or of those that they name the one that was chosen."""
    if not written:
        return None
    found = [place.code for place in by_name.search(written)]
    if not found:
        near = ", ".join(by_name.near(written)) or "–"
        raise GatewayError("place:no-such-name", where="place_words", place=written, near=near)
    if len(found) > 1 and chosen not in found:
        raise GatewayError("place:choose", where="place_words")
    return chosen if chosen in found else found[0]


# --- her page ----------------------------------------------------------------------------------------------------------------------


@routes.page("/members/<member_id>", Permission.SEE_MEMBERS)
def member(visit: Visit, member_id: str) -> Page:
    """Who she is, what is open for her, how far she has come, and her story."""
    gateway, actor = visit.gateway, visit.actor
    person = members.get(gateway, actor, member_id)
    before = visit.query.get("before", "")
    happenings = story.page(gateway, actor, member_id, before, STORY + 1)
    older = story.mark_of(happenings[STORY - 1]) if len(happenings) > STORY else None
    return Page(
        "member.html",
        person=person,
        now=story.now(gateway, actor, member_id),
        standing=contributions.standing(gateway, actor, member_id) if actor.may(Permission.SEE_CONTRIBUTIONS) else None,
        titles=scheme_titles(visit),
        happenings=happenings[:STORY],
        before=before,
        older=older,
        names=dict(staff.collectors(gateway, actor)),
        who=who_of(visit),
        change_of=_change_of,
        task_kinds=KINDS,
    )


def scheme_titles(visit: Visit) -> dict[str, str]:
    """How the organisation's schemes are called here, by their codes."""
    if not visit.actor.may(Permission.SEE_CONTRIBUTIONS):
        return {}
    return {each.code: each.title.get(visit.language) or each.code for each in paying.list_all(visit.gateway, visit.actor)}


def _change_of(happening: story.Happening) -> tuple[str, str]:
    """What was done, and the fields that changed where it says which."""
    said = json.loads(str(happening.detail))
    fields = ", ".join(_(FIELDS[name]) for name in said.get("fields", ()) if name in FIELDS)
    left = said.get("state") == "left"
    return _("She left") if left else _(CHANGES.get(happening.what, happening.what)), "" if left else fields


@routes.page("/members/<member_id>/change", Permission.CHANGE_MEMBERS)
def details(visit: Visit, member_id: str) -> Page:
    """Her details, to be changed."""
    person = members.get(visit.gateway, visit.actor, member_id)
    return Page("member_change.html", person=person, **_choices(visit), **_places(visit))


@routes.form("/members/<member_id>/change", Permission.CHANGE_MEMBERS, back=details)
def change(visit: Visit, member_id: str) -> Done:
    """Write down what the form says, for who still has the version that it was made from."""
    person = members.get(visit.gateway, visit.actor, member_id)
    members.change(visit.gateway, visit.actor, member_id, number_in(visit.form, "version"), _details(visit, person))
    return Done(f"/members/{member_id}", _("Her details are changed."))


@routes.page("/members/<member_id>/phones", Permission.CHANGE_MEMBERS)
def phones(visit: Visit, member_id: str) -> Page:
    """Her phones."""
    person = members.get(visit.gateway, visit.actor, member_id)
    return Page("member_phones.html", person=person, phones=story.now(visit.gateway, visit.actor, member_id).phones)


@routes.form("/members/<member_id>/phones", Permission.CHANGE_MEMBERS, back=phones)
def add_phone(visit: Visit, member_id: str) -> Done:
    """One more phone."""
    try:
        members.add_phone(visit.gateway, visit.actor, member_id, visit.form.get("phone", ""), shared="shares_phone" in visit.form)
    except GatewayError as error:
        error.where = "phone"
        raise
    return Done(f"/members/{member_id}/phones", _("The phone is hers now."))


@routes.form("/members/<member_id>/phones/drop", Permission.CHANGE_MEMBERS, back=phones)
def drop_phone(visit: Visit, member_id: str) -> Done:
    """A phone is hers no more."""
    members.drop_phone(visit.gateway, visit.actor, member_id, visit.form.get("number", ""))
    return Done(f"/members/{member_id}/phones", _("The phone is hers no more."))


@routes.form("/members/<member_id>/phones/restore", Permission.CHANGE_MEMBERS, back=phones)
def restore_phone(visit: Visit, member_id: str) -> Done:
    """A phone of which somebody said that it is hers no longer is hers after all."""
    identity.restore_phone(visit.gateway, visit.actor, member_id, visit.form.get("number", ""))
    return Done(f"/members/{member_id}/phones", _("The phone is hers again."))


@routes.page("/members/<member_id>/pin", Permission.SET_PINS)
def pin(visit: Visit, member_id: str) -> Page:
    """Her PIN: set one, give her a code, let her try again."""
    return Page("member_pin.html", person=members.get(visit.gateway, visit.actor, member_id), code=None)


@routes.form("/members/<member_id>/pin", Permission.SET_PINS, back=pin)
def set_pin(visit: Visit, member_id: str) -> Done:
    """Give her a PIN that she chose."""
    try:
        pins.set_pin(visit.gateway, visit.actor, member_id, visit.form.get("pin", ""))
    except GatewayError as error:
        error.where = "pin"
        raise
    return Done(f"/members/{member_id}", _("She has a PIN now. It is shown to nobody."))


@routes.form("/members/<member_id>/pin/invite", Permission.SET_PINS, back=pin)
def invite(visit: Visit, member_id: str) -> Page:
    """Show once the code with which she sets a PIN on her next call."""
    person = members.get(visit.gateway, visit.actor, member_id)
    return Page("member_pin.html", person=person, code=pins.invite(visit.gateway, visit.actor, member_id))


@routes.form("/members/<member_id>/pin/unlock", Permission.SET_PINS, back=pin)
def unlock(visit: Visit, member_id: str) -> Done:
    """Let her try her PIN again."""
    pins.unlock(visit.gateway, visit.actor, member_id)
    return Done(f"/members/{member_id}", _("She may try her PIN again."))


@routes.page("/members/<member_id>/leave", Permission.CHANGE_MEMBERS)
def leaving(visit: Visit, member_id: str) -> Page:
    """What it means that she leaves."""
    return Page("member_leave.html", person=members.get(visit.gateway, visit.actor, member_id))


@routes.form("/members/<member_id>/leave", Permission.CHANGE_MEMBERS, back=leaving)
def leave(visit: Visit, member_id: str) -> Done:
    """Let her go."""
    members.leave(visit.gateway, visit.actor, member_id)
    return Done(f"/members/{member_id}", _("She has left. Nothing is sent to her any more."))


@routes.page("/members/<member_id>/erase", Permission.ERASE_MEMBERS)
def erasing(visit: Visit, member_id: str) -> Page:
    """What goes and what stays when she is erased."""
    return Page("member_erase.html", person=members.get(visit.gateway, visit.actor, member_id))


@routes.form("/members/<member_id>/erase", Permission.ERASE_MEMBERS, back=erasing)
def erase(visit: Visit, member_id: str) -> Done:
    """Erase who she is; the number that was written once more says that it is meant."""
    person = members.get(visit.gateway, visit.actor, member_id)
    if fold_digits(visit.form.get("number", "")).strip() != person.number:
        raise GatewayError("member:other-number", where="number")
    erasure.erase(visit.gateway, visit.actor, member_id)
    return Done("/members", _("Who she was is erased."))


@routes.page("/members/<member_id>/schemes", Permission.CHECK_CONTRIBUTIONS)
def into(visit: Visit, member_id: str) -> Page:
    """What she pays into."""
    return Page(
        "member_schemes.html",
        person=members.get(visit.gateway, visit.actor, member_id),
        standing=contributions.standing(visit.gateway, visit.actor, member_id),
        titles=scheme_titles(visit),
        months=months_around(visit),
        schedules=schemes.SCHEDULES,
    )


def months_around(visit: Visit) -> list[tuple[str, str]]:
    """Months from a year ago until a year ahead, as a choice."""
    at = month_of(visit.gateway.clock())
    year, which = int(at[:4]), int(at[5:])
    found = [divmod(year * 12 + which - 1 + step, 12) for step in range(12, -13, -1)]
    return [(f"{year}-{which + 1:02}", showing.month(f"{year}-{which + 1:02}")) for year, which in found]


@routes.form("/members/<member_id>/schemes", Permission.CHECK_CONTRIBUTIONS, back=into)
def enrol(visit: Visit, member_id: str) -> Done:
    """Let her pay into a scheme."""
    form = visit.form
    plan = paying.Plan(form.get("scheme", ""), form.get("from_month", ""), form.get("schedule") or None, _rupees(form, "instalment"))
    paying.enrol(visit.gateway, visit.actor, member_id, plan)
    return Done(f"/members/{member_id}/schemes", _("She pays into this scheme now."))


@routes.form("/members/<member_id>/schemes/skip", Permission.CHECK_CONTRIBUTIONS, back=into)
def skip(visit: Visit, member_id: str) -> Done:
    """Nothing is due from her in a month."""
    paying.skip(visit.gateway, visit.actor, member_id, visit.form.get("scheme", ""), visit.form.get("month", ""))
    return Done(f"/members/{member_id}/schemes", _("Nothing is due from her in that month."))


@routes.form("/members/<member_id>/schemes/end", Permission.CHECK_CONTRIBUTIONS, back=into)
def end(visit: Visit, member_id: str) -> Done:
    """Her paying into a scheme ends with a month."""
    paying.end(visit.gateway, visit.actor, member_id, visit.form.get("scheme", ""), visit.form.get("month", ""))
    return Done(f"/members/{member_id}/schemes", _("She does not pay into this scheme after that month."))


@routes.page("/members/<member_id>/dossier", Permission.EXPORT)
def hers(visit: Visit, member_id: str) -> Page:
    """All that is held on her, to be printed for her."""
    person = members.get(visit.gateway, visit.actor, member_id)
    found = dossier.dossier(visit.gateway, visit.actor, member_id)
    tables = {name: rows for name, rows in found.items() if name not in {"written_at", "files"}}
    return Page("member_dossier.html", person=person, tables=tables, files=found["files"])


@routes.page("/members/<member_id>/dossier.json", Permission.EXPORT)
def hers_as_file(visit: Visit, member_id: str) -> Response:
    """The same as a file."""
    found = dossier.dossier(visit.gateway, visit.actor, member_id)
    return files.attached(json.dumps(found, ensure_ascii=False, indent=2), "application/json", f"member-{member_id}.json")
