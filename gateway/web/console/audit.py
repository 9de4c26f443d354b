"""`/audit`: who saw and did what, in sentences, and whether that record is whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from flask import url_for

from gateway.core.calendar import NEPAL
from gateway.core.roles import Permission
from gateway.services import audit
from gateway.services.audit import Shown
from gateway.store.audit import Filter, Row
from gateway.web.console.menu import N_
from gateway.web.console.paging import ROWS, number_in
from gateway.web.console.routes import Page, Routes, Visit
from gateway.web.console.words import _

routes = Routes("audit")

# What was done, in words.
DEEDS: Mapping[str, str] = {
    "see_members": N_("looked at the record"),
    "register_members": N_("registered a member"),
    "change_members": N_("changed the record"),
    "set_pins": N_("set a PIN anew"),
    "pin.set": N_("set a PIN anew"),
    "pin.invited": N_("gave her a code to set a PIN"),
    "pin.unlocked": N_("let her try her PIN again"),
    "phone.restored": N_("gave the phone back to her"),
    "erase_members": N_("erased the record"),
    "erase": N_("erased the record"),
    "dossier": N_("handed out all that is kept of her"),
    "export": N_("took a list out as a file"),
    "import": N_("took a file in"),
    "see_contributions": N_("looked at contributions"),
    "note_contribution": N_("noted a contribution"),
    "check_contribution": N_("checked a contribution"),
    "check_contributions": N_("checked a contribution"),
    "note_contributions": N_("noted contributions"),
    "see_claims": N_("looked at the claim"),
    "move_claims": N_("moved the claim on"),
    "see_tasks": N_("looked at what waits"),
    "do_tasks": N_("did a task"),
    "hear_recording": N_("listened to a recording"),
    "see_statistics": N_("looked at statistics"),
    "manage_schemes": N_("changed a scheme"),
    "enrol": N_("enrolled her in a scheme"),
    "end_enrolment": N_("ended an enrolment"),
    "skip": N_("let a month go"),
    "close_scheme": N_("closed a scheme"),
    "remind": N_("reminded of open instalments"),
    "manage_users": N_("changed a user"),
    "invite": N_("made a link to sign in with"),
    "sign_in": N_("signed in"),
    "choose_password": N_("chose a password"),
    "second_step.on": N_("took a second step for signing in"),
    "second_step.off": N_("turned her second step off"),
    "second_step.codes": N_("made new recovery codes"),
    "second_step.taken": N_("took a second step away"),
    "see_users": N_("looked at the users"),
    "create_token": N_("made a key for a program"),
    "revoke_token": N_("took a key of a program back"),
    "see_audit": N_("read this log"),
    "verify_audit": N_("checked this log"),
    "tell_head": N_("wrote the end of this log down elsewhere"),
    "rotate_keys": N_("changed the key of the installation"),
    "keep_no_longer": N_("took away what is past its time"),
    "back_up": N_("made a backup"),
    "create_broadcast": N_("planned a message to many"),
    "plan_broadcasts": N_("planned a message to many"),
    "change_broadcast": N_("changed a message to many"),
    "see_broadcasts": N_("looked at messages to many"),
    "approve_broadcasts": N_("approved a message to many"),
    "broadcast_approved": N_("approved a message to many"),
    "broadcast_paused": N_("paused a message to many"),
    "broadcast_sending": N_("let a message to many go on"),
    "broadcast_cancelled": N_("cancelled a message to many"),
    "broadcast_resolved": N_("decided about what may not have gone out"),
    "test_broadcast": N_("tried a message on a phone of her own"),
    "view_replies": N_("read the replies"),
    "create_list": N_("made a list"),
    "delete_list": N_("deleted a list"),
    "see_list": N_("looked at a list"),
    "add_list": N_("put members on a list"),
    "remove_list": N_("took members off a list"),
    "create_saying": N_("wrote down words to record"),
    "record_saying": N_("recorded words"),
    "remove_saying": N_("removed recorded words"),
    "manage_prompts": N_("changed the recordings"),
    "record_clip": N_("recorded a prompt"),
    "use_clip": N_("let callers hear a recording"),
    "reject_clip": N_("threw a recording away"),
    "publish_notice": N_("published a notice"),
    "change_notice": N_("changed a notice"),
    "cancel_notice": N_("called a meeting off"),
    "note_attendance": N_("noted who came"),
    "take_back_attendance": N_("took back that somebody came"),
    "manage_sending": N_("changed how we send"),
    "add_service": N_("added a service"),
    "remove_service": N_("removed a service"),
    "import_services": N_("took services in from a file"),
    "see_testimonies": N_("listened to a story"),
    "write_down_testimony": N_("wrote a story down"),
    "testimony_kept": N_("kept a story"),
    "testimony_withdrawn": N_("took a story back"),
    "view_lessons": N_("looked at the lessons"),
    "view_surveys": N_("looked at a survey"),
    "conversation.replayed": N_("heard a call again"),
    "phone.used": N_("tried the phone in the browser"),
    "test_channel": N_("tried a channel out"),
    "see_health": N_("looked at the health"),
    "add_organisation": N_("added an organisation"),
}  # fmt: skip
# What it is about: its name, and the page of one of its kind.
THINGS: Mapping[str, tuple[str, str]] = {
    "member": (N_("Member"), "/members/{}"),
    "claim": (N_("Claim"), "/claims/{}"),
    "contribution": (N_("Contribution"), "/contributions/{}"),
    "task": (N_("Task"), "/tasks/{}"),
    "broadcast": (N_("Message to many"), "/broadcasts/{}"),
    "notice": (N_("Notice"), "/notices/{}"),
    "members": (N_("Members"), ""),
    "claims": (N_("Claims"), ""),
    "contributions": (N_("Contributions"), ""),
    "tasks": (N_("Tasks"), ""),
    "users": (N_("Users"), ""),
    "user": (N_("User"), ""),
    "token": (N_("Key of a program"), ""),
    "import": (N_("File"), ""),
    "export": (N_("File"), ""),
    "upload": (N_("File"), "/imports/{}"),
    "clip": (N_("Recording"), ""),
    "phone": (N_("Phone"), ""),
    "session": (N_("Call"), ""),
    "reminders": (N_("Reminders"), ""),
    "scheme": (N_("Scheme"), ""),
    "list": (N_("List"), ""),
    "saying": (N_("Recorded words"), ""),
    "testimony": (N_("Story"), ""),
    "testimonies": (N_("Stories"), ""),
    "statistics": (N_("Statistics"), ""),
    "audit": (N_("This log"), ""),
    "channel": (N_("Our number"), ""),
    "organisation": (N_("The organisation"), ""),
    "service": (N_("Service"), ""),
    "services": (N_("Services"), ""),
    "survey": (N_("Survey"), ""),
    "surveys": (N_("Surveys"), ""),
    "lessons": (N_("Lessons"), ""),
    "backup": (N_("Backup"), ""),
    "keys": (N_("The key of the installation"), ""),
    "retention": (N_("What is kept"), ""),
}
# Who is no user.
OTHERS: Mapping[str, str] = {"terminal": N_("whoever looks after the machine"), "gateway": N_("Aawaj by itself")}


class Line(NamedTuple):
    """A row of the log as a sentence: who did what, and about what, with a page and a filter for it."""

    number: int
    at: datetime
    who: str
    did: str
    about: str
    address: str
    actor: str
    subject: str


@routes.page("/audit", Permission.SEE_AUDIT)
def page(visit: Visit) -> Page:
    """The log of the organisation, the newest first: of one person, of one day, or (`?subject=member:ID`) about one record."""
    day = _day(visit.query.get("day", ""))
    begins = datetime.combine(day, time(), NEPAL) if day else None
    wanted = Filter(
        actor=visit.query.get("actor") or None,
        subject=visit.query.get("subject") or None,
        since=begins,
        until=begins + timedelta(days=1) if begins else None,
    )
    shown = audit.newest(visit.gateway, visit.actor, number_in(visit.query, "before"), ROWS + 1, wanted)
    kept: dict[str, Any] = {name: value for name in ("actor", "subject", "day") if (value := visit.query.get(name))}
    more = url_for("audit.page", before=shown.rows[ROWS - 1].number, **kept) if len(shown.rows) > ROWS else ""
    about = _about(wanted.subject, shown)[0] if wanted.subject else ""
    lines = [_line(row, shown) for row in shown.rows[:ROWS]]
    return Page("audit.html", lines=lines, more=more, kept=kept, about=about, people=shown.people, others=OTHERS)


@routes.form("/audit/verify", Permission.SEE_AUDIT, back=page)
def verify(visit: Visit) -> Page:
    """Walk the whole log, which is said on a page of its own: there is nothing to repeat."""
    return Page("audit_verdict.html", verdict=audit.look(visit.gateway, visit.actor))


def _line(row: Row, shown: Shown) -> Line:
    entry = row.entry
    about, address = _about(entry.subject, shown)
    deed = _(DEEDS[entry.action]) if entry.action in DEEDS else _("did something else")
    return Line(row.number, row.at, _who(entry.actor, shown.people), deed, about, address, entry.actor, entry.subject)


def _who(actor: str, people: Mapping[str, str]) -> str:
    if actor in people:
        return people[actor]
    if actor in OTHERS:
        return _(OTHERS[actor])
    return _("a program with a key") if actor.startswith("token:") else actor


def _about(subject: str, shown: Shown) -> tuple[str, str]:
    """What a subject is called, and its page; a record is named by its number, where it has one."""
    kind, _colon, which = subject.partition(":")
    title, address = THINGS.get(kind, (N_("Something else"), ""))
    number = {"member": shown.members, "claim": shown.claims}.get(kind, {}).get(which)
    name = shown.people.get(subject, "") if kind == "user" else number or ""
    return f"{_(title)} {name}".strip(), address.format(which) if address and which else ""


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
