"""Twilio's published description of its API, as far as we use it: does a request keep to it?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

OPENAPI = Path(__file__).parent.parent / "data" / "twilio_openapi.json"
ACCOUNT = "/2010-04-01/Accounts/{AccountSid}/"

# What the description says only in words: one of each group must be there.
ONE_OF = {
    "Messages.json": (("From", "MessagingServiceSid"), ("Body", "MediaUrl", "ContentSid")),
    "Calls.json": (("Url", "Twiml", "ApplicationSid"),),
}

CHECKS: Mapping[str, Callable[[str], object]] = {
    "phone-number": re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}").fullmatch,
    "endpoint": re.compile(r"\+[1-9][0-9]{6,14}").fullmatch,
    "uri": re.compile(r"https?://[^\s/]+(/\S*)?").fullmatch,
    "date-time": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?").fullmatch,
    "integer": re.compile(r"-?[0-9]+").fullmatch,
    "boolean": re.compile(r"true|false").fullmatch,
}


class Contract:
    """The operations of the description. `faults` is quick: a fake that answers thousands of requests a second asks it each time."""

    def __init__(self) -> None:
        self.description = json.loads(OPENAPI.read_text())
        self._forms = {}
        for path, operations in self.description["paths"].items():
            resource = path.removeprefix(ACCOUNT)
            schema = operations["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
            self._forms["POST", resource] = (set(schema.get("required", ())), schema["properties"])
            if "get" in operations:
                queries = {p["name"]: p["schema"] for p in operations["get"]["parameters"] if p["in"] == "query"}
                self._forms["GET", resource] = (set(), queries)

    def faults(self, method: str, resource: str, fields: Sequence[tuple[str, str]]) -> list[str]:
        """What is wrong with a request; empty where Twilio would take it."""
        required, properties = self._forms[method, resource]
        given = {name for name, value in fields if value}
        faults = [f"{name} is required" for name in sorted(required - given)]
        if method == "POST":
            faults += [f"one of {', '.join(group)} is required" for group in ONE_OF.get(resource, ()) if not given & set(group)]
        return faults + list(self._field_faults(fields, properties))

    def _field_faults(self, fields, properties) -> Iterator[str]:
        seen = set()
        for name, value in fields:
            schema = properties.get(name)
            if schema is None:
                yield f"there is no {name}"
                continue
            if name in seen and schema.get("type") != "array":
                yield f"{name} is given twice"
            seen.add(name)
            schema = schema.get("items", schema) if schema.get("type") == "array" else schema
            if "$ref" in schema:
                schema = self.description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            # A sender may also be a short code or a name; only a phone is ever sent to.
            kind = "endpoint" if name == "To" else schema.get("format", "")
            check = CHECKS.get(kind) or CHECKS.get(schema.get("type", ""))
            allowed = schema.get("enum")
            if (check and not check(value)) or (allowed and value not in allowed):
                yield f"{name} is not {schema.get('format') or allowed or schema['type']}"
