"""`/claims`: where each claim stands, and one claim with its papers, its next steps and what she hears of them."""

from __future__ import annotations

from datetime import date, datetime, time

from flask import url_for

from gateway.core import claims as rules
from gateway.core import money
from gateway.core.calendar import NEPAL
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import authors, claim_words, claims, members
from gateway.services.claims import Claim, Move, Opening, Story
from gateway.web.console.paging import ROWS, Pager
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import _

routes = Routes("claims")


@routes.page("/claims", Permission.SEE_CLAIMS)
def page(visit: Visit) -> Page:
    """Claims, the oldest first: of one state or kind, or only those that wait too long."""
    state, kind = visit.query.get("state", ""), visit.query.get("kind", "")
    wanted = {"state": state if state in rules.STATES else None, "kind": kind if kind in rules.KINDS else None}
    overdue = "overdue" in visit.query
    found = claims.page(visit.gateway, visit.actor, visit.query.get("after", ""), ROWS + 1, **wanted, overdue=overdue)
    kept = {name: value for name, value in wanted.items() if value} | ({"overdue": "yes"} if overdue else {})
    return Page(
        "claims.html",
        claims=found[:ROWS],
        counts=claims.counts(visit.gateway, visit.actor),
        kept=kept,
        states=rules.STATES,
        kinds=rules.KINDS,
        pager=Pager.behind(found, lambda claim: claim.id),
    )


@routes.page("/claims/new", Permission.MOVE_CLAIMS)
def new(visit: Visit) -> Page:
    """A claim that is handed in: of whom, if she is known already, and what happened."""
    member_id = visit.form.get("member") or visit.query.get("member")
    person = members.get(visit.gateway, visit.actor, member_id) if member_id else None
    return Page("claim_new.html", person=person, kinds=rules.KINDS, papers=rules.PAPERS, task=visit.query.get("task", ""))


@routes.form("/claims/new/whose", Permission.MOVE_CLAIMS, back=new)
def whose(visit: Visit) -> Done:
    """Whose claim it is, by her number."""
    try:
        member = members.numbered(visit.gateway, visit.actor, visit.form.get("number", ""))
    except GatewayError as error:
        error.where = "number"
        raise
    return Done(url_for("claims.new", member=member.id))


@routes.form("/claims/new", Permission.MOVE_CLAIMS, back=new)
def open_(visit: Visit) -> Done:
    """Take a claim up. Of two clicks the second is told that one of this kind is open."""
    form = visit.form
    opening = Opening(
        kind=form.get("kind", ""),
        note=form.get("note", "").strip() or None,
        insurer_reference=form.get("insurer_reference", "").strip() or None,
        task_id=form.get("task") or None,
        again="again" in form,
    )
    claim = claims.take_up(visit.gateway, visit.actor, form.get("member", ""), opening)
    return Done(_address(claim.id), _("The claim is taken up. Its number: %(number)s") % {"number": claim.number})


@routes.page("/claims/<claim_id>", Permission.SEE_CLAIMS)
def claim(visit: Visit, claim_id: str) -> Page:
    """One claim: where it stands, what is missing, what can be decided, and what she hears of it."""
    story = claims.story(visit.gateway, visit.actor, claim_id)
    found = story.claim
    return Page(
        "claim.html",
        story=story,
        claim=found,
        heard=_hears(visit, story, _told_state(visit, found), found.reason),
        moves=[(state, _hears(visit, story, state, None)) for state in rules.NEXT[found.state]],
        with_day=_hears(visit, story, "review_until", None),
        reasons=rules.REASONS,
        all_papers=rules.ALL_PAPERS,
        longest=rules.LONGEST,
        people=authors.names(visit.gateway, visit.actor),
        today=visit.gateway.clock().astimezone(NEPAL).date(),
    )


@routes.form("/claims/<claim_id>/papers", Permission.MOVE_CLAIMS, back=claim)
def paper(visit: Visit, claim_id: str) -> Done:
    """A paper came, or did not come after all; with the last one that was missing the claim goes on to the review."""
    came = visit.form.get("came") == "yes"
    verb = claims.tick if came else claims.untick
    found = verb(visit.gateway, visit.actor, claim_id, visit.form.get("paper", ""))
    if came and found.state == "review" and all(each.received_at for each in found.papers):
        return Done(_address(claim_id), _("All papers are here: the claim is under review."))
    return Done(_address(claim_id), _("Noted."))


@routes.form("/claims/<claim_id>/move", Permission.MOVE_CLAIMS, back=claim)
def move(visit: Visit, claim_id: str) -> Done:
    """Decide. Who looked at it before somebody else changed it is told so."""
    form, state = visit.form, visit.form.get("state", "")
    wanted = Move(
        state,
        amount=_amount(form.get("amount", ""), state),
        reason=form.get("reason") or None,
        review_until=_end_of(_day(form.get("review_until", ""), "review_until")),
        paid_on=_day(form.get("paid_on", ""), "paid_on"),
        papers=tuple(form.getlist("papers")),
        note=form.get("note", "").strip() or None,
    )
    version = form.get("version", "")
    claims.move(visit.gateway, visit.actor, claim_id, int(version) if version.isascii() and version.isdigit() else 0, wanted)
    return Done(_address(claim_id), _("Noted. She hears it when she calls next."))


def _hears(visit: Visit, story: Story, state: str, reason: str | None) -> claim_words.Told:
    return claim_words.hears(visit.gateway, story.claim, story.language, state, reason)


def _told_state(visit: Visit, found: Claim) -> str:
    named = found.state == "review" and found.review_until is not None and found.review_until > visit.gateway.clock()
    return "review_until" if named else found.state


def _amount(written: str, state: str) -> int | None:
    """Paisa of what was written; an approval needs some."""
    paisa = money.parse(written) if written.strip() else None
    if paisa is None and (written.strip() or state == "approved"):
        raise GatewayError("claim:amount", where="amount")
    return paisa


def _day(written: str, name: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise GatewayError("claim:date", where=name, what=name, bounds="in a calendar") from None


def _end_of(day: date | None) -> datetime | None:
    """The review's last moment on this day, in Nepal."""
    return datetime.combine(day, time(17), NEPAL) if day else None


def _address(claim_id: str) -> str:
    return url_for("claims.claim", claim_id=claim_id)
