"""Items that a place or a doctor bills beyond what others do, in words that name the item."""

from dataclasses import dataclass

from reports.number_texts import MISSING

# Kind of visit → words.
_VISITS = {
    "stay": ("次住院", "stays"),
    "outpatient": ("次门诊", "outpatient visits"),
    "pharmacy": ("次购药", "purchases"),
}
# Class of items → words for its dearest items taken together.
_DEAREST = {
    "drug": ("高价药品", "dear medicines"),
    "exam": ("高价检查检验", "dear examinations"),
    "treatment": ("高价治疗", "dear treatments"),
    "material": ("高价耗材", "dear consumables"),
}


@dataclass(frozen=True)
class ItemInExcess:
    """An item that a subject bills more often than others do for the same mix of visits.

    Attributes:
        kind: of visit, key of _VISITS.
        item_class: key of _DEAREST.
        name: of the item; None for the dearest items of the class together.
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
    usual = f"{found.expected:,.0f}" if found.expected >= 1 else "<1"
    return (
        f";主要是{zh}:{found.n:,}{visits_zh}中有 {found.observed:,} 次,按同病种、同级别、同科室别处的做法"
        f"约 {usual} 次,多出 {found.money:,.0f} 元",
        f"; mainly {en}: in {found.observed:,} of {found.n:,} {visits_en}, about {usual} as others do for the"
        f" same diseases, level and department; {found.money:,.0f} yuan beyond that",
    )
