"""Random visits, and the helpers of loops that take the measures of them one visit at a time."""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import mean as arithmetic_mean
from typing import Any

import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.comparison.item_excess import CLASSES
from features.measures.aggregation import counted
from features.measures.catalogue import CATALOGUE
from features.visits.excess_items import BILLERS, UNUSUAL_DRUGS, excess_column
from features.windows import YEAR
from tests.features.measures.tables import facts

Visit = dict[str, Any]
Visits = list[Visit]
Loop = Callable[[Visits], float | None]
FIRST_DAY = date(2024, 11, 27)
# Column → what it may hold; None is drawn as often as each of the values.
VALUES: dict[str, list[Any]] = {
    "psn_no": ["a", "b", "c", "d"],
    "fixmedins_code": ["H1", "H2", "P1"],
    "kind": [STAY, OUTPATIENT, PHARMACY],
    "dr_code": ["D1", "D2", None],
    "prescribing_dr": ["D1", "D2", None],
    "village": ["v1", "v2", None],
    "referred_to": ["H7", "H8", None, None],
    "emp_no": ["e1", "e2", None],
    "dise_no": ["d1", "d2", None],
    "dx3": ["J18", "I10", None],
    "template": ["t1", "t2", "t3", None],
    "exam_set": ["x1", "x2", None],
    "moved_kind": [OUTPATIENT, PHARMACY, None],
    "week": ["w1", "w2", "w3"],
    "amount_band": [3.0, 4.0, None],
    "days_ago": [5.0, 80.0, 200.0, 365.0, 366.0],
    "medfee_sumamt": [50.0, 80.0, 120.5],
    "fund_pay_sumamt": [0.0, 20.0, 31.7],
    "acct_pay": [4.0, None],
    "cash_payamt": [0.0, 10.0],
    "hifp_pay": [5.0, 15.0],
    "billed": [60.0, 100.0],
    "los": [1.0, 2.0, 5.0, 6.0, 30.0, None],
    "age": [20.0, 79.0, 80.0, None],
    "beds": [10.0],
    "dialysis": [0.0, 1.0, 2.0],
    "dialysis_days": [1.0],
    "no_sign_in": [0.0, 1.0, None],
    "rehab": [0.0, 4.0, 9.0],
    "rehab_days": [0.0, 2.0, 5.0],
    "no_sign_in_rehab": [0.0, 2.0, None],
    "supply_days": [0.0, 30.0, 90.0, None],
    "n_drugs": [1.0, 2.0, None],
    "days_on_hand": [0.0, 30.0, 31.0, None],
    "oversupply_amount": [0.0, 12.0, None],
    "boxes": [1.0, 3.0, None],
    "repeat_codes": [0.0, 1.0, None],
    "uncoded": [0.0, 1.0, None],
    "rx_overused": [0.0, 2.0, None],
    "burst_expected": [0.0, 0.125, 0.5, None],
    "co_visitors": [0.0, 1.0, 3.0, None],
    "co_oversupplied": [0.0, 2.0, None],
    "co_fillers": [0.0, 3.0, None],
    "same_predecessor_days": [1.0, 2.0, 3.0, None],
    "village_batch": [0.0, 1.0, 2.0, None],
    "outside_visits": [0.0, 1.0, None],
    "idle_days": [0.0, 1.0, 3.0, None],
    "days_since_death": [0.0, 1.0, 2.0, None],
    "seen_after_death": [True, False, None],
    "impossible": [1.0, None],
    "operated": [True, False, None],
    "twins": [0.0, 2.0, None],
    "copies": [0.0, 3.0, None],
    "long_term_care_days": [0.0, 2.0, None],
    "undeclared_accident": [0.0, 1.0, None],
    "readmission_expected": [0.1, 0.4],
    "days_since_discharge": [-0.5, 9.0, 14.25, 40.0, None],
    "same_place": [True, False, None],
    "outpatient_rate": [0.2, 0.7, None],
    "large_exams": [0.0, 1.0],
    "same_amount": [0.0, 4.0, 5.0],
    "findings": [0.0, 2.0],
    "findings_amount": [0.0, 9.0, None],
    "out_of_scope": [0.0, 1.0],
    "prescription_steering": [0.1, 0.5, None],
    "referral_excess": [0.0, 0.6, None],
    "village_recruitment_excess": [0.0, 0.3, None],
    "off_price": [7.0, None],
    "chain_anomalies": [0.25],
    "fund_share": [0.4, None],
    "cash_share": [0.1, None],
    "weekly_dialysis_sessions": [3.0, None],
    "usual_weekday_share": [0.8, None],
    "card_gap": [20.0, 400.0, None],
    **dict.fromkeys(["drug_amount", "exam_amount", "treat_amount"], [0.0, 30.0, 60.0]),
    "costliest_exam": [0.0, 10.0],
    **dict.fromkeys(["bed_care_amount", "material_amount", "over_ceiling"], [0.0, 20.0, 50.0]),
    **dict.fromkeys(["cost_ratio", "service_intensity_ratio"], [0.4, 0.5, 2.0, 2.1, None]),
    **dict.fromkeys(["los_ratio", "items_ratio"], [0.8, 1.3, None]),
    "usual_material": [10.0, 30.0, None],
    "charge_to_intensity_ratio": [0.9, 1.5, None],
    "drg_cost_ratio": [1.0, 1.4, None],
    **dict.fromkeys(["benchmarked_amount", "amount_at_median_price"], [40.0, 55.0, None]),
    **dict.fromkeys(["course", "joint", "round_amount"], [True, False]),
    **dict.fromkeys(["burst", "two_places", "dr_two_sites", "night", "poor"], [True, False, None]),
    **dict.fromkeys(["sale_before_rx", "rapid_rx", "converted", "split", "overlap"], [True, False, None]),
    **dict.fromkeys(["interim", "same_doctor_readmission", "readmitted_31d"], [True, False, None]),
    "no_sign_in_excess": [0.0, 0.75, None],
    "off_schedule": [1, None],
    **dict.fromkeys(["unsupported_drg", "high_cost_drg"], [True, False, None]),
    **dict.fromkeys(
        ["received_referral_excess", "prescription_flow", "resold", "sold_before"], [0.0, 0.5, None]
    ),
    **dict.fromkeys(["split_excess", "outside_excess"], [0.1, 0.5, 0.75, None]),
    UNUSUAL_DRUGS: [0.0, 25.0, None],
    "seldom_exams": [1.0, 2.0, 3.0, 4.0, None],
    "amount_of_other_goods": [True, False, None],
    "amount_expected": [0.0, 0.125, None],
    "same_amount_of_other_goods": [0.0, 0.25, None],
    **{excess_column(biller, name): [0.0, 15.0, None] for biller in BILLERS for name in CLASSES},
}
# Families whose measures have loops of their own: outcomes of others (test_linked_outcomes.py).
ELSEWHERE = ("outcomes",)


