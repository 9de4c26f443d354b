"""A call in the terminal, written down as a transcript that anybody can play again.

It holds what the installation knew when she called, as `given` lines, and nothing of a person: a real member's number becomes a sample
number, a PIN a made-up one, and her name is in no transcript anyway.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gateway.core import money
from gateway.core.calendar import NEPAL
from gateway.core.events import DigitsPressed, Input, RecordingMade, TransferEnded
from gateway.core.jobs import Job
from gateway.engine import interpreter
from gateway.engine.session import FlowSession
from gateway.services.context import Gateway
from gateway.services.contributions import SAME_REPORT_WINDOW
from gateway.store import claims, contributions, flow_sessions, members, notices, sayings
from gateway.store import told as told_rows
from gateway.store.channels import of_provider
from gateway.store.database import Connection
from gateway.store.members import CallerRow, MemberRow
from gateway.store.told import CallContent
from gateway.transcripts.matching import OPEN, open_form, same_words, slots_of, words
from gateway.transcripts.stage import EMPTY, NO_OFFICE, texts_of
from gateway.transcripts.telephone import Heard, Said

SAMPLE = re.compile(r"\+97797200000[0-9]{2}")
STAND_IN = "+9779720000009"
PINS = ("4826", "7391", "5064", "6172", "8253")  # made up: the first member of a phone gets the first
WRONG_PIN = "0000"
MOST_NOTICES = 5
UNSTEADY = {"digits", "number"}  # formats of slots that differ each time: references, the days until something


@dataclass
class Recorder:
    """Writes a call down while it goes on. `enqueue` stands between the gateway and its queues, to see which texts are promised."""

    gateway: Gateway
    number: str
    external_id: str
    lines: list[str] = field(default_factory=list)
    _jobs: list[Job] = field(default_factory=list)
    _person: CallerRow | None = None
    _deed: Input | None = None
    _secret: bool = False

    def enqueue(self, jobs: Iterable[Job]) -> None:
        rung = list(jobs)
        self._jobs += rung
        self.gateway.enqueue(rung)

    @property
    def _shown(self) -> str:
        return self.number if SAMPLE.fullmatch(self.number) else STAND_IN

    def begin(self, delivery_id: int | None) -> None:
        """Note what is known of her and for her before the call, and how it begins."""
        now = self.gateway.clock()
        with self.gateway.database.read() as db:
            self._person = members.caller(db, self.gateway.seal.index(self.number))
            content = told_rows.content_of_call(db, delivery_id) if delivery_id is not None else None
            self.lines += [f"at: {_instant(now)}", f"given: {EMPTY}"]
            if not self.gateway.settings.person_number:
                self.lines.append(f"given: {NO_OFFICE}")
            self.lines += [f"given: {sentence}" for sentence in (*self._known(db, now), *self._told(db, now))]
            told = _content(db, content) if content else ""
        self.lines.append(f"caller {self._shown} picks up: {told}" if content else f"caller {self._shown} calls")

    def does(self, event: Input) -> None:
        """She does something; it is written down with what comes of it, since only that tells whether a PIN was right."""
        self._secret = interpreter.awaits_secret(self.gateway.catalogue, self._state())
        self._deed = event

    def hears(self, heard: Heard) -> None:
        """Write down what she did and what came of it."""
        if self._deed is not None:
            self.lines.append(self._written(self._deed))
        self.lines += [f"hears: {quoted(self._words(said))}" for said in heard.said]
        if heard.put_through:
            self.lines.append("is put through")
        self.lines += [f"gets: {quoted(self._template(text))}" for text in texts_of(self.gateway, self._jobs)]
        self.lines += [f"leaves a task: {kind}" for kind in heard.tasks]
        if heard.over:
            self.lines.append("the call ends")
        self._jobs.clear()

    def hangs_up(self) -> None:
        self.lines.append("hangs up")

    def write(self, file: Path) -> None:
        """Write the transcript into a file of its own."""
        title = f"A call of {_instant(self.gateway.clock())}"
        file.write_text("\n".join((f"{quoted(title)}:", *(f"  - {line}" for line in self.lines), "")), encoding="utf-8")

    # --- what she did and heard

    def _state(self) -> str:
        with self.gateway.database.read() as db:
            row = flow_sessions.load(db, self.gateway.seal, self.gateway.providers.main.name, self.external_id)
        if row is None:
            raise LookupError("a call without its conversation")
        return row.state

    def _written(self, event: Input) -> str:
        match event:
            case DigitsPressed() if self._secret and len(event.digits) > 1:
                return f"presses {self._pin()}"
            case DigitsPressed():
                return f"presses {event.digits}"
            case RecordingMade() if event.seconds == 0:
                return f"presses {event.key}"
            case RecordingMade():
                return f"says for {event.seconds} seconds"
            case TransferEnded():
                return "talks to the person" if event.answered else "nobody answers"
            case _:
                return "waits"

    def _pin(self) -> str:
        """The made-up PIN of the member who proved with her real one who she is, else a wrong one."""
        proved = FlowSession.from_json(self._state())
        known = [member.id for member in self._person.members] if self._person else []
        return PINS[known.index(proved.member_id)] if proved.verified and proved.member_id in known[: len(PINS)] else WRONG_PIN

    def _words(self, said: Said) -> str:
        prompt = next((one for one in self.gateway.catalogue.prompts() if one.name == said.prompt), None)
        if prompt is None or not any(slot.format in UNSTEADY for slot in slots_of(prompt, said.language)):
            return said.text
        return open_form(prompt.pieces[said.language], self.gateway.catalogue.phrases, said.language)

    def _template(self, text: str) -> str:
        """The prompt that this text was made of, its slots open: that with the most words of its own; else the text itself."""
        catalogue = self.gateway.catalogue
        forms = [
            open_form(pieces, catalogue.phrases, language) for prompt in catalogue.prompts() for language, pieces in prompt.sms.items()
        ]
        fitting = [form for form in forms if same_words(form, text)]
        return max((*fitting, ""), key=lambda form: len(words(OPEN.sub("", form)))) or text

    # --- what was known before

    def _known(self, db: Connection, now: datetime) -> Iterator[str]:
        if self._person is None:
            return
        if not self._person.members:
            language = self._person.phone_language
            if self._person.called_at is not None:
                yield f"{self._shown} has called before" + (f" in {language}" if language else "")
        for member, pin in zip(self._person.members, PINS, strict=False):
            silent = ", and has never called" if member.consented and self._person.called_at is None else ""
            yield f"{self._shown} is a {_traits(member, pin)}{silent}"
            yield from (f"{self._shown} {sentence}" for sentence in _payments(db, member.id, now))
            yield from (f"{self._shown} has {_claim(claim)}" for claim in _told(claims.recent(db, member.id)))

    def _told(self, db: Connection, now: datetime) -> Iterator[str]:
        channel = next(iter(of_provider(db, self.gateway.providers.main.name)), None)
        organisation = channel.organisation_id if channel else ""
        after: str | None = None
        for _ in range(MOST_NOTICES):
            notice = notices.next_after(db, notices.Asking(organisation, now, after_id=after))
            if notice is None or notice.starts_at is None:
                break
            if notice.place:  # with a place of their own words, nobody could set it up
                yield f"there is a {notice.kind} at {notice.place} on {_instant(notice.starts_at)}"
            after = notice.id
        news = notices.news(db, organisation, now)
        if news is not None and news.phrase:
            yield f"there is the news {news.phrase}"


def _content(db: Connection, content: CallContent) -> str:
    """What a call of ours told her, as `picks up` takes it."""
    if content.flow:
        return f"flow {content.flow}"
    spoken = sayings.spoken(db, content.saying_id, content.language) if content.saying_id else None
    return quoted(f"saying {spoken[1]}") if spoken else content.phrase or ""


def _traits(member: MemberRow, pin: str) -> str:
    return "".join(
        (
            "new " if member.state == "active" and not member.welcomed else "",
            "private " if member.private else "",
            "collector" if member.collects else "member" if member.consented else "member to be",
            f" with PIN {pin}" if member.has_pin else "",
            f"{' and' if member.has_pin else ' with'} the usual instalment {_rupees(member.usual_instalment)}"
            if member.usual_instalment
            else "",
            f" who speaks {member.language}",
        )
    )


def _payments(db: Connection, member_id: str, now: datetime) -> Iterator[str]:
    """What she paid before, in one sum, and what she reported within the time in which a second report is asked about."""
    lately = contributions.reported_since(db, member_id, now - SAME_REPORT_WINDOW)
    earlier, month = contributions.total(db, member_id) - sum(lately), contributions.last_month(db, member_id)
    if earlier > 0 and month:
        yield f"has paid {_rupees(earlier)} for {month}"
    yield from (f"has paid {_rupees(amount)} today" for amount in lately)


def _told(recent: list[claims.ClaimRow]) -> list[claims.ClaimRow]:
    """Those of her claims that a call may tell her of, that which changed last at the end: so they are set up again."""
    return [row for row in reversed(recent) if row.is_open or row.is_news or row is recent[0]]


def _claim(claim: claims.ClaimRow) -> str:
    amount = f" for {_rupees(claim.amount)}" if claim.amount else ""
    what = "news of a claim" if claim.is_news else "a claim"
    match claim.state:
        case "paper_missing":
            return f"{what} that misses {' and '.join(claim.missing)}"
        case "review":
            return f"{what} in review" + (f" until {_instant(claim.review_until)}" if claim.review_until else "")
        case "paid":
            return f"{what} paid{amount}" + (f" on {_instant(claim.paid_at)}" if claim.paid_at else "")
        case "refused":
            return f"{what} refused" + (f" as {claim.reason}" if claim.reason else "")
        case state:
            return f"{what} {state}{amount}"


def _rupees(paisa: int) -> str:
    rupees, rest = divmod(paisa, money.PAISA_PER_RUPEE)
    return f"{rupees}.{rest:02}" if rest else str(rupees)


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(NEPAL):%Y-%m-%d %H:%M}"


def quoted(text: str) -> str:
    """A text as YAML takes it on one line; what YAML counts as the end of a line is escaped."""
    return re.sub("[\x85\u2028\u2029]", lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(text, ensure_ascii=False))
