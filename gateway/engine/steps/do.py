"""`do`: a named action of Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from gateway.engine.definition import Move, Step, Way
from gateway.engine.reading import Fields, hint
from gateway.engine.turn import Turn


@dataclass(frozen=True, slots=True)
class Do(Step):
    """Runs an action: tells its facts, keeps what it found, and goes on by its outcome. Every outcome has a way.

    ```yaml
    look_up:
      do: contribution_balance
      next: {some: balance, none: no_balance}
    ```
    """

    kind: ClassVar[str] = "do"

    action: str
    next: str | Mapping[str, str]

    @classmethod
    def read(cls, fields: Fields) -> Do:
        name = fields.text("do")
        spec = fields.shared.actions.get(name)
        if spec is None:
            fields.fault(fields.known["do"], "flow:unknown-action", name=name, hint=hint(name, fields.shared.actions))
            fields.taken.add("next")
            return cls(name, "")
        fields.draft.actions.add(name)
        return cls(name, fields.outcomes(spec.outcomes))

    def enter(self, turn: Turn) -> Move:
        result = turn.perform(self.action)
        turn.keep(result.values)
        if result.member is not None:
            turn.caller = replace(turn.caller, member=result.member, elsewhere=True)
        for fact in result.facts:
            turn.tell(fact)
        return self.next if isinstance(self.next, str) else self.next[result.outcome]

    def ways(self) -> Iterator[Way]:
        return ways_of(self.next)


def ways_of(following: str | Mapping[str, str]) -> Iterator[Way]:
    """The ways of a `next`: one for all outcomes, or one for each."""
    if isinstance(following, str):
        yield Way("", following)
    else:
        yield from (Way(outcome, target) for outcome, target in following.items())
