"""Random histories of the ledger, with crashes, repeats and corrections in them, reckoned a second time in plain Python."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from calls.conftest import Installation
from fakes.phone import Phone

from gateway.errors import GatewayError
from gateway.services import contributions, installation
from gateway.services.access import Actor
from gateway.services.contributions import Report
from gateway.store import audit
from gateway.store import contributions as rows
from gateway.store.contributions import Filter

ORGANISER = Actor(installation.ORGANISATION, "organiser", "user:1", "1")
MEMBERS = ("sample-1", "sample-2", "sample-3")
MONTHS = ("2083-06", "2083-07", "2083-08")
SITA = "+9779720000001"


class Crash(BaseException):
    """The process dies in the middle of a transaction."""


@dataclass
class PlainBooks:
    """The same ledger as a person would keep it: a list of lines, each with what was decided about it."""

    lines: dict[str, tuple[str, str, int]] = field(default_factory=dict)  # id -> member, month, amount
    state: dict[str, str] = field(default_factory=dict)

    def sums(self, member: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for line, (whose, _, amount) in self.lines.items():
            if whose == member and self.state[line] in {"noted", "questioned", "confirmed"}:
                found[self.state[line]] += amount
        return found

    def by_month(self, member: str) -> dict[str, int]:
        found: defaultdict[str, int] = defaultdict(int)
        for line, (whose, month, amount) in self.lines.items():
            if whose == member and self.state[line] in {"noted", "questioned", "confirmed"}:
                found[month] += amount
        return dict(found)


@dataclass
class History:
    """One random history, played on the real gateway and in plain books."""

    here: Installation
    chance: random.Random
    monkeypatch: pytest.MonkeyPatch
    books: PlainBooks = field(default_factory=PlainBooks)
    dying: bool = False
    refused: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for room, name in ((audit, "append"), (rows, "note"), (rows, "decide")):
            self.monkeypatch.setattr(room, name, self.mortal(getattr(room, name)))
        for entry in contributions.page(self.here.gateway, ORGANISER, "", 100):  # the sample's own
            self._write(entry)

    def mortal(self, write: Callable[..., None]) -> Callable[..., None]:
        """The same write, before or after which the process may die."""

        def write_or_die(*arguments: object) -> None:
            if self.dying and self.chance.random() < 0.3:
                raise Crash
            write(*arguments)
            if self.dying and self.chance.random() < 0.5:
                raise Crash

        return write_or_die

    def _write(self, entry: contributions.Entry) -> None:
        self.books.lines[entry.id] = (entry.member_id, entry.month, entry.amount)
        self.books.state[entry.id] = "noted"

    def step(self) -> None:
        self.dying = self.chance.random() < 0.25
        verb = self.chance.choice((self.note, self.note, self.decide, self.decide, self.reverse, self.text, self.restart))
        try:
            verb()
        except Crash:
            pass  # nothing of it may be there
        finally:
            self.dying = False
        self.here.clock.move(minutes=self.chance.randrange(1, 600))

    def note(self) -> None:
        report = Report(self.chance.randrange(1, 900_00), self.chance.choice(MONTHS), again=True)
        self._write(contributions.note(self.here.gateway, ORGANISER, self.chance.choice(MEMBERS), report))

    def decide(self) -> None:
        entry, verb = self.chance.choice(list(self.books.lines)), self.chance.choice(("confirm", "question"))
        before = self.books.state[entry]
        possible = before == "noted" or (before == "questioned" and verb == "confirm")
        try:
            getattr(contributions, verb)(self.here.gateway, ORGANISER, entry)
        except GatewayError as fault:
            self.refused.append((fault.code, possible))
            return
        assert possible
        self.books.state[entry] = f"{verb}ed"

    def reverse(self) -> None:
        entry = self.chance.choice(list(self.books.lines))
        possible = self.books.state[entry] in {"noted", "questioned", "confirmed"}
        try:
            back = contributions.reverse(self.here.gateway, ORGANISER, entry)
        except GatewayError as fault:
            self.refused.append((fault.code, possible))
            return
        assert possible
        self.books.state[entry] = "reversed"
        self._write(back)
        self.books.state[back.id] = "reversal"

    def text(self) -> None:
        """She reports by SMS. Her provider sends each webhook a second time, and again where the process died over it."""
        phone: Phone = self.here.phone(SITA, double=True)
        amount = self.chance.randrange(10, 900)
        known = {entry[0] for entry in self.here.rows("SELECT id FROM contributions")}
        for number, words in enumerate((f"yogdan {amount}", "1")):
            sid = f"SM{self.chance.randrange(10**9)}-{number}"
            with suppress(Crash):
                phone.text(words, sid=sid)
            self.dying = False
            phone.text(words, sid=sid)
        new = {str(entry[0]) for entry in self.here.rows("SELECT id FROM contributions")} - known
        assert len(new) <= 1
        for entry in new:
            self._write(contributions.get(self.here.gateway, ORGANISER, str(entry)))

    def restart(self) -> None:
        self.here.restart()

    def check(self) -> None:
        """The store's sums are those of the plain books."""
        scope = ORGANISER.scope
        assert set(self.refused) <= {("contribution:changed", False)}
        with self.here.gateway.database.read() as db:
            for member in MEMBERS:
                mine, theirs = self.books.sums(member), rows.sums(db, scope, Filter(member))
                assert (theirs.noted, theirs.questioned, theirs.confirmed) == tuple(mine[state] for state in rows.Sums._fields)
                assert rows.total(db, member) == theirs.total == sum(mine.values())
                assert rows.confirmed(db, member) == mine["confirmed"]
                assert {month: sums.total for month, sums in rows.sums_by_month(db, scope, member).items()} == self.books.by_month(member)
                assert rows.last_month(db, member) == max(self.books.by_month(member), default=None)
            for month in MONTHS:
                whole = sum(self.books.by_month(member).get(month, 0) for member in MEMBERS)
                assert rows.sums(db, scope, Filter(month=month)).total == whole
            assert rows.sums(db, scope).total == sum(map(sum, (self.books.sums(member).values() for member in MEMBERS)))


@pytest.mark.parametrize("seed", range(3))
def test_the_sums_are_right_whatever_happens(here: Installation, monkeypatch: pytest.MonkeyPatch, seed: int):
    history = History(here, random.Random(seed), monkeypatch)
    for number in range(40):
        history.step()
        if number % 10 == 9:
            history.check()
    states = {entry.id: entry.state for entry in contributions.page(here.gateway, ORGANISER, "", 1000)}
    assert states == history.books.state
    assert here.rows("SELECT count(*) FROM contributions WHERE reverses IS NOT NULL") == [
        (sum(state == "reversed" for state in states.values()),)
    ]
