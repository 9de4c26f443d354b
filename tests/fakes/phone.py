"""A telephone that knows only Twilio: it rings a gateway over HTTP, plays what it is told, presses keys, and keeps a clock.

    phone = Phone(base_url, account_sid, auth_token, "+9779720000001")
    call = phone.ring()
    call.press("2")              # hears the prompt out, then presses; press("2", at=1.5) cuts it short
    call.wait()                  # presses nothing until the time is up
    call.speak(4)                # after a tone
    assert call.over
    assert call.heard == ["ne/main_menu/options-1", ...]

It is stricter than Twilio: a document with a verb or an attribute that Twilio and Somleng do not share, a clip that cannot be fetched or
is no WAV, a URL that leaves the gateway, more than 64 kB, or keys where nobody listens, fail the test as `TwimlError`.
"""

from __future__ import annotations

import io
import uuid
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import ClassVar
from xml.etree.ElementTree import Element

import defusedxml.ElementTree
import requests
from twilio.request_validator import RequestValidator

Post = Callable[[str, Mapping[str, str], Mapping[str, str]], tuple[int, str]]
Get = Callable[[str], tuple[int, bytes]]

ATTRIBUTES = {
    "Play": set(),
    "Say": set(),
    "Gather": {"action", "method", "timeout", "numDigits", "finishOnKey"},
    "Record": {
        "action",
        "method",
        "maxLength",
        "timeout",
        "finishOnKey",
        "playBeep",
        "recordingStatusCallback",
        "recordingStatusCallbackMethod",
    },
    "Redirect": {"method"},
    "Dial": {"action", "method", "timeout", "callerId"},
    "Reject": {"reason"},
    "Hangup": set(),
}
LARGEST = 64_000
REACTION = 1.0  # seconds until a key is pressed once the prompt is over
BETWEEN_KEYS = 0.5
BEEP = 0.5
SPEECH = 0.06  # seconds a character of <Say>, roughly
MOST_REDIRECTS = 10


class TwimlError(AssertionError):
    """Something that a real provider would refuse, or a caller would not survive."""


@dataclass
class Phone:
    """A phone with a number. `post` and `get` carry its requests; without them it uses the network. `double`: each post goes twice."""

    base_url: str
    account_sid: str
    auth_token: str
    number: str
    gateway_number: str = "+97714000000"
    post: Post | None = None
    get: Get | None = None
    double: bool = False
    clips: dict[str, float] = field(default_factory=dict)  # url -> seconds
    before_redirect: ClassVar[float] = 0.0  # seconds that the provider waits

    def ring(self, path: str = "/twilio/voice", sid: str = "") -> Call:
        """Ring the gateway; the call is at its first pause when this returns."""
        return self._begin(path, sid, {"From": self.number, "To": self.gateway_number, "Direction": "inbound"})

    def pick_up(self, delivery_id: int, sid: str = "") -> Call:
        """Pick up a call that the gateway placed for this delivery."""
        parties = {"From": self.gateway_number, "To": self.number, "Direction": "outbound-api"}
        return self._begin(f"/twilio/voice/deliveries/{delivery_id}", sid, parties)

    def text(self, body: str, path: str = "/twilio/sms", sid: str = "") -> list[str]:
        """Send a text; the messages that come back in the same answer."""
        form = {"MessageSid": sid or self.new_sid("SM"), "From": self.number, "To": self.gateway_number, "Body": body, "NumMedia": "0"}
        answer = parse(self.send(path, form))
        return [message.text or "" for message in answer.iter("Message")]

    def send(self, path: str, form: Mapping[str, str]) -> str:
        """Post a signed form below the gateway's address and return the answer's text."""
        url = path if path.startswith(self.base_url) else self.base_url + path
        fields = {"AccountSid": self.account_sid, "ApiVersion": "2010-04-01", **form}
        headers = {"X-Twilio-Signature": RequestValidator(self.auth_token).compute_signature(url, fields)}
        post = self.post or _post
        status, text = post(url, fields, headers)
        if self.double and post(url, fields, headers) != (status, text):
            raise TwimlError(f"the same request to {path} was answered differently the second time")
        if status not in {200, 204}:
            raise TwimlError(f"{path} answered {status}: {text[:200]}")
        return text

    def seconds_of(self, url: str) -> float:
        """How long a clip is; fetched once."""
        if url not in self.clips:
            if not url.startswith(f"{self.base_url}/audio/"):
                raise TwimlError(f"a clip from elsewhere: {url}")
            status, body = (self.get or _get)(url)
            if status != 200:
                raise TwimlError(f"{url} answered {status}")
            try:
                with wave.open(io.BytesIO(body)) as wav:
                    self.clips[url] = wav.getnframes() / wav.getframerate()
            except (wave.Error, EOFError) as error:
                raise TwimlError(f"{url} is no WAV: {error}") from error
        return self.clips[url]

    def _begin(self, path: str, sid: str, parties: Mapping[str, str]) -> Call:
        call = Call(self, {"CallSid": sid or self.new_sid("CA"), "CallStatus": "in-progress", **parties})
        call.go(path, {})
        return call

    def new_sid(self, prefix: str) -> str:
        """An id as this provider makes them."""
        return f"{prefix}{uuid.uuid4().hex}"

    def spoken(self, call: Call, seconds: int, finish: str) -> dict[str, str]:
        """What the provider tells of something that was recorded."""
        sid = f"RE{call.sid[2:24]}{len(call.requests):010x}"
        return {"RecordingSid": sid, "RecordingDuration": str(seconds), "RecordingUrl": "http://192.0.2.1/never-fetched", "Digits": finish}

    def ended(self, call: Call) -> dict[str, str]:
        """What the provider reports of a call that is over."""
        return {**call.form, "CallStatus": "completed", "CallDuration": str(int(call.seconds))}


