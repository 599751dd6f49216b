"""Measures of a stay: what happens on its days, what came before it, and who was admitted with it."""

from ibis import Table, Value

from features.measures.catalogue import LOW, PROOF, STRONG, measure
from features.measures.formulas import habitual, of_stays, ratio


@measure(
    "visit", "住院中无检查治疗的天数", "days with nothing but bed, care and round", "days", "stay", "M10",
    materiality=1, evidence_weight=STRONG,
)  # fmt: skip
def idle_days(v: Table, w: Value) -> Value:
    """Days of the stay without a line other than bed, nursing and round; missing for bills of one date."""
    return v.idle_days


@measure(
    "visit", "住院日中无检查治疗的比例", "share of idle days", "share", "stay", "M10", materiality=0.2,
    evidence_weight=STRONG,
)  # fmt: skip
def idle_share(v: Table, w: Value) -> Value:
    """Idle days ÷ days of the stay."""
    return ratio(v.idle_days, v.los)


@measure(
    "visit", "住院期间外出就医购药", "visits elsewhere during the stay", "visits", "identity", "M10 M01 M14",
    materiality=1, statistic="count",
)  # fmt: skip
def outside_visits(v: Table, w: Value) -> Value:
    """Visits and purchases elsewhere on days inside the stay; 0 where there is none."""
    return of_stays(v, v.outside_visits.fill_null(0))


@measure(
    "visit", "住院期间外出就医购药(所在医院外出超常)",
    "visits elsewhere during the stay, in a hospital with an excess of them", "visits", "identity",
    "M10 M01 M14", materiality=1, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def outside_visits_in_excess(v: Table, w: Value) -> Value:
    """Visits elsewhere on days inside the stay, where the hospital's other inpatients have more than twice
    those that their days explain; else 0."""
    return of_stays(v, habitual(v.outside_excess).ifelse(v.outside_visits.fill_null(0), 0))


@measure(
    "visit", "15日内同院同病再入院", "back in the same hospital with the same disease within 15 days", "flag",
    "stay", "M03", materiality=0.5, evidence_weight=STRONG,
)  # fmt: skip
def split_stay(v: Table, w: Value) -> Value:
    """1 for a stay within 15 days of the last there, for the same disease or an unknown one; else 0."""
    return v.split.cast("int8")


@measure(
    "visit", "距上次出院天数", "days since the last discharge", "days", "stay", "M03 M02 M30", materiality=20,
    direction=LOW,
)  # fmt: skip
def days_since_discharge(v: Table, w: Value) -> Value:
    """Days since the patient's last discharge; missing for courses of treatment, which return by schedule."""
    return v.course.ifelse(None, v.days_since_discharge)


@measure(
    "visit", "31日内又入住同院,而同病患者通常不再入院的比例",
    "back in the same hospital within 31 days, with a disease that seldom brings back", "share", "stay",
    "M03", materiality=0.2, statistic="count",
)  # fmt: skip
def unexpected_readmission(v: Table, w: Value) -> Value:
    """How seldom stays of the disease are such returns, of stays that are one; 0 for stays that are none."""
    # 0 for a stay that is no return, else the share of stays with the disease that are none.
    return v.readmitted_31d.ifelse(1 - v.readmission_expected, v.readmitted_31d.cast("float64"))


@measure(
    "visit", "15日内同一医师再次收住",
    "taken in again by the same doctor within 15 days, for whatever disease", "flag", "stay", "M03",
    materiality=0.5,
)  # fmt: skip
def same_doctor_readmission(v: Table, w: Value) -> Value:
    """1 for a stay under the doctor who discharged the patient within 15 days before, else 0."""
    return v.same_doctor_readmission.cast("int8")


@measure(
    "visit", "与另一次住院重叠", "overlaps another stay", "flag", "stay", "M14 M01", materiality=0.5,
    evidence_weight=PROOF,
)  # fmt: skip
def overlapping_stay(v: Table, w: Value) -> Value:
    """1 for a stay that overlaps another of the patient by more than a day, else 0."""
    return of_stays(v, v.overlap.cast("int8"))


@measure(
    "visit", "同村同日入院人数", "people of the village admitted within a day", "persons", "co_visit",
    "M02 M11 M01", materiality=2,
)  # fmt: skip
def village_batch(v: Table, w: Value) -> Value:
    """Other people of the patient's village admitted to the hospital within a day; 0 for courses."""
    return of_stays(v, v.course.ifelse(0, v.village_batch.fill_null(0)))
