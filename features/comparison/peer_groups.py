"""Which subjects are compared with which: patients with those of the same kind of care and age, hospitals
with those of their level, doctors with those of their work, pharmacies with those of their size."""

from collections.abc import Callable

import ibis
import pandas as pd
from ibis import _
from ibis.expr.types.groupby import GroupedTable

from claims.as_of import PHARMACY, STAY
from features.windows import YEARS

# Visits of the last years that make a patient one of a course of treatment, or chronic; the age of the older
# (years).
COURSE_VISITS, CHRONIC_VISITS, OLDER = 3, 3, 60
# Medicine of known dose for so many days, a drug at a time, makes a patient chronic as well: many fetch
# theirs from a pharmacy and never have a chronic-disease visit. Half a year; own starting value.
LONG_TERM_DAYS = 180
# Stays that make a doctor one with ward patients.
WARD_STAYS = 5
# First two digits of med_type of chronic-disease visits.
CHRONIC = "14"

# Words for peer groups, used in reasons.
PEER_WORDS = {
    "course": ("透析及放化疗患者", "patients on dialysis or a course of chemotherapy"),
    "chronic": ("慢病患者", "chronic patients"),
    "older": ("60岁及以上参保人", "insured persons of 60 and over"),
    "younger": ("60岁以下参保人", "insured persons under 60"),
    "level3": ("三级医院", "level-3 hospitals"),
    "level2": ("二级医院", "level-2 hospitals"),
    "primary": ("一级及未定级医疗机构", "institutions of level 1 or none"),
    "ward": ("住院医师", "doctors with ward patients"),
    "clinic": ("门诊医师", "outpatient doctors"),
    "large": ("较大药店", "larger pharmacies"),
    "small": ("较小药店", "smaller pharmacies"),
    "stay3": ("三级医院住院", "stays in level-3 hospitals"),
    "stay2": ("二级医院住院", "stays in level-2 hospitals"),
    "stay1": ("一级及未定级机构住院", "stays in institutions of level 1 or none"),
    "course_visit": ("透析及放化疗就诊", "visits of a course of treatment"),
    "chronic_visit": ("门诊慢特病就诊", "chronic-disease visits"),
    "outpatient": ("普通门诊", "outpatient visits"),
    "purchase": ("药店购药", "pharmacy purchases"),
    "groups": ("各结伴群体", "groups of co-visitors"),
}


def peer_groups(facts: ibis.Table, subject: str, key: str) -> pd.Series:
    """Which peers each subject belongs to.

    Args:
        facts: one row a visit (`features.visits.facts.visit_facts`).
        subject: kind of subject.
        key: column of the facts that names the subject; not looked at for visits.

    Returns:
        Key of PEER_WORDS, index ``subject_id``; of visits of any time, of other subjects seen in the last
        years.
    """
    if subject == "visit":
        labelled = facts.select(subject_id=facts.mdtrt_id, peers=_visit_peers(facts))
    else:
        rows = facts.filter(facts.days_ago <= YEARS)
        label = _LABELS[subject]
        labelled = label(rows.group_by(subject_id=rows[key]))
    frame: pd.DataFrame = labelled.to_pandas()
    return frame.set_index("subject_id")["peers"]


def _visit_peers(facts: ibis.Table) -> ibis.Value:
    stay = facts.kind == STAY
    return ibis.cases(
        (facts.course, "course_visit"),
        (stay & (facts.level == "3"), "stay3"),
        (stay & (facts.level == "2"), "stay2"),
        (stay, "stay1"),
        (facts.kind == PHARMACY, "purchase"),
        (facts.med_type.left(2) == CHRONIC, "chronic_visit"),
        else_="outpatient",
    )


def _patient_peers(by: GroupedTable) -> ibis.Table:
    dosed = (_.kind != STAY) & (_.supply_days > 0)
    seen = by.aggregate(
        course=_.course.sum(),
        chronic=(_.med_type.left(2) == CHRONIC).sum(),
        dosed=dosed.sum(),
        supply=(_.supply_days / _.n_drugs).sum(where=dosed),
        age=_.age.max(),
    )
    long_term = (seen.dosed >= CHRONIC_VISITS) & (seen.supply >= LONG_TERM_DAYS)
    label = ibis.cases(
        (seen.course >= COURSE_VISITS, "course"),
        ((seen.chronic >= CHRONIC_VISITS) | long_term.fill_null(False), "chronic"),
        (seen.age >= OLDER, "older"),
        else_="younger",
    )
    return seen.select("subject_id", peers=label)


def _hospital_peers(by: GroupedTable) -> ibis.Table:
    seen = by.aggregate(level=_.level.max())
    label = ibis.cases((seen.level == "3", "level3"), (seen.level == "2", "level2"), else_="primary")
    return seen.select("subject_id", peers=label)


def _prescriber_peers(by: GroupedTable) -> ibis.Table:
    seen = by.aggregate(stays=(_.kind == STAY).sum())
    return seen.select("subject_id", peers=ibis.ifelse(seen.stays >= WARD_STAYS, "ward", "clinic"))


def _pharmacy_peers(by: GroupedTable) -> ibis.Table:
    seen = by.aggregate(n=_.count())
    large = seen.n >= seen.n.median().over(ibis.window())
    return seen.select("subject_id", peers=ibis.ifelse(large, "large", "small"))


def _group_peers(by: GroupedTable) -> ibis.Table:
    return by.aggregate(n=_.count()).select("subject_id", peers=ibis.literal("groups"))


# Kind of subject → what finds the peers of each: (visits by subject) → subject_id, peers.
_LABELS: dict[str, Callable[[GroupedTable], ibis.Table]] = {
    "patient": _patient_peers,
    "hospital": _hospital_peers,
    "prescriber": _prescriber_peers,
    "pharmacy": _pharmacy_peers,
    "group": _group_peers,
}
