"""channels.yaml: at which providers we have which numbers, what each of them carries, and which way a text or a call goes.

    providers:
      somleng: {kind: twilio, api_base_url: https://somleng.example, account_sid: ${SOMLENG_SID}, auth_token: ${SOMLENG_TOKEN}}
      sparrow: {kind: sparrow, token: ${SPARROW_TOKEN}}
    channels:
      landline: {provider: somleng, number: "+97714000000", carries: [voice]}
      short:    {provider: sparrow, number: "31001", carries: [sms], messages_per_second: 10, segment_price: 130}
    routes:                       # the first that fits counts; of its channels the next one where one definitely refuses
      - {medium: sms, operator: ntc, channels: [short]}
      - {medium: voice, channels: [landline]}

Secrets stand in the environment and are named here as `${NAME}`. Without the file the environment alone decides, with one channel.
Every fault is named with its file, line and column, all in one run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from gateway.core.call_backs import Caps
from gateway.core.phone import EVERYBODY
from gateway.engine.document import Node, parse
from gateway.engine.reading import hint
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

FILE = "channels.yaml"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,19}")
ROOMS = frozenset({"api", "audio", "health", "metrics", "static"})  # what lies below these addresses is no provider's
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
USUAL = Caps()
MAIN = "main"  # the organisation that every installation has

Medium = Literal["sms", "voice"]
Purpose = Literal["reply", "notice", "broadcast", "call_back"]  # a notice: a text of our own accord to one person, as a reminder is
NUMBER, COUNTRY, CODE = r"^(\+[0-9]{7,15}|[0-9]{3,15}|[A-Za-z][A-Za-z0-9 _-]{1,10})$", r"^[A-Z]{2}$", r"^\+[0-9]{1,4}$"
Number = Annotated[str, StringConstraints(pattern=NUMBER)]
Rate = Annotated[float, Field(ge=0.1, le=1000)]
Cap = Annotated[int, Field(ge=0, le=100_000)]
Country = Annotated[str, StringConstraints(pattern=COUNTRY)]
Paisa = Annotated[int, Field(ge=0, le=1_000_000)]
Model = TypeVar("Model", bound=BaseModel)

KEY = "[key]"  # with this ends the place of a key that is at fault itself
# What pydantic complains of, as a person says it; all else is said in its own words.
WANTED = {
    "extra_forbidden": "there is no such key here",
    "missing": "it is missing",
    "tuple_type": "this must be a list, as [one, two]",
    "dict_type": "this must hold keys and their values",
    "model_type": "this must hold keys and their values",
    "string_type": "this must be a text; one that begins with a brace or a bracket stands in quotes",
    "int_parsing": "this must be a whole number",
    "float_parsing": "this must be a number",
    "too_short": "name at least one here",
    "ip_any_network": "this must be an address as 203.0.113.10, or a network as 203.0.113.0/24",
}

SHAPES = {
    NUMBER: "write a number as +97714000000, a short code as 31001, or a sender's name of 2 to 11 letters and digits",
    COUNTRY: "write a country as two capital letters, such as NP",
    CODE: "write the code with which its numbers begin, such as +977",
}


class Entry(BaseModel):
    """What stands in a file: nothing that is not known, and nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CallsBack(Entry):
    """How many of those who ring a channel are called back at most, and to which countries; as in `gateway.core.call_backs.Caps`."""

    per_number: Cap = USUAL.per_number
    per_prefix: Cap = USUAL.per_prefix
    per_day: Cap = USUAL.per_day
    countries: Annotated[tuple[Country, ...], Field(min_length=1)] = tuple(sorted(USUAL.countries))

    @property
    def caps(self) -> Caps:
        return Caps(self.per_number, self.per_prefix, self.per_day, frozenset(self.countries))


class ChannelEntry(Entry):
    """One of our numbers at a provider: an E.164 number, a short code or a sender's name. Rates are per second, prices paisa."""

    provider: str
    number: Number
    carries: Annotated[tuple[Medium, ...], Field(min_length=1)] = ("sms", "voice")
    organisation: str = MAIN
    language: str = ""  # "": that of the installation
    messages_per_second: Rate = 1
    calls_per_second: Rate = 1
    messages_per_day: Annotated[int, Field(ge=1)] | None = None  # a SIM's operator blocks it above some hundreds
    segment_price: Paisa = 140
    minute_price: Paisa = 200
    missed_calls: bool = False  # its rings are not answered but called back,
    calls_back: CallsBack = CallsBack()  # at most so often


