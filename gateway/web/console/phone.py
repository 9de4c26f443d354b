"""`/phone`: a keypad phone in the browser that rings our own webhooks, and calls that were had, to be heard again.

The page plays what is heard and presses keys; `gateway.web.phone` stands between it and the application as a provider does.
"""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Response, current_app, jsonify, request, url_for
from markupsafe import escape

from gateway.core import phone as phones
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.providers.simulator import Simulator
from gateway.services import access, calls, inbox, replay
from gateway.services.sample import OPEN_MEMBER, PRIVATE_MEMBER, SHARED_PHONE
from gateway.web.console import faults, showing
from gateway.web.console.frame import status_of
from gateway.web.console.routes import Anybody, Done, Page, Routes, Visit
from gateway.web.console.words import gettext as _
from gateway.web.phone import line as telephone
from gateway.web.phone import twiml
from gateway.web.phone.line import Call, Exchange

if TYPE_CHECKING:
    from gateway.services.access import Actor

routes = Routes("phone")

EXCHANGE = "browser phone"  # where the line to the application is kept
STRANGER = "+9779720000047"
SAMPLE = re.compile(r"\+97797200000[0-9]{2}")
KEYS = re.compile(r"[0-9*#]{1,64}")
RECORDING = re.compile(r"RE[0-9a-f]{32}")
MOST_SOUND = 2 * 2**20  # bytes of a recording: two minutes at 8 kHz
MOST_TEXTS, MOST_CALLS = 30, 6
HIDDEN_KEYS, HIDDEN_KEY = "••••", "•"


Shown = dict[str, Any]


class Face(NamedTuple):
    """Somebody whose phone can be tried."""

    number: str
    name: str
    about: str


def N_(text: str) -> str:  # noqa: N802  # gettext's own name for: to be translated later
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return text


FACES = (
    Face(OPEN_MEMBER, N_("Sita, her own phone"), N_("She has a claim and pays 300 rupees a month.")),
    Face(PRIVATE_MEMBER, N_("Maya, who keeps it private"), N_("Her PIN is 4826. She has a claim.")),
    Face(SHARED_PHONE, N_("Gita and Rita, one phone"), N_("Gita's PIN is 7391, Rita's is 5064.")),
    Face(STRANGER, N_("A stranger"), N_("Nobody knows this number yet.")),
)


# --- who may -----------------------------------------------------------------------------------------------------------------------


def whoever_may(visit: Visit) -> Actor | None:
    """Who uses the phone; None: whoever sits at a machine where a provider is simulated. GatewayError `phone:unknown`, `phone:denied`."""
    settings = visit.gateway.settings
    if not settings.has_phone:
        raise GatewayError("phone:unknown")
    return _who(visit)


def _who(visit: Visit) -> Actor | None:
    if visit.known is not None and visit.known.may(Permission.SEE_CLAIMS):
        return visit.known
    settings = visit.gateway.settings
    if settings.uses_simulator and settings.is_on_this_machine_alone:
        return None
    raise GatewayError("phone:denied")


def _number(visit: Visit) -> str:
    """The number from which to ring: one of the sample, or any that an admin wrote."""
    actor = whoever_may(visit)
    written = visit.form.get("number", "")
    number = phones.parse(written)
    if number is None:
        raise GatewayError("phone:invalid", value=written[:40], where="number")
    if not SAMPLE.fullmatch(number):
        if actor is None or actor.role != "admin":
            raise GatewayError("phone:number", where="number")
        with visit.gateway.database.write() as db:
            access.note(visit.gateway, db, actor, "phone.used", "phone")
    return number


def _line() -> Exchange:
    line: Exchange = current_app.extensions[EXCHANGE]
    return line


# --- the page ----------------------------------------------------------------------------------------------------------------------


@routes.page("/phone", Anybody.AT_THE_DOOR)
def page(visit: Visit) -> Page | Done:
    """The phone."""
    try:
        actor = whoever_may(visit)
    except GatewayError as error:
        if error.code == "phone:denied" and visit.known is None:
            return Done(url_for("sign_in.door", next="/phone"))
        raise
    return _page(visit, actor)


