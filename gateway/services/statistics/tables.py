"""The tables by name, and how each is counted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from gateway.core import calendar, disclosure
from gateway.core.calendar import NEPAL, BsDate
from gateway.errors import GatewayError
from gateway.services.statistics.build import Crossed, Hidden, Labels, Shape, hidden_inside, hidden_of, one_way, split, two_way
from gateway.services.statistics.table import Table, Value
from gateway.services.statistics.words import NOTES, VALUES, Both, pick
from gateway.store import lessons
from gateway.store import statistics as store
from gateway.store.statistics import Counted, Month, Narrow

if TYPE_CHECKING:
    from gateway.store.database import Connection
    from gateway.store.scope import Scope

MOST_ROWS = 24  # of broadcasts and notices, the newest
MONTHS_SHOWN = 12  # of calls and texts, where no months are named
DAY = 86_400
MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
SETTLED = frozenset({"paid", "refused"})  # a claim waits in neither

MEMBERS = frozenset({"place", "trade", "months"})
MONTHS = frozenset({"months"})
PAYMENTS = MEMBERS | {"scheme"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of whose records, narrowed how, in whose words, and when."""

    db: Connection
    scope: Scope
    narrow: Narrow
    words: Labels
    now: datetime


Answer = Callable[[str, str, Question], Table]


@dataclass(frozen=True, slots=True)
class Sort:
    """One table of the registry: its title, by what it can be narrowed, how it is counted, and whether it is for admins alone."""

    title: Both
    filters: frozenset[str]
    answer: Answer
    admins: bool = False


HERE_NOT = frozenset({"left", "erased"})  # who is in no other table


def _members_by(group: str) -> Answer:
    def answer(name: str, title: str, asked: Question) -> Table:
        counted = store.count_members(asked.db, asked.scope, [group], asked.narrow)
        return one_way(Shape(name, title, group, group, "members"), asked.words, counted, hidden=_hidden_members(group, asked, counted))

    return answer


def _members_by_state(name: str, title: str, asked: Question) -> Table:
    counted = store.count_members(asked.db, asked.scope, ["state"], asked.narrow)
    note = pick(NOTES["members"], asked.words.language)
    return one_way(Shape(name, title, "member", "state", "members", note=note, apart=HERE_NOT), asked.words, counted)


def _hidden_members(group: str, asked: Question, counted: Sequence[Counted] | None = None) -> Hidden:
    """What is withheld of members by a group; of smaller places so that the table of larger ones does not help to work it out."""
    rows = counted if counted is not None else store.count_members(asked.db, asked.scope, [group], asked.narrow)
    if group in ABOVE:
        larger, length = ABOVE[group]
        return hidden_inside(rows, _hidden_members(larger, asked), lambda code: code[:length])
    number = sum(row.number for row in rows)
    return hidden_of(rows, Counted(("total",), number, number))


ABOVE = {"district": ("province", 1), "municipality": ("district", 4)}  # and the length of its codes


def _members_by_both(down: str, across: str) -> Answer:
    def answer(name: str, title: str, asked: Question) -> Table:
        cells = store.count_members(asked.db, asked.scope, [down, across], asked.narrow)
        number = sum(row.number for row in cells)
        hidden = (_hidden_members(group, asked) for group in (down, across))
        crossed = Crossed(cells, _summed(cells, 0), _summed(cells, 1), number, *hidden)
        return two_way(Shape(name, title, down, down, "members"), across, asked.words, crossed)

    return answer


def _summed(cells: Sequence[Counted], position: int) -> Mapping[str | None, int]:
    """People by one of two groups, where everybody stands in one cell only."""
    sums: dict[str | None, int] = defaultdict(int)
    for row in cells:
        sums[row.keys[position]] += row.people
    return sums


def _everywhere_by(group: str) -> Answer:
    """Members of all organisations. Whoever asks knows her own, so what concerns few of the others is withheld as well."""

    def answer(name: str, title: str, asked: Question) -> Table:
        everywhere = store.count_members_everywhere(asked.db, [group], asked.narrow)
        own = {row.keys[0]: row.number for row in store.count_members(asked.db, asked.scope, [group], asked.narrow)}
        number = sum(row.number for row in everywhere)
        organisations = asked.words.number(store.count_organisations(asked.db))
        note = pick(NOTES["platform"], asked.words.language).format(organisations=organisations)
        shape = Shape(name, title, group, group, "members", note=note)
        counted = [row._replace(people=_fewest(row.number, own.get(row.keys[0], 0))) for row in everywhere]
        total = Counted(("total",), number, _fewest(number, sum(own.values())))
        return one_way(shape, asked.words, counted, hidden=hidden_of(counted, total, own))

    return answer


def _fewest(everybody: int, own: int) -> int:
    """The smaller of two groups of which a count tells: everybody, and all but one's own members, if there are others."""
    return min(everybody, everybody - own or everybody)