@dataclass
class Call:
    """One call. `heard` are the clips in order without silence; `seconds` the caller's time; `keys` how many she pressed."""

    phone: Phone
    form: Mapping[str, str]
    heard: list[str] = field(default_factory=list)
    seconds: float = 0.0
    keys: int = 0
    over: bool = False
    rejected: bool = False
    dialled: list[str] = field(default_factory=list)
    twiml: str = ""
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    _rest: list[Element] = field(default_factory=list)  # verbs after the one that waits
    _waiting: Element | None = None
    _prompt: list[tuple[float, str]] = field(default_factory=list)  # of a Gather: when each clip begins, and its name

    @property
    def sid(self) -> str:
        return self.form["CallSid"]

    @property
    def waits_for(self) -> str:
        """`Gather`, `Record`, `Dial`, or an empty text when the call is over."""
        return self._waiting.tag if self._waiting is not None else ""

    def press(self, keys: str, at: float | None = None, pause: float = BETWEEN_KEYS) -> Call:
        """Press keys: after the prompt, or `at` seconds into what a key may cut short; before that (`at` below 0) keys are lost.

        So are keys beyond what is awaited, a first key that comes too late, and all behind a `pause` longer than the line waits.
        """
        gather = self._take("Gather")
        if at is not None and at < 0:
            return self.wait()
        whole = self._length(gather)
        began = whole + REACTION if at is None else at
        patience = int(gather.get("timeout", "5"))
        if began > whole + patience:
            return self.wait()
        if pause > patience:
            keys = keys[:1]
        self.heard[len(self.heard) - len(self._prompt) :] = [clip for start, clip in self._prompt if start < began]
        finish, most = gather.get("finishOnKey", "#"), int(gather.get("numDigits", "0")) or None
        typed = keys.split(finish, maxsplit=1)[0] if finish else keys
        digits = typed[:most]
        ended = len(digits) == most or (finish and finish in keys)
        if not digits:
            self.seconds += began
            return self._play(self._rest)  # the finish key alone: Twilio goes on as after silence
        self.keys += len(digits) + (1 if finish and finish in keys and len(digits) != most else 0)
        self.seconds += began + pause * max(len(digits) - 1, 0) + (0 if ended else patience)
        return self.go(gather.get("action"), {"Digits": digits})

    @property
    def speech(self) -> float:
        """How long we speak where a key may cut us short, without the silence behind it: from there a caller counts her time."""
        gather = self._take("Gather")
        ends = [start + self._seconds(verb) for start, verb in self._starts(gather) if "/silence/" not in (verb.text or "")]
        return max(ends, default=0.0)

    def wait(self) -> Call:
        """Say and press nothing until the gateway speaks again."""
        waiting = self._take("Gather", "Record")
        before = self._length(waiting) if waiting.tag == "Gather" else BEEP
        self.seconds += before + int(waiting.get("timeout", "5"))
        return self._play(self._rest)

    def speak(self, seconds: float, finish: str = "") -> Call:
        """Speak after the tone; `finish` is the key that ends it, else silence does."""
        record = self._take("Record")
        if not seconds:
            return self.wait()
        spoken = min(seconds, int(record.get("maxLength", "3600")))
        if finish and finish not in record.get("finishOnKey", "1234567890*#"):
            raise TwimlError(f"{finish} does not end this recording")
        self.keys += 1 if finish else 0
        self.seconds += BEEP + spoken + (0 if finish or spoken < seconds else int(record.get("timeout", "5")))
        return self.go(record.get("action"), self.phone.spoken(self, int(spoken), finish))

    def transfer(self, *, answered: bool, seconds: float = 60) -> Call:
        """Let the call that was put through be answered, or ring out."""
        dial = self._take("Dial")
        self.seconds += seconds if answered else int(dial.get("timeout", "30"))
        status = "completed" if answered else "no-answer"
        return self.go(dial.get("action"), {"DialCallStatus": status, "DialCallDuration": str(int(seconds) if answered else 0)})

    def hang_up(self, report_to: str = "") -> None:
        """Hang up in the middle; Twilio then reports the call's end to the status URL, if there is one."""
        self.over, self._waiting = True, None
        if report_to:
            self.phone.send(report_to, self.phone.ended(self))

    def repeat(self) -> str:
        """Post the last request once more, as a provider does that heard no answer; what comes back."""
        return self.phone.send(*self.requests[-1])

    def go(self, path: str, more: Mapping[str, str]) -> Call:
        """Ask the gateway what comes next, and play it up to the next pause."""
        if len(self.requests) > 1 and not path.startswith(f"{self.phone.base_url}/"):
            raise TwimlError(f"the call leaves the gateway for {path}")
        self.requests.append((path, {**self.form, **more}))
        self.twiml = self.phone.send(path, self.requests[-1][1])
        return self._play(list(parse(self.twiml)))

    def _take(self, *expected: str) -> Element:
        if self._waiting is None or self._waiting.tag not in expected:
            raise TwimlError(f"nobody waits for this: {'the call is over' if self.over else self.twiml}")
        return self._waiting

    def _length(self, gather: Element) -> float:
        return sum(self._seconds(verb) for verb in gather)

    def _starts(self, gather: Element) -> list[tuple[float, Element]]:
        """Each verb that is played while keys are awaited, and when it begins."""
        lasts = [0.0, *(self._seconds(verb) for verb in gather)]
        return list(zip(accumulate(lasts), gather, strict=False))

    def _seconds(self, verb: Element) -> float:
        return self.phone.seconds_of(verb.text or "") if verb.tag == "Play" else SPEECH * len(verb.text or "")

    def _play(self, verbs: list[Element]) -> Call:
        self._waiting, self._prompt = None, []
        for place, verb in enumerate(verbs):
            check(verb)
            if verb.tag in {"Gather", "Record", "Dial"}:
                return self._pause(verb, verbs[place + 1 :])
            if verb.tag in {"Play", "Say"}:
                self.heard += self._names(verb)
                self.seconds += self._seconds(verb)
            elif verb.tag == "Redirect":
                if [path for path, _ in self.requests[-MOST_REDIRECTS:]] == [verb.text] * MOST_REDIRECTS:
                    raise TwimlError(f"the call goes round in circles at {verb.text}")
                self.seconds += self.phone.before_redirect
                return self.go(verb.text or "", {})
            else:
                self.rejected = verb.tag == "Reject"
                break
        self.over = True
        return self

    def _pause(self, verb: Element, rest: list[Element]) -> Call:
        self._waiting, self._rest = verb, rest
        if verb.tag == "Dial":
            self.dialled += [number.text or "" for number in verb]
        if verb.tag == "Gather":
            self._prompt = [(start, name) for start, nested in self._starts(verb) for name in self._names(nested)]
            self.heard += [name for _, name in self._prompt]
        return self

    def _names(self, verb: Element) -> list[str]:
        if verb.tag == "Say":
            return [f"say: {verb.text}"]
        clip = (verb.text or "").removeprefix(f"{self.phone.base_url}/audio/").removesuffix(".wav")
        return [] if clip.startswith("silence/") else [clip]


