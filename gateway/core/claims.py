"""Claims: what they are for, which state may follow which, the papers each kind needs, and how long one may rest.

>>> way("received", "paid")
('approved', 'paid')
>>> way("paid", "review") is None
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

KINDS = ("health", "accident", "disability", "maternity", "life", "asset", "old_age")
STATES = ("received", "paper_missing", "review", "approved", "paid", "refused")

# Which state may follow which. Another paper may be asked for, and another date of the review named, so these two follow themselves.
# From `refused` a claim goes on when she asks for another look; an approval that was a mistake goes back to the review, for all to see.
NEXT: Mapping[str, tuple[str, ...]] = {
    "received": ("paper_missing", "review", "approved", "refused"),
    "paper_missing": ("paper_missing", "review", "refused"),
    "review": ("review", "paper_missing", "approved", "refused"),
    "approved": ("paid", "review"),
    "refused": ("review",),
    "paid": (),
}

SETTLED = frozenset({"paid", "refused"})  # nothing is awaited of the organisation
APPEAL = "claim_appeal"  # the kind of a task: she wants that a claim which was refused is looked at again

# Days that a claim may rest in a state, unless a date was named for its review; what has no number may rest for good.
LONGEST: Mapping[str, int] = {"received": 7, "paper_missing": 30, "review": 21, "approved": 14}

# Phrases of flows/phrases.yaml. They name papers and rules, and never what somebody is ill with.
PAPERS: Mapping[str, tuple[str, ...]] = {
    "health": ("hospital_bill", "doctors_letter", "citizenship_copy", "bank_book"),
    "accident": ("hospital_bill", "police_letter", "citizenship_copy", "bank_book"),
    "disability": ("disability_card", "doctors_letter", "citizenship_copy", "bank_book"),
    "maternity": ("birth_certificate", "hospital_bill", "citizenship_copy", "bank_book"),
    "life": ("death_certificate", "kinship_certificate", "citizenship_copy", "bank_book"),
    "asset": ("ward_letter", "police_letter", "citizenship_copy", "bank_book"),
    "old_age": ("citizenship_copy", "bank_book"),
}
ALL_PAPERS = tuple(dict.fromkeys(paper for papers in PAPERS.values() for paper in papers))
MOST_PAPERS = 4  # that one claim can miss: as many as flows/claim_status.yaml names

# Why a claim was not approved: phrases as well.
REASONS = (
    "why_not_covered",  # the scheme does not pay for this
    "why_months_short",  # too few months were paid before
    "why_too_late",  # it came after the time was over
    "why_papers",  # the papers never came
    "why_used_up",  # this year's sum is spent
    "why_paid_elsewhere",  # somebody else paid it
    "why_ask_didi",  # none of these: a person explains it
)


def way(old: str, new: str) -> tuple[str, ...] | None:
    """The shortest way of states from `old` to `new`, without `old`; None where there is none. A file of an insurer skips states.

    >>> way("received", "review"), way("paper_missing", "approved")
    (('review',), ('review', 'approved'))
    """
    waiting: list[tuple[str, ...]] = [(state,) for state in NEXT[old]]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        if path[-1] == new:
            return path
        if path[-1] not in seen:
            seen.add(path[-1])
            waiting += [(*path, state) for state in NEXT[path[-1]]]
    return None


def days_in_each(events: Sequence[tuple[str, datetime]], now: datetime) -> dict[str, float]:
    """Days that a claim spent in each state until `now`, from its events (state, when) in order; they add up to its whole age.

    A settled claim ages no more: it is as old as it was when it was settled.

    >>> from datetime import UTC
    >>> day = lambda number: datetime(2026, 11, number, tzinfo=UTC)
    >>> days_in_each([("received", day(1)), ("review", day(3)), ("paper_missing", day(6)), ("review", day(7))], day(10))
    {'received': 2.0, 'review': 6.0, 'paper_missing': 1.0}
    """
    spent: dict[str, float] = {}
    end = events[-1][1] if events and events[-1][0] in SETTLED else now
    for (state, since), (_, until) in pairwise([*events, ("", end)]):
        spent[state] = spent.get(state, 0.0) + (until - since) / timedelta(days=1)
    return spent


def rested_too_long(state: str, since: datetime, review_until: datetime | None, now: datetime) -> bool:
    """Whether something should have happened to a claim that came into its state `since`.

    >>> from datetime import UTC
    >>> rested_too_long("received", datetime(2026, 11, 1, tzinfo=UTC), None, datetime(2026, 11, 9, tzinfo=UTC))
    True
    """
    if state == "review" and review_until is not None:
        return now > review_until
    days = LONGEST.get(state)
    return days is not None and now > since + timedelta(days=days)