def _contributions_by(group: str, plot: str = "bar") -> Answer:
    def answer(name: str, title: str, asked: Question) -> Table:
        counted = store.count_contributions(asked.db, asked.scope, [group], asked.narrow)
        # She who paid in two months or into two schemes is one person.
        people = _people(store.count_contributions(asked.db, asked.scope, [], asked.narrow))
        note = pick(NOTES["contributions"], asked.words.language)
        return one_way(Shape(name, title, group, group, "payments", PAISA, note, plot), asked.words, counted, people)

    return answer


def _contributions_by_state(name: str, title: str, asked: Question) -> Table:
    counted = store.count_contributions(asked.db, asked.scope, ["state"], asked.narrow)
    people = _people(store.count_contributions(asked.db, asked.scope, [], asked.narrow))
    note = pick(NOTES["reversed"], asked.words.language)
    shape = Shape(name, title, "contribution", "state", "payments", PAISA, note, apart=frozenset({"reversed"}))
    return one_way(shape, asked.words, counted, people)


PAISA = (("amount", "money", lambda row: row.paisa),)


def _people(rows: Sequence[Counted]) -> int:
    return sum(row.people for row in rows)


def _most(rows: Sequence[Counted]) -> int:
    """At least so many people stand behind all rows together."""
    return max((row.people for row in rows), default=0)


def _claims_by(group: str, kind: str) -> Answer:
    def answer(name: str, title: str, asked: Question) -> Table:
        counted = store.count_claims(asked.db, asked.scope, [group], asked.narrow)
        people = _people(store.count_claims(asked.db, asked.scope, [], asked.narrow))
        return one_way(Shape(name, title, kind, group, "claims"), asked.words, counted, people)

    return answer


def _claims_by_kind_and_state(name: str, title: str, asked: Question) -> Table:
    groups: tuple[list[str], ...] = (["kind", "state"], ["kind"], ["state"], [])
    cells, of_kinds, of_states, of_all = (store.count_claims(asked.db, asked.scope, group, asked.narrow) for group in groups)
    rows, columns = ({row.keys[0]: row.people for row in counted} for counted in (of_kinds, of_states))
    total = of_all[0]
    crossed = Crossed(cells, rows, columns, total.people, hidden_of(of_kinds, total), hidden_of(of_states, total))
    return two_way(Shape(name, title, "kind", "kind", "claims"), "claim", asked.words, crossed)


def _days(name: str, title: str, asked: Question) -> Table:
    """How long claims rest in each state: of states in which five members' claims were, since there is no total to take them from."""
    rested: dict[str, list[float]] = defaultdict(list)
    people: dict[str, set[str]] = defaultdict(set)
    for stay, until in _with_ends(store.stays(asked.db, asked.scope, asked.narrow), asked.now):
        if stay.state not in SETTLED:
            rested[stay.state].append(max(0.0, (until - stay.at).total_seconds() / DAY))
            people[stay.state].add(stay.member_id)
    rows: list[tuple[Value, ...]] = []
    for state in VALUES["claim"]:
        days = rested.get(state)
        if days:
            enough = len(people[state]) >= disclosure.LEAST
            measured: tuple[Value, ...] = (len(days), round(median(days), 1), round(max(days), 1))
            rows.append((asked.words.value("claim", state), *(measured if enough else (None, None, None))))
    header = (asked.words.group("state"), *(asked.words.heading(word) for word in ("claims", "median", "longest")))
    note = pick(NOTES["days"], asked.words.language)
    formats = ("text", "count", "days", "days")
    return Table(name, asked.words.language, title, header, formats, tuple(rows), note, totals=False, plotted=(2,))


def _with_ends(stays: Iterator[store.Stay], now: datetime) -> Iterator[tuple[store.Stay, datetime]]:
    """Each stay in a state with its end: the next state of the same claim, or now."""
    last: store.Stay | None = None
    for stay in stays:
        if last is not None:
            yield last, stay.at if stay.claim_id == last.claim_id else now
        last = stay
    if last is not None:
        yield last, now


# What became of a delivery, in five words for the ten states that it may have.
OUTCOMES = {
    **dict.fromkeys(("delivered", "read"), "delivered"),
    **dict.fromkeys(("sent", "accepted"), "sent"),
    **dict.fromkeys(("undelivered", "failed"), "missed"),
    **dict.fromkeys(("suppressed",), "held"),
    **dict.fromkeys(("queued", "sending", "unknown"), "waiting"),
}