class RouteEntry(Entry):
    """Which channels, in this order, take a medium; what is not named does not matter. `country` is the code that begins a number."""

    medium: Medium
    channels: Annotated[tuple[str, ...], Field(min_length=1)]
    country: Annotated[str, StringConstraints(pattern=CODE)] | None = None
    operator: str | None = None  # of gateway.core.phone.operator
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """An account at a provider's API. `kind` is a folder of gateway/providers; `node` holds its settings, secrets still as `${NAME}`."""

    name: str
    kind: str
    node: Node = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways in and out of an installation. `nodes` are the channels as they stand in the file, for faults that the database finds."""

    providers: Mapping[str, ProviderEntry]
    channels: Mapping[str, ChannelEntry]
    routes: tuple[RouteEntry, ...]
    nodes: Mapping[str, Node] = field(repr=False)

    def fault(self, channel: str, key: str, problem: str) -> GatewayError:
        """A fault of what the file says of a channel."""
        return _at(self.nodes[channel], (key,)).fault("channels:invalid", problem=problem)


def load(path: Path) -> Ways:
    """Read the file; an ExceptionGroup of GatewayErrors `channels:*` (or `flow:yaml`), each with its place."""
    ways, faults = read(path)
    if faults:
        raise faulty(faults)
    return ways


def read(path: Path) -> tuple[Ways, list[GatewayError]]:
    """What of the file is well, and its faults; an ExceptionGroup of them where nothing of it can be read."""
    try:
        root = parse(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise faulty([GatewayError("channels:unreadable", where=path.name, reason=type(error).__name__)]) from None
    except GatewayError as error:
        raise faulty([error]) from None
    faults: list[GatewayError] = []
    sections = root.value if isinstance(root.value, dict) else {}
    faults += [
        node.fault("channels:invalid", at_key=True, problem="there is no such part; there are providers, channels, routes")
        for name, node in sections.items()
        if name not in {"providers", "channels", "routes"}
    ]
    providers = {name: account for name, node in _named(sections, "providers", faults) if (account := _provider(name, node, faults))}
    channels = {name: entry for name, node in _named(sections, "channels", faults) if (entry := _read(node, ChannelEntry, faults))}
    routes = [(node, route) for node in _listed(sections, "routes", faults) if (route := _read(node, RouteEntry, faults))]
    faults += [*_misnamed(sections, channels, routes), *_twice(sections, channels)]
    nodes = dict(_inside(sections.get("channels")))
    return Ways(providers, channels, tuple(route for _, route in routes), nodes), faults


def settings_of(entry: ProviderEntry, model: type[Model], environ: Mapping[str, str] | None) -> Model | None:
    """A provider's settings by its kind's own model, `${NAME}` replaced; an ExceptionGroup of GatewayErrors `channels:*`.

    Without an environment nobody knows what a `${NAME}` stands for: whatever it is, it is no fault, and the settings may be None.
    """
    faults: list[GatewayError] = []
    found = _read(entry.node, model, faults, environ, without=("kind",))
    unset = [fault for fault in faults if fault.code == "channels:unset"]
    if unset:  # what else is wrong is told as well
        _read(entry.node, model, faults, None, without=("kind",))
    if unset or environ is None:
        secret = {node.place for node in _leaves(entry.node) if VARIABLE.search(str(node.value))}
        no_such_key = WANTED["extra_forbidden"]
        sure = [each for each in faults if each.where not in secret or str(each.values.get("problem")).startswith(no_such_key)]
        faults = unset + sure
    if faults:
        raise faulty(faults)
    return found


def _leaves(node: Node) -> Iterable[Node]:
    inside = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else None
    if inside is None:
        yield node
    else:
        for each in inside:
            yield from _leaves(each)


def faulty(faults: list[GatewayError]) -> ExceptionGroup[GatewayError]:
    """All of them at once."""
    return ExceptionGroup("channels.yaml is faulty", faults)


def _named(sections: Mapping[str, Node], part: str, faults: list[GatewayError]) -> Iterable[tuple[str, Node]]:
    node = sections.get(part)
    if node is None or not isinstance(node.value, dict) or not node.value:
        faults.append(GatewayError("channels:invalid", where=node.place if node else FILE, path=part, problem="name at least one here"))
        return
    for name, child in node.value.items():
        if not NAME.fullmatch(name):
            faults.append(child.fault("channels:invalid", at_key=True, problem="a name is small letters, digits, - and _, at most 20"))
        elif part == "providers" and name in ROOMS:
            faults.append(child.fault("channels:invalid", at_key=True, problem=f"/{name} is an address of ours; choose another name"))
        elif not isinstance(child.value, dict):
            faults.append(child.fault("channels:invalid", problem="this must hold keys and their values"))
        else:
            yield name, child


def _listed(sections: Mapping[str, Node], part: str, faults: list[GatewayError]) -> Iterable[Node]:
    node = sections.get(part)
    if node is None:
        return []
    if not isinstance(node.value, list):
        faults.append(node.fault("channels:invalid", problem="this must be a list"))
        return []
    return node.value


def _provider(name: str, node: Node, faults: list[GatewayError]) -> ProviderEntry | None:
    kind = node.value.get("kind") if isinstance(node.value, dict) else None
    if kind is None or not isinstance(kind.value, str):
        faults.append(node.fault("channels:invalid", problem="say what `kind` of provider this is"))
        return None
    return ProviderEntry(name, kind.value, node)


def _read(
    node: Node, model: type[Model], faults: list[GatewayError], environ: Mapping[str, str] | None = None, without: Iterable[str] = ()
) -> Model | None:
    missing: list[GatewayError] = []
    given = _plain(node, environ, missing)
    if missing or not isinstance(given, dict):
        faults += missing or [node.fault("channels:invalid", problem="this must hold keys and their values")]
        return None
    try:
        return model.model_validate({name: value for name, value in given.items() if name not in without})
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        for each in found:
            if each["type"] == "too_short" and any(other["loc"][: len(each["loc"])] == each["loc"] for other in found if other is not each):
                continue  # what stands there counts as nothing, since it is at fault itself
            at = _at(node, each["loc"])
            inside = (str(part + 1) if isinstance(part, int) else part for part in each["loc"] if part != KEY)  # people count from 1
            path = ".".join(filter(None, (node.path, *inside)))
            faults.append(GatewayError("channels:invalid", where=at.place, path=path, problem=_problem(each, at, model)))
        return None


def _problem(error: ErrorDetails, at: Node, model: type[BaseModel]) -> str:
    """What is wrong, with the nearest name that there is."""
    known = WANTED.get(error["type"]) or SHAPES.get(error.get("ctx", {}).get("pattern", ""))
    problem = known or error["msg"][:1].lower() + error["msg"][1:]
    if error["type"] == "literal_error":
        nearest = hint(str(at.value), re.findall("'([^']*)'", error["ctx"]["expected"]))
    elif error["type"] == "extra_forbidden":
        nearest = hint(str(error["loc"][-1]), _keys(model, error["loc"][:-1]))
    else:
        return problem
    return f"{problem} ({nearest.strip().replace('Did', 'did')})" if nearest else problem


def _keys(model: type[BaseModel], location: Iterable[str | int]) -> Iterable[str]:
    """The keys that a part of a model may have."""
    for name in location:
        if isinstance(name, str):
            inside = _models(model.model_fields[name].annotation) if name in model.model_fields else ()
            model = next(iter(inside), BaseModel)
    return model.model_fields


def _models(annotation: object) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inside in get_args(annotation):
        yield from _models(inside)


def _plain(node: Node, environ: Mapping[str, str] | None, missing: list[GatewayError]) -> object:
    """The values without their places; with an environment also with what `${NAME}` stands for."""
    if isinstance(node.value, dict):
        return {name: _plain(child, environ, missing) for name, child in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(child, environ, missing) for child in node.value]
    if environ is None:
        return node.value
    unset = [name for name in VARIABLE.findall(node.value) if not environ.get(name, "").strip()]
    missing += [node.fault("channels:unset", name=name) for name in unset]
    return VARIABLE.sub(lambda found: environ.get(found[1], "").strip(), node.value)


def _at(node: Node, location: Iterable[str | int]) -> Node:
    """The value that a fault is about, or what stands around it where it is missing."""
    for part in location:
        inside = node.value
        if isinstance(inside, dict) and part in inside:
            node = inside[str(part)]
        elif isinstance(inside, list) and isinstance(part, int) and part < len(inside):
            node = inside[part]
        else:
            return node
    return node


def _misnamed(
    sections: Mapping[str, Node], channels: Mapping[str, ChannelEntry], routes: Iterable[tuple[Node, RouteEntry]]
) -> Iterable[GatewayError]:
    """Names that nothing has, with the nearest that there is; and ways that cannot carry what is sent on them."""
    providers, written = _names(sections, "providers"), _names(sections, "channels")
    for name, channel in channels.items():
        if channel.provider not in providers:
            node = _at(sections["channels"], (name, "provider"))
            yield node.fault("channels:unknown", what="provider", name=channel.provider, hint=hint(channel.provider, providers))
    if not any("voice" in channel.carries for channel in channels.values()):
        for name in (name for name, channel in channels.items() if channel.missed_calls):
            node = _at(sections["channels"], (name, "missed_calls"))
            yield node.fault("channels:invalid", problem="no channel carries voice, over which who rings could be called back")
    for node, route in routes:
        if route.operator not in {None, *EVERYBODY}:
            known = hint(route.operator or "", EVERYBODY)
            yield _at(node, ("operator",)).fault("channels:unknown", what="operator", name=route.operator, hint=known)
        for index, name in enumerate(route.channels):
            at = _at(node, ("channels", index))
            if name not in written:
                yield at.fault("channels:unknown", what="channel", name=name, hint=hint(name, written))
            elif name in channels and route.medium not in channels[name].carries:
                yield at.fault("channels:invalid", problem=f"{name} does not carry {route.medium}")


def _twice(sections: Mapping[str, Node], channels: Mapping[str, ChannelEntry]) -> Iterable[GatewayError]:
    """Numbers of which each is that of two channels."""
    numbers: dict[tuple[str, str], str] = {}
    for name, channel in channels.items():
        first = numbers.setdefault((channel.provider, channel.number), name)
        if first != name:
            node = _at(sections["channels"], (name, "number"))
            yield node.fault("channels:invalid", problem=f"this is the number of {first} already")


def _names(sections: Mapping[str, Node], part: str) -> set[str]:
    """What is named in a part, faulty or not."""
    return {name for name, _ in _inside(sections.get(part))}


def _inside(node: Node | None) -> Iterable[tuple[str, Node]]:
    return node.value.items() if node and isinstance(node.value, dict) else ()
