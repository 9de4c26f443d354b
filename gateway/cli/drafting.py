"""The options that say what goes to whom, and when: those of `plan`, `draft`, `send` and `test` of `gateway broadcast`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce, wraps
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.actor import as_actor

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.core.audience import Audience
    from gateway.services.access import Actor
    from gateway.services.broadcast import Draft
    from gateway.services.context import Gateway

# What may be chosen several times; the field of Audience has an s behind it.
CHOSEN = ("trade", "place", "language", "scheme", "claim", "list", "import", "collector", "but_list")

WHAT = (
    click.option(
        "--text", "texts", multiple=True, metavar="LANGUAGE=TEXT", help="The text in a language (ne, ne_latn, en); once for each language."
    ),
    click.option(
        "--voice",
        is_flag=False,
        flag_value="",
        metavar="[PHRASE]",
        help="Ring everybody; with PHRASE, one of flows/phrases.yaml is said, the same as --phrase PHRASE.",
    ),
    click.option("--phrase", help="Said by voice: this phrase of flows/phrases.yaml."),
    click.option("--saying", "saying_id", metavar="ID", help="Said by voice: words that the organisation recorded."),
    click.option("--flow", help="Heard by voice: this flow, so that she can answer."),
    click.option("--sms", is_flag=True, help="Text everybody, whoever would rather be called."),
    click.option("--preferred", is_flag=True, help="Each by her own wish, and by the other way where that fails: needs a text and a call."),
    click.option("--notice", "notice_id", metavar="ID", help="It is about this notice; texts may tell {notice.date} and so on."),
    click.option("--one-sms", is_flag=True, help="Cut each text to one SMS, at a word, with our number for the rest."),
)
TO_WHOM = (
    click.option("--trade", multiple=True, help="Only members of this trade. Each of these options may be given several times."),
    click.option("--place", multiple=True, metavar="CODE", help="Only members of this place and all within it; `gateway places` finds it."),
    click.option("--language", multiple=True, help="Only members of this language."),
    click.option("--scheme", multiple=True, metavar="CODE", help="Only members who pay into this scheme."),
    click.option("--claim", multiple=True, metavar="STATE", help="Only members with a claim in this state."),
    click.option("--contribution", type=click.Choice(["paid", "open"]), help="Only members who paid for --month, or did not."),
    click.option("--month", help="The month of --contribution, as 2083-08."),
    click.option("--rsvp", metavar="NOTICE:ANSWER", help="Only members who answered a notice with yes or no, or not yet (none)."),
    click.option(
        "--list", multiple=True, metavar="LIST", help="Only members on this list, by its title or id; `gateway lists` shows them."
    ),
    click.option("--import", multiple=True, metavar="ID", help="Only members who came by this import."),
    click.option("--collector", multiple=True, metavar="USER", help="Only members of this user's group, by her id."),
    click.option("--not-told-for", type=click.IntRange(1, 365), metavar="DAYS", help="Nobody to whom a broadcast went in these last days."),
    click.option("--but-list", multiple=True, metavar="LIST", help="Nobody on this list."),
)
WHEN = (
    click.option("--at", metavar="WHEN", help="Not before: '2026-12-01 11:00' in Nepal, or the Bikram Sambat day, '2083-08-15 11:00'."),
    click.option("--best-hour", is_flag=True, help="Each member in her own best hour, where we know one."),
    click.option("--expires", metavar="WHEN", help="From then on it is pointless, and nothing more goes out."),
    click.option("--heads-up", is_flag=True, help="Text her some minutes before the call, so that she knows who rings."),
    click.option("--tries", type=click.IntRange(1, 5), default=3, show_default=True, help="Calls to one person at most, at other hours."),
    click.option(
        "--gap", "gap_hours", type=click.IntRange(0, 720), metavar="HOURS", help="Since the last broadcast to her phone, at least."
    ),
    click.option("--budget", metavar="RUPEES", help="It may cost no more than this."),
    click.option("--again-of", metavar="ID", help="It repeats this broadcast, for those who did not hear it."),
    click.option("--life-safety", "life_safety_by", metavar="NAME", help="Send at night too: lives depend on it, NAME answers for it."),
    click.option(
        "--on-ambiguous",
        type=click.Choice(["hold", "resend"]),
        default="hold",
        show_default=True,
        help="What to do with a message of which nobody knows whether it went out: wait for a person, or send again.",
    ),
    click.option("--title", help="What organisers call it; else its first words."),
)


def says_what(run: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a draft, and as its first parameters the gateway, the actor and the draft that they make."""

    @as_actor
    @wraps(run)
    def with_draft(gateway: Gateway, actor: Actor, **given: Any) -> None:  # noqa: ANN401 - as the options are typed
        own = {name: given.pop(name) for name in list(given) if name not in OPTIONS}
        run(gateway, actor, _drafted(gateway, actor, given), **own)

    return reduce(lambda function, option: option(function), reversed((*WHAT, *TO_WHOM, *WHEN)), with_draft)