def parse(text: str) -> Element:
    """The document, if it is one that Twilio reads."""
    if len(text.encode()) > LARGEST:
        raise TwimlError("the document is over 64 kB")
    if text[:1].isspace():
        raise TwimlError("the document begins with a blank")
    try:
        document = defusedxml.ElementTree.fromstring(text.encode())
    except defusedxml.ElementTree.ParseError as error:
        raise TwimlError(f"no XML: {error}: {text[:200]}") from error
    if document.tag != "Response":
        raise TwimlError(f"the document is a {document.tag}")
    return document


def check(verb: Element) -> None:
    """Only the verbs, attributes and nesting that Twilio and Somleng share."""
    if verb.tag not in ATTRIBUTES:
        raise TwimlError(f"<{verb.tag}> is not understood")
    if unknown := set(verb.attrib) - ATTRIBUTES[verb.tag]:
        raise TwimlError(f"<{verb.tag}> has no {', '.join(sorted(unknown))}")
    if verb.tag in {"Gather", "Record", "Dial"} and verb.get("method") != "POST":
        raise TwimlError(f"<{verb.tag}> must say method POST and an action")
    allowed = {"Gather": {"Play", "Say"}, "Dial": {"Number"}}.get(verb.tag, set())
    for nested in verb:
        if nested.tag not in allowed or nested.attrib:
            raise TwimlError(f"<{nested.tag}> does not belong into <{verb.tag}>")


def through(client, base_url: str) -> dict[str, Post | Get]:
    """How a phone speaks to a Flask test client instead of the network: `Phone(base_url, ..., **through(client, base_url))`."""

    def post(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, str]:
        answer = client.post(url.removeprefix(base_url), data=form, headers=headers)
        return answer.status_code, answer.get_data(as_text=True)

    def get(url: str) -> tuple[int, bytes]:
        answer = client.get(url.removeprefix(base_url))
        return answer.status_code, answer.get_data()

    return {"post": post, "get": get}


def _post(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, str]:
    answer = requests.post(url, data=form, headers=headers, timeout=15, allow_redirects=False)
    return answer.status_code, answer.content.decode()


def _get(url: str) -> tuple[int, bytes]:
    answer = requests.get(url, timeout=15, allow_redirects=False)
    return answer.status_code, answer.content
