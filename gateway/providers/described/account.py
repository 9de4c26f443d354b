"""An API for texts as channels.yaml describes it; docs/providers.md tells what each key means."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, IPvAnyNetwork, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from gateway.channels import Entry
from gateway.config import LOOPBACK
from gateway.providers.described.flat import nested

PLACEHOLDERS = {"to", "text", "from", "id"}
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
URL = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~%/-]*)?")
OURS = {"host", "content-type", "content-length", "transfer-encoding", "connection"}  # headers that the door writes


def _fault(problem: str) -> PydanticCustomError:
    return PydanticCustomError("described", problem)


def _url(value: str) -> str:
    parts = URL.fullmatch(value)
    if parts is None or int((parts[3] or ":0")[1:]) > 65535:
        raise _fault("write https://, the host and a path; what changes from text to text stands in `fields`")
    if parts[1] != "https" and parts[2].strip("[]") not in LOOPBACK:
        raise _fault("this must begin with https://, since tokens and numbers travel there")
    return value


def _template(value: str) -> str:
    if not set(PLACEHOLDER.findall(value)) <= PLACEHOLDERS:  # which one is not said: it may be part of a secret
        raise _fault("there is no such placeholder, only {to}, {text}, {from}, {id}")
    if set("{}") & set(PLACEHOLDER.sub("", value)):
        raise _fault("a brace stands alone here; placeholders are {to}, {text}, {from}, {id}")
    return value


def _header(value: str) -> str:
    if "{text}" in _template(value) or not (value.isascii() and value.isprintable()):
        raise _fault("a header is one line of ASCII; the text stands in `fields`")
    return value


def _header_name(value: str) -> str:
    if value.lower() in OURS:
        raise _fault("this header is written by the gateway itself")
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise _fault(f"this is no regular expression: {error.msg}") from None
    return value


Url = Annotated[str, AfterValidator(_url)]
Template = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_template)]
Header = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_header)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,60}$"), AfterValidator(_header_name)]
Name = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,60}$")]
Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_*-]+(\.[A-Za-z0-9_*-]+)*$", max_length=100)]
Pattern = Annotated[str, StringConstraints(max_length=500), AfterValidator(_pattern)]
Status = Annotated[int, Field(ge=100, le=599)]
Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{24,128}$")]
Part = Literal["from", "to", "text", "id"]
Meaning = Literal["accepted", "throttled", "ambiguous", "opted_out", "bad_number", "refused", "misconfigured"]


class Answer(Entry):
    """An answer of theirs and what it means: all that is named here must fit, each value of `where` as a whole, `text` anywhere."""

    means: Meaning
    status: tuple[Status, ...] = ()
    where: dict[Path, Pattern] = Field(default={})
    text: Pattern | None = None
    id: Path | None = None

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.means == "accepted" and not self.where and self.text is None:
            raise _fault("an accepted text is known by `where` or `text`: a page of something else has the same status")
        if not (self.status or self.where or self.text is not None):
            raise _fault("say by which `status`, `where` or `text` this answer is known")
        if self.id is not None and self.means != "accepted":
            raise _fault("only an accepted text has an `id`")
        return self


class Inbound(Entry):
    """How their requests with texts from people look, and whom we believe that they are theirs."""

    path: Secret = Field(repr=False)
    addresses: Annotated[tuple[IPvAnyNetwork, ...], Field(min_length=1)]
    proxies: tuple[IPvAnyNetwork, ...] = ()
    fields: dict[Part, Path] = Field(default={"from": "from", "to": "to", "text": "text"})
    keyword: str = ""
    answer: Literal["reply", "none"] = "reply"
    repeats_within: Annotated[int, Field(ge=0, le=600)] = 20

    @model_validator(mode="after")
    def _is_enough(self) -> Self:
        if not {"from", "text"} <= set(self.fields):
            raise _fault("`fields` must name those of `from` and `text`")
        if "id" not in self.fields and not self.repeats_within:
            raise _fault("without an `id` among the `fields`, `repeats_within` must be 1 or more")
        return self


class Definition(Entry):
    """One API: where a text goes and how it is written, what the answers mean, and how texts come in."""

    url: Url = Field(repr=False)
    method: Literal["POST", "GET"] = "POST"
    body: Literal["form", "json", "query"] = "form"
    fields: Annotated[dict[Name, Template], Field(min_length=1)] = Field(repr=False)
    headers: dict[HeaderName, Header] = Field(default={}, repr=False)
    numbers: Literal["local", "international", "e164"] = "local"
    answers: Annotated[tuple[Answer, ...], Field(min_length=1)]
    code: Path | None = None
    inbound: Inbound | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        written = " ".join([*self.fields.values(), *self.headers.values()])
        for name in ("to", "text"):
            if f"{{{name}}}" not in written:
                raise _fault(f"no field holds {{{name}}}")
        if not any(answer.means == "accepted" for answer in self.answers):
            raise _fault("none of the `answers` means `accepted`")
        if self.method == "GET" and self.body != "query":
            raise _fault("a GET carries its fields in the query: write `body: query`")
        if self.body == "json":
            try:
                nested(self.fields)
            except ValueError as error:
                raise _fault(f"the field {error} lies inside another one") from None
        return self
