"""Facts to TwiML, pure: what the engine decided, as the document that Twilio plays.

Only verbs and attributes are used that Twilio and Somleng share. Documents are made of templates with escaped values (a few
microseconds); the tests hold them against `twilio.twiml` and an XML parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from gateway.core import sms
from gateway.core.events import (
    CallRejected,
    CallTransferred,
    Fact,
    KeysAwaited,
    PromptSpoken,
    RecordingAwaited,
    TransferAwaited,
    Wait,
    clip_path,
)
from gateway.providers.base import AnswerContext

HEAD = '<?xml version="1.0" encoding="UTF-8"?><Response>'
TAIL = "</Response>"
LARGEST = 64_000  # bytes of a document; Twilio refuses more with its error 11750
FRAME = 4_000  # bytes of it for everything but the prompts

# Twilio does not pick up, and nobody pays, where this is the first verb. She hears the engaged tone: without the reason it would be that
# there is no such number. https://www.twilio.com/docs/voice/twiml/reject
REJECTED = '<Reject reason="busy"/>'

# Said when we fail, whatever it is: the phrase of flows/phrases.yaml. It promises nothing, since nothing could be written down.
TROUBLE = "phrase/trouble"

# What must be escaped, and what XML cannot hold at all (control characters, lone surrogates, U+FFFE, U+FFFF).
SPECIAL = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[&<>\"']")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\r": "&#13;"}


def render_call(facts: Sequence[Fact], wait: Wait | None, context: AnswerContext, webhooks: str = "/twilio") -> str:
    """The TwiML that says the prompts among `facts` and then waits for keys or speech, puts the call through, or hangs up; or that does
    not pick up at all.

    Answers are asked for below the path `webhooks`.
    """
    if any(isinstance(fact, CallRejected) for fact in facts):
        return f"{HEAD}{REJECTED}{TAIL}"
    base = escape(context.public_base_url)
    hooks = f"{base}{escape(webhooks)}"
    prompts = [fact for fact in facts if isinstance(fact, PromptSpoken)]
    # After a key, half a second passes before we speak: she has yet to put the phone back to her ear.
    breath = _silence(base, 0.5) if prompts and context.next_step > 1 else ""
    opening, closing = _listening(facts, wait, context, hooks)
    document = _document(base, breath, prompts, opening, closing)
    if len(document) * 4 > LARGEST and len(document.encode()) > LARGEST:
        document = _document(base, breath, list(_fitting(prompts, base)), opening, closing)
    return document


def render_message(text: str) -> str:
    """The TwiML that answers a text with another, as long as Twilio takes; "" answers nothing."""
    return f"{HEAD}<Message>{escape(sms.shorten(text))}</Message>{TAIL}" if text else f"{HEAD}{TAIL}"


def refusal(public_base_url: str, language: str) -> str:
    """The TwiML for a call that we cannot serve: a recorded apology, then the end. It depends on nothing that can fail."""
    return f"{HEAD}{_play(escape(public_base_url), f'{language}/{TROUBLE}')}<Hangup/>{TAIL}"


def escape(text: str) -> str:
    """Make text safe inside an element or an attribute; what XML cannot hold is left out."""
    return SPECIAL.sub(lambda found: ENTITIES.get(found[0], ""), text)


def _document(base: str, breath: str, prompts: Sequence[PromptSpoken], opening: str, closing: str) -> str:
    """What comes after the last prompt that must be heard out may be cut short by a key, so it stands inside the Gather."""
    heard_out = max((place for place, prompt in enumerate(prompts, 1) if not prompt.interruptible), default=0)
    spoken = [_say(base, prompt) for prompt in prompts]
    if heard_out:
        return f"{HEAD}{breath}{''.join(spoken[:heard_out])}{opening}{''.join(spoken[heard_out:])}{closing}{TAIL}"
    return f"{HEAD}{opening}{breath}{''.join(spoken)}{closing}{TAIL}"


def _listening(facts: Sequence[Fact], wait: Wait | None, context: AnswerContext, hooks: str) -> tuple[str, str]:
    """What stands before the prompts that a key may cut short, and what after them.

    Twilio goes on to the next verb when nothing was pressed or said; the Redirect tells us, at the step where an answer would go.
    """
    step = f"{hooks}/voice/{context.next_step}"
    redirect = f'<Redirect method="POST">{step}</Redirect>'
    if isinstance(wait, KeysAwaited):
        if wait.most == 1:
            # Without a finish key `#` arrives as what it is: a wrong key.
            return (
                f'<Gather action="{step}" method="POST" timeout="{wait.first_wait}" numDigits="1" finishOnKey="">',
                f"</Gather>{redirect}",
            )
        most = f' numDigits="{wait.most}"' if wait.most else ""
        opening = f'<Gather action="{step}" method="POST" timeout="{wait.next_wait}"{most} finishOnKey="#">'
        # Twilio has one timeout, for the first key and for the next ones: she gets more time for the first by silence before it.
        return opening, f"{_silence(escape(context.public_base_url), wait.first_wait - wait.next_wait)}</Gather>{redirect}"
    if isinstance(wait, RecordingAwaited):
        limits = f'maxLength="{wait.longest}" timeout="{wait.silence}" finishOnKey="{escape(wait.finish_keys)}" playBeep="true"'
        # The recording is not there yet when the call goes on; Twilio says when it is.
        ready = f'recordingStatusCallback="{hooks}/status/recordings" recordingStatusCallbackMethod="POST"'
        return "", f'<Record action="{step}" method="POST" {limits} {ready}/>{redirect}'
    if isinstance(wait, TransferAwaited):
        transfer = next(fact for fact in facts if isinstance(fact, CallTransferred))
        number = f"<Number>{escape(transfer.number)}</Number>"
        # A local line takes calls from its own number alone, and whose phone rings need not see hers.
        shown = f' callerId="{escape(context.our_number)}"' if context.our_number else ""
        return "", f'<Dial action="{step}" method="POST" timeout="{transfer.timeout}"{shown}>{number}</Dial>'
    return "", "<Hangup/>"


def _say(base: str, prompt: PromptSpoken) -> str:
    """The clips of a prompt; its text in Twilio's voice where it has none, which is better than silence."""
    if not prompt.clips:
        return f"<Say>{escape(prompt.text)}</Say>" if prompt.text else ""
    return "".join([_play(base, clip_path(prompt.language, clip)) for clip in prompt.clips])


@lru_cache(maxsize=4096)  # more than there are clips
def _play(base: str, clip: str) -> str:
    return f"<Play>{base}/audio/{escape(clip)}.wav</Play>"


def _silence(base: str, seconds: float) -> str:
    """Silent clips for this long, as far as clips of 3 and 0.5 seconds go."""
    long, rest = divmod(max(seconds, 0), 3)
    return _play(base, "silence/3000") * int(long) + _play(base, "silence/500") * int(rest * 2)


def _fitting(prompts: Sequence[PromptSpoken], base: str) -> Iterator[PromptSpoken]:
    """As much of the prompts as a document can hold: far more than anybody listens to."""
    room = LARGEST - FRAME - 10 * len(base.encode())
    for prompt in prompts:
        clips = []
        for clip in prompt.clips:
            room -= len(_play(base, clip_path(prompt.language, clip)).encode())
            if room > 0:
                clips.append(clip)
        text = "" if prompt.clips else prompt.text[: max(room, 0) // 6]  # an escaped character is at most six bytes
        room -= len(escape(text).encode())
        yield replace(prompt, clips=tuple(clips), text=text)