def _page(visit: Visit, actor: Actor | None, heard: Sequence[tuple[str, str]] = ()) -> Page:
    real = not visit.gateway.settings.uses_simulator
    ours = _line().number
    return Page("phone.html", faces=FACES, any_number=actor is not None and actor.role == "admin", real=real, heard=heard, ours=ours)


def page_again(visit: Visit) -> Page:
    """The page after a fault in its form."""
    return _page(visit, whoever_may(visit))


@routes.form("/phone/heard", Anybody.AT_THE_DOOR, back=page_again)
def without_sound(visit: Visit) -> Page:
    """A whole call as text, for a browser without JavaScript."""
    number, keys = _number(visit), visit.form.get("keys", "").replace(" ", "")
    pressed = keys.split(",") if keys else []
    if any(key and not KEYS.fullmatch(key) for key in pressed):
        raise GatewayError("request:invalid", fault=_("Write keys of a phone with commas between them."), where="keys")
    return _page(visit, whoever_may(visit), list(_line().with_keys(number, iter(pressed))))


# --- what its script asks for ------------------------------------------------------------------------------------------------------


def _answered(visit: Visit, act: Callable[[], Shown | None]) -> Response:
    """The answer to the page's script, or the sentence of what is wrong."""
    try:
        whoever_may(visit)
        return jsonify(act())
    except GatewayError as error:
        answer = jsonify(fault=faults.sentence(error))
        answer.status_code = status_of(error)
        return answer


@routes.form("/phone/ring", Anybody.AT_THE_DOOR, is_part=True)
def ring(visit: Visit) -> Response:
    """She rings us, and we pick up."""
    return _answered(visit, lambda: _line().ring(_number(visit)))


@routes.form("/phone/missed", Anybody.AT_THE_DOOR, is_part=True)
def missed(visit: Visit) -> Response:
    """She rings us and hangs up before we pick up."""
    return _answered(visit, lambda: _line().missed(_number(visit)))


@routes.form("/phone/pick-up", Anybody.AT_THE_DOOR, is_part=True)
def pick_up(visit: Visit) -> Response:
    """She picks up a call of ours."""

    def act() -> Shown:
        number = _number(visit)
        return _line().pick_up(number, *calls.ringing(visit.gateway, number))

    return _answered(visit, act)


@routes.form("/phone/decline", Anybody.AT_THE_DOOR, is_part=True)
def decline(visit: Visit) -> Response:
    """She does not pick up a call of ours: she rejects it, or lets it ring."""

    def act() -> None:
        number = _number(visit)
        delivery, sid = calls.ringing(visit.gateway, number)
        rejected = visit.form.get("how") == "rejected"
        _line().report(Call(sid, number, delivery, visit.gateway.clock().isoformat()), "busy" if rejected else "no-answer")

    return _answered(visit, act)


@routes.form("/phone/step", Anybody.AT_THE_DOOR, is_part=True)
def step(visit: Visit) -> Response:
    """What she did where the call waited, and what she hears then."""

    def act() -> Shown:
        call, line = Call.opened(visit.gateway, visit.form.get("call", "")), _line()
        number = visit.form.get("step", "")
        if not (number.isascii() and number.isdigit() and len(number) <= 6):
            raise GatewayError("phone:no-call")
        verbs = line.go_on(call, int(number), _did(visit))
        recording = visit.form.get("recording", "")
        if RECORDING.fullmatch(recording):
            line.recorded(call, recording)
        return {"verbs": verbs}

    return _answered(visit, act)


def _did(visit: Visit) -> dict[str, str]:
    """What she did, in the provider's fields; nothing is silence."""
    form = visit.form
    keys = form.get("keys", "")
    if keys and not KEYS.fullmatch(keys):
        raise GatewayError("request:invalid", fault=_("There is no such key."), where="keys")
    if "dialled" in form:
        answered = form["dialled"] == "answered"
        return {"DialCallStatus": "completed" if answered else "no-answer", "DialCallDuration": "60" if answered else "0"}
    if RECORDING.fullmatch(recording := form.get("recording", "")):
        seconds = form.get("seconds", "0")
        ended = "hangup" if form.get("over") else keys
        known = {"RecordingSid": recording, "RecordingDuration": seconds if seconds.isascii() and seconds.isdigit() else "0"}
        return {**known, "RecordingUrl": f"{visit.gateway.settings.public_base_url}/simulator/{recording}", "Digits": ended}
    if form.get("spoke"):
        return {"RecordingDuration": "0", "Digits": keys}
    return {"Digits": keys} if keys else {}


