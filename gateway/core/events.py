"""Every fact, frozen and in the past tense.

What a person did (`Input`) goes into the engine; what the engine decided (`Fact`) comes out. One list of facts has two readers: the
committer writes their rows (`gateway.services.commit`), the renderer makes the provider's answer (`gateway.providers.*.render`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Medium = Literal["voice", "sms"]
MEDIA: tuple[Medium, ...] = ("sms", "voice")


# --- what a person did -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """A call began: she rang us, or she picked up when we rang her."""


@dataclass(frozen=True, slots=True)
class DigitsPressed:
    """Keys were pressed, at least one: `[0-9*#]+`."""

    digits: str


@dataclass(frozen=True, slots=True)
class SilenceHeard:
    """The time to answer ran out and no key was pressed."""


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A text came in, as it was written."""

    text: str


@dataclass(frozen=True, slots=True)
class RecordingMade:
    """She spoke after the tone. `external_id` is the provider's name of the recording; `seconds` 0 means that nothing was heard.

    `key` is the one that ended it, "" where silence did.
    """

    external_id: str
    seconds: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """The call that was put through to a person is over."""

    answered: bool


Input = CallAnswered | DigitsPressed | SilenceHeard | MessageReceived | RecordingMade | TransferEnded


# --- what the engine decided -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PromptSpoken:
    """A prompt was said: by voice as clips (names below the language's folder, in order; `clip_path` finds them), by SMS as text.

    `interruptible` is False where a key must not cut it short (consent, amounts read back).
    """

    prompt: str
    language: str
    clips: tuple[str, ...]
    text: str
    interruptible: bool = True


def clip_path(language: str, clip: str) -> str:
    """Where a clip lies below the folder of all clips; a name that begins with / says so itself.

    >>> clip_path("ne", "number/4"), clip_path("ne", "/mai/number/4")
    ('ne/number/4', 'mai/number/4')
    """
    return clip[1:] if clip.startswith("/") else f"{language}/{clip}"


@dataclass(frozen=True, slots=True)
class StepEntered:
    """The conversation reached a step; organisers see from these where callers leave."""

    flow: str
    step: str


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    """An answer was understood and kept under `name`. PINs never become one of these."""

    flow: str
    step: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class BroadcastAnswered:
    """She answered what a broadcast told her, for the first time in this conversation: pressed a key, spoke, or wrote back."""

    delivery_id: int


@dataclass(frozen=True, slots=True)
class AnswerMissed:
    """Nothing was pressed (`silence`), or nothing that could be understood (`wrong`)."""

    flow: str
    step: str
    reason: Literal["silence", "wrong"]


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    language: str


@dataclass(frozen=True, slots=True)
class TextsStopped:
    """She agreed that we write to this phone no more."""


@dataclass(frozen=True, slots=True)
class TextsAllowed:
    """She agreed that we write to this phone again."""


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """She agreed that her name and number are kept; `wording` is the prompt that she heard and agreed to."""

    wording: str


@dataclass(frozen=True, slots=True)
class RecordingKept:
    """A recording that must be fetched from the provider and kept."""

    recording_id: str
    external_id: str
    seconds: int


@dataclass(frozen=True, slots=True)
class ClipRecorded:
    """A recording is one of a clip, `text` what was to be read. It counts for nothing until it is kept, then approved."""

    recording_id: str
    language: str
    clip: str
    text: str


@dataclass(frozen=True, slots=True)
class ClipKept:
    """She heard her recording of a clip and wants it: an organiser must approve it."""

    recording_id: str


@dataclass(frozen=True, slots=True)
class MemberRegistered:
    """A stranger asked to be a member. The name is in the recording (voice) or in `name` (SMS) until an organiser writes it down.

    `consent` is the wording that she agreed to, in this call or in one before it that broke off.
    """

    member_id: str
    number: str
    language: str
    trade: str | None
    name: str | None
    recording_id: str | None
    consent: str | None


@dataclass(frozen=True, slots=True)
class FriendBrought:
    """A collector brought a friend, whose phone (E.164) she keyed and whose name she spoke. The friend has yet to agree herself."""

    member_id: str
    number: str
    task_id: str
    phone: str
    language: str
    trade: str | None
    recording_id: str | None
    collector_id: str


@dataclass(frozen=True, slots=True)
class MemberAgreed:
    """Somebody whom a collector brought agreed herself that her name and number are kept, to this wording."""

    member_id: str
    wording: str


@dataclass(frozen=True, slots=True)
class MemberDeclined:
    """Somebody whom a collector brought does not want it: nothing of her is kept."""

    member_id: str


@dataclass(frozen=True, slots=True)
class MemberWelcomed:
    """She was told her membership number."""

    member_id: str


