"""Regular expressions of a description: written by hand, and applied to whatever a provider answers.

RE2 reads them (https://github.com/google/re2/wiki/Syntax): the time that it takes grows with the text and with nothing else, while
Python's own may take centuries for a text that nearly fits.
"""

from __future__ import annotations

import re2

QUIETLY = re2.Options()
QUIETLY.log_errors = False


def problem(pattern: str) -> str | None:
    """What is wrong with a pattern, None where nothing is.

    >>> problem("queued|sent"), problem("(?i).*(token|balance).*"), problem("E2[0-9")
    (None, None, 'this is no regular expression: missing ]: [0-9')
    """
    try:
        re2.compile(pattern, QUIETLY)
    except re2.error as error:
        return f"this is no regular expression: {error.args[0].decode()}"
    return None


def fits(pattern: str, value: str) -> bool:
    """Whether the whole value is such a one."""
    return re2.compile(pattern, QUIETLY).fullmatch(value) is not None


def found(pattern: str, text: str) -> dict[str, str | None] | None:
    """The named groups of a pattern in a text, at the end of which white space does not count; None where it is not in it.

    >>> found("^OK:(?P<id>[0-9]+)$", "OK:7\\n"), found("OK", "NO")
    ({'id': '7'}, None)
    """
    there = re2.compile(pattern, QUIETLY).search(text.rstrip())
    return there.groupdict() if there else None
