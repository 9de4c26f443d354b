"""Phone numbers: whatever people and providers write becomes E.164, or None where there is no phone to answer to.

>>> parse("९८४१-२३४५६७")
'+9779841234567'
>>> parse("anonymous") is None
True
"""

from __future__ import annotations

import re
import unicodedata

from gateway.core.digits import fold_digits

# The library needs 22-38 us for a number, a pattern 0.2 us, and nearly every number here is a Nepali mobile. The pattern takes the
# whole mobile range: the library refuses numbers that the operators have not been given yet.
NEPALI_MOBILE = re.compile(r"(?:\+?977)?(9[6-9][0-9]{8})")
# Numbers that are dialled from within Nepal alone: toll-free ones, and codes as 100 and 1098.
SERVICE_NUMBER = re.compile(r"1(?:660|618)[0-9]{7}|[1-9][0-9]{2,4}")
TRUNK_ZERO = re.compile(r"\(0\)")
COUNTRY_WRITTEN_AS_DIALLED = re.compile(r"0977(?=9[0-9]{9}\Z)")
SEPARATORS = {"Zs", "Pd", "Cf"}  # spaces, dashes, invisible marks
PUNCTUATION = "().-/\t"


def parse(raw: str, country: str = "NP") -> str | None:
    """The number as E.164; a number without a country code is of `country`.

    None for everything that cannot be answered: withheld callers (Twilio writes +266696687 for ANONYMOUS and +7378742833 for
    RESTRICTED; neither is a possible number), `client:` and `sip:` addresses, short codes, numbers too short or too long.
    """
    if (mobile := NEPALI_MOBILE.fullmatch(raw)) and (country == "NP" or raw.startswith("+")):
        return f"+977{mobile[1]}"
    number = _compact(raw)
    if not re.fullmatch(r"\+?[0-9]{5,18}", number):
        return None
    if country == "NP":
        number = COUNTRY_WRITTEN_AS_DIALLED.sub("+977", number)
        if mobile := NEPALI_MOBILE.fullmatch(number.removeprefix("0")):
            return f"+977{mobile[1]}"
    return _parse_with_library(number, country)


def of_service(raw: str) -> str | None:
    """The number of a public service: E.164 as of everybody, and as they are written what E.164 has no form for: toll-free numbers and
    codes of three to five digits. None for what cannot be read, a line without the code of its area too: it could be anywhere.

    >>> of_service("1660-01-22222"), of_service("१०९८"), of_service("01-4200105"), of_service("4200105")
    ('16600122222', '1098', '+97714200105', None)
    """
    number = _compact(raw)
    if SERVICE_NUMBER.fullmatch(number):
        return number
    e164 = parse(raw)
    return None if e164 and operator(e164) == LINE and not number.startswith(("0", "+", "977")) else e164


def _compact(raw: str) -> str:
    """Digits with at most one leading plus; anything that is no part of a number stays, and is refused for it."""
    kept = "".join(char for char in fold_digits(raw) if unicodedata.category(char) not in SEPARATORS)
    kept = TRUNK_ZERO.sub("", kept.replace("\uff0b", "+")).translate(dict.fromkeys(map(ord, PUNCTUATION)))
    return f"+{kept[2:]}" if kept.startswith("00") else kept


def _parse_with_library(number: str, country: str) -> str | None:
    import phonenumbers  # slow to import, and rarely needed

    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def may_call(e164: str, countries: frozenset[str] = frozenset({"NP"})) -> bool:
    """Whether a call or text to this number is allowed: an ordinary line in one of the countries, never premium or satellite.

    >>> may_call("+9779841234567"), may_call("+881612345678")
    (True, False)
    """
    if "NP" in countries and e164.startswith("+977") and NEPALI_MOBILE.fullmatch(e164):
        return True
    import phonenumbers

    try:
        parsed = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return False
    kinds = phonenumbers.PhoneNumberType
    ordinary = {kinds.MOBILE, kinds.FIXED_LINE, kinds.FIXED_LINE_OR_MOBILE}
    return phonenumbers.region_code_for_number(parsed) in countries and phonenumbers.number_type(parsed) in ordinary


# Which operator a prefix was given to (Nepal Telecommunications Authority, National Numbering Plan); with number portability it is the
# price list that counts, and that goes by prefix as well.
OPERATORS = {"984": "ntc", "985": "ntc", "986": "ntc", "974": "ntc", "975": "ntc", "976": "ntc"} | {
    "980": "ncell",
    "981": "ncell",
    "982": "ncell",
    "970": "ncell",
    "961": "smart",
    "962": "smart",
    "988": "smart",
}
LINE = "line"
ABROAD = "abroad"
EVERYBODY = (*dict.fromkeys(OPERATORS.values()), "other", LINE, ABROAD)  # all that `operator` answers


def operator(e164: str) -> str:
    """Whose number it is, for prices: ntc, ncell, smart, `other` mobiles of Nepal, `line` (which takes calls alone), `abroad`.

    >>> operator("+9779841234567"), operator("+97714112233"), operator("+919812345678")
    ('ntc', 'line', 'abroad')
    """
    if not e164.startswith("+977"):
        return ABROAD
    return OPERATORS.get(e164[4:7], "other") if NEPALI_MOBILE.fullmatch(e164) else LINE


def local(e164: str) -> str:
    """How people here dial it: a Nepali mobile with ten digits, a line with its area's 0, numbers of other countries unchanged.

    >>> local("+9779841234567"), local("+97714112233")
    ('9841234567', '014112233')
    """
    if mobile := NEPALI_MOBILE.fullmatch(e164):
        return mobile[1]
    return f"0{e164[4:]}" if e164.startswith("+977") else e164


def national_mobile(e164: str, country: str) -> str | None:
    """A mobile as it is written inside its country, without a 0 before it; None for a line, and for a number of another country.

    >>> national_mobile("+9779841234567", "NP"), national_mobile("+8801712345678", "BD"), national_mobile("+919812345678", "NP")
    ('9841234567', '1712345678', None)
    """
    if country == "NP":
        return e164[4:] if e164.startswith("+977") and NEPALI_MOBILE.fullmatch(e164) else None
    import phonenumbers

    try:
        parsed = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return None
    kinds = phonenumbers.PhoneNumberType
    if phonenumbers.region_code_for_number(parsed) != country:
        return None
    mobile = phonenumbers.number_type(parsed) in {kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE}
    return phonenumbers.national_significant_number(parsed) if mobile else None


def mask(e164: str) -> str:
    """For logs: the last two digits only.

    >>> mask("+9779841234567")
    '…67'
    """
    return f"…{e164[-2:]}"
