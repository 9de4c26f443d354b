"""What a member hears on the phone when her claim stands somewhere: the very sentences and clips of the flow, for whoever moves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.calendar import NEPAL
from gateway.engine import wording
from gateway.services.actions.claims import PAPERS

if TYPE_CHECKING:
    from gateway.services.claims import Claim
    from gateway.services.context import Gateway

FLOW = "claim_status"
# The steps that tell her of a state; a review has a day by which it is over, or has none.
STEPS: Mapping[str, tuple[str, ...]] = {
    "received": ("received",),
    "paper_missing": ("paper_missing", "paper_2", "paper_3", "paper_4"),
    "review": ("in_review",),
    "review_until": ("review_until",),
    "approved": ("approved",),
    "paid": ("paid",),
    "refused": ("refused", "reason"),
}
AMOUNT, DAYS = 5_000_00, 7  # for an example, where nobody named any


@dataclass(frozen=True, slots=True)
class Told:
    """What she hears, and the addresses of its clips in their order; none where a clip is missing."""

    said: str
    clips: tuple[str, ...]


def hears(gateway: Gateway, claim: Claim, language: str, state: str, reason: str | None = None) -> Told:
    """What she hears of this claim in this state (a key of `STEPS`); amounts and days that are not decided yet are examples."""
    missing = [paper.name for paper in claim.papers if paper.received_at is None] or [paper.name for paper in claim.papers]
    today = gateway.clock().astimezone(NEPAL).date()
    values: dict[str, object] = {
        "claim.number": claim.number,
        "claim.amount": claim.amount or AMOUNT,
        "claim.days": DAYS,
        "claim.paid_on": (claim.paid_at.astimezone(NEPAL).date() if claim.paid_at else today).isoformat(),
        "claim.reason": reason,
        **dict(zip(PAPERS, missing, strict=False)),
    }
    steps = [name for name in STEPS[state] if name not in _SILENT or values.get(_SILENT[name])]
    return _spoken(gateway, language if language in gateway.catalogue.languages else gateway.settings.language, steps, values)


_SILENT = {"paper_2": PAPERS[1], "paper_3": PAPERS[2], "paper_4": PAPERS[3], "reason": "claim.reason"}  # steps that need this value


def _spoken(gateway: Gateway, language: str, steps: Sequence[str], values: Mapping[str, object]) -> Told:
    catalogue = gateway.catalogue
    said, clips = [], []
    for name in steps:
        prompt = next(catalogue.flows[FLOW].steps[name].prompts())
        played, words = wording.speak(prompt, language, values.get, catalogue.phrases)
        said.append(words)
        clips += [clip.removeprefix("/") if clip.startswith("/") else f"{language}/{clip}" for clip in played]
    there = all((gateway.settings.audio_dir / f"{clip}.wav").is_file() for clip in clips)
    return Told(" ".join(said), tuple(f"/audio/{clip}.wav" for clip in clips) if there else ())
