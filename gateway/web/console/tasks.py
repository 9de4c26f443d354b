"""`/tasks`: all that waits for a person, and one task with what was said and done about it.

The forms of a task stand on `/` as well; from there they lead back there.
"""

from __future__ import annotations

from flask import Response, send_file, url_for

from gateway.core.roles import Permission
from gateway.core.statuses import TASK_KINDS
from gateway.services import authors, members, tasks
from gateway.services.details import Details
from gateway.web.console.menu import N_
from gateway.web.console.paging import ROWS, Pager
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import _

routes = Routes("tasks")

# What the kinds of tasks are called.
KINDS = {
    "call_back": N_("Call back"),
    "claim_appeal": N_("Wants another look at her claim"),
    "write_down_name": N_("Write down her name"),
    "check_messages": N_("Messages that nobody understood"),
    "claim_overdue": N_("Claim that has waited too long"),
    "check_contribution": N_("Contribution to check"),
    "check_phone": N_("Whose phone is it?"),
}
FROM_TODAY = "today"


@routes.page("/tasks", Permission.DO_TASKS)
def page(visit: Visit) -> Page:
    """All open tasks, of one kind where one is chosen."""
    kind = visit.query.get("kind", "")
    kind = kind if kind in TASK_KINDS else ""
    found = tasks.page(visit.gateway, visit.actor, visit.query.get("after", ""), ROWS + 1, kind or None)
    kinds = [(each, KINDS[each]) for each in KINDS if each in tasks.may_do(visit.actor)]
    return Page("tasks.html", tasks=found[:ROWS], kind=kind, kinds=kinds, pager=Pager.behind(found, lambda task: task.id))


@routes.page("/tasks/<task_id>", Permission.DO_TASKS)
def task(visit: Visit, task_id: str) -> Page:
    """One task, open or done."""
    found = tasks.get(visit.gateway, visit.actor, task_id)
    return Page("task.html", task=found, kinds=KINDS, people=authors.names(visit.gateway, visit.actor))


@routes.part("/tasks/<task_id>/recording", Permission.DO_TASKS)
def recording(visit: Visit, task_id: str) -> Response:
    """What she said. It has no other address, and who listened is noted."""
    return send_file(tasks.listen(visit.gateway, visit.actor, task_id), mimetype="audio/wav", conditional=True)


@routes.form("/tasks/<task_id>/done", Permission.DO_TASKS, back=task)
def done(visit: Visit, task_id: str) -> Done:
    """It is done, or she was reached."""
    tasks.finish(visit.gateway, visit.actor, task_id, _note(visit))
    return Done(_onward(visit), _("Done."))


@routes.form("/tasks/<task_id>/not-reached", Permission.DO_TASKS, back=task)
def not_reached(visit: Visit, task_id: str) -> Done:
    """She did not answer: again later today, or tomorrow morning."""
    tasks.postpone(visit.gateway, visit.actor, task_id, visit.form.get("when", tasks.TOMORROW), _note(visit))
    return Done(_onward(visit), _("Noted: she is tried again later."))


@routes.form("/tasks/<task_id>/answer", Permission.DO_TASKS, back=task)
def answer(visit: Visit, task_id: str) -> Done:
    """Answer whoever wrote, by text."""
    tasks.answer(visit.gateway, visit.actor, task_id, visit.form.get("words", ""))
    return Done(_onward(visit), _("The answer is on its way. At night it waits for the morning."))


@routes.form("/tasks/<task_id>/call-back", Permission.DO_TASKS, back=task)
def call_back(visit: Visit, task_id: str) -> Done:
    """Ring whoever wrote."""
    tasks.call_back(visit.gateway, visit.actor, task_id)
    return Done(_onward(visit), _("It is among the call-backs now."))


@routes.form("/tasks/<task_id>/write-down", Permission.CHANGE_MEMBERS, back=task)
def write_down(visit: Visit, task_id: str) -> Done:
    """Write down the name that she spoke or texted: she is a member in full, and is told her number."""
    person = members.write_down(visit.gateway, visit.actor, task_id, Details(name=visit.form.get("name", "").strip()))
    said = _("%(name)s is written down. Her number: %(number)s") if person.state == "active" else _("%(name)s is written down.")
    return Done(_onward(visit), said % {"name": person.name, "number": person.number})


def _note(visit: Visit) -> str | None:
    return visit.form.get("note", "").strip() or None


def _onward(visit: Visit) -> str:
    return "/" if visit.form.get("from") == FROM_TODAY else url_for("tasks.page")