def _broadcasts(name: str, title: str, asked: Question) -> Table:
    outcomes = list(VALUES["delivery"])
    by_broadcast: dict[str, list[store.Reached]] = defaultdict(list)
    for reached in store.count_deliveries(asked.db, asked.scope, asked.narrow, MOST_ROWS):
        by_broadcast[reached.broadcast_id].append(reached)
    rows: list[tuple[Value, ...]] = []
    for parts in by_broadcast.values():
        numbers = dict.fromkeys(outcomes, 0)
        for part in parts:
            numbers[OUTCOMES[part.state]] += part.number
        listened, seconds = sum(part.listened for part in parts), sum(part.seconds for part in parts)
        heard = round(seconds / listened) if listened >= disclosure.LEAST else None if listened else 0
        rows.append((f"{parts[0].title} ({asked.words.value('medium', parts[0].medium)})", *split(numbers), heard))
    header = [asked.words.value("delivery", outcome) for outcome in outcomes]
    header = [asked.words.group("broadcast"), *header, asked.words.heading("total"), asked.words.heading("heard")]
    formats = ("text", *("count" for _ in outcomes), "count", "seconds")
    return Table(name, asked.words.language, title, tuple(header), formats, tuple(rows), totals=False, plotted=(1,))


def _notices(name: str, title: str, asked: Question) -> Table:
    answers: dict[tuple[str, datetime], dict[str, int]] = {}
    for kind, starts_at, answer, number in store.count_rsvps(asked.db, asked.scope, asked.narrow, MOST_ROWS):
        of_notice = answers.setdefault((kind, starts_at), dict.fromkeys(VALUES["answer"], 0))
        if answer is not None:
            of_notice[answer] = of_notice.get(answer, 0) + number
    rows = [
        (f"{asked.words.value('notice', kind)}, {asked.words.day(starts_at)}", *split(numbers))
        for (kind, starts_at), numbers in answers.items()
    ]
    header = [
        asked.words.group("notice"),
        *(asked.words.value("answer", answer) for answer in VALUES["answer"]),
        asked.words.heading("total"),
    ]
    formats = ("text", *("count" for _ in header[1:]))
    return Table(name, asked.words.language, title, tuple(header), formats, tuple(rows), totals=False, plotted=(1, 2))


def _lessons(name: str, title: str, asked: Question) -> Table:
    """How far members came in the lessons that there are, in the order in which these are offered."""
    heard = {lesson: dict.fromkeys(VALUES["heard"], 0) for lesson in asked.words.lessons}
    for row in lessons.standings(asked.db, asked.scope):
        if row.lesson in heard:
            heard[row.lesson]["completed" if row.completed else "underway"] += row.members
    rows = [
        (asked.words.lessons[lesson].get(asked.words.language, lesson), *disclosure.shown(list(numbers.values())))
        for lesson, numbers in heard.items()
    ]
    values = (asked.words.value("heard", value) for value in VALUES["heard"])
    header = (asked.words.group("lesson"), *values, asked.words.heading("total"))
    formats = ("text", *("count" for _ in header[1:]))
    return Table(name, asked.words.language, title, header, formats, tuple(rows), totals=False, plotted=(1, 2))


def _talks(kind: str) -> Answer:
    def answer(name: str, title: str, asked: Question) -> Table:
        months = asked.narrow.months or last_months(asked.now, MONTHS_SHOWN)
        cells = store.count_talks(asked.db, asked.scope, kind, months)
        # The same phone rings in many months: how many phones there are in all is not asked, and not fewer than in any one cell.
        rows, columns = (
            {key: _most([row for row in cells if row.keys[at] == key]) for key in {row.keys[at] for row in cells}} for at in (0, 1)
        )
        shape = Shape(name, title, "month", "month", kind, plot="line")
        return two_way(shape, "direction", asked.words, Crossed(cells, rows, columns, _most(cells)))

    return answer


