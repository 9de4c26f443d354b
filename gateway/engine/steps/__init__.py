"""The kinds of steps: one file, one kind, one fixture `tests/engine/steps/<kind>.yaml`, one heading in `docs/flow-language.md`.

To add a kind: write its file here, put the class into `KINDS`; a test then asks for the fixture and the heading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.engine.definition import Step
from gateway.engine.reading import Fields
from gateway.engine.steps.ask import Ask
from gateway.engine.steps.branch import Branch
from gateway.engine.steps.do import Do
from gateway.engine.steps.end import End
from gateway.engine.steps.go import Go
from gateway.engine.steps.menu import Menu
from gateway.engine.steps.record import Record
from gateway.engine.steps.say import Say
from gateway.engine.steps.transfer import Transfer
from gateway.engine.steps.whose import Whose

# The key of a step in a flow file -> how its fields are read.
KINDS: Mapping[str, Callable[[Fields], Step]] = {
    step.kind: step.read for step in (Say, Menu, Ask, Record, Whose, Do, Branch, Go, Transfer, End)
}
