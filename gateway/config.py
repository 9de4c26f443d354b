"""Settings from the environment. Every fault is named at once; secrets never show in a repr.

The table of settings in `docs/settings.md` is checked against `SETTINGS` by a test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gateway.core.addresses import api_address
from gateway.errors import GatewayError

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SHORTEST_SECRET = 32
SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation decides. Paths are absolute; money is paisa; rates are per second."""

    secret_key: str = field(repr=False)
    previous_secret_keys: tuple[str, ...] = field(repr=False)
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    public_base_url: str
    data_dir: Path
    flows_dir: Path
    audio_dir: Path
    channels_file: Path
    twilio_account_sid: str
    twilio_auth_token: str = field(repr=False)
    twilio_api_base_url: str
    number: str
    organisation: str
    language: str
    person_number: str = field(repr=False)
    studio_pin: str = field(repr=False)
    messages_per_second: int
    calls_per_second: int
    segment_price: int
    minute_price: int
    missed_calls: bool
    reconcile_after: int
    lease_seconds: int
    detect_machines: bool
    proxies: int
    metrics_token: str = field(repr=False)
    phone: bool | None

    @property
    def uses_simulator(self) -> bool:
        """Without Twilio's account and without a channels.yaml, a built-in provider receives what is sent."""
        return not (self.twilio_account_sid or self.channels_file.exists())

    @property
    def has_phone(self) -> bool:
        """Whether there is a phone in the browser: with the simulator, unless it was switched off."""
        return self.uses_simulator if self.phone is None else self.phone

    @property
    def is_on_this_machine_alone(self) -> bool:
        """Whether nobody from elsewhere can know an address at which we answer."""
        return urlsplit(self.public_base_url).hostname in LOOPBACK


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable of the environment: its name, what it is for, its default (None: required) and how it is read."""

    variable: str
    help: str
    default: str | None
    read: Callable[[str], object] = str


def _whole(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError("Write a whole number, 0 or more.")
    return int(value)


def _studio_pin(value: str) -> str:
    if value and not re.fullmatch(r"[0-9]{6}", value):
        raise ValueError("Write six digits, or nothing to close the studio.")
    return value


def _token(value: str) -> str:
    if value and len(value) < SHORTEST_TOKEN:
        raise ValueError(f"Write at least {SHORTEST_TOKEN} random characters, or nothing to keep /metrics closed.")
    return value


def _rate(value: str) -> int:
    number = _whole(value)
    if number == 0:
        raise ValueError("Write a whole number of messages or calls a second, at least 1.")
    return number


def _yes_or_no(value: str) -> bool:
    if value not in {"yes", "no"}:
        raise ValueError("Write yes or no.")
    return value == "yes"


def _yes_no_or_neither(value: str) -> bool | None:
    return _yes_or_no(value) if value else None


def _secret(value: str) -> str:
    if len(value) < SHORTEST_SECRET:
        raise ValueError(f"Use at least {SHORTEST_SECRET} random characters, for example from `openssl rand -hex 32`.")
    return value


def _secrets(value: str) -> tuple[str, ...]:
    return tuple(_secret(each.strip()) for each in value.split(",") if each.strip())


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("Write the address under which providers reach this server, as https://host.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("Use https: calls and texts must not cross the network in clear.")
    return value.rstrip("/")


def _api_url(value: str) -> str:
    try:
        return api_address(value)
    except ValueError as error:
        raise ValueError(f"Write the address of a Twilio-compatible API: {error}.") from None


def _redis_url(value: str) -> str:
    parts = urlsplit(value)
    usable = parts.path if parts.scheme == "unix" else parts.hostname if parts.scheme in {"redis", "rediss"} else None
    if not usable or parts.port == 0:  # asking for the port also looks whether it is a number
        raise ValueError("Write it as redis://host:6379/0, rediss://host:6379/0 or unix:///path.")
    return value


def _account_sid(value: str) -> str:
    form = r"AC[0-9a-fA-F]{32}" if value.startswith("AC") else r"[A-Za-z0-9-]{10,64}"
    if value and not re.fullmatch(form, value):
        raise ValueError("Copy it from the provider's console: Twilio's is AC and 32 of the letters a-f and digits.")
    return value


def _path(value: str) -> Path:
    return Path(value).expanduser().resolve()


def _file_or_none(value: str) -> Path | None:
    if value and not _path(value).is_file():
        raise ValueError("There is no such file. Name the one that tells which numbers are ours, or leave this empty.")
    return _path(value) if value else None


def _number(value: str) -> str:
    if value and not re.fullmatch(r"\+?[0-9]{3,15}", value):
        raise ValueError("Write the number with its country code, as +97714000000, or a short code.")
    return value


PACKAGE_ROOT = Path(__file__).resolve().parent.parent

SETTINGS: dict[str, Setting] = {
    "secret_key": Setting("SECRET_KEY", "Key that seals phones and peppers PINs; keep a copy apart from the database", None, _secret),
    "previous_secret_keys": Setting("GATEWAY_PREVIOUS_SECRET_KEYS", "Keys before it, with commas: what they sealed opens", "", _secrets),
    "database_url": Setting("DATABASE_URL", "SQLite or PostgreSQL, as SQLAlchemy writes it; empty: a SQLite file in GATEWAY_DATA_DIR", ""),
    "redis_url": Setting("REDIS_URL", "Redis of the queues, as redis://host:6379/0 or unix:///path", None, _redis_url),
    "public_base_url": Setting("PUBLIC_BASE_URL", "The address under which providers reach us; signatures name it", None, _base_url),
    "data_dir": Setting("GATEWAY_DATA_DIR", "Where recordings and the SQLite file are kept", "data", _path),
    "flows_dir": Setting("GATEWAY_FLOWS_DIR", "The flow files", str(PACKAGE_ROOT / "flows"), _path),
    "audio_dir": Setting("GATEWAY_AUDIO_DIR", "The clips", str(PACKAGE_ROOT / "audio_prompts"), _path),
    "channels_file": Setting("GATEWAY_CHANNELS", "Providers, channels, routes; empty: channels.yaml in the data folder", "", _file_or_none),
    "twilio_account_sid": Setting("TWILIO_ACCOUNT_SID", "Twilio's (or Somleng's) account; empty: the built-in simulator", "", _account_sid),
    "twilio_auth_token": Setting("TWILIO_AUTH_TOKEN", "The token that signs webhooks and requests", ""),
    "twilio_api_base_url": Setting("TWILIO_API_BASE_URL", "A Twilio-compatible API such as Somleng's", "https://api.twilio.com", _api_url),
    "number": Setting("GATEWAY_NUMBER", "Our own number at the provider; empty: any number that the provider forwards", "", _number),
    "organisation": Setting("GATEWAY_ORGANISATION", "The organisation's name, as organisers see it", "Aawaj"),
    "language": Setting("GATEWAY_LANGUAGE", "The language in which a first call is answered", "ne"),
    "person_number": Setting("GATEWAY_PERSON_NUMBER", "Who answers key 0 in office hours; empty: a call-back task is written", "", _number),
    "studio_pin": Setting("GATEWAY_STUDIO_PIN", "Six digits for recording clips by phone, behind key 6; empty: closed", "", _studio_pin),
    "messages_per_second": Setting("GATEWAY_MESSAGES_PER_SECOND", "Texts that the provider takes from us in a second", "1", _rate),
    "calls_per_second": Setting("GATEWAY_CALLS_PER_SECOND", "Calls that the provider starts for us in a second", "1", _rate),
    "segment_price": Setting("GATEWAY_SEGMENT_PRICE", "Price of one SMS segment in paisa", "140", _whole),
    "minute_price": Setting("GATEWAY_MINUTE_PRICE", "Price of one begun minute of a call in paisa", "200", _whole),
    "missed_calls": Setting("GATEWAY_MISSED_CALLS", "yes: calls are not answered but called back, free for who rings", "no", _yes_or_no),
    "reconcile_after": Setting("GATEWAY_RECONCILE_AFTER", "Seconds after which the provider is asked about an unclear send", "900", _whole),
    "detect_machines": Setting("GATEWAY_DETECT_MACHINES", "yes: have calls ended that a machine answers; it costs extra", "no", _yes_or_no),
    "proxies": Setting("GATEWAY_PROXIES", "How many proxies in front write X-Forwarded-For; 0: nobody's word is taken for it", "0", _whole),
    "metrics_token": Setting("GATEWAY_METRICS_TOKEN", "The token with which /metrics is read; empty: closed", "", _token),
    "lease_seconds": Setting("GATEWAY_LEASE_SECONDS", "Seconds for which a worker owns the deliveries it claimed", "30", _rate),
    "phone": Setting("GATEWAY_PHONE", "yes: a phone in the browser, at /phone; empty: with the simulator", "", _yes_no_or_neither),
}  # fmt: skip


# What is shown of a secret that cannot be used.
SECRETS: dict[object, str] = {
    _secret: "too short",
    _secrets: "too short",
    _studio_pin: "not six digits",
    _token: "too short",
    _redis_url: "no address of a Redis",
}


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings, or raise one ExceptionGroup with a GatewayError `config:*` for each fault."""
    values: dict[str, object] = {}
    faults: list[GatewayError] = []
    for name, setting in SETTINGS.items():
        raw = environ.get(setting.variable, "").strip() or setting.default
        if raw is None:
            faults.append(GatewayError("config:missing", setting=setting.variable, remedy=f"{setting.help}."))
            continue
        try:
            values[name] = setting.read(raw)
        except ValueError as error:
            shown = SECRETS.get(setting.read, raw)
            faults.append(GatewayError("config:invalid", setting=setting.variable, value=shown, remedy=str(error)))
    known = {setting.variable for setting in SETTINGS.values()}
    set_by_hosts = {"GATEWAY_INTERFACE"}  # CGI-like servers put it into the environment
    unknown = [variable for variable in environ if variable.startswith("GATEWAY_") and variable not in known | set_by_hosts]
    faults.extend(GatewayError("config:unknown", setting=variable) for variable in sorted(unknown))
    if values.get("twilio_account_sid") and not values.get("twilio_auth_token"):
        remedy = "Without the token anybody could forge calls; copy it from the provider's console."
        faults.append(GatewayError("config:missing", setting="TWILIO_AUTH_TOKEN", remedy=remedy))
    if faults:
        raise ExceptionGroup("the configuration is faulty", faults)
    if not values["database_url"]:
        values["database_url"] = f"sqlite:///{values['data_dir']}/gateway.sqlite3"
    values["channels_file"] = values["channels_file"] or Path(str(values["data_dir"])) / "channels.yaml"
    return Settings(**values)  # type: ignore[arg-type]  # each field was read by its own reader above
