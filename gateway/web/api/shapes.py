"""What requests and answers of the API are made of. Unknown fields are refused; money is paisa; instants are UTC."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from gateway.core import money, people

LONGEST_TEXT = 200
LONGEST_NOTE = 1000
MOST_IN_A_PAGE = 200
LONGEST_LINE = 32
MOST_LINES = 1500  # as many as a body has room for
WAV = "audio/wav"
CHUNK = 256 * 1024  # bytes of a file that are in memory at a time


class Asked(BaseModel):
    """What comes in: each field named, of exactly its type."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Query(BaseModel):
    """What comes in behind the `?`, where everything is text."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Given(BaseModel):
    """What goes out, made from what a verb returns."""

    model_config = ConfigDict(from_attributes=True, extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class File:
    """An answer that is not JSON, sent as it is made."""

    content_type: str
    chunks: Iterable[str] | Iterable[bytes]
    name: str | None = None
    close: Callable[[], object] | None = None

    @classmethod
    def at(cls, path: Path, content_type: str, name: str | None = None) -> Self:
        """A file on this machine's disk: it is open from now on, so that its name may go."""
        stream = path.open("rb")
        return cls(content_type, iter(lambda: stream.read(CHUNK), b""), name, stream.close)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in, complete and on this machine's disk until the answer has gone. `most` are bytes."""

    path: str

    content_type: ClassVar[str] = "application/octet-stream"
    most: ClassVar[int] = 256 * 2**20  # a million members are about 60 MB


@dataclass(frozen=True, slots=True)
class Recording(Upload):
    """A recording that came in."""

    content_type: ClassVar[str] = WAV
    most: ClassVar[int] = 32 * 2**20  # a minute of the best studio's sound


def readable(text: str) -> str:
    """Text without control characters, which no database, phone or spreadsheet takes well."""
    if people.has_controls(text):
        raise ValueError("There is a control character in it")
    return text


# `\S` first and last in the schema would be stripped anyway; what matters is that something is left.
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT), AfterValidator(readable)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NOTE), AfterValidator(readable)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,48}$")]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=32), AfterValidator(readable)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_LINE), AfterValidator(readable)]
Numbers = Annotated[list[Line], Field(max_length=MOST_LINES, description="membership numbers or phones; ask again with the next ones")]
Unknown = Annotated[tuple[int, ...], Field(description="which of them, counted from 1, name nobody")]
Amount = Annotated[int, Field(ge=1, le=money.LARGEST, description="paisa")]
Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="of what you saw; with another you are told that it changed")]


def one_of(words: Iterable[str]) -> Any:  # noqa: ANN401  # what pydantic's Field is to a type checker
    """A field that is one of these words: `Annotated[str, one_of(STATES)]`."""
    known = list(words)
    return Field(pattern=f"^({'|'.join(map(re.escape, known))})$", json_schema_extra={"enum": list(known)})


def unsaid() -> Any:  # noqa: ANN401
    """A field that may be left out and may not be null: a change names only what changes."""
    return Field(default_factory=lambda: None)


class Page(Query):
    """Which part of a list: up to `limit` items behind the one that `next` of the last answer named."""

    after: str = Field(default="", pattern=r"^[A-Za-z0-9_.:-]{0,80}$")
    limit: int = Field(default=50, ge=1, le=MOST_IN_A_PAGE)


def next_of(found: list[Any], limit: int, key: str = "id") -> str | None:
    """What to ask for next: the last item's key, None where the list ended."""
    return str(getattr(found[-1], key)) if len(found) >= limit else None