TABLES: Mapping[str, Sort] = {
    "members-by-trade": Sort(("काम अनुसार सदस्य", "Members by trade"), MEMBERS, _members_by("trade")),
    "members-by-province": Sort(("प्रदेश अनुसार सदस्य", "Members by province"), MEMBERS, _members_by("province")),
    "members-by-district": Sort(("जिल्ला अनुसार सदस्य", "Members by district"), MEMBERS, _members_by("district")),
    "members-by-municipality": Sort(("पालिका अनुसार सदस्य", "Members by municipality"), MEMBERS, _members_by("municipality")),
    "members-by-sex": Sort(("लिङ्ग अनुसार सदस्य", "Members by sex"), MEMBERS, _members_by("sex")),
    "members-by-age": Sort(("उमेर अनुसार सदस्य", "Members by age"), MEMBERS, _members_by("age")),
    "members-by-language": Sort(("भाषा अनुसार सदस्य", "Members by language"), MEMBERS, _members_by("language")),
    "members-by-role": Sort(("घरमा भूमिका अनुसार सदस्य", "Members by role in the household"), MEMBERS, _members_by("role")),
    "members-by-state": Sort(("अवस्था अनुसार सदस्य", "Members by state"), MEMBERS, _members_by_state),
    "members-by-trade-and-province": Sort(
        ("काम र प्रदेश अनुसार सदस्य", "Members by trade and province"), MEMBERS, _members_by_both("trade", "province")
    ),
    "members-by-trade-and-district": Sort(
        ("जिल्ला र काम अनुसार सदस्य", "Members by district and trade"), MEMBERS, _members_by_both("district", "trade")
    ),
    "members-by-trade-and-sex": Sort(("काम र लिङ्ग अनुसार सदस्य", "Members by trade and sex"), MEMBERS, _members_by_both("trade", "sex")),
    "contributions-by-month": Sort(("महिना अनुसार योगदान", "Contributions by month"), PAYMENTS, _contributions_by("month", plot="line")),
    "contributions-by-scheme": Sort(("योजना अनुसार योगदान", "Contributions by scheme"), PAYMENTS, _contributions_by("scheme")),
    "contributions-by-state": Sort(("अवस्था अनुसार योगदान", "Contributions by state"), PAYMENTS, _contributions_by_state),
    "contributions-by-payer": Sort(("कसले तिर्‍यो, त्यस अनुसार योगदान", "Contributions by who paid"), PAYMENTS, _contributions_by("payer")),
    "claims-by-kind": Sort(("किसिम अनुसार दाबी", "Claims by kind"), MEMBERS, _claims_by("kind", "kind")),
    "claims-by-state": Sort(("अवस्था अनुसार दाबी", "Claims by state"), MEMBERS, _claims_by("state", "claim")),
    "claims-by-kind-and-state": Sort(("किसिम र अवस्था अनुसार दाबी", "Claims by kind and state"), MEMBERS, _claims_by_kind_and_state),
    "claims-by-days": Sort(("दाबी कति दिन कुर्छ", "Days that claims wait"), MEMBERS, _days),
    "broadcasts": Sort(("सन्देश कतिसम्म पुगे", "Reach of broadcasts"), MONTHS, _broadcasts),
    "notices": Sort(("बैठक र तालिममा को आउने", "Answers to meetings and trainings"), MONTHS, _notices),
    "lessons": Sort(("पाठ कतिले सुने", "Who heard the lessons"), frozenset(), _lessons),
    "calls-by-month": Sort(("महिना अनुसार कल", "Calls by month"), MONTHS, _talks("calls")),
    "texts-by-month": Sort(("महिना अनुसार सन्देश", "Texts by month"), MONTHS, _talks("texts")),
    "platform-by-trade": Sort(
        ("सबै संस्थाका सदस्य, काम अनुसार", "Members of all organisations by trade"), MEMBERS, _everywhere_by("trade"), admins=True
    ),
    "platform-by-province": Sort(
        ("सबै संस्थाका सदस्य, प्रदेश अनुसार", "Members of all organisations by province"), MEMBERS, _everywhere_by("province"), admins=True
    ),
}


# --- months ------------------------------------------------------------------------------------------------------------------------


def months_between(first: str, last: str) -> list[Month]:
    """The Bikram Sambat months from one to another; GatewayError `statistics:month` or `calendar:outside` where there are none."""
    for month in (first, last):
        if not MONTH.fullmatch(month) or first > last:
            raise GatewayError("statistics:month", month=month)
    months: list[Month] = []
    month = first
    while month <= last:
        following = _following(month)
        months.append((month, _beginning(month), _beginning(following)))
        month = following
    return months


def last_months(now: datetime, count: int) -> list[Month]:
    """The last months, the present one among them."""
    year, _, number = calendar.month_of(now).partition("-")
    first = int(year) * 12 + int(number) - count
    return months_between(f"{first // 12}-{first % 12 + 1:02}", calendar.month_of(now))


def _following(month: str) -> str:
    year, _, number = month.partition("-")
    return f"{int(year) + 1}-01" if number == "12" else f"{year}-{int(number) + 1:02}"


def _beginning(month: str) -> datetime:
    """Midnight in Nepal of the month's first day. The first month after the calendar's table begins where the last one ends."""
    year, number = map(int, month.split("-"))
    if year == calendar.LAST_YEAR + 1 and number == 1:
        days = sum(map(sum, calendar.MONTH_LENGTHS))
        day = calendar.FIRST_DAY.toordinal() + days
        return datetime.fromordinal(day).replace(tzinfo=NEPAL)
    return datetime.combine(calendar.from_bs(BsDate(year, number, 1)), datetime.min.time(), NEPAL)


def narrowed(narrow: Narrow, first: str | None, last: str | None, now: datetime) -> Narrow:
    """The same, from a month to a month; where one is not named, as far as the calendar goes or until now."""
    if first is None and last is None:
        return narrow
    return replace(narrow, months=months_between(first or f"{calendar.FIRST_YEAR}-01", last or calendar.month_of(now)))