OPTIONS = frozenset(
    {
        *("texts", "voice", "phrase", "saying_id", "flow", "sms", "preferred", "notice_id", "one_sms"),
        *CHOSEN,
        *("contribution", "month", "rsvp", "not_told_for"),
        *("at", "best_hour", "expires", "heads_up", "tries", "gap_hours", "budget", "again_of", "life_safety_by", "on_ambiguous", "title"),
    }
)


def _drafted(gateway: Gateway, actor: Actor, given: dict[str, Any]) -> Draft:
    from gateway.services import broadcast
    from gateway.services.broadcast import Draft

    texts, phrase = _texts(given["texts"]), given["voice"] or given["phrase"]
    draft = Draft(
        title=given["title"] or phrase or given["flow"] or " ".join(next(iter(texts.values()), "").split()[:6]) or "broadcast",
        texts=texts,
        phrase=phrase,
        medium=_medium(given),
        audience=_audience(gateway, actor, given),
        purpose="notice" if given["notice_id"] else "message",
        starts_at=_moment(given["at"]),
        expires_at=_moment(given["expires"]),
        budget=_paisa(given["budget"]),
        **{name: given[name] for name in ("saying_id", "flow", "notice_id", "again_of", "best_hour", "heads_up", "tries", "gap_hours")},
        **{name: given[name] for name in ("life_safety_by", "on_ambiguous")},
    )
    return broadcast.in_one_sms(gateway, actor, draft) if given["one_sms"] else draft


def _texts(given: Iterable[str]) -> dict[str, str]:
    by_language: dict[str, str] = {}
    for each in given:
        name, separator, words = each.partition("=")
        if not separator or not name.strip() or not words.strip():
            raise click.BadParameter(f"write {each!r} as LANGUAGE=TEXT, for example ne=नमस्ते", param_hint="--text")
        if name.strip() in by_language:
            raise click.BadParameter(f"there are two texts in {name.strip()!r}", param_hint="--text")
        by_language[name.strip()] = words.strip()
    return by_language


def _medium(given: dict[str, Any]) -> str:
    chosen = [name for name in ("sms", "preferred") if given[name]] + (["voice"] if given["voice"] == "" else [])
    if len(chosen) > 1:
        raise click.UsageError("give one of --sms, --voice and --preferred")
    return chosen[0] if chosen else ""


def _audience(gateway: Gateway, actor: Actor, given: dict[str, Any]) -> Audience:
    from gateway.core.audience import RSVP, Audience
    from gateway.core.digits import fold_digits
    from gateway.services import lists

    chosen: dict[str, Any] = {f"{name}s": list(given[name]) for name in CHOSEN}
    chosen |= {name: [lists.id_of(gateway, actor, named) for named in chosen[name]] for name in ("lists", "but_lists")}
    chosen |= {name: given[name] for name in ("contribution", "not_told_for")}
    chosen["month"] = fold_digits(given["month"]) if given["month"] else None
    if given["rsvp"]:
        chosen["notice_id"], _, chosen["rsvp"] = given["rsvp"].rpartition(":")
        if not chosen["notice_id"] or chosen["rsvp"] not in RSVP:
            raise click.BadParameter("write it as NOTICE:yes, NOTICE:no or NOTICE:none", param_hint="--rsvp")
    if bool(given["contribution"]) != bool(given["month"]):
        raise click.UsageError("--contribution and --month go together")
    return Audience.from_json(chosen)


def _moment(written: str | None) -> datetime | None:
    from gateway.core.calendar import moment

    return moment(written) if written else None


def _paisa(written: str | None) -> int | None:
    from gateway.core import money

    paisa = money.parse(written) if written else None
    if written and paisa is None:
        raise click.BadParameter(f"{written!r} is no amount of rupees", param_hint="--budget")
    return paisa
