"""Measures of what a place or a doctor bills beyond what others bill for the same mix of visits, whatever the
item, and of what both ends of a flow of prescriptions gain by it.

They are money beyond what the mix leads one to expect, of items that stand out beyond chance
(`features.comparison.item_excess`), as a share of what is charged for their class: nothing for most, and the
reasons name the item.
"""

from ibis import Table, Value

from features.comparison.case_mix import PRIOR_COMPARABLE_VISITS
from features.measures.catalogue import CONTEXT, STRONG, SharedMeasure, declare, measure, shared
from features.measures.formulas import ratio
from features.visits.excess_items import UNUSUAL_DRUGS, excess_column
from features.windows import YEAR

# Class of items → the meaning.
_SHARES = {
    "drug": (
        "药品费中超出同类病种用药习惯的占比",
        "share of medicine charges for those given more often than elsewhere for these diseases",
    ),
    "exam": (
        "检查检验费中超出同类病种检查习惯的占比",
        "share of examination charges for those done more often than elsewhere for these diseases",
    ),
    "treatment": (
        "治疗费中超出同类病种治疗习惯的占比",
        "share of treatment charges for those given more often than elsewhere for these diseases",
    ),
    "material": (
        "耗材费中超出同类病种使用习惯的占比",
        "share of consumables charges for those used more often than elsewhere for these diseases",
    ),
}
# Class of items → the column of its measure.
EXCESS_COLUMNS = {name: f"item_excess_{name}_{YEAR}d" for name in _SHARES}
# Kind of subject → biller of a visit, and class of items → the schemes that it is evidence of.
_DECLARED = {
    "hospital": ("place", {"drug": "M43 M50", "exam": "M33 M46", "treatment": "M25", "material": "M29"}),
    "prescriber": ("doctor", {"drug": "M40 M43 M50", "exam": "M33", "treatment": "M25", "material": "M29"}),
    "pharmacy": ("place", {"drug": "M07 M40 M43"}),
}


# Class of items → the fact of a visit that holds their yuan.
_AMOUNTS = {
    "drug": "drug_amount", "exam": "exam_amount", "treatment": "treat_amount", "material": "material_amount",
}  # fmt: skip
# Class of items → share of what is billed for the class that matters.
_MATERIALITY = {"drug": 0.02, "exam": 0.05, "treatment": 0.05, "material": 0.05}


def _excess_share(biller: str, item_class: str) -> SharedMeasure:
    def item_excess(v: Table, w: Value) -> Value:
        """Yuan for items of a class billed in excess of the mix of visits ÷ yuan for the class."""
        beyond = v[excess_column(biller, item_class)].sum(where=w).fill_null(0)
        return ratio(beyond, v[_AMOUNTS[item_class]].sum(where=w))

    item_excess.__name__ = f"item_excess_{item_class}"
    zh, en = _SHARES[item_class]
    return shared(zh, en, "share", "content", evidence_weight=STRONG, windows=(YEAR,))(item_excess)


for _subject, (_biller, _classes) in _DECLARED.items():
    for _class, _schemes in _classes.items():
        declare(_subject, _excess_share(_biller, _class), _schemes, materiality=_MATERIALITY[_class])


# So many examinations seldom done for the disease, at one visit, are a package.
_PACKAGE = 3


@shared(
    "含三项以上同病患者少做的检查的门诊占比",
    "share of outpatient visits with three or more examinations seldom done for the disease",
    "share", "content", evidence_weight=STRONG, windows=(YEAR,), over="consultations",
    support="outpatient_visits",
)  # fmt: skip
def seldom_exams_share(v: Table, w: Value) -> Value:
    """Visits with three or more examinations that patients of the same disease seldom have elsewhere
    (`features.visits.excess_items`) ÷ visits."""
    return (v.seldom_exams >= _PACKAGE).fill_null(False).mean(where=w)


declare("prescriber", seldom_exams_share, "M33", materiality=0.05)
declare(
    "hospital", seldom_exams_share, "M33", materiality=0.05, zh="含三项以上同病患者少做的检查的住院占比",
    en="share of stays with three or more examinations seldom done for the disease", over="admissions",
    support="stays",
)  # fmt: skip


