"""Why people are admitted or see a doctor, and what an honest bill for it holds."""

from dataclasses import dataclass
from functools import cache

import pandas as pd


@dataclass(frozen=True)
class Reason:
    """A reason for a stay: code, department, who, how long, and what is done."""

    icd: str
    dept: str
    weight: tuple[float, float, float]
    """How common at 25, 50 and 75 years."""
    days: float
    drugs: tuple[str, ...]
    labs: int
    exams: tuple[str, ...] = ()
    operation: str = ""
    materials: tuple[tuple[str, int], ...] = ()
    sex: int = 0
    condition: str = ""
    """Chronic disease that makes it ten times as common."""
    minor: bool = False
    """Usually treated without a stay."""


_LUNG = ("cefoxitin", "ambroxol", "saline")
_BRAIN = ("cinepazide", "saline", "shenmai")
_HEART = ("heparin", "saline", "shenmai")
_GUT = ("pantoprazole", "levofloxacin", "saline")
_BONE = ("painkiller", "cefoxitin", "saline")

STAYS = (
    Reason("J18", "respiratory", (1.2, 0.7, 1.6), 8, _LUNG, 6, ("ct_chest", "ecg")),
    Reason("J44", "respiratory", (0, 0.4, 2.2), 9, _LUNG, 6, ("ct_chest", "echo"), condition="copd"),
    Reason("J20", "respiratory", (1.4, 0.6, 0.6), 6, _LUNG, 4, ("xray",), minor=True),
    Reason("J06", "respiratory", (1.2, 0.3, 0.2), 5, ("cefoxitin", "saline"), 3, ("xray",), minor=True),
    Reason("I63", "neuro", (0, 0.7, 2.4), 11, _BRAIN, 7, ("ct_head", "mri", "carotid"), condition="stroke"),
    Reason("I67", "neuro", (0.1, 0.7, 1.0), 8, _BRAIN, 5, ("ct_head", "carotid"), minor=True),
    Reason("R42", "neuro", (0.3, 0.6, 0.5), 6, _BRAIN, 4, ("ct_head", "ecg"), minor=True),
    Reason("I20", "cardio", (0, 0.7, 1.7), 8, _HEART, 7, ("ecg", "echo"), condition="coronary"),
    Reason("I25", "cardio", (0, 0.4, 1.3), 8, _HEART, 7, ("ecg", "echo", "holter"), condition="coronary"),
    Reason(
        "I21",
        "cardio",
        (0, 0.2, 0.4),
        9,
        _HEART,
        8,
        ("ecg", "echo", "angiography"),
        "pci_op",
        (("stent", 1),),
    ),
    Reason("I50", "cardio", (0, 0.1, 0.9), 9, _HEART, 7, ("ecg", "echo"), condition="coronary"),
    Reason(
        "I10",
        "cardio",
        (0.1, 0.6, 0.8),
        7,
        _HEART,
        5,
        ("ecg", "ultrasound"),
        condition="hypertension",
        minor=True,
    ),
    Reason(
        "E11",
        "internal",
        (0.1, 0.8, 1.0),
        9,
        ("saline", "shenmai"),
        7,
        ("ultrasound", "ecg"),
        condition="diabetes",
    ),
    Reason("K29", "internal", (0.6, 0.6, 0.4), 6, _GUT, 4, ("gastroscopy",), minor=True),
    Reason("K80", "surgery", (0.3, 0.6, 0.5), 7, _GUT, 6, ("ultrasound",), "gallbladder_op"),
    Reason("K35", "surgery", (0.6, 0.3, 0.1), 6, _GUT, 5, ("ultrasound",), "appendix_op"),
    Reason("K40", "surgery", (0.2, 0.2, 0.4), 5, _GUT, 5, ("ultrasound",), "hernia_op", (("mesh", 1),)),
    Reason("N20", "surgery", (0.3, 0.5, 0.3), 6, ("levofloxacin", "saline"), 5, ("ultrasound",)),
    Reason(
        "S82", "ortho", (0.4, 0.4, 0.3), 12, _BONE, 6, ("xray",), "fracture_op", (("plate", 1), ("screw", 7))
    ),
    Reason("S72", "ortho", (0.1, 0.1, 0.6), 14, _BONE, 7, ("xray", "ecg"), "hip_op", (("hip", 1),)),
    Reason("S06", "neuro", (0.3, 0.3, 0.2), 9, _BRAIN, 6, ("ct_head",)),
    Reason("T14", "surgery", (0.5, 0.4, 0.3), 6, _BONE, 4, ("xray",)),
    Reason("M51", "ortho", (0.3, 1.0, 0.6), 8, _BONE, 4, ("mri",), minor=True),
    Reason(
        "M48",
        "ortho",
        (0, 0.15, 0.3),
        12,
        _BONE,
        7,
        ("mri", "xray"),
        "spine_op",
        (("rod", 2), ("pedicle", 6)),
    ),
    Reason("M54", "rehab", (0.2, 0.7, 0.4), 8, ("painkiller", "saline"), 3, ("xray",), minor=True),
    Reason("I69", "rehab", (0, 0.2, 1.1), 16, ("saline", "shenmai"), 4, ("ct_head",), condition="stroke"),
    Reason("H25", "eye", (0, 0.1, 1.1), 3, ("levofloxacin",), 5, ("ecg",), "cataract_op", (("lens", 1),)),
    Reason("O80", "gyn", (1.6, 0, 0), 4, ("saline",), 5, ("ultrasound",), sex=2),
    Reason("O82", "gyn", (1.0, 0, 0), 6, ("cefoxitin", "saline"), 6, ("ultrasound",), "caesarean", sex=2),
    Reason("D25", "gyn", (0.1, 0.4, 0), 7, ("cefoxitin", "saline"), 6, ("ultrasound",), sex=2),
    Reason("N40", "surgery", (0, 0.1, 0.6), 8, ("levofloxacin", "saline"), 6, ("ultrasound",), sex=1),
    Reason("F20", "psych", (0.1, 0.1, 0.05), 26, ("saline",), 4, ("ecg",), condition="psychosis"),
    Reason(
        "B18",
        "internal",
        (0.1, 0.15, 0.1),
        9,
        ("saline", "thymosin"),
        6,
        ("ultrasound",),
        condition="hepatitis",
    ),
    Reason("A09", "internal", (0.7, 0.3, 0.3), 5, _GUT, 4),
    Reason(
        "C34", "oncology", (0, 0.05, 0.1), 10, ("saline", "thymosin"), 8, ("ct_chest",), condition="cancer"
    ),
    # Only ever planned, never drawn: courses, and the stays that are no treatment.
    Reason("Z51", "oncology", (0, 0, 0), 3, ("paclitaxel", "cisplatin", "saline"), 4),
    Reason("C50", "oncology", (0, 0, 0), 3, ("paclitaxel", "cisplatin", "saline"), 4),
    Reason("R53", "internal", (0, 0, 0), 3, (), 9, ("ultrasound", "ecg", "ct_chest", "carotid")),
    Reason("R07", "cardio", (0, 0, 0), 3, ("heparin",), 7, ("ecg", "echo", "angiography")),
)
# ICD → (weight at 25, 50 and 75 years, drug names of the counter, tests)
VISITS: dict[str, tuple[tuple[float, float, float], tuple[str, ...], tuple[str, ...]]] = {
    "J06": ((3.0, 1.2, 0.9), ("amoxicillin", "lianhua", "cough"), ("blood",)),
    "J20": ((1.2, 0.8, 0.9), ("cefixime", "cough", "montelukast"), ("blood", "xray")),
    "K29": ((0.8, 1.1, 0.9), ("antacid",), ("gastroscopy",)),
    "M54": ((0.5, 1.5, 1.4), ("plaster", "ibuprofen"), ("xray",)),
    "L20": ((0.8, 0.5, 0.5), ("ointment", "loratadine"), ()),
    "H10": ((0.5, 0.3, 0.4), ("eye_drops",), ()),
    "R51": ((0.4, 0.6, 0.6), ("ibuprofen",), ("ct_head",)),
    "N39": ((0.4, 0.5, 0.6), ("cefixime",), ("urine",)),
    "R42": ((0.1, 0.5, 0.8), ("xuesaitong",), ("ct_head", "ecg")),
    "I10": ((0.0, 0.8, 1.6), ("amlodipine",), ("ecg",)),
    "K04": ((0.8, 0.6, 0.3), ("amoxicillin", "ibuprofen"), ()),
    "S61": ((0.5, 0.4, 0.2), ("amoxicillin",), ("xray",)),
    "N76": ((0.7, 0.5, 0.1), ("cefixime",), ("urine", "ultrasound")),
}
FEMALE_VISITS = ["N76"]


@cache
def stay_table() -> pd.DataFrame:
    """Reasons for stays in rows, in the order of `STAYS`."""
    return pd.DataFrame([vars(reason) for reason in STAYS])


def stay(icd: str) -> int:
    """Number of a reason for a stay."""
    return next(i for i, reason in enumerate(STAYS) if reason.icd == icd)


def visit(icd: str) -> int:
    """Number of a reason for a visit."""
    return list(VISITS).index(icd)


MINOR = [i for i, reason in enumerate(STAYS) if reason.minor]
INJURIES = [stay(icd) for icd in ("S82", "S06", "T14", "S72")]
