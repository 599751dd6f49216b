"""Measures of a patient's stays: returns, days without treatment, visits elsewhere, stays like others'."""

from ibis import Table, Value

from claims.as_of import STAY
from features.measures import shared_admissions as admissions
from features.measures.catalogue import ALL_WINDOWS, STRONG, declare, measure
from features.measures.formulas import habitual


@measure(
    "patient", "15日内同院再入院次数", "stays within 15 days of the last in the same hospital", "times",
    "stay", "M03", materiality=0.5, windows=ALL_WINDOWS, support="stays", statistic="count",
)  # fmt: skip
def split_stays(v: Table, w: Value) -> Value:
    """Stays within 15 days of one in the same hospital for the same disease."""
    return v.mdtrt_id.count(where=w & v.split.fill_null(False))


@measure(
    "patient", "在再入院偏多的医院15日内再入院的次数",
    "stays within 15 days of the last, in hospitals with excess readmissions", "times", "stay", "M03",
    materiality=0.5, evidence_weight=STRONG, windows=ALL_WINDOWS, support="stays", statistic="count",
)  # fmt: skip
def split_stays_in_excess(v: Table, w: Value) -> Value:
    """Stays within 15 days of one for the same disease, in a hospital whose other patients are readmitted so
    more than twice as often as their diseases explain: one return alone may be the illness."""
    return v.mdtrt_id.count(where=w & v.split.fill_null(False) & habitual(v.split_excess))


@measure(
    "patient", "31日内同院再入院超出同病患者通常的次数",
    "returns to the same hospital within 31 days beyond what the diseases explain", "times", "stay", "M03",
    materiality=0.5, windows=ALL_WINDOWS, statistic="count",
)  # fmt: skip
def excess_readmissions(v: Table, w: Value) -> Value:
    """Stays within 31 days of the last in the hospital, minus those expected of the diseases."""
    return (v.readmitted_31d.cast("float64") - v.readmission_expected).sum(where=w).fill_null(0)


@measure(
    "patient", "15日内同一医师再次收住次数",
    "times taken in again by the same doctor within 15 days, for whatever disease", "times", "stay",
    "M03", materiality=0.5, windows=ALL_WINDOWS, support="stays", statistic="count",
)  # fmt: skip
def same_doctor_readmission(v: Table, w: Value) -> Value:
    """Stays under the doctor who discharged the patient within 15 days before."""
    return v.mdtrt_id.count(where=w & v.same_doctor_readmission.fill_null(False))


declare("patient", admissions.idle_days, "M10", materiality=2)


@measure(
    "patient", "住院期间外出就医购药", "visits elsewhere during stays", "visits", "identity", "M10 M14 M01",
    materiality=1, statistic="count",
)  # fmt: skip
def outside_visits(v: Table, w: Value) -> Value:
    """Visits and purchases elsewhere on days inside stays."""
    return v.outside_visits.sum(where=w).fill_null(0)


@measure(
    "patient", "住院期间外出就医购药(只计外出超常的医院)",
    "visits elsewhere during stays, in hospitals with an excess of them", "visits", "identity", "M10 M14 M01",
    materiality=1, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def outside_visits_in_excess(v: Table, w: Value) -> Value:
    """Visits elsewhere on days inside stays, in a hospital whose other inpatients have more than twice those
    that their days explain: one alone may be the family's errand."""
    return v.outside_visits.sum(where=w & habitual(v.outside_excess)).fill_null(0)


@measure(
    "patient", "与他人同日同病同天数的住院次数",
    "stays with the same disease, admission day and length as other people", "visits", "stay",
    "M01 M02", materiality=1, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def twin_stays(v: Table, w: Value) -> Value:
    """Stays with others admitted there within a day for the same disease and as many days."""
    # Once is an accident or a day of operations; repetition is the evidence.
    return v.mdtrt_id.count(where=w & (v.twins > 0).fill_null(False) & ~v.interim.fill_null(False))


@measure(
    "patient", "检查为主的住院次数", "stays that were mostly examinations", "visits", "content", "M04",
    materiality=0.5, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def checkup_stays(v: Table, w: Value) -> Value:
    """Stays that are `checkup_like`, courses aside."""
    return v.mdtrt_id.count(where=w & (v.kind == STAY) & admissions.checkup_like(v) & ~v.course)


# A disease that is treated without a stay in so large a share of its visits seldom needs one. Own starting
# value.
_MILD_RATE = 0.5


@measure(
    "patient", "救助对象因通常只需门诊的疾病住院次数",
    "stays on medical assistance for diseases usually treated as an outpatient", "visits", "frequency", "M30",
    materiality=2, evidence_weight=STRONG, over="admissions",
)  # fmt: skip
def mild_stays_on_assistance(v: Table, w: Value) -> Value:
    """Stays of a recipient of medical assistance, who pays next to nothing, for a disease that at least half
    of its patients are treated for without one."""
    return v.mdtrt_id.count(where=w & v.poor & (v.outpatient_rate >= _MILD_RATE).fill_null(False))
