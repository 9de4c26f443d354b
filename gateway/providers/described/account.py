"""An API for texts as channels.yaml describes it; docs/providers.md tells what each key means."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, IPvAnyNetwork, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from gateway.channels import Entry
from gateway.config import LOOPBACK
from gateway.providers.described import patterns
from gateway.providers.described.flat import nested

PLACEHOLDERS = {"to", "text", "from", "id", "alphabet"}
LISTED = "{to}, {text}, {from}, {id}, {alphabet}"
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"{LABEL}(\.{LABEL})*|\[[0-9a-fA-F:.]+\]")
URL = re.compile(r"(https?)://([^/:?@]+|\[[^]]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~%/-]*)?(\?[A-Za-z0-9._~%/=&+:,@-]*)?")
BARE = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?|true|false|null")
OURS = {"host", "content-type", "content-length", "transfer-encoding", "connection"}  # headers that the door writes


def _fault(problem: str) -> PydanticCustomError:
    return PydanticCustomError("described", problem)


def _url(value: str) -> str:
    parts = URL.fullmatch(value)
    if parts is None or not HOST.fullmatch(parts[2]) or int((parts[3] or ":0")[1:]) > 65535:
        raise _fault("write https://, the host and a path, and what never changes of a query; what changes stands in `fields`")
    if parts[1] != "https" and parts[2].strip("[]") not in LOOPBACK:
        raise _fault("this must begin with https://, since tokens and numbers travel there")
    return value


def _template(value: str) -> str:
    if not set(PLACEHOLDER.findall(value)) <= PLACEHOLDERS:  # which one is not said: it may be part of a secret
        raise _fault(f"there is no such placeholder, only {LISTED}")
    if set("{}") & set(PLACEHOLDER.sub("", value)):
        raise _fault(f"a brace stands alone here; placeholders are {LISTED}")
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
    if problem := patterns.problem(value):
        raise _fault(problem)
    return value


def _like(pattern: str, problem: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise _fault(problem)
        return value

    return AfterValidator(check)


def _country(value: str) -> str:
    import phonenumbers

    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise _fault("this must be a country's two letters, as NP, BD or IN")
    return value


PATH = "a path is names and places with dots between them, as data.0.id; names are letters, digits, _ and -, and * is any"

Url = Annotated[str, AfterValidator(_url)]
Template = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_template)]
Header = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_header)]
HeaderName = Annotated[str, _like(r"[A-Za-z0-9-]{1,60}", "a header's name is letters, digits and -"), AfterValidator(_header_name)]
Name = Annotated[str, _like(r"[!-~]{1,60}", "a field's name is at most 60 letters of ASCII, without a space")]
Path = Annotated[str, _like(r"(?=.{1,100}\Z)[A-Za-z0-9_*-]+(\.[A-Za-z0-9_*-]+)*", PATH)]
Pattern = Annotated[str, StringConstraints(max_length=500), AfterValidator(_pattern)]
Secret = Annotated[str, _like(r"[A-Za-z0-9_-]{24,128}", "this must be 24 to 128 letters, digits, - and _, as of `openssl rand -hex 24`")]
Country = Annotated[str, AfterValidator(_country)]
Status = Annotated[int, Field(ge=100, le=599)]
Report = Literal["accepted", "sent", "delivered", "undelivered", "bad_number", "opted_out"]
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


class Alphabet(Entry):
    """What they want to be told of a text in GSM letters, and of one in any others."""

    plain: str
    unicode: str


class Door(Entry):
    """Requests of theirs: whom we believe that they are theirs, and where in one of them its parts stand."""

    path: Secret = Field(repr=False)
    addresses: Annotated[tuple[IPvAnyNetwork, ...], Field(min_length=1)]
    proxies: tuple[IPvAnyNetwork, ...] = ()
    each: Path | None = None  # many in one request: where each of them stands


class Inbound(Door):
    """Their requests with texts from people."""

    fields: dict[Literal["from", "to", "text", "id"], Path] = Field(default={"from": "from", "to": "to", "text": "text"})
    keyword: str = ""
    answer: Literal["reply", "none"] = "reply"
    repeats_within: Annotated[int, Field(ge=1, le=600)] = 20

    @model_validator(mode="after")
    def _is_enough(self) -> Self:
        if not {"from", "text"} <= set(self.fields):
            raise _fault("`fields` must name those of `from` and `text`")
        if self.each is not None and self.answer == "reply":
            raise _fault("where many texts come in one request, none has an answer of its own: write `answer: none`")
        return self


class State(Entry):
    """A word of theirs about a text that they had accepted, and what it means."""

    means: Report
    where: Annotated[dict[Path, Pattern], Field(min_length=1)]


class Reports(Door):
    """Their requests that tell what became of our texts, which they name by their `id` or by `ours`, the {id} that we gave."""

    fields: dict[Literal["id", "ours"], Path]
    states: Annotated[tuple[State, ...], Field(min_length=1)]
    code: Path | None = None

    @model_validator(mode="after")
    def _names_texts(self) -> Self:
        if len(self.fields) != 1:
            raise _fault("`fields` must name either that of their `id` or that of `ours`")
        return self


class Definition(Entry):
    """One API: where a text goes and how it is written, what the answers mean, how texts come in, and what becomes of ours."""

    url: Url = Field(repr=False)
    method: Literal["POST", "GET"] = "POST"
    body: Literal["form", "json", "query"] = "form"
    fields: Annotated[dict[Name, Template], Field(min_length=1)] = Field(repr=False)
    unquoted: tuple[Name, ...] = ()  # of a JSON body: numbers, true, false
    headers: dict[HeaderName, Header] = Field(default={}, repr=False)
    alphabet: Alphabet | None = None
    numbers: Literal["local", "international", "e164"] = "local"
    country: Country = "NP"
    answers: Annotated[tuple[Answer, ...], Field(min_length=1)]
    code: Path | None = None
    inbound: Inbound | None = None
    reports: Reports | None = None

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
        if self.by_our_id and "{id}" not in written:
            raise _fault("`reports` know our texts by `ours`, which no field gives them: write {id} into one")
        if (self.alphabet is None) == ("{alphabet}" in written):
            raise _fault("{alphabet} in a field and `alphabet`, which says what stands there, belong together")
        return self

    @model_validator(mode="after")
    def _can_be_written(self) -> Self:
        if self.unquoted and self.body != "json":
            raise _fault("only `body: json` knows values that are not quoted")
        if unknown := set(self.unquoted) - set(self.fields):
            raise _fault(f"`unquoted` names {min(unknown)}, which is none of the `fields`")
        if self.body == "json":
            try:
                nested(self.fields)
            except ValueError as error:
                raise _fault(f"the field {error} lies inside another one") from None
        for alphabet in ("plain", "unicode"):
            for name in self.unquoted:
                if not is_bare(self.fields[name], getattr(self.alphabet, alphabet, "")):
                    raise _fault(f"the field {name} is `unquoted`, and so a number, true, false or null")
        return self

    @property
    def by_our_id(self) -> bool:
        """Whether they name a text by the id that we gave it, and by no other."""
        return self.reports is not None and "ours" in self.reports.fields


def is_bare(template: str, alphabet: str) -> bool:
    """Whether a field's value is one that JSON writes without quotes.

    >>> is_bare("true", ""), is_bare("{alphabet}", "8"), is_bare("{to}", ""), is_bare("+{to}", ""), is_bare("{text}", "")
    (True, True, True, False, False)
    """
    return BARE.fullmatch(template.replace("{alphabet}", alphabet).replace("{to}", "9841234567")) is not None
