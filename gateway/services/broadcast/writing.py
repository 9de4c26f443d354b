"""A look at what is being written, at every pause in the writing: how long it is, whom it would reach, roughly what it would cost.

Nothing is written down, and what is not finished is no fault: `fault` says what is still missing. It reads the texts and at most
`MOST_LOOKED_AT` members, exact for an organisation of that size and scaled up from four windows of them for a larger one: measured, 0.1 to
0.2 s for 40,000 members on either database, where the plan takes up to 0.8; to find the windows, the index is passed over once. The plan,
which counts everybody, is made when the draft is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.language import plainer
from gateway.services.access import Permission
from gateway.services.broadcast import content, planning, slots, timing, whom
from gateway.services.broadcast.content import Lengths
from gateway.services.tariff import tariff
from gateway.store import audience
from gateway.store.audience import Counted, Target, Told

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.broadcast.draft import Draft
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

MOST_LOOKED_AT = 8_000  # members


@dataclass(frozen=True, slots=True)
class Wording:
    """One text: as somebody reads it, its segments with the longest likely name, and paisa for all who get it.

    A Unicode text has the characters that make it so (`strange`, each with its place from 1, where they are few), its likeness in plain
    letters, the segments of that and paisa that it saves; `cheaper` is "" where it is plain already.
    """

    language: str
    read: str
    segments: int
    price: int
    is_unicode: bool
    strange: tuple[tuple[str, int], ...] = ()
    cheaper: str = ""
    cheaper_segments: int = 0
    saves: int = 0


@dataclass(frozen=True, slots=True)
class Glance:
    """`reached` people, by medium in `ways`, for `price` paisa; `left_out` by reason. Not `exact`: scaled up from some of the members.

    `minutes` are those of a call, by language.
    """

    wordings: tuple[Wording, ...]
    minutes: Mapping[str, int]
    ways: Mapping[str, int]
    left_out: Mapping[str, int]
    price: int
    exact: bool
    fault: GatewayError | None

    @property
    def reached(self) -> int:
        return sum(self.ways.values())


def glance(gateway: Gateway, actor: Actor, draft: Draft) -> Glance:
    """Look at a draft that may be unfinished. GatewayErrors `audience:*` where whom it is for cannot be understood."""
    actor.require(Permission.PLAN_BROADCASTS)
    now = gateway.clock()
    with gateway.database.read() as db:
        whom.check(gateway, db, actor, draft.audience)
        long, fault = _measured(gateway, db, actor, draft)
        told = long.told if fault is None else Told(tuple(gateway.catalogue.languages))  # whom it is for is known before its words
        counted, share = audience.sample(db, Target(actor.organisation_id, draft.audience, told, now), MOST_LOOKED_AT)
        known = tariff(gateway, db, content.sending_channel(gateway, db, actor), content.first_day(draft, now))
        days = timing.days_of(db, actor.organisation_id, draft)
    counted = _scaled(counted, share)
    parts, _ = planning.parts_of(counted, long, known, timing.spread(draft, counted, known, days, now)) if fault is None else ((), ())
    ways: dict[str, int] = {}
    for (medium, _, _), number in counted.reached.items():
        ways[medium] = ways.get(medium, 0) + number
    heads_up = planning.heads_up_price(parts, known) if draft.heads_up else 0
    return Glance(
        wordings=tuple(_wording(gateway, draft, language, long, parts) for language in long.texts),
        minutes=long.minutes,
        ways=ways,
        left_out=counted.left_out,
        price=sum(part.price for part in parts) + heads_up,
        exact=share == 1.0,
        fault=fault,
    )


def example(gateway: Gateway, language: str, text: str) -> str:
    """A text of a plan as somebody reads it who has a usual name and number."""
    return slots.example(text, language, gateway.catalogue.phrases)


def _measured(gateway: Gateway, db: Connection, actor: Actor, draft: Draft) -> tuple[Lengths, GatewayError | None]:
    written = replace(draft, texts={language: text for language, text in draft.texts.items() if text.strip()})
    try:
        return content.measure(gateway, db, actor.organisation_id, written), None
    except GatewayError as fault:
        return Lengths({}, {}, {}), fault


def _scaled(counted: Counted, share: float) -> Counted:
    if share == 1.0:
        return counted
    reached = {key: round(number / share) for key, number in counted.reached.items()}
    return replace(counted, reached=reached, left_out={why: round(number / share) for why, number in counted.left_out.items()})


def _wording(gateway: Gateway, draft: Draft, language: str, long: Lengths, parts: tuple[planning.Part, ...]) -> Wording:
    text = long.texts[language]
    price = sum(part.price for part in parts if (part.medium, part.language) == ("sms", language))
    found = Wording(language, example(gateway, language, text), long.segments[language], price, is_unicode=False)
    if not (strange := content.strange_characters(text)):
        return found
    few = len(strange) * content.FEW < len(text)
    in_plain = plainer.with_plain_signs if few else plainer.in_latin_letters
    found = replace(found, is_unicode=True, strange=strange if few else ())
    if content.strange_characters(in_plain(text)):  # letters of yet another script
        return found
    segments = content.segments(gateway, language, in_plain(text))
    saves = price - price * segments // found.segments
    return replace(found, cheaper=in_plain(draft.texts[language]), cheaper_segments=segments, saves=saves)
