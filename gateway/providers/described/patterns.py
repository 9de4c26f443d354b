"""Regular expressions of a description: written by hand, and applied to whatever a provider answers.

Some take centuries for a text that nearly fits. So those that can are refused where they are written, and none may take long.
"""

from __future__ import annotations

from collections.abc import Callable

import regex
import structlog

LONGEST = 0.1  # seconds
ATOM = r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:[A-Za-z0-9-]+|P=\w+|&\w+)\)"
GROUP = r"\((?:\?(?:P?<\w+>|[A-Za-z0-9-]*:|[=!>|]|<[=!]))?"
PART = regex.compile(rf"{ATOM}|{GROUP}|\{{[0-9]*,?[0-9]*\}}|.", regex.DOTALL)
REPEATS = regex.compile(r"[*+]|\{[0-9]*,?[0-9]*\}")

log = structlog.get_logger(__name__)


def problem(pattern: str) -> str | None:
    """What is wrong with a pattern, None where nothing is.

    >>> problem("queued|sent"), problem("(?i).*(token|balance).*"), problem("E2[0-9")
    (None, None, 'this is no regular expression: unterminated character set')
    >>> problem("([a-z]+ ?)*!")
    'this may take centuries for some answers: a group that repeats must have no *, +, ?, { or | inside'
    """
    try:
        regex.compile(pattern)
    except (regex.error, OverflowError) as error:
        return f"this is no regular expression: {getattr(error, 'msg', 'a number is too large')}"
    if _may_explode(pattern):
        return "this may take centuries for some answers: a group that repeats must have no *, +, ?, { or | inside"
    return None


def _may_explode(pattern: str) -> bool:
    """Whether a group repeats that has a repetition or a choice inside: then its parts fit the same text in ever more ways."""
    choices, closed = [False], False  # of each open group whether there is a choice inside; the same of the group that was just closed
    for part in PART.findall(pattern):
        if part.startswith("(") and not part.endswith(")"):
            choices.append(False)
        elif part == ")" and len(choices) > 1:
            closed = choices.pop()
            choices[-1] |= closed
            continue
        elif REPEATS.fullmatch(part) and closed:
            return True
        elif part in {"|", "?"} or REPEATS.fullmatch(part):
            choices[-1] = True
        closed = False
    return False


def fits(pattern: str, value: str) -> bool:
    """Whether the whole value is such a one; where that takes too long to tell it is none."""
    return _found(regex.compile(pattern).fullmatch, value) is not None


def found(pattern: str, text: str) -> regex.Match[str] | None:
    """Where a pattern stands in a text, None where it does not or where that takes too long to tell."""
    return _found(regex.compile(pattern).search, text)


def _found(look: Callable[..., regex.Match[str] | None], text: str) -> regex.Match[str] | None:
    try:
        return look(text, timeout=LONGEST)
    except TimeoutError:
        log.warning("pattern_too_slow")
        return None
