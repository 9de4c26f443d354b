"""The provider's side of a simulated call: its forms, its signatures, its reports, through the application's own door.

Nothing here knows what a call is about. What it holds of one between two requests stands sealed in the page, as `Call`.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Self

import structlog
from cryptography.exceptions import InvalidTag
from werkzeug.test import Client

from gateway.core import phone
from gateway.engine import interpreter
from gateway.errors import GatewayError
from gateway.providers.twilio import TwilioWire
from gateway.services import missed_calls, replay
from gateway.services.installation import ORGANISATION
from gateway.store import channels
from gateway.web.phone import twiml
from gateway.web.phone.spoken import Words

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from gateway.channels import ChannelEntry
    from gateway.services.context import Gateway
    from gateway.web.phone.spoken import Line
    from gateway.web.phone.twiml import Verb

log = structlog.get_logger(__name__)

HTTP_RETRIEVAL_FAILURE = "11200"  # Twilio's word for an answer that it could not use


@dataclass(frozen=True, slots=True)
class Call:
    """A call under way. `delivery` is that of a broadcast which rang this phone, None for a call that she made."""

    sid: str
    number: str
    delivery: int | None
    answered_at: str

    def sealed(self, gateway: Gateway) -> str:
        return base64.urlsafe_b64encode(gateway.seal.seal(json.dumps(asdict(self)))).decode()

    @classmethod
    def opened(cls, gateway: Gateway, sealed: str) -> Call:
        """GatewayError `phone:no-call` for what is none of ours."""
        try:
            return cls(**json.loads(gateway.seal.open(base64.urlsafe_b64decode(sealed))))
        except (InvalidTag, ValueError, TypeError) as error:
            raise GatewayError("phone:no-call") from error


@dataclass(frozen=True, slots=True)
class Exchange:
    """The line between the browser phone and the application; `entry` is the application's own, `words` what clips say."""

    gateway: Gateway
    entry: WSGIApplication
    words: Callable[[], Words]

    @classmethod
    def of(cls, gateway: Gateway, entry: WSGIApplication) -> Self:
        """With the words of the flows as they are whenever something is said."""
        settings = gateway.settings
        latest: list[Words] = []

        def words() -> Words:
            catalogue = gateway.catalogue
            if not latest or latest[0].catalogue is not catalogue:
                latest[:] = [Words.of(catalogue, settings.audio_dir, settings.data_dir)]
            return latest[0]

        return cls(gateway, entry, words)

    # --- calls -----------------------------------------------------------------------------------------------------------------------

    def ring(self, number: str) -> dict[str, Any]:
        """Ring the gateway, which picks up: the call, and what is heard."""
        return self._begin(Call(_sid("CA"), number, None, self.gateway.clock().isoformat()), "/voice")

    def pick_up(self, number: str, delivery: int, sid: str) -> dict[str, Any]:
        """Pick up a call that the gateway placed."""
        call = Call(sid, number, delivery, self.gateway.clock().isoformat())
        self.report(call, "in-progress")
        return self._begin(call, f"/voice/deliveries/{delivery}")

    def go_on(self, call: Call, step: int, answer: Mapping[str, str]) -> list[dict[str, Any]]:
        """Post what the caller did at a step; what she hears then."""
        return self._shown(call, self._spoken(call, f"/voice/{step}", {"CallStatus": "in-progress", **answer}))

    def recorded(self, call: Call, recording: str) -> None:
        """Say that a recording can be fetched."""
        form = {"CallSid": call.sid, "RecordingSid": recording, "RecordingStatus": "completed", "RecordingSource": "RecordVerb"}
        self._post("/status/recordings", form)

    def report(self, call: Call, status: str) -> None:
        """Report what became of a call, as Twilio does to the status address of our number or of the call that we placed."""
        now = self.gateway.clock()
        seconds = round((now - datetime.fromisoformat(call.answered_at)).total_seconds())
        over = {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60))} if status == "completed" else {"CallDuration": "0"}
        form = {**self._parties(call), "CallStatus": status, "Timestamp": format_datetime(now), "CallbackSource": "call-progress-events"}
        where = "/status/calls" if call.delivery is None else f"/status/calls/{call.delivery}"
        self._post(where, form if status == "in-progress" else {**form, **over})

    def missed(self, number: str) -> None:
        """She rings and hangs up: where our number calls back it rejects her unanswered, else another one of ours that does lets it ring;
        where none does, nobody answered."""
        call = Call(_sid("CA"), number, None, self.gateway.clock().isoformat())
        if missed_calls.calls_back(self.gateway, self._wire.name, self.number):
            self._post("/voice", {**self._parties(call), "CallStatus": "ringing"})
            return
        try:
            missed_calls.try_out(self.gateway, number)
        except GatewayError:
            self.report(call, "no-answer")

    def with_keys(self, number: str, keys: Iterator[str]) -> Iterator[tuple[str, str]]:
        """A whole call, in which these keys are pressed wherever something is awaited ("" is silence).

        Yields what is heard with its meaning in English, and of each answer the keys and "". When no keys are left she hangs up.
        """
        begun = self.ring(number)
        call, verbs = Call.opened(self.gateway, begun["call"]), begun["verbs"]
        while verbs:
            for line in (line for verb in verbs for line in verb.get("lines", ())):
                if text := "".join(clip["text"] for clip in line["clips"]).strip():
                    yield text, line["gloss"]
            waiting = next((verb for verb in verbs if "step" in verb), None)
            pressed = next(keys, None) if waiting else None
            if waiting is None or pressed is None:
                break
            yield f"[{'•' * len(pressed) if waiting.get('secret') else pressed}]", ""
            verbs = self.go_on(call, waiting["step"], {"Digits": pressed} if pressed and waiting["do"] == "gather" else {})
        self.report(call, "completed")

    # --- texts -----------------------------------------------------------------------------------------------------------------------

    def text(self, number: str, body: str) -> list[str]:
        """Send a text to the gateway; the texts of its answer."""
        form = {"MessageSid": _sid("SM"), "From": number, "To": self.number, "Body": body, "NumMedia": "0", "NumSegments": "1"}
        status, answer = self._post("/sms", form)
        if status != 200:
            raise GatewayError("phone:refused", status=status)
        return [verb.text for verb in twiml.read(answer) if verb.name == "Message"]

    # --- what both need --------------------------------------------------------------------------------------------------------------

    def _begin(self, call: Call, path: str) -> dict[str, Any]:
        document = self._spoken(call, path, {"CallStatus": "ringing" if call.delivery is None else "in-progress"})
        return {"call": call.sealed(self.gateway), "verbs": self._shown(call, document)}

    def _spoken(self, call: Call, path: str, form: Mapping[str, str]) -> str:
        """The document that answers; where it cannot be had, that of the address to which a provider falls back."""
        status, answer = self._post(path, {**self._parties(call), **form})
        if status == 200:
            return answer
        fault = {"ErrorCode": HTTP_RETRIEVAL_FAILURE, "ErrorUrl": self.gateway.settings.public_base_url + self._wire.webhooks + path}
        status, answer = self._post("/fallback", {**self._parties(call), **form, **fault})
        if status != 200:
            raise GatewayError("phone:refused", status=status)
        return answer

    def _parties(self, call: Call) -> dict[str, str]:
        caller, called = (call.number, self.number) if call.delivery is None else (self.number, call.number)
        direction = "inbound" if call.delivery is None else "outbound-api"
        return {"CallSid": call.sid, "From": caller, "To": called, "Caller": caller, "Called": called, "Direction": direction}

    @property
    def _wire(self) -> TwilioWire:
        """The provider that the phone stands in for: of those that speak Twilio's language, the one of our first number for calls."""
        known = {name: each for name, each in self.gateway.providers.by_name.items() if isinstance(each, TwilioWire)}
        wire = next((known[channel.provider] for channel in self._channels if channel.provider in known), None)
        wire = wire or next(iter(known.values()), None)
        if wire is None:
            raise GatewayError("phone:no-line")
        return wire

    @property
    def number(self) -> str:
        """Our number that it rings. GatewayError `phone:no-line` where no provider of ours can be rung so."""
        wire = self._wire
        named = [channel.number for channel in self._channels if channel.provider == wire.name]
        if not self.gateway.ways:
            with self.gateway.database.read() as db:
                named = [channel.address for channel in channels.of_provider(db, wire.name) if channel.address]
        if not named:
            raise GatewayError("phone:no-line")
        return named[0]

    @property
    def _channels(self) -> list[ChannelEntry]:
        """The numbers of the installation's own organisation, those first that carry calls."""
        written = self.gateway.ways.channels.values() if self.gateway.ways else ()
        return sorted((each for each in written if each.organisation == ORGANISATION), key=lambda each: "voice" not in each.carries)

    def _post(self, below: str, form: Mapping[str, str]) -> tuple[int, str]:
        """Post a form to an address below the provider's webhooks."""
        wire = self._wire
        path = wire.webhooks + below
        fields, headers = wire.signed(path, form)
        answer = Client(self.entry).post(path, base_url=self.gateway.settings.public_base_url, data=fields, headers=headers)
        return answer.status_code, answer.get_data(as_text=True)

    def _shown(self, call: Call, document: str) -> list[dict[str, Any]]:
        return shown(twiml.read(document, self.gateway.settings.public_base_url), self.words(), self._awaited(call))

    def _awaited(self, call: Call) -> dict[str, Any]:
        """Which keys lead on from where the call stands now, and whether what is pressed is a secret."""

        state = replay.state_of(self.gateway, self._wire.name, call.sid)
        if state is None:
            return {"keys": (), "secret": False}
        catalogue = self.gateway.catalogue
        return {"keys": interpreter.keys_awaited(catalogue, state), "secret": interpreter.awaits_secret(catalogue, state)}