@dataclass(frozen=True, slots=True)
class PinAccepted:
    """The caller proved, in this call or conversation, that she is this member."""

    member_id: str


@dataclass(frozen=True, slots=True)
class PinChosen:
    """She set her PIN with the code that an organiser had told her; `pin_hash` is the form in which the store seals it."""

    member_id: str
    pin_hash: str


@dataclass(frozen=True, slots=True)
class PhoneDisowned:
    """Whoever holds this phone says that it is not these members' any more. It tells nothing of them until an organiser looks."""

    member_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContributionNoted:
    """A payment was reported. `amount` is paisa, `month` the Bikram Sambat month it is for, as `2083-08`.

    `noted_by` is who reported it for the member, None where she did herself; `again`: it is known that the same was noted within a day.
    """

    contribution_id: str
    member_id: str
    amount: int
    month: str
    reference: str
    scheme_id: str | None = None
    noted_by: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class RsvpGiven:
    member_id: str
    notice_id: str
    answer: Literal["yes", "no"]


@dataclass(frozen=True, slots=True)
class LessonHeard:
    """She heard the chapters of a lesson as far as this one; 0 where she only began it."""

    member_id: str
    lesson: str
    chapters: int


@dataclass(frozen=True, slots=True)
class LessonChecked:
    """She answered the questions at the end of a lesson, so many of them right."""

    member_id: str
    lesson: str
    right: int


@dataclass(frozen=True, slots=True)
class SurveyAnswered:
    """An answer in a flow that is a survey: a value, or a recording of her own words. `broadcast_id` is that by which she came to it."""

    flow: str
    step: str
    name: str
    value: str | None
    recording_id: str | None
    member_id: str | None
    broadcast_id: str | None


@dataclass(frozen=True, slots=True)
class TestimonyGiven:
    """She wants others to hear this recording; `wording` is the prompt that she agreed to and its version."""

    testimony_id: str
    member_id: str
    recording_id: str
    consent: Literal["named", "unnamed"]
    wording: str
    language: str


@dataclass(frozen=True, slots=True)
class TaskOpened:
    """Something that a person must do. `kind` is one of `gateway.core.statuses.TASK_KINDS`."""

    task_id: str
    kind: str
    member_id: str | None = None
    recording_id: str | None = None
    claim_id: str | None = None


@dataclass(frozen=True, slots=True)
class CallAsked:
    """She wants the gateway to ring her."""


@dataclass(frozen=True, slots=True)
class ClaimHeard:
    """She is told where her claim stands in this version, and it was news to her."""

    claim_id: str
    claim_version: int


@dataclass(frozen=True, slots=True)
class TextPromised:
    """A text that goes to the caller's phone after the call, outside the answer to the webhook."""

    text: str


@dataclass(frozen=True, slots=True)
class CallTransferred:
    """The call is put through to this number (E.164) for at most `timeout` seconds of ringing."""

    number: str
    timeout: int


@dataclass(frozen=True, slots=True)
class CallRejected:
    """Her ring was not answered, so that it costs nothing: she is called back."""


@dataclass(frozen=True, slots=True)
class ConversationEnded:
    """Nothing more is awaited: the call is hung up, the SMS session is closed."""


Fact = (
    PromptSpoken
    | StepEntered
    | AnswerGiven
    | BroadcastAnswered
    | AnswerMissed
    | LanguageChosen
    | TextsStopped
    | TextsAllowed
    | ConsentGiven
    | RecordingKept
    | ClipRecorded
    | ClipKept
    | MemberRegistered
    | FriendBrought
    | MemberAgreed
    | MemberDeclined
    | MemberWelcomed
    | PinAccepted
    | PinChosen
    | PhoneDisowned
    | ContributionNoted
    | RsvpGiven
    | LessonHeard
    | LessonChecked
    | SurveyAnswered
    | TestimonyGiven
    | TaskOpened
    | CallAsked
    | ClaimHeard
    | TextPromised
    | CallTransferred
    | CallRejected
    | ConversationEnded
)


# --- where the conversation stops to listen ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeysAwaited:
    """Wait for keys, or for a text by SMS.

    `most` is how many keys end the wait at once (None: only silence ends it); `first_wait` seconds pass before the first key is
    missed, `next_wait` seconds after each key.
    """

    most: int | None
    first_wait: int = 8
    next_wait: int = 5


@dataclass(frozen=True, slots=True)
class RecordingAwaited:
    """Wait for speech after a tone; it ends with one of `finish_keys`, with `silence` seconds of silence, or after `longest` seconds."""

    longest: int
    silence: int = 4
    finish_keys: str = "1"


@dataclass(frozen=True, slots=True)
class TransferAwaited:
    """Wait until the call that was put through is over."""


Wait = KeysAwaited | RecordingAwaited | TransferAwaited
