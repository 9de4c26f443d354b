"""Error codes of Twilio, in answers and in reports, and what each means for what we sent."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.providers.faults import SendFault

# In answers of 4xx and in reports; what is not here is REFUSED or goes by the HTTP status. Twilio's codes are numbers
# (https://www.twilio.com/docs/api/errors), Somleng's are texts: mostly the same, some of its own
# (https://github.com/somleng/somleng/blob/develop/app/errors/application_error/errors.rb).
FAULTS: Mapping[str, SendFault] = {
    "20429": SendFault.THROTTLED,  # too many requests
    "14107": SendFault.THROTTLED,  # too many messages between two numbers
    "21611": SendFault.THROTTLED,  # the sender's queue is full
    "63018": SendFault.THROTTLED,  # the channel's rate is exceeded
    "21610": SendFault.OPTED_OUT,  # she sent STOP
    "21211": SendFault.BAD_NUMBER,  # `To` is no number
    "21217": SendFault.BAD_NUMBER,  # the number seems invalid
    "21614": SendFault.BAD_NUMBER,  # no mobile number
    "21635": SendFault.BAD_NUMBER,  # a landline
    "30005": SendFault.BAD_NUMBER,  # unknown handset
    "30006": SendFault.REFUSED,  # a landline, or a network that this sender does not reach: another may
    "21408": SendFault.REFUSED,  # texts to this region are not allowed
    "21215": SendFault.REFUSED,  # calls to this region are not allowed
    "13227": SendFault.BAD_NUMBER,  # the same, reported while dialling: no other channel is tried any more
    "20003": SendFault.MISCONFIGURED,  # wrong account or token
    "20005": SendFault.MISCONFIGURED,  # the account is not active
    "10001": SendFault.MISCONFIGURED,  # the same, for calls
    "20404": SendFault.MISCONFIGURED,  # no such account or resource
    "21205": SendFault.MISCONFIGURED,  # our address is no address
    "21609": SendFault.MISCONFIGURED,  # the same, for reports of texts
    "21606": SendFault.MISCONFIGURED,  # `From` cannot send texts
    "21661": SendFault.MISCONFIGURED,  # the same
    "21212": SendFault.MISCONFIGURED,  # `From` is no number
    "21210": SendFault.MISCONFIGURED,  # `From` is not ours
    "21659": SendFault.MISCONFIGURED,  # the same, for texts
    "21660": SendFault.MISCONFIGURED,  # `From` is another account's
    "21603": SendFault.MISCONFIGURED,  # `From` is missing
    "21617": SendFault.MISCONFIGURED,  # the text is too long
    "21602": SendFault.MISCONFIGURED,  # the text is missing
    "30002": SendFault.MISCONFIGURED,  # the account is suspended
    "30037": SendFault.MISCONFIGURED,  # the account may send no texts
    "S1004": SendFault.MISCONFIGURED,  # the carrier's account is not in order
    "S1005": SendFault.MISCONFIGURED,  # no money is left
    "S1006": SendFault.MISCONFIGURED,  # nothing was booked for this
}
