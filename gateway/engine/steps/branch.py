"""`branch`: the way on depends on something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from gateway.engine.definition import Move, Step, Way
from gateway.engine.expressions import Condition
from gateway.engine.reading import Fields
from gateway.engine.turn import Turn


@dataclass(frozen=True, slots=True)
class Branch(Step):
    """Takes the first way whose condition holds. The last way has none, so that there is always one.

    ```yaml
    who:
      branch:
        - {when: "caller.known and not member.private", next: news}
        - {next: welcome}
    ```
    """

    kind: ClassVar[str] = "branch"

    choices: tuple[tuple[Condition | None, str], ...]

    @classmethod
    def read(cls, fields: Fields) -> Branch:
        lines = fields.branches("branch")
        ways: list[tuple[Condition | None, str]] = []
        for number, line in enumerate(lines, start=1):
            way = fields.within(line)
            last = number == len(lines)
            if last != ("when" not in way.known):
                fields.fault(line, "flow:branch-end" if last else "flow:branch-early")
            ways.append((way.condition("when"), way.target()))
            way.close()
        if not lines:
            fields.fault(fields.known["branch"], "flow:empty")
        return cls(tuple(ways))

    def enter(self, turn: Turn) -> Move:
        return next(target for condition, target in self.choices if condition is None or condition.holds(turn.value))

    def ways(self) -> Iterator[Way]:
        yield from (Way("else" if condition is None else str(condition), target) for condition, target in self.choices)
