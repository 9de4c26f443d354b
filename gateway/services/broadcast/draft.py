"""What an organiser wants said, to whom, and when."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Self

from gateway.core.audience import Audience

if TYPE_CHECKING:
    from gateway.store.broadcasts import Broadcast

MEDIA = ("sms", "voice", "preferred")


@dataclass(frozen=True, slots=True)
class Draft:
    """A broadcast that is not yet approved.

    Said by text: `texts`, {language: text with slots}. Said by voice, one of: `phrase` of flows/phrases.yaml, `saying_id` (words of the
    organisation's own, recorded), `flow` (so that she can answer). `medium` is sms, voice, or preferred: each member by her own wish,
    and by the other way where that fails; "" is what there is to say.

    `starts_at` None is as soon as it is approved; `best_hour` each in her own hour; nothing is sent from `expires_at` on. `tries` calls
    to one person at most. `gap_hours` and `budget` (paisa) None are the organisation's. `on_ambiguous` says what happens to a message
    that may or may not have gone out when the provider does not know either: `hold` it for a person, or `resend` it at the risk of a
    second copy. `life_safety_by` names who answers for sending it at night as well, because lives depend on it.
    """

    title: str
    texts: Mapping[str, str] = field(default_factory=dict)
    phrase: str | None = None
    saying_id: str | None = None
    flow: str | None = None
    medium: str = ""
    audience: Audience = field(default_factory=Audience)
    purpose: str = "message"  # message | notice | reminder | test
    notice_id: str | None = None
    again_of: str | None = None
    starts_at: datetime | None = None
    best_hour: bool = False
    expires_at: datetime | None = None
    heads_up: bool = False
    tries: int = 3
    gap_hours: int | None = None
    budget: int | None = None
    on_ambiguous: str = "hold"
    life_safety_by: str | None = None

    @classmethod
    def of(cls, broadcast: Broadcast) -> Self:
        """What was drafted when this broadcast was."""
        return cls(**{each.name: getattr(broadcast, each.name) for each in fields(cls)})

    @property
    def mark(self) -> str:
        """Another for every other draft: whoever approves says by it what she has seen."""
        kept = {each.name: getattr(self, each.name) for each in fields(self)}
        kept |= {"texts": sorted(self.texts.items()), "medium": self.sent_by, "audience": sorted(self.audience.as_json().items())}
        return hashlib.sha256(repr(sorted(kept.items())).encode()).hexdigest()[:16]

    @property
    def spoken(self) -> bool:
        """Whether there is something to say by voice."""
        return bool(self.phrase or self.saying_id or self.flow)

    @property
    def sent_by(self) -> str:
        """`medium`, where it is left open by what there is to say."""
        return self.medium or ("preferred" if self.texts and self.spoken else "voice" if self.spoken else "sms")