@shared(
    "医师处方集中且用药偏贵的购药费占比",
    "share of the bills for medicines that doctors give more often than others and steer to one pharmacy",
    "share", "concentration", evidence_weight=STRONG, windows=(YEAR,), over="purchases",
)  # fmt: skip
def steered_excess_share(v: Table, w: Value) -> Value:
    """Yuan for drugs beyond what the mix leads one to expect, weighted by the excess of their flow ÷ yuan of
    all lines."""
    # A flow alone may be a practice next to a pharmacy; a costly medicine alone is a specialist's.
    beyond = (v[UNUSUAL_DRUGS] * v.prescription_flow).sum(where=w).fill_null(0)
    return ratio(beyond, v.billed.sum(where=w))


declare("prescriber", steered_excess_share, "M40", materiality=0.02)
declare("pharmacy", steered_excess_share, "M40", materiality=0.01, over="visits")


@shared(
    "次均住院耗材费", "consumables of a stay", "yuan_per_visit", "price", over="admissions", support="stays",
    case_mix=True,
)  # fmt: skip
def consumables_per_stay(v: Table, w: Value) -> Value:
    """Mean yuan for consumables of a stay."""
    return v.material_amount.fill_null(0).mean(where=w)


declare("hospital", consumables_per_stay, "M29", materiality=200)
declare("prescriber", consumables_per_stay, "M29", materiality=200)


@shared(
    "可与他院同一手术比较的手术例数", "operations that other hospitals do as well", "visits", "frequency",
    evidence_weight=CONTEXT,
)  # fmt: skip
def operations(v: Table, w: Value) -> Value:
    """Visits with an operation whose consumables are known of other hospitals."""
    return (w & v.usual_material.notnull()).sum()


@shared(
    "手术耗材超出他院同一手术的费用占比",
    "share of the bills of operations for consumables beyond the same operation elsewhere",
    "share", "content", evidence_weight=STRONG, support="operations", statistic="mean",
)  # fmt: skip
def operation_consumables_excess(v: Table, w: Value) -> Value:
    """Yuan for consumables beyond those usual of the operation ÷ yuan of all lines, of visits with an
    operation; shrunk toward nothing where there are few, for one costly operation is no habit."""
    of_operations = w & v.usual_material.notnull()
    beyond = (v.material_amount - v.usual_material).sum(where=of_operations)
    n = of_operations.sum()
    return ratio(beyond, v.billed.sum(where=of_operations)) * n / (n + PRIOR_COMPARABLE_VISITS)


for _subject in ("hospital", "prescriber"):
    declare(_subject, operations, "M29", materiality=5)
    declare(_subject, operation_consumables_excess, "M29", materiality=0.02)


@measure(
    "hospital", "超出周边水平的定向转入住院占比",
    "share of stays referred by doctors elsewhere beyond their colleagues' rate", "share",
    "concentration", "M31", materiality=0.02, evidence_weight=STRONG, over="admissions",
)  # fmt: skip
def incoming_referral_excess(v: Table, w: Value) -> Value:
    """Mean over stays of the excess of their flow from one doctor (`features.graphs.referral_flows`)."""
    return v.received_referral_excess.mean(where=w)


@measure(
    "pharmacy", "每千盒中售出后又在别处成批再售的药盒",
    "boxes that other pharmacies sold again beyond chance",
    "per_thousand", "trace", "M19 M20", materiality=2, windows=(YEAR,), support="boxes",
)  # fmt: skip
def resold_later_elsewhere(v: Table, w: Value) -> Value:
    """Boxes that other pharmacies sold again beyond chance, of a thousand sold."""
    return ratio(v.resold.sum(where=w), v.boxes.sum(where=w)) * 1000


@measure(
    "pharmacy", "每千盒中由别处售出后成批流回的药盒",
    "boxes that came back from others' customers beyond chance",
    "per_thousand", "trace", "M20 M16", materiality=2, evidence_weight=STRONG, windows=(YEAR,),
    support="boxes",
)  # fmt: skip
def sold_before_elsewhere(v: Table, w: Value) -> Value:
    """Boxes sold by others before, beyond chance, of a thousand sold (`features.graphs.trace_flows`)."""
    return ratio(v.sold_before.sum(where=w), v.boxes.sum(where=w)) * 1000


@measure(
    "patient", "本人购药后又被药店再售的药盒", "boxes bought that a pharmacy sold again", "boxes", "trace",
    "M19 M05", materiality=2, evidence_weight=STRONG, windows=(YEAR,),
)  # fmt: skip
def resold_boxes(v: Table, w: Value) -> Value:
    """Boxes bought that a pharmacy sold again beyond chance."""
    return v.resold.sum(where=w)