def random_visits(seed: int, n: int = 60) -> Visits:
    """Visits of one subject; every column takes each of its values at some of them."""
    draw = random.Random(seed)
    visits = [
        {name: draw.choice(values) for name, values in VALUES.items()}
        | {"mdtrt_id": f"M{number}", "subject_id": "s", "day": FIRST_DAY + timedelta(draw.randrange(9))}
        for number in range(n)
    ]
    for visit in visits:
        hour = timedelta(hours=draw.choice([0, 9, 12, 22]))
        visit["begntime"] = datetime.combine(visit["day"], datetime.min.time()) + hour
    return visits


def measured(subject: str, visits: Visits) -> dict[str, float | None]:
    """The measures of the catalogue over a year, but for those ELSEWHERE: name → value."""
    table, found = facts(visits), {}
    entries = [e for e in CATALOGUE.values() if e.subject == subject and e.family not in ELSEWHERE]
    for base in sorted({entry.base for entry in entries}):
        rows = table if base == "visits" else counted(table, base, YEAR)
        values = {}
        for entry in (entry for entry in entries if entry.base == base):
            windowed = base == "visits" and entry.windows
            values[entry.name] = entry.compute(rows, rows.days_ago <= YEAR if windowed else rows.count() >= 0)
        found |= rows.aggregate(**values).to_pandas().iloc[0].to_dict()
    return {name: _plain(value) for name, value in found.items()}


def measured_visits(visits: Visits) -> dict[str, list[float | None]]:
    """The measures of each visit, but for those ELSEWHERE: name → values in the order of the visits."""
    table = facts(visits)
    entries = [e for e in CATALOGUE.values() if e.subject == "visit" and e.family not in ELSEWHERE]
    taken = {entry.name: entry.compute(table, table.days_ago >= 0) for entry in entries}
    frame = table.select("mdtrt_id", **taken).to_pandas().set_index("mdtrt_id")
    frame = frame.loc[[visit["mdtrt_id"] for visit in visits]]
    return {name: [_plain(value) for value in frame[name]] for name in frame}


