"""The form in which a broadcast is written: what stands in it, what it offers to choose from, and the draft that it makes.

Its fields are text, so that whatever she wrote can be shown again as she wrote it, with or without JavaScript.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NamedTuple

from werkzeug.datastructures import MultiDict

from gateway.core import calendar, consent, money, people, places
from gateway.core.audience import Audience
from gateway.core.calendar import NEPAL
from gateway.core.claims import STATES
from gateway.core.digits import fold_digits
from gateway.core.places import Place
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.language import places as place_names
from gateway.language import plainer
from gateway.language.speech import SCRIPTS, language_of
from gateway.services import broadcast, imports, lists, notices, sayings, schemes, sending_settings, users
from gateway.services.broadcast import Draft
from gateway.services.broadcast.results import Why
from gateway.services.statistics.words import VALUES, pick
from gateway.web.console import showing, words
from gateway.web.console.paging import number_in
from gateway.web.console.routes import Visit

Form = MultiDict[str, str]
Options = list[tuple[str, str]]

SAID_BY = {"saying": "saying_id", "flow": "flow", "phrase": "phrase"}  # the field `voice` is "saying:ID"
TO_ALL = ("message_", "news_")  # what the phrases are called that are a whole message
DAYS_AHEAD = 60
MONTHS_BACK = 12
MOST_OFFERED = 50  # of what grows by the week: earlier broadcasts, imports, sayings
FIRST_WORDS = 6  # of a text, as its title
SEVERAL = ("trades", "places", "languages", "schemes", "claims", "lists", "imports", "collectors", "but_lists")
NARROWED = ("schemes", "claims", "imports", "collectors", "contribution", "rsvp", "not_reached_by", "not_told_for")
# The steps after the first, and in which fields one sees that somebody was there.
STEPS = {
    "who": (*SEVERAL, *NARROWED, "place_name"),
    "narrowed": NARROWED,
    "when": ("when", "best_hour", "until_day", "life_safety_by"),
    "how": ("medium", "heads_up", "tries", "budget", "resend"),
}


class Slot(NamedTuple):
    """A word of a text that differs from member to member or from notice to notice, and what it is called."""

    word: str
    title: str


@dataclass(frozen=True, slots=True)
class Offered:
    """What she chooses from: pairs of a code and what it is called."""

    text_fields: Options
    voices: list[tuple[str, Options]]
    slots: list[Slot]
    notices: Options
    trades: Options
    languages: Options
    claims: Options
    schemes: Options
    lists: Options
    imports: Options
    collectors: Options
    earlier: Options
    answers: Options
    months: Options
    days: Options
    hours: Options


# --- from the form to the draft and back -------------------------------------------------------------------------------------------


def draft_of(form: Form) -> Draft:
    """What is written in the form. GatewayErrors `request:invalid` beside the field, `calendar:*`."""
    texts = {name.removeprefix("text_"): text.strip().replace("\r\n", "\n") for name, text in form.items() if name.startswith("text_")}
    texts = {language: text for language, text in texts.items() if text}
    voice, _, named = form.get("voice", "").partition(":")
    notice_id, _, answer = form.get("rsvp", "").rpartition(":")
    is_later = form.get("when") == "later"
    return Draft(
        title=people.clean(form.get("title", ""))
        or " ".join(next(iter(texts.values()), "").split()[:FIRST_WORDS])
        or words.gettext("Without a title"),
        texts=texts,
        medium=form.get("medium", ""),
        purpose=form.get("purpose") or "message",
        notice_id=form.get("notice_id") or None,
        again_of=form.get("again_of") or None,
        audience=Audience(
            **{name: tuple(dict.fromkeys(filter(None, form.getlist(name)))) for name in SEVERAL},
            contribution=form.get("contribution") or None,
            month=(form.get("month") or None) if form.get("contribution") else None,
            notice_id=notice_id or None,
            rsvp=answer or None,
            not_reached_by=form.get("not_reached_by") or None,
            not_told_for=number_in(form, "not_told_for") or None,
        ),
        starts_at=_moment(form, "day", "hour") if is_later else None,
        best_hour="best_hour" in form,
        expires_at=_moment(form, "until_day", "until_hour"),
        life_safety_by=form.get("life_safety_by", "").strip() or None,
        heads_up="heads_up" in form,
        tries=number_in(form, "tries", 3),
        gap_hours=number_in(form, "gap_hours") if form.get("gap_hours", "").strip() else None,
        budget=_budget(form.get("budget", "")),
        on_ambiguous="resend" if "resend" in form else "hold",
        **({SAID_BY[voice]: named} if voice in SAID_BY else {}),
    )


def form_of(draft: Draft) -> Form:
    """A draft as it stands in the form."""
    audience = draft.audience
    said = next((f"{kind}:{value}" for kind, name in SAID_BY.items() if (value := getattr(draft, name))), "")
    form = MultiDict(
        {
            "title": draft.title,
            **{f"text_{language}": text for language, text in draft.texts.items()},
            "voice": said,
            "medium": draft.medium,
            "purpose": draft.purpose,
            "notice_id": draft.notice_id or "",
            "again_of": draft.again_of or "",
            "contribution": audience.contribution or "",
            "month": audience.month or "",
            "rsvp": f"{audience.notice_id}:{audience.rsvp}" if audience.notice_id else "",
            "not_reached_by": audience.not_reached_by or "",
            "not_told_for": str(audience.not_told_for or ""),
            "when": "later" if draft.starts_at else "now",
            **_day_and_hour("day", "hour", draft.starts_at),
            **_day_and_hour("until_day", "until_hour", draft.expires_at),
            "life_safety_by": draft.life_safety_by or "",
            "tries": str(draft.tries),
            "gap_hours": "" if draft.gap_hours is None else str(draft.gap_hours),
            "budget": "" if draft.budget is None else money.rupees(draft.budget),
        }
    )
    for name in SEVERAL:
        for value in getattr(audience, name):
            form.add(name, value)
    for name, on in (("best_hour", draft.best_hour), ("heads_up", draft.heads_up), ("resend", draft.on_ambiguous == "resend")):
        if on:
            form[name] = "yes"
    return form


def opened(form: Form) -> dict[str, bool]:
    """Which steps of the form are not as they stand in a new one: they are shown open."""
    new = form_of(Draft(""))
    return {
        step: any(list(filter(None, form.getlist(name))) != list(filter(None, new.getlist(name))) for name in names)
        for step, names in STEPS.items()
    }


def in_plain_letters(form: Form, language: str) -> Form:
    """The form with one text in letters that cost less."""
    changed, name = MultiDict(form), f"text_{language}"
    text = form.get(name, "")
    few_signs = plainer.with_plain_signs(text)
    changed[name] = few_signs if few_signs.isascii() else plainer.in_latin_letters(text)
    return changed


def _moment(form: Form, day: str, hour: str) -> datetime | None:
    if not form.get(day):
        return None
    on = calendar.day_of(form[day])
    return datetime.combine(on, calendar.hour_of(form.get(hour) or "8"), NEPAL)


def _day_and_hour(day: str, hour: str, moment: datetime | None) -> dict[str, str]:
    there = moment.astimezone(NEPAL) if moment else None
    return {day: there.date().isoformat(), hour: f"{there:%H:%M}"} if there else {day: "", hour: ""}


def _budget(written: str) -> int | None:
    paisa = money.parse(written) if written.strip() else None
    if written.strip() and paisa is None:
        raise GatewayError("request:invalid", fault=words.gettext("This is no amount of rupees."), where="budget")
    return paisa


# --- what is offered ---------------------------------------------------------------------------------------------------------------


def offered(visit: Visit, form: Form) -> Offered:
    """What her organisation has to choose from; what she may not see is not offered."""
    gateway, actor = visit.gateway, visit.actor
    told = notices.list_all(gateway, actor)[:MOST_OFFERED]
    about = [(each.id, _notice_title(each)) for each in told]
    of_lists = [(row.id, f"{row.title} ({showing.number(row.members)})") for row in lists.list_all(gateway, actor)]
    return Offered(
        text_fields=text_fields(visit),
        voices=_voices(visit, form.get("voice", "")),
        slots=_slots(has_notices=bool(about)),
        notices=_with(about, form.get("notice_id")),
        trades=[(trade, gateway.catalogue.phrases[trade].get(words.language(), trade)) for trade in people.TRADES],
        languages=[(code, str(showing.said(code, "language"))) for code in gateway.catalogue.languages],
        claims=[(state, showing.said(state, "claim")) for state in STATES],
        schemes=_with(_schemes(visit), *form.getlist("schemes")),
        lists=_with(of_lists, *form.getlist("lists"), *form.getlist("but_lists")),
        imports=_with(_imports(visit), *form.getlist("imports")),
        collectors=_with(_collectors(visit), *form.getlist("collectors")),
        earlier=_with(_earlier(visit), form.get("not_reached_by")),
        answers=_with([(f"{code}:{key}", f"{title}: {said}") for code, title in about for key, said in _answers()], form.get("rsvp")),
        months=_with(_months(visit), form.get("month")),
        days=_days(visit, form),
        hours=[(f"{hour:02}:00", showing.digits(f"{hour:02}:00")) for hour in _hours(form)],
    )


def places_chosen(form: Form) -> Options:
    """The places that are chosen, with what they are called."""
    return [(code, _called(places.find(code))) for code in form.getlist("places") if places.is_place(code)]


def places_found(form: Form) -> Options:
    """The places that are called like what she wrote, without those that are chosen."""
    written = form.get("place_name", "").strip()
    found = place_names.search(written) if written else []
    return [(place.code, _called(place)) for place in found if place.code not in form.getlist("places")]


def _called(place: Place) -> str:
    district = places.above(place.code, "district")
    inside = f" ({places.find(district).name(words.language())})" if district and district != place.code else ""
    return showing.digits(place.title(words.language())) + inside


def text_fields(visit: Visit) -> Options:
    """The languages in which a text can be written, those in Latin letters last, and what they are called."""
    languages = visit.gateway.catalogue.languages
    fields = [(language, showing.said(language, "language")) for language in languages]
    romanised = [(script, words.gettext("Nepali in Latin letters")) for script in SCRIPTS if script.partition("_")[0] in languages]
    return fields + romanised


def _voices(visit: Visit, chosen: str) -> list[tuple[str, Options]]:
    """What a call can say, in groups: words of their own that are recorded, flows that a member could ask for, whole messages."""
    catalogue, language = visit.gateway.catalogue, words.language()
    own = [
        (f"saying:{each.id}", _short(each.texts.get(language) or next(iter(each.texts.values()))))
        for each in sayings.page(visit.gateway, visit.actor, limit=MOST_OFFERED)
        if each.clips
    ]
    asking = [
        (f"flow:{name}", flow.title.get(language) or name)
        for name, flow in catalogue.flows.items()
        if flow.audience != "stranger" and (flow.keywords or flow.intents or flow.survey)
    ]
    ready = [
        (f"phrase:{name}", _short(texts.get(language) or texts["ne"]))
        for name, texts in catalogue.phrases.items()
        if name.startswith(TO_ALL)
    ]
    groups = [
        (words.gettext("Your own recorded words"), own),
        (words.gettext("A conversation in which she can answer"), asking),
        (words.gettext("A message that is recorded already"), ready),
    ]
    if chosen and not any(chosen == code for _, options in groups for code, _ in options):
        groups.append((words.gettext("As it was before"), [(chosen, _flow_title(visit, chosen))]))
    return [(title, options) for title, options in groups if options]


def _flow_title(visit: Visit, voice: str) -> str:
    name = voice.partition(":")[2]
    flow = visit.gateway.catalogue.flows.get(name)
    return (flow.title.get(words.language()) if flow else None) or name


def _with(options: Options, *chosen: str | None) -> Options:
    """The options, and what is chosen and no longer offered, or not to her: it is lost only where she takes it out herself."""
    known = {code for code, _ in options}
    return options + [(code, code) for code in dict.fromkeys(chosen) if code and code not in known]


def _earlier(visit: Visit) -> Options:
    found = broadcast.latest(visit.gateway, visit.actor, MOST_OFFERED)
    return [
        (each.id, f"{each.title} – {showing.common_era(each.created_at.astimezone(NEPAL).date())}")
        for each in found
        if each.state in broadcast.GONE_OUT
    ]


def _short(text: str) -> str:
    first = " ".join(text.split()[:12])
    return first if len(first) == len(" ".join(text.split())) else f"{first} …"


def _slots(*, has_notices: bool) -> list[Slot]:
    slots = [
        Slot("{name}", words.gettext("her name")),
        Slot("{number}", words.gettext("her membership number")),
        Slot("{organisation}", words.gettext("our name")),
        Slot("{phone}", words.gettext("our phone number")),
    ]
    of_notice = [
        Slot("{notice.kind}", words.gettext("meeting or training")),
        Slot("{notice.date}", words.gettext("its day")),
        Slot("{notice.time}", words.gettext("its hour")),
        Slot("{notice.place}", words.gettext("its place")),
    ]
    return slots + (of_notice if has_notices else [])


def _notice_title(notice: notices.Notice) -> str:
    day = notice.starts_at.astimezone(NEPAL).date() if notice.starts_at else None
    kind = showing.said(notice.kind, "notice") if notice.kind in VALUES["notice"] else words.gettext("News")
    return f"{kind} {showing.bikram_sambat(day) if words.language() == 'ne' else showing.common_era(day)}" if day else kind


def _answers() -> Options:
    return [
        ("yes", words.gettext("will come")),
        ("no", words.gettext("will not come")),
        ("none", words.gettext("has not answered")),
        ("awaited", words.gettext("is awaited: said yes, or was told and did not say no")),
    ]


def _schemes(visit: Visit) -> Options:
    if not visit.actor.may(Permission.SEE_CONTRIBUTIONS):
        return []
    found = schemes.list_all(visit.gateway, visit.actor)
    return [(each.code, each.title.get(words.language()) or next(iter(each.title.values()))) for each in found]


def _imports(visit: Visit) -> Options:
    if not visit.actor.may(Permission.IMPORT):
        return []
    found = [row for row in imports.latest(visit.gateway, visit.actor) if row.kind == "members"][:MOST_OFFERED]
    return [(row.id, f"{showing.common_era(row.created_at.astimezone(NEPAL).date())} ({showing.number(row.added)})") for row in found]


def _collectors(visit: Visit) -> Options:
    if not visit.actor.may(Permission.MANAGE_USERS):
        return []
    return [(each.id, each.name) for each in users.page(visit.gateway, visit.actor, "", 200) if each.role == "collector"]


def _months(visit: Visit) -> Options:
    year, month = map(int, calendar.month_of(visit.gateway.clock()).split("-"))
    at = [divmod(year * 12 + month - 1 - back, 12) for back in range(MONTHS_BACK)]
    return [(code := f"{year:04}-{month + 1:02}", showing.month(code)) for year, month in at]


def _days(visit: Visit, form: Form) -> Options:
    """The coming days, each in both calendars, and those that the form names already."""
    today = visit.gateway.clock().astimezone(NEPAL).date()
    rest = {each.day: each.title for each in sending_settings.rest_days_of(visit.gateway, visit.actor)}
    coming = [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)]
    named = [calendar.day_of(form[name]) for name in ("day", "until_day") if form.get(name)]
    options = []
    for day in sorted({*coming, *named}):
        ours, theirs = showing.bikram_sambat(day), showing.common_era(day)
        first, second = (ours, theirs) if words.language() == "ne" else (theirs, ours)
        weekday = language_of(words.language()).weekdays[day.weekday()]
        both = f"{first or second} ({second})" if first and second else first or second
        options.append((day.isoformat(), ", ".join(filter(None, (weekday, both, rest.get(day, ""))))))
    return options


def _hours(form: Form) -> Iterable[int]:
    """By day; by night too where lives depend on it, and in whatever hour the form names."""
    by_day = range(consent.OPENS.hour, consent.CLOSES.hour + 1)
    named = {_hour(form[name]).hour for name in ("hour", "until_hour") if form.get(name)}
    return range(24) if form.get("life_safety_by") else sorted({*by_day, *named})


def _hour(written: str) -> time:
    return calendar.hour_of(fold_digits(written))


def in_words(visit: Visit, audience: Audience) -> str:
    """Whom a broadcast is for, in a sentence."""
    titles = (
        {row.id: row.title for row in lists.list_all(visit.gateway, visit.actor)} if visit.actor.may(Permission.PLAN_BROADCASTS) else {}
    )
    phrases = visit.gateway.catalogue.phrases
    about = {each.id: _notice_title(each) for each in notices.list_all(visit.gateway, visit.actor)} if audience.notice_id else {}
    answers = dict(_answers())
    parts = [
        (words.gettext("work"), [phrases[trade].get(words.language(), trade) for trade in audience.trades]),
        (words.gettext("place"), [_called(places.find(code)) for code in audience.places]),
        (words.gettext("language"), [showing.said(code, "language") for code in audience.languages]),
        (words.gettext("scheme"), list(audience.schemes)),
        (words.gettext("claim"), [showing.said(state, "claim") for state in audience.claims]),
        (words.gettext("on the list"), [titles.get(each, each) for each in audience.lists]),
        (words.gettext("not on the list"), [titles.get(each, each) for each in audience.but_lists]),
    ]
    if audience.contribution:
        paid = words.gettext("paid") if audience.contribution == "paid" else words.gettext("not paid")
        parts.append((words.gettext("contribution"), [f"{showing.month(audience.month)} {paid}"]))
    if audience.rsvp:
        parts.append(
            (about.get(audience.notice_id or "", words.gettext("meeting or training")), [answers.get(audience.rsvp, audience.rsvp)])
        )
    if audience.not_reached_by:
        parts.append((words.gettext("only"), [words.gettext("those who did not hear it the first time")]))
    if audience.imports:
        parts.append((words.gettext("only"), [words.gettext("those who came by an import")]))
    if audience.collectors:
        parts.append((words.gettext("only"), [words.gettext("groups of some collectors")]))
    if audience.not_told_for:
        days = words.gettext("not told of anything for %(days)s days") % {"days": showing.number(audience.not_told_for)}
        parts.append((words.gettext("only"), [days]))
    chosen = [f"{what}: {', '.join(values)}" for what, values in parts if values]
    return "; ".join(chosen) if chosen else words.gettext("All members who agreed to messages.")


def reason(why: Why) -> str:
    """Why somebody did not get it; the provider's own code where nobody has put it into words."""
    known = VALUES["why"].get(why.code)
    return pick(known, words.language()) if known else words.gettext("the provider says %(code)s") % {"code": why.code}


def medium_names() -> Options:
    """By which way it goes out."""
    return [
        ("", words.gettext("What fits: text, call, or each by her own wish where there are both")),
        ("sms", words.gettext("A text to everybody")),
        ("voice", words.gettext("A call to everybody")),
        ("preferred", words.gettext("Each by her own wish; where that fails, the other way")),
    ]


def language_name(code: str) -> str:
    """What a language of a text is called, with its script."""
    plain = code.partition("_")[0]
    both = VALUES["language"].get(plain)
    name = pick(both, words.language()) if both else plain
    return name if plain == code else words.gettext("Nepali in Latin letters")
