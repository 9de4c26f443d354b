"""A provider's reading of our documents: the verbs, and a loud fault for whatever a real provider would not understand.

>>> [verb.name for verb in read('<Response><Gather action="https://x/twilio/voice/2" method="POST"/><Hangup/></Response>')]
['Gather', 'Hangup']
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from gateway.errors import GatewayError

# The verbs, attributes and nesting that Twilio and Somleng share.
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "Play": frozenset(),
    "Say": frozenset(),
    "Gather": frozenset({"action", "method", "timeout", "numDigits", "finishOnKey"}),
    "Record": frozenset(
        {
            *("action", "method", "maxLength", "timeout", "finishOnKey", "playBeep"),
            *("recordingStatusCallback", "recordingStatusCallbackMethod"),
        }
    ),
    "Redirect": frozenset({"method"}),
    "Dial": frozenset({"action", "method", "timeout", "callerId"}),
    "Reject": frozenset({"reason"}),
    "Hangup": frozenset(),
    "Number": frozenset(),
    "Message": frozenset(),
}
INSIDE: Mapping[str, frozenset[str]] = {"Gather": frozenset({"Play", "Say"}), "Dial": frozenset({"Number"})}
AT_THE_TOP = frozenset(ATTRIBUTES.keys() - {"Number"})
ACTING = frozenset({"Gather", "Record", "Dial"})  # they must say where an answer goes
STEP = re.compile(r"https?://[^\s]+/[a-z0-9_-]+/voice/([0-9]{1,6})")
CLIP = re.compile(r"https?://[^\s]+/audio/([a-z0-9_./-]+)\.wav")
LARGEST = 64_000  # bytes


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb of a document. `inside` are those that it holds."""

    name: str
    text: str
    attributes: Mapping[str, str]
    inside: tuple[Verb, ...] = ()

    @property
    def step(self) -> int:
        """The step of the call to which its address leads; GatewayError `phone:document` where it leads elsewhere."""
        address = self.attributes.get("action", self.text)
        if not (found := STEP.fullmatch(address)):
            raise GatewayError("phone:document", reason=f"<{self.name}> leads elsewhere")
        return int(found[1])

    @property
    def clip(self) -> str:
        """The path of the clip that it plays; GatewayError `phone:document` where it plays something else."""
        if not (found := CLIP.fullmatch(self.text)):
            raise GatewayError("phone:document", reason="<Play> plays no clip of ours")
        return found[1]

    def seconds(self, attribute: str, otherwise: int) -> int:
        return int(self.attributes.get(attribute, otherwise))


def read(document: str, base: str = "") -> tuple[Verb, ...]:
    """The verbs of a document, whose addresses all lie below `base`. Raises GatewayError `phone:document`."""
    if len(document.encode()) > LARGEST:
        raise GatewayError("phone:document", reason=f"it has more than {LARGEST} bytes")
    if document[:1].isspace() or "<!DOCTYPE" in document:
        raise GatewayError("phone:document", reason="it does not begin as a document of ours does")
    try:
        root = ET.fromstring(document.encode())  # noqa: S314  # our own document, out of this very process
    except ET.ParseError as error:
        raise GatewayError("phone:document", reason=str(error)) from error
    if root.tag != "Response":
        raise GatewayError("phone:document", reason=f"it is a <{root.tag}>")
    verbs = tuple(_verb(element, AT_THE_TOP) for element in root)
    for verb in (each for outer in verbs for each in (outer, *outer.inside)):
        if "action" in verb.attributes or verb.name == "Redirect":
            _ours(verb.attributes.get("action", verb.text), base)
        if verb.name == "Play":
            _ours(verb.text, base)
    return verbs


def _ours(address: str, base: str) -> None:
    if not address.startswith(f"{base}/" if base else "http"):
        raise GatewayError("phone:document", reason="it leads elsewhere")


def _verb(element: ET.Element, allowed: frozenset[str]) -> Verb:
    name = element.tag
    if name not in allowed:
        raise GatewayError("phone:document", reason=f"<{name}> is not understood there")
    if unknown := element.attrib.keys() - ATTRIBUTES[name]:
        raise GatewayError("phone:document", reason=f"<{name}> has no {', '.join(sorted(unknown))}")
    if name in ACTING and (element.get("method") != "POST" or not element.get("action")):
        raise GatewayError("phone:document", reason=f"<{name}> must say method POST and an action")
    inside = tuple(_verb(nested, INSIDE.get(name, frozenset())) for nested in element)
    return Verb(name, element.text or "", dict(element.attrib), inside)
