"""Items that a place or a doctor bills beyond what others do, in words that name the item."""

from dataclasses import dataclass

from reports.languages import LANGUAGES
from reports.number_texts import MISSING, expected_text

# Purchases that a pharmacy answers for: what a doctor prescribed is not its choice.
UNPRESCRIBED = "unprescribed"
# Kind of visit → words.
_VISITS = {
    "stay": ("次住院", "stays"),
    "outpatient": ("次门诊", "outpatient visits"),
    "pharmacy": ("次购药", "purchases"),
    UNPRESCRIBED: ("次无处方购药", "purchases without a prescription"),
}
# Class of items → words for its costliest items taken together.
_DEAREST = {
    "drug": ("高价药品", "high-cost medicines"),
    "exam": ("高价检查检验", "high-cost examinations"),
    "treatment": ("高价治疗", "high-cost treatments"),
    "material": ("高价耗材", "high-cost consumables"),
}


@dataclass(frozen=True)
class ItemInExcess:
    """An item that a subject bills more often than others do for the same mix of visits.

    Attributes:
        kind: of visit, or UNPRESCRIBED.
        item_class: key of _DEAREST.
        name: of the item; None for the costliest items of the class together.
        observed, n, expected: visits with the item, of so many, and how many were expected.
        money: yuan in excess.
    """

    kind: str
    item_class: str
    name: str | None
    observed: int
    n: int
    expected: float
    money: float


def item_text(found: ItemInExcess) -> tuple[str, str]:
    """What follows a reason about items in excess: item, n of N, what is expected, the money."""
    visits_zh, visits_en = _VISITS.get(found.kind, _VISITS["outpatient"])
    together_zh, together_en = _DEAREST[found.item_class]
    zh = together_zh if found.name is None else f"“{found.name or MISSING}”"
    en = together_en if found.name is None else f"“{found.name or MISSING}”"
    usual_zh, usual_en = (expected_text(found.expected, language) for language in LANGUAGES)
    return (
        f";主要是{zh}:{found.n:,}{visits_zh}中有{found.observed:,}次,按别处同级别、同科室、同病种的做法"
        f"应为{usual_zh}次,多收{found.money:,.0f}元",
        f"; mainly {en}: in {found.observed:,} of {found.n:,} {visits_en}, about {usual_en} as others do for"
        f" the same diseases, level and department; {found.money:,.0f} yuan beyond that",
    )
