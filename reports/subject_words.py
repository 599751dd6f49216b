"""What kinds of subject, outcomes of an inspection and severities of a finding are called."""

from reports.languages import text_in

# Kind of subject → what many of them are called.
SUBJECT_WORDS = {
    "hospital": ("医疗机构", "Hospitals"),
    "pharmacy": ("药店", "Pharmacies"),
    "prescriber": ("医师", "Prescribers"),
    "patient": ("参保人", "Patients"),
    "group": ("结伴群体", "Groups"),
    "visit": ("就诊", "Visits"),
}
# Kind of subject → what one of them is called; Chinese has one word for one and many.
_SINGULAR = {
    "hospital": "Hospital",
    "pharmacy": "Pharmacy",
    "prescriber": "Prescriber",
    "patient": "Patient",
    "group": "Group",
    "visit": "Visit",
}
# Outcome of an inspection: clue_stas of insp_case_d → words.
VERDICTS = {
    "2": ("查实", "confirmed"),
    "4": ("部分查实", "partly confirmed"),
    "3": ("排除", "cleared"),
    "0": ("待查", "pending"),
}
PENDING = "0"
# Severity of a finding as the national rule library spells it, and of conduct that no rule found → English.
CONDUCT = "行为疑点"
SEVERITIES = {"明确违规": "clear breach", "高度可疑": "highly suspicious", CONDUCT: "conduct of a suspect"}
# What links the members of a group → words.
LINK_WORDS = {
    "co_visit": ("结伴就诊", "visits together"),
    "drug_resale": ("经同一医师或药店超量购药", "oversupply through the same doctor or shop"),
}


def link_word(kind: str, language: str) -> str:
    """What links the members of a group."""
    return text_in(language, LINK_WORDS[kind])


def subject_word(subject: str, language: str) -> str:
    """What one subject of a kind is called."""
    return text_in(language, (SUBJECT_WORDS[subject][0], _SINGULAR[subject]))


def severity_word(severity: str, language: str) -> str:
    """A severity of the national rule library; one that it does not know stays as it is."""
    return text_in(language, (severity, SEVERITIES.get(severity, severity)))