def shown(verbs: tuple[Verb, ...], words: Words, awaited: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Verbs as the page takes them, with what is heard in each."""
    steps: list[dict[str, Any]] = []
    for verb in verbs:
        match verb.name:
            case "Play" | "Say":
                if not steps or steps[-1]["do"] != "play":
                    steps.append({"do": "play", "verbs": []})
                steps[-1]["verbs"].append(verb)
            case "Gather":
                listens = {"timeout": verb.seconds("timeout", 5), "most": verb.seconds("numDigits", 0) or None}
                finish = verb.attributes.get("finishOnKey", "#")
                steps.append({"do": "gather", "step": verb.step, "verbs": list(verb.inside), "finish": finish, **listens, **awaited})
            case "Record":
                limits = {"longest": verb.seconds("maxLength", 3600), "silence": verb.seconds("timeout", 5)}
                steps.append({"do": "record", "step": verb.step, "finish": verb.attributes.get("finishOnKey", "1234567890*#"), **limits})
            case "Dial":
                to = phone.mask("".join(number.text for number in verb.inside))
                steps.append({"do": "dial", "step": verb.step, "timeout": verb.seconds("timeout", 30), "to": to})
            case "Redirect":
                steps.append({"do": "go", "step": verb.step})
            case _:
                steps.append({"do": verb.name.lower()})
    for step in steps:
        if "verbs" in step:
            step["lines"] = [line.shown() for line in heard(step.pop("verbs"), words)]
    return steps


def heard(verbs: list[Verb], words: Words) -> list[Line]:
    """What <Play> and <Say> among these say, in order."""
    lines: list[Line] = []
    paths: list[str] = []
    for verb in verbs:
        if verb.name == "Play":
            paths.append(verb.clip)
        else:
            lines += [*words.lines(paths), words.said(verb.text)]
            paths = []
    return lines + words.lines(paths)


def _sid(prefix: str) -> str:
    return f"{prefix}{secrets.token_hex(16)}"
