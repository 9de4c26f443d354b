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
STEP = re.compile(r".*/twilio/voice/([0-9]{1,6})")


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

    def seconds(self, attribute: str, otherwise: int) -> int:
        return int(self.attributes.get(attribute, otherwise))


def read(document: str) -> tuple[Verb, ...]:
    """The verbs of a document. Raises GatewayError `phone:document`."""
    try:
        root = ET.fromstring(document.encode())  # noqa: S314  # our own document, out of this very process
    except ET.ParseError as error:
        raise GatewayError("phone:document", reason=str(error)) from error
    if root.tag != "Response":
        raise GatewayError("phone:document", reason=f"it is a <{root.tag}>")
    return tuple(_verb(element, AT_THE_TOP) for element in root)


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
