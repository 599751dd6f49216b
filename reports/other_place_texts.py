"""The other place that a visit's record is about, in words: without it the record proves nothing."""

from reports.formatting import unit_of
from reports.languages import Texts

# Where the card, or the doctor, was minutes before; where the patient was admitted afterwards.
CARD, DOCTOR, ADMITTED = "card", "doctor", "admitted"
# Measure → the kind of other place that it is about.
OTHER_PLACE_OF = {
    "two_places": CARD,
    "two_clinics": CARD,
    "two_places_share": CARD,
    "two_sites_share": DOCTOR,
    "onward_admissions": ADMITTED,
    "onward_admission_share": ADMITTED,
    "top_onward_hospital_share": ADMITTED,
    "outgoing_referral_excess": ADMITTED,
}
_TEXTS = {
    CARD: ("同一医保卡{when}分钟前在{place}刷卡", "the same card was used {when} before at {place}"),
    DOCTOR: ("该医师{when}分钟前在{place}接诊", "the doctor saw a patient {when} before at {place}"),
    ADMITTED: ("患者于{when}住进{place}", "the patient was admitted on {when} to {place}"),
}


def other_place_text(kind: str, place: str, when: str) -> Texts:
    """The clause that names another place, in Chinese and English.

    Args:
        kind: key of what was elsewhere.
        place: name and code.
        when: the day of admission (ISO), or minutes before the visit.
    """
    zh, en = _TEXTS[kind]
    english = when if kind == ADMITTED else f"{when} {unit_of(when, 'minutes')}"
    return zh.format(place=place, when=when), en.format(place=place, when=english)
