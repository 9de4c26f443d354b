"""How long each thing is kept, and why: the one table of it, and the sweep that takes away what is past its time.

The Individual Privacy Act 2075 asks that what was collected is kept for what it was collected for. Money, claims and consent are proof,
years later, and stay; conversations, words and sounds have done their work within days or weeks.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from gateway.services import audit, studio
from gateway.store import retention

if TYPE_CHECKING:
    from gateway.services.context import Gateway

log = structlog.get_logger(__name__)

BATCH = 200  # rows of a transaction
LONGEST = 3.0  # seconds of one sweep; the next one goes on
SUBJECT = "retention"


@dataclass(frozen=True, slots=True)
class Rule:
    """What of a table goes after so many days (`purge` of `gateway.store.retention.PURGES`); None: it stays. `why` is for a person."""

    table: str
    purge: str | None
    days: int | None
    why: str


def _goes(table: str, days: int, why: str, purge: str = "") -> Rule:
    return Rule(table, purge or table, days, why)


def _stays(table: str, why: str) -> Rule:
    return Rule(table, None, None, why)


# In the order in which they are taken away: what refers to something goes before it.
RULES = (
    _goes("receipts", 7, "a provider repeats a request for minutes, at most a day"),
    _goes("callbacks", 7, "reports about nothing that we sent", "callbacks of nothing"),
    _goes("callbacks", 90, "by then no bill and no dispute with the provider is open"),
    _goes("messages", 90, "enough to look into a complaint; afterwards her words are nobody's business", "words of messages"),
    _goes("messages", 400, "a year's bill can be checked: when, from which of our numbers, no words"),
    _goes("deliveries", 30, "a reply that arrived has done its work", "words of deliveries"),
    _goes("deliveries", 400, "a year's bill; those of broadcasts stay, as the proof of who was told", "replies"),
    _goes("call_backs", 400, "a year's bill; the calls themselves went before"),
    _goes("calls", 400, "a year's bill can be checked"),
    _goes("tasks", 365, "done; who did what stands in the audit log"),
    _goes("takes", 90, "clips that were decided upon; an approved one is among the clips", "takes"),
    _goes("recordings", 30, "her voice, once her name was written down from it; with the file"),
    _goes("flow_sessions", 90, "conversations that are over: enough to look into a complaint", "conversations"),
    _goes("studio_tries", 1, "counted within an hour", "tries"),
    _goes("idempotency_keys", 1, "a program repeats a request within hours", "answers"),
    _goes("import_refusals", 90, "the file was corrected by then", "refusals"),
    _goes("visits", 90, "by then nobody asks any more from where she signed in"),
    _goes("invitations", 90, "a link that was used or is over opens nothing"),
    _goes("sign_in_tries", 1, "no wait is longer", "tries to sign in"),
    _goes("uploads", 90, "what a trial of a file found; the file itself goes when it was taken in, or after a day", "uploads"),
    _goes("phones", 400, "numbers that are no member's, did not say STOP, and were silent since", "numbers of strangers"),
    _stays("session_events", "go with their conversation"),
    _stays("step_counts", "how callers get through the flows: counts by day, of nobody"),
    _stays("audit", "of a chain nothing can be taken out; it holds no names, numbers or notes"),
    _stays("members", "until she is erased"),
    _stays("member_names", "with the member, and go when she is erased"),
    _stays("member_phones", "with the member, and go when she is erased"),
    _stays("pin_tries", "a lock must hold until somebody opens it; counts and ids"),
    _stays("contributions", "the ledger: money is disputed years later"),
    _stays("contribution_decisions", "the ledger"),
    _stays("claims", "benefits are disputed years later"),
    _stays("claim_events", "who decided what about a claim, and when"),
    _stays("claim_papers", "which papers came for a claim"),
    _stays("enrolments", "what she agreed to pay"),
    _stays("reminders", "so that she is reminded of a month once: ids and months"),
    _stays("sweeps", "when each of our own rounds was last made"),
    _stays("skips", "months in which nothing was due"),
    _stays("schemes", "rates and schedules, of nobody in particular"),
    _stays("scheme_rates", "rates, with their source"),
    _stays("notices", "of nobody in particular"),
    _stays("rsvps", "who said she would come: a word each"),
    _stays("attendances", "who came: a meeting's decisions rest on it"),
    _stays("approvals", "who agreed that something went out"),
    _stays("member_lists", "until an organiser takes it away"),
    _stays("member_list_entries", "with the list, and go when she is erased"),
    _stays("sayings", "what the organisation said, of nobody in particular"),
    _stays("saying_clips", "what the organisation said, of nobody in particular"),
    _stays("services", "public offices"),
    _stays("lesson_progress", "so that she goes on where she stopped: a name of a lesson and counts; they go when she is erased"),
    _stays("survey_answers", "what the survey was made for; they go when she is erased"),
    _stays("testimonies", "as long as she agrees; it is withdrawn when she says so"),
    _stays("prices", "of nobody in particular"),
    _stays("rest_days", "of nobody in particular"),
    _stays("broadcasts", "what the organisation said, of nobody in particular"),
    _stays("flow_versions", "conversations are read by the version that they began with"),
    _stays("channels", "our own numbers"),
    _stays("organisations", "whose records these are"),
    _stays("missed_call_days", "counts for a channel and a day, about nobody"),
    _stays("users", "who works for the organisation: the audit log names their ids"),
    _stays("recovery_codes", "until she makes new ones, or does without a second step"),
    _stays("tokens", "opens nothing once it is revoked; the audit log names its id"),
    _stays("imports", "by its digest a file that was taken in before is known again"),
)


@dataclass(frozen=True, slots=True)
class Planned:
    """A rule, and how many rows it would take away now."""

    rule: Rule
    rows: int


def plan(gateway: Gateway) -> Iterator[Planned]:
    """Every rule with what would go now."""
    now = gateway.clock()
    with gateway.database.read() as db:
        for rule in RULES:
            rows = retention.count(db, rule.purge, now - timedelta(days=rule.days)) if rule.purge and rule.days else 0
            yield Planned(rule, rows)


def sweep(gateway: Gateway) -> None:
    """Once a day, take away what is past its time, for some seconds at most; the next sweep goes on where this one stopped."""
    if not audit.is_due(gateway, SUBJECT):
        return
    until = time.monotonic() + LONGEST
    gone: Counter[str] = Counter()
    finished = all(_purge(gateway, rule, until, gone) for rule in RULES if rule.purge)
    if gone:
        log.info("kept_no_longer", **gone)
    if finished:
        audit.once_a_day(gateway, SUBJECT, "keep_no_longer", **gone)


def _purge(gateway: Gateway, rule: Rule, until: float, gone: Counter[str]) -> bool:
    """Follow one rule; False where the time was up before it was through."""
    if rule.purge is None or rule.days is None:
        return True
    before = gateway.clock() - timedelta(days=rule.days)
    while time.monotonic() < until:
        with gateway.database.read() as db:
            keys = retention.due(db, rule.purge, before, BATCH)
            files = retention.files(db, rule.purge, keys)
        if not keys:
            return True
        if rule.table == "takes":
            files = [f"{studio.FOLDER}/{recording_id}.wav" for (recording_id,) in keys]
        for file in files:  # first: a row without its file is found again, a file without its row never
            (gateway.settings.data_dir / file).unlink(missing_ok=True)
        with gateway.database.write() as db:
            gone[rule.purge.replace(" ", "_")] += retention.take_away(db, rule.purge, before, keys)
    return False
