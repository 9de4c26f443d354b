"""`go`: another flow, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from gateway.engine.definition import Call, Move, Step, Way
from gateway.engine.reading import Fields
from gateway.engine.turn import Turn


@dataclass(frozen=True, slots=True)
class Go(Step):
    """Runs another flow and goes on after its `end`. The other flow sees the values of this one, and its own come back with it.

    ```yaml
    choose:
      go: language
      next: greet
    ```
    """

    kind: ClassVar[str] = "go"

    flow: str
    next: str

    @classmethod
    def read(cls, fields: Fields) -> Go:
        return cls(fields.call("go"), fields.target())

    def enter(self, _turn: Turn) -> Move:
        return Call(self.flow)

    def ways(self) -> Iterator[Way]:
        yield Way(f"after {self.flow}", self.next)
