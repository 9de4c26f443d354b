"""What stands in statistics in words: titles, headings and the names of groups, in Nepali and English."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("ne", "en")

Both = tuple[str, str]  # Nepali, English

GROUPS: Mapping[str, Both] = {
    "trade": ("काम", "Trade"),
    "province": ("प्रदेश", "Province"),
    "district": ("जिल्ला", "District"),
    "municipality": ("पालिका", "Municipality"),
    "sex": ("लिङ्ग", "Sex"),
    "age": ("उमेर", "Age"),
    "language": ("भाषा", "Language"),
    "role": ("घरमा भूमिका", "Role in the household"),
    "state": ("अवस्था", "State"),
    "month": ("महिना", "Month"),
    "scheme": ("योजना", "Scheme"),
    "payer": ("कसले तिर्‍यो", "Paid by"),
    "kind": ("किसिम", "Kind"),
    "broadcast": ("सन्देश", "Broadcast"),
    "notice": ("सूचना", "Notice"),
    "lesson": ("पाठ", "Lesson"),
}

# Values in the order in which they stand in a table: by their meaning, never by their counts, which would tell of what is withheld.
VALUES: Mapping[str, Mapping[str, Both]] = {
    "sex": {"female": ("महिला", "Women"), "male": ("पुरुष", "Men"), "other": ("अन्य", "Other")},
    "role": {
        "head": ("घरमूली", "Head of the household"),
        "spouse": ("श्रीमान् वा श्रीमती", "Wife or husband"),
        "daughter": ("छोरी", "Daughter"),
        "daughter_in_law": ("बुहारी", "Daughter-in-law"),
        "parent": ("आमा वा बुबा", "Mother or father"),
        "other": ("अन्य", "Other"),
    },
    "member": {
        "pending": ("दर्ता हुँदै", "Being registered"),
        "active": ("सक्रिय", "Active"),
        "left": ("छोडेका", "Left"),
        "erased": ("विवरण मेटाइएका", "Erased at their wish"),
    },
    "language": {"ne": ("नेपाली", "Nepali"), "mai": ("मैथिली", "Maithili"), "en": ("अङ्ग्रेजी", "English")},
    "age": {
        "0": ("१५ भन्दा कम", "under 15"),
        "15": ("१५–२४", "15–24"),
        "25": ("२५–३४", "25–34"),
        "35": ("३५–४४", "35–44"),
        "45": ("४५–५४", "45–54"),
        "55": ("५५–६४", "55–64"),
        "65": ("६५ र माथि", "65 and over"),
    },
    "payer": {"member": ("सदस्य", "Members"), "government": ("सरकार", "Government")},
    "contribution": {
        "noted": ("टिपिएको", "Noted"),
        "questioned": ("बुझ्न बाँकी", "Questioned"),
        "confirmed": ("पक्का भएको", "Confirmed"),
        "reversed": ("फिर्ता भएको", "Taken back"),
    },
    "kind": {
        "health": ("स्वास्थ्य", "Health"),
        "accident": ("दुर्घटना", "Accident"),
        "disability": ("अपाङ्गता", "Disability"),
        "maternity": ("सुत्केरी", "Maternity"),
        "life": ("जीवन", "Life"),
        "asset": ("सम्पत्ति", "Tools and property"),
        "old_age": ("वृद्धावस्था", "Old age"),
    },
    "claim": {
        "received": ("दर्ता भएको", "Received"),
        "paper_missing": ("कागज नपुगेको", "Paper missing"),
        "review": ("जाँचमा", "Under review"),
        "approved": ("पास भएको", "Approved"),
        "paid": ("पैसा दिइसकेको", "Paid"),
        "refused": ("पास नभएको", "Not approved"),
    },
    "direction": {"in": ("हामीलाई", "To us"), "out": ("हामीबाट", "From us")},
    "delivery": {
        "delivered": ("पुगेको", "Delivered"),
        "sent": ("पठाइएको", "Sent, no word yet"),
        "missed": ("नपुगेको", "Not delivered"),
        "held": ("नपठाइएको", "Held back"),
        "waiting": ("बाँकी", "Waiting"),
    },
    "answer": {"yes": ("आउने", "Will come"), "no": ("नआउने", "Will not come")},
    "heard": {"underway": ("सुन्दै", "In the middle of it"), "completed": ("पूरै सुनेका", "Heard all of it")},
    "medium": {"voice": ("फोन", "call"), "sms": ("सन्देश", "text")},
    "notice": {"meeting": ("बैठक", "Meeting"), "training": ("तालिम", "Training")},
    "broadcast": {
        "draft": ("लेखिँदै", "Draft"),
        "approved": ("पठाउन तयार", "Approved"),
        "sending": ("पठाउँदै", "Being sent"),
        "paused": ("रोकिएको", "Paused"),
        "finished": ("सकिएको", "Finished"),
        "cancelled": ("रद्द गरिएको", "Cancelled"),
    },
    "way": {
        "sms": ("लिखित सन्देश", "Text"),
        "voice": ("फोन", "Call"),
        "preferred": ("सन्देश वा फोन", "Text or call"),
    },
    "group": {
        "arrived": ("पुगेको", "Arrived"),
        "on_the_way": ("पठाइसकेको, खबर आउन बाँकी", "Sent, no word yet"),
        "waiting": ("पालो कुर्दै", "Waiting for their turn"),
        "unclear": ("गयो कि गएन थाहा छैन", "Not known whether it went out"),
        "not_arrived": ("पुगेन", "Did not arrive"),
        "not_sent": ("पठाइएन", "Not sent"),
    },
    "left_out": {
        "stopped": ("STOP लेखेर रोक्नुभएको", "texted STOP"),
        "no-phone": ("फोन नभएको", "no phone"),
        "no-consent": ("मन्जुरी नदिएको", "no consent"),
        "no-text": ("उहाँको भाषामा केही नभएको", "no text or clip in her language"),
        "no-mobile": ("सन्देश नआउने फोन", "a phone that takes no texts"),
        "on-list": ("छुटाइएको सूचीमा भएको", "on a list that is left out"),
        "told-lately": ("भर्खरै अर्को खबर पाएको", "told of something else lately"),
        "shared-phone": ("एउटै फोन, साथीले सुन्दा थाहा पाउने", "shares a phone with somebody who gets it, and is told with her"),
    },
    "operator": {
        "ntc": ("नेपाल टेलिकम", "Nepal Telecom"),
        "ncell": ("एनसेल", "Ncell"),
        "smart": ("स्मार्टसेल", "Smart Cell"),
        "line": ("घरको फोन", "landline"),
        "abroad": ("विदेशको नम्बर", "abroad"),
        "other": ("अरू", "other"),
    },
    "why": {
        "busy": ("फोन व्यस्त थियो", "her phone was busy"),
        "no-answer": ("फोन उठेन", "nobody picked up"),
        "canceled": ("उठाउनुअघि नै काटियो", "the call was broken off before anybody picked up"),
        "send:bad-number": ("यो नम्बरमा जाँदैन", "the number takes none: wrong, given up, or not made for it"),
        "send:throttled": ("कम्पनीले त्यस बेला लिएन", "the provider took no more at that moment"),
        "send:unreachable": ("कम्पनीसँग लाइन जोडिएन", "the provider could not be reached"),
        "send:refused": ("सेवा दिने कम्पनीले मानेन", "the provider refused it"),
        "send:misconfigured": ("कम्पनीले हाम्रो खाता वा नम्बर मानेन", "the provider refuses our account or our number"),
        "send:opted-out": ("उहाँले कम्पनीमै रोक्नुभएको छ", "she has stopped us at the provider"),
        "send:stopped": ("STOP लेखेर रोक्नुभएको", "she texted STOP"),
        "send:not-hers": ("यो नम्बर अब उहाँको होइन", "the number is hers no more"),
        "send:no-consent": ("अब मन्जुरी छैन", "she does not agree to messages any more"),
        "send:left": ("संस्था छोड्नुभएको", "she has left the organisation"),
        "send:erased": ("विवरण मेटाइएको", "she was erased"),
        "send:internal": ("सन्देश बन्न सकेन", "it could not be put together; the log says why"),
        "send:shared-phone": ("एउटै फोन, साथीले सुन्दा थाहा पाउने", "she shares a phone with somebody who gets it, and is told with her"),
        "broadcast:cancelled": ("पठाउनुअघि नै रद्द भयो", "the broadcast was cancelled before"),
        "broadcast:expired": ("पठाउने बेला काम नलाग्ने भइसकेको", "it was pointless by the time it could go out"),
        "send:ambiguous": ("गयो कि गएन, सोधिँदै छ", "it may or may not have gone out, and the provider is asked"),
        "send:lease-over": ("गयो कि गएन, सोधिँदै छ", "it may or may not have gone out, and the provider is asked"),
        "send:unresolved": (
            "गयो कि गएन थाहा छैन, कसैले निर्णय गर्नुपर्छ",
            "it may or may not have gone out, and the provider does not know: a person decides",
        ),
        "send:no-route": ("यो नम्बरसम्म जाने बाटो छैन", "no route of channels.yaml takes it to her number"),
        "send:no-channel": ("पठाउने नम्बर अब छैन", "the number over which it was to go is not in use any more"),
        "send:closed": ("गयो कि गएन थाहा छैन, त्यत्तिकै छोडिएको", "it may or may not have gone out; it is left so"),
        "": ("कारण थाहा छैन", "no reason was given"),
    },
}

HEADINGS: Mapping[str, Both] = {
    "members": ("सदस्य", "Members"),
    "payments": ("भुक्तानी पटक", "Payments"),
    "amount": ("रकम", "Rupees"),
    "claims": ("दाबी", "Claims"),
    "median": ("बीचको दिन", "Days, median"),
    "longest": ("सबैभन्दा लामो", "Days, longest"),
    "heard": ("औसत सुनेको (सेकेन्ड)", "Seconds heard, on average"),
    "calls": ("कल", "Calls"),
    "texts": ("सन्देश", "Texts"),
    "total": ("जम्मा", "All"),
    "unknown": ("थाहा नभएको", "Not known"),
    "none": ("योजना बिना", "No scheme"),
    "withheld": ("नदेखाइएको", "withheld"),
    "no_rows": ("अहिलेसम्म केही छैन।", "There is nothing to count yet."),
}

NOTES: Mapping[str, Both] = {
    "withheld": (
        "५ जनाभन्दा कमको सङ्ख्या, र त्यो निकाल्न सकिने अरू सङ्ख्या, कसैको कुरा नखुलोस् भनेर देखाइएको छैन।",
        "Counts of fewer than 5 people are withheld, and so are those from which they could be worked out.",
    ),
    "contributions": (
        "फिर्ता भएका भुक्तानी गनिएका छैनन्।",
        "Payments that were taken back are not counted.",
    ),
    "reversed": (
        "फिर्ता भएका भुक्तानी जम्मामा छैनन्।",
        "Payments that were taken back are not in the total.",
    ),
    "members": (
        "छोडेका र मेटाइएका जम्मामा छैनन्।",
        "Those who left, or were erased, are not in the total.",
    ),
    "days": (
        "सकिएका दाबी अब उमेर गन्दैनन्; खुला दाबी आजसम्म गनिएका छन्।",
        "Open claims are counted up to today. A claim that is paid or not approved waits no more.",
    ),
    "platform": (
        "यस प्रणालीका {organisations} संस्थाका सबै सदस्य।",
        "Members of all {organisations} organisations on this installation.",
    ),
}


def pick(both: Both, language: str) -> str:
    """The words in Nepali, or in English."""
    return both[LANGUAGES.index(language)]
