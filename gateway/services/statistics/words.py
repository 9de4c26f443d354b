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
        "questioned": ("सोधिएको", "Questioned"),
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
        "approved": ("स्वीकृत", "Approved"),
        "paid": ("भुक्तानी भएको", "Paid"),
        "refused": ("स्वीकृत नभएको", "Not approved"),
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
    "unknown": ("थाहा छैन", "Not known"),
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