def _plain(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def same(found: float | None, expected: float | None) -> bool:
    """Equal to rounding errors, or both unknown."""
    if found is None or expected is None:
        return found is None and (expected is None or math.isnan(expected))
    return float(found) == pytest.approx(float(expected), abs=1e-9)


def within(visits: Visits, days: float = YEAR) -> Visits:
    return [visit for visit in visits if visit["days_ago"] <= days]


@dataclass(frozen=True)
class Drawn:
    """Random visits of one subject, and the measures of them: name → value."""

    visits: Visits
    found: dict[str, float | None]

    def agrees(self, name: str, loop: Loop, days: float = YEAR) -> bool:
        """Does a measure equal its loop over the visits of so many days?"""
        return same(self.found[name], loop(within(self.visits, days)))


def drawn(subject: str, visits: Callable[[int], Visits] = random_visits) -> Any:
    """A fixture: the visits of two seeds in turn, each with the measures of a kind of subject."""

    @pytest.fixture(scope="module", params=[1, 2], name=subject)
    def measured_once(request) -> Drawn:
        made = visits(request.param)
        return Drawn(made, measured(subject, made))

    return measured_once


# Which visits a measure looks at.


def stays(visits: Visits) -> Visits:
    """Stays outside courses of treatment."""
    return [v for v in visits if v["kind"] == STAY and not v["course"]]


def seen(visits: Visits) -> Visits:
    """Outpatient visits outside courses of treatment."""
    return [v for v in visits if v["kind"] == OUTPATIENT and not v["course"]]


def bought(visits: Visits) -> Visits:
    return [v for v in visits if v["kind"] == PHARMACY]


def joint(visits: Visits) -> Visits:
    return [v for v in visits if v["joint"]]


# Sums and shares that leave out what is unknown.


def known(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def column(visits: Visits, name: str) -> list[Any]:
    return known(v[name] for v in visits)


def total(visits: Visits, name: str) -> float:
    return sum(column(visits, name))


def mean(values: Iterable[Any]) -> float | None:
    values = known(values)
    return arithmetic_mean(float(value) for value in values) if values else None


def mean_of(visits: Visits, name: str) -> float | None:
    return mean(v[name] for v in visits)


def divided(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def share(visits: Visits, counts: Callable[[Visit], bool]) -> float | None:
    """Visits for which something holds ÷ visits; what is unknown does not hold."""
    return divided(sum(bool(counts(v)) for v in visits), len(visits))


def share_known(visits: Visits, name: str, counts: Callable[[Any], bool]) -> float | None:
    """Visits for which something holds ÷ visits of which it is known."""
    return mean(counts(value) for value in column(visits, name))


def part(visits: Visits, names: str, whole: str = "billed") -> float | None:
    """Sum of some amounts ÷ sum of another."""
    return divided(sum(total(visits, name) for name in names.split()), total(visits, whole))


def counts_by(visits: Visits, name: str) -> Counter:
    return Counter(column(visits, name))


def top(visits: Visits, name: str) -> float | None:
    """Share of the most frequent value among the known ones."""
    counts = counts_by(visits, name)
    return divided(max(counts.values(), default=0), sum(counts.values()))


def alike(visits: Visits, name: str) -> float | None:
    """Probability that two draws agree."""
    counts = counts_by(visits, name)
    return divided(sum(n * n for n in counts.values()), sum(counts.values()) ** 2)


def share_of_counts(visits: Visits, name: str, chosen: Callable[[int], bool]) -> float | None:
    counts = counts_by(visits, name)
    return divided(sum(n for n in counts.values() if chosen(n)), sum(counts.values()))


def busiest(visits: Visits, name: str = "day") -> float | None:
    """The largest count against the mean of the counts."""
    counts = counts_by(visits, name)
    return max(counts.values()) / arithmetic_mean(counts.values()) if counts else None


def most_persons(visits: Visits, name: str) -> int | None:
    """Most different people who share a value."""
    people = defaultdict(set)
    for visit in visits:
        if visit[name] is not None:
            people[visit[name]].add(visit["psn_no"])
    return max(map(len, people.values()), default=None)


def different(visits: Visits, name: str) -> int:
    return len(set(column(visits, name)))


def fund_by_person(visits: Visits) -> list[float]:
    sums = defaultdict(float)
    for visit in visits:
        sums[visit["psn_no"]] += visit["fund_pay_sumamt"]
    return list(sums.values())


def growth(visits: Visits, name: str) -> float | None:
    """Per day: the last quarter against the rest of the fifteen months before the as-of date."""
    span = min(max(v["days_ago"] for v in visits), 455) - 90
    if span < 90:
        return None
    recent = total([v for v in visits if v["days_ago"] <= 90], name) / 90
    return recent / (total([v for v in visits if 90 < v["days_ago"] <= 455], name) / span)


def persons_with_known_supply(visits: Visits) -> int:
    """Patients of whom it is known what they had at hand."""
    return different([v for v in visits if v["days_on_hand"] is not None], "psn_no")


def checkup_like(visit: Visit) -> bool:
    """A short stay that is mostly examinations, the costliest of them left out."""
    others = visit["exam_amount"] - visit["costliest_exam"]
    rest = visit["billed"] - visit["costliest_exam"]
    return (visit["los"] or 99) <= 5 and others > 0 and others >= rest / 2


def met(visit: Visit) -> bool:
    """Somebody was there whom the patient meets beyond chance."""
    return (visit["co_visitors"] or 0) > 0


def dead(visit: Visit) -> bool:
    return (visit["days_since_death"] or 0) > 1


def unseen_dead(visit: Visit) -> bool:
    """A card used after death, and no doctor has seen its owner since."""
    return dead(visit) and visit["seen_after_death"] is False


def days_a_week(visits: Visits) -> float | None:
    """Visits for dialysis ÷ (patients × weeks with any), against three."""
    weeks = defaultdict(list)
    for visit in visits:
        if visit["dialysis"] > 0:
            weeks[visit["week"]].append(visit["psn_no"])
    n, persons = sum(map(len, weeks.values())), sum(len(set(who)) for who in weeks.values())
    return divided(n, 3 * persons)