@routes.form("/phone/recording", Anybody.AT_THE_DOOR, is_part=True, most=MOST_SOUND)
def recording(visit: Visit) -> Response:
    """What she said after the tone, as a WAV file: kept by the simulated provider under a name that it gives."""

    def act() -> Shown:
        provider = visit.gateway.providers.main
        if not isinstance(provider, Simulator):
            raise GatewayError("phone:no-microphone")
        sound = request.get_data()
        try:
            with wave.open(io.BytesIO(sound)) as read:
                seconds = read.getnframes() / read.getframerate()
        except (wave.Error, EOFError) as error:
            raise GatewayError("request:invalid", fault=_("This is no sound.")) from error
        return {"recording": provider.keep_recording(sound), "seconds": int(seconds)}

    return _answered(visit, act)


@routes.form("/phone/end", Anybody.AT_THE_DOOR, is_part=True)
def end(visit: Visit) -> Response:
    """The call is over."""
    return _answered(visit, lambda: _line().report(Call.opened(visit.gateway, visit.form.get("call", "")), "completed"))


@routes.form("/phone/text", Anybody.AT_THE_DOOR, is_part=True)
def text(visit: Visit) -> Response:
    """She writes to us; what her phone shows then."""

    def act() -> Shown:
        number, body = _number(visit), visit.form.get("body", "").strip()
        if body:
            _line().text(number, body)
        return _news(visit, number)

    return _answered(visit, act)


@routes.form("/phone/news", Anybody.AT_THE_DOOR, is_part=True)
def news(visit: Visit) -> Response:
    """Whether her phone rings, and what is on it."""
    return _answered(visit, lambda: _news(visit, _number(visit)))


def _news(visit: Visit, number: str) -> Shown:
    gateway = visit.gateway
    try:
        rings = gateway.settings.uses_simulator and bool(calls.ringing(gateway, number))
    except GatewayError:
        rings = False
    texts = [{"hers": each.hers, "text": each.text} for each in inbox.thread(gateway, number, MOST_TEXTS)]
    had = [
        {"address": url_for("phone.again", session_id=session_id), "at": escape(showing.moment(began)).striptags()}
        for session_id, began in replay.calls_of(gateway, number, MOST_CALLS)
    ]
    return {"rings": rings, "texts": texts, "calls": had}


# --- a call that was had -----------------------------------------------------------------------------------------------------------


@routes.page("/phone/replay/<session_id>", Anybody.AT_THE_DOOR)
def again(visit: Visit, session_id: str) -> Page | Done:
    """A call that was had, step by step."""
    try:
        actor = _who(visit)
    except GatewayError:
        if visit.known is None:
            return Done(url_for("sign_in.door", next=request.path))
        raise
    had, line_words = replay.of(visit.gateway, actor, session_id), _line().words()
    steps, waited = [], None
    for exchange in had.exchanges:
        verbs = twiml.read(exchange.answer)
        lines = telephone.heard([each for verb in verbs for each in (verb.inside or (verb,)) if each.name in {"Play", "Say"}], line_words)
        did = _hidden(exchange.did, waited)
        steps.append({"at": exchange.at, "after": (exchange.at - had.began_at).total_seconds(), "did": did, "lines": lines})
        waited = next((step for step in telephone.shown(verbs, line_words, {}) if "step" in step), None)
    return Page("phone_replay.html", had=had, steps=steps)


def _hidden(did: str, waited: dict[str, Any] | None) -> str:
    """What is shown of what she did: of a PIN or an amount that there was one."""
    if did != replay.HIDDEN:
        return did
    if waited is None or waited["do"] != "gather":
        return "spoke" if waited and waited["do"] == "record" else "passed"
    return HIDDEN_KEY if waited["most"] == 1 else HIDDEN_KEYS
