"""Sparrow SMS (Janaki Technology, Kathmandu): texts to Nepali mobiles, and texts to its short codes.

A text goes out as a form with `token`, `from` (the identity that they gave us), `to` and `text`, and is answered with 200 and
`response_code` 200, or with 403 and one of the codes below (https://docs.sparrowsms.com/sms/outgoing_sendsms). There are no ids and no
reports. A text to the short code comes as a GET with `from`, `to`, `text` and `keyword`; what we answer with 200 is sent back to her, at
most 160 characters (https://docs.sparrowsms.com/sms/incoming). It is not signed.
"""

from __future__ import annotations

from gateway.providers.described import Described
from gateway.providers.described.account import Answer, Definition, Meaning
from gateway.providers.sparrow.account import Account

CODES: dict[Meaning, str] = {
    # A required field is missing; invalid IP address; invalid token; account inactive (twice) or expired (twice); invalid sender; no
    # credits; not enough of them.
    "misconfigured": "1000|1001|1002|1003|1004|1005|1006|1008|1012|1013",
    "bad_number": "1007|1011",  # invalid receiver; no valid receiver
    "refused": "1010",  # an empty text
}


def build(name: str, account: Account, public_base_url: str) -> Described:  # noqa: ARG001  # they call us, we name no address to them
    """An account as a provider."""
    token = account.token.get_secret_value()
    definition = Definition(
        url=f"{account.api_base_url.rstrip('/')}/v2/sms/",
        fields={"token": token, "from": "{from}", "to": "{to}", "text": "{text}"},
        answers=(
            Answer(means="refused", where={"response_code": "200", "count": "0"}),  # of how many texts it took none
            Answer(means="accepted", where={"response_code": "200"}),
            *(Answer(means=means, where={"response_code": codes}) for means, codes in CODES.items()),
        ),
        code="response_code",
        inbound=account.inbound,
    )
    return Described(name=name, definition=definition)
