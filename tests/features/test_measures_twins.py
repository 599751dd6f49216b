"""Slow, obvious twins: the same numbers from plain loops over the rows of a small town."""

import math
from collections import Counter, defaultdict
from statistics import mean

import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.measures.catalogue import measures_of
from tests.features.slow_visits import DRUGS, EXAMS, Visit, read_visits
from tests.features.town import PEOPLE


def share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def average(values) -> float:
    values = [value for value in values if value is not None]
    return mean(values) if values else math.nan


def top(values) -> float:
    counts = Counter(value for value in values if value is not None)
    return share(max(counts.values(), default=0), sum(counts.values()))


def meeting(values) -> float:
    """Chance that two draws agree."""
    counts = Counter(value for value in values if value is not None)
    return share(sum(n * n for n in counts.values()), sum(counts.values()) ** 2)


def most_persons(visits: list[Visit], by) -> float:
    return max(
        (len({v.who for v in visits if by(v) == key}) for key in {by(v) for v in visits}), default=math.nan
    )


def frequent(visits: list[Visit], least: int) -> float:
    counts = Counter(v.who for v in visits)
    return share(sum(n for n in counts.values() if n >= least), len(visits))


def bought(visits: list[Visit]) -> list[Visit]:
    return [v for v in visits if v.kind == PHARMACY]


def seen(visits: list[Visit]) -> list[Visit]:
    return [v for v in visits if v.kind == OUTPATIENT and not v.course]


def stays(visits: list[Visit]) -> list[Visit]:
    return [v for v in visits if v.stay]


def idle_share(visits: list[Visit]) -> float:
    known = [v for v in stays(visits) if v.idle is not None]
    return share(sum(v.idle for v in known), sum(v.los for v in known))


def medication_possession_ratio(visits: list[Visit]) -> float:
    dosed = [v for v in visits if v.kind != STAY and v.supply]
    span = max((v.age for v in dosed), default=0) + 30
    kinds = max((len({line["item"] for line in v.lines if line["days"]}) for v in dosed), default=1)
    return sum(v.supply for v in dosed) / kinds / span


def no_sign_in_share(visits: list[Visit]) -> float:
    known = [v for v in visits if v.no_sign_in is not None]
    return share(sum(v.no_sign_in for v in known), sum(v.dialysis for v in known))


def fund_by(visits: list[Visit]) -> list[float]:
    """Fund pay of each person."""
    sums = defaultdict(float)
    for v in visits:
        sums[v.who] += v.fund
    return list(sums.values())


# (subject, measure) → the number, from the subject's visits inside the window.
OF_SUBJECTS = {
    ("patient", "visits"): len,
    ("patient", "purchases"): lambda vs: len(bought(vs)),
    ("patient", "purchase_days"): lambda vs: len({v.day for v in bought(vs)}),
    ("patient", "stays"): lambda vs: len(stays(vs)),
    ("patient", "stay_days"): lambda vs: sum(v.los or 0 for v in stays(vs)),
    ("patient", "fund_pay"): lambda vs: sum(v.fund for v in vs),
    ("patient", "cash_share"): lambda vs: share(sum(v.cash for v in vs), sum(v.fee for v in vs)),
    ("patient", "medication_possession_ratio"): medication_possession_ratio,
    ("patient", "max_days_on_hand"): lambda vs: max((v.stock or 0 for v in vs), default=0),
    ("patient", "oversupply_amount"): lambda vs: sum(v.surplus for v in vs),
    ("patient", "split_stays"): lambda vs: sum(v.split for v in vs),
    ("patient", "idle_days"): lambda vs: sum(v.idle or 0 for v in vs),
    ("patient", "outside_visits"): lambda vs: sum(v.outside for v in vs),
    ("patient", "village_batch"): lambda vs: max((v.batch for v in vs), default=0),
    ("patient", "same_predecessor_days"): lambda vs: max(
        (v.same_predecessor_days or 0 for v in vs), default=0
    ),
    ("patient", "bursts"): lambda vs: sum(v.burst for v in bought(vs)),
    ("patient", "two_places"): lambda vs: sum(v.two_places or False for v in vs),
    ("patient", "uses_after_death"): lambda vs: sum(
        (v.dead_for or 0) > 1 and not v.seen_after_death for v in vs
    ),
    ("patient", "repeat_codes"): lambda vs: sum(v.repeats for v in vs),
    ("patient", "uncoded_boxes"): lambda vs: sum(s["drug_trac_codg"] is None for v in vs for s in v.sales),
    ("patient", "no_sign_in_dialysis"): lambda vs: sum(v.no_sign_in or 0 for v in vs),
    ("patient", "top_pharmacy_share"): lambda vs: top(v.where for v in bought(vs)),
    ("pharmacy", "visits"): len,
    ("pharmacy", "persons"): lambda vs: len({v.who for v in vs}),
    ("pharmacy", "fund_per_visit"): lambda vs: average(v.fund for v in vs),
    ("pharmacy", "busiest_day_ratio"): lambda vs: share(top(v.day for v in vs) * len({v.day for v in vs}), 1),
    ("pharmacy", "december_share"): lambda vs: share(
        sum(v.fund for v in vs if v.begin.month == 12), sum(v.fund for v in vs)
    ),
    ("pharmacy", "days_on_hand"): lambda vs: average(v.stock for v in vs),
    ("pharmacy", "early_refill_share"): lambda vs: average(v.stock > 30 for v in vs if v.stock is not None),
    ("pharmacy", "oversupply_share"): lambda vs: share(
        sum(v.surplus for v in vs), sum(v.spent(DRUGS) for v in vs)
    ),
    ("pharmacy", "burst_share"): lambda vs: average(v.burst for v in vs),
    ("pharmacy", "same_predecessor_share"): lambda vs: average(
        (v.same_predecessor_days or 0) >= 3 for v in vs
    ),
    ("pharmacy", "two_places_share"): lambda vs: average(v.two_places or False for v in vs),
    ("pharmacy", "round_share"): lambda vs: average(v.fee % 10 == 0 and v.fee >= 20 for v in vs),
    ("pharmacy", "amount_concentration"): lambda vs: average(v.same_amount_of_other_goods for v in vs),
    ("pharmacy", "top_amount_band_share"): lambda vs: top(
        math.floor(math.log(v.fee) / math.log(1.1)) for v in vs if v.dr is None
    ),
    ("pharmacy", "zero_cash_share"): lambda vs: average(v.cash <= 0 for v in vs),
    ("pharmacy", "visits_after_death"): lambda vs: sum((v.dead_for or 0) > 1 for v in vs),
    ("pharmacy", "repeat_codes_per_1000"): lambda vs: (
        1000 * share(sum(v.repeats for v in vs), sum(len(v.sales) for v in vs))
    ),
    ("pharmacy", "uncoded_share"): lambda vs: average(
        s["drug_trac_codg"] is None for v in vs for s in v.sales
    ),
    ("pharmacy", "rx_overused_share"): lambda vs: average((v.rx_overused or 0) > 0 for v in vs),
    ("pharmacy", "sale_before_rx_share"): lambda vs: average(v.sale_before_rx for v in vs),
    ("pharmacy", "boxless_share"): lambda vs: average(not v.sales for v in vs),
    ("pharmacy", "top_prescriber_share"): lambda vs: top(v.dr for v in vs),
    ("pharmacy", "prescriber_concentration"): lambda vs: meeting(v.dr for v in vs),
    ("pharmacy", "top_prescriber_persons"): lambda vs: most_persons([v for v in vs if v.dr], lambda v: v.dr),
    ("pharmacy", "top_person_share"): lambda vs: share(max(fund_by(vs), default=0), sum(v.fund for v in vs)),
    ("pharmacy", "frequent_customers_share"): lambda vs: frequent(vs, 24),
    ("prescriber", "visits"): len,
    ("prescriber", "outpatient_visits"): lambda vs: len(seen(vs)),
    ("prescriber", "visits_per_day"): lambda vs: share(len(seen(vs)), len({v.day for v in seen(vs)})),
    ("prescriber", "two_sites_share"): lambda vs: average(v.dr_two_sites or False for v in seen(vs)),
    ("prescriber", "onward_admissions"): lambda vs: sum(v.referred_to is not None for v in seen(vs)),
    ("prescriber", "early_refill_share"): lambda vs: average(v.stock > 30 for v in vs if v.stock is not None),
    ("prescriber", "top_pharmacy_share"): lambda vs: top(v.where for v in bought(vs)),
    ("prescriber", "top_pharmacy_persons"): lambda vs: most_persons(bought(vs), lambda v: v.where),
    ("prescriber", "pharmacy_concentration"): lambda vs: meeting(v.where for v in bought(vs)),
    ("prescriber", "split_share"): lambda vs: average(v.split for v in stays(vs)),
    ("prescriber", "idle_share"): idle_share,
    ("prescriber", "no_sign_in_share"): no_sign_in_share,
    ("hospital", "visits"): len,
    ("hospital", "stays"): lambda vs: len(stays(vs)),
    ("hospital", "stays_per_person"): lambda vs: share(len(stays(vs)), len({v.who for v in stays(vs)})),
    ("hospital", "frequent_inpatients_share"): lambda vs: frequent([v for v in vs if v.kind == STAY], 3),
    ("hospital", "admitted_from_outpatient_share"): lambda vs: average(v.converted for v in stays(vs)),
    ("hospital", "non_surgical_zero_cash_share"): lambda vs: average(
        v.cash <= 0 for v in stays(vs) if not v.poor
    ),
    ("hospital", "village_concentration"): lambda vs: meeting(v.village for v in vs if v.kind == STAY),
    ("hospital", "village_batch_share"): lambda vs: average(v.batch >= 2 for v in stays(vs)),
    ("hospital", "split_share"): lambda vs: average(v.split for v in stays(vs)),
    ("hospital", "idle_share"): idle_share,
    ("hospital", "outside_share"): lambda vs: average(v.outside > 0 for v in stays(vs) if (v.los or 0) >= 2),
    ("hospital", "los"): lambda vs: average(v.los for v in stays(vs)),
    ("hospital", "exam_share"): lambda vs: share(
        sum(v.spent(EXAMS) for v in stays(vs)), sum(line["amount"] for v in stays(vs) for line in v.lines)
    ),
    ("hospital", "dialysis_sessions"): lambda vs: sum(v.dialysis for v in vs),
    ("hospital", "no_sign_in_share"): no_sign_in_share,
    ("hospital", "double_dialysis_share"): lambda vs: average(v.dialysis > 1 for v in vs if v.dialysis > 0),
}
OF_VISITS = {
    "bill": lambda v: v.fee,
    "days_on_hand": lambda v: v.stock,
    "supply_days": lambda v: v.supply or None if v.kind != STAY else None,
    "idle_days": lambda v: v.idle,
    "days_since_discharge": lambda v: None if v.course else v.days_since_discharge,
    "split_stay": lambda v: int(v.split) if v.kind == STAY else None,
    "village_batch": lambda v: v.batch if v.kind == STAY else None,
    "outside_visits": lambda v: v.outside if v.kind == STAY else None,
    "card_gap": lambda v: v.card_gap if v.burst else None,
    "same_predecessor_days": lambda v: v.same_predecessor_days,
    "two_places": lambda v: None if v.two_places is None else int(v.two_places),
    "no_sign_in_dialysis": lambda v: v.no_sign_in,
    "repeat_codes": lambda v: v.repeats if v.sales else None,
    "rx_overused": lambda v: v.rx_overused,
    "days_since_death": lambda v: v.dead_for if (v.dead_for or 0) > 1 else 0,
}
KEYS = {
    "patient": lambda v: v.who,
    "prescriber": lambda v: v.dr,
    "pharmacy": lambda v: v.where if v.where.startswith("P") else None,
    "hospital": lambda v: v.where if v.where.startswith("H") else None,
}


@pytest.fixture(scope="module")
def town(town_snapshot):
    """The visits of the town as a reader sees them, and the measures of the same night."""
    return read_visits(town_snapshot.world), town_snapshot.measured


def test_every_person_and_place_has_its_row(town):
    visits, measured = town
    lately = [v for v in visits if v.age <= 1095]
    assert {KEYS["patient"](v) for v in lately} == set(measured["patient"].index) <= set(PEOPLE)
    for subject in ("prescriber", "pharmacy", "hospital"):
        assert {KEYS[subject](v) for v in lately} - {None} == set(measured[subject].index)
    assert {v.id for v in visits} == set(measured["visit"].index)


@pytest.mark.parametrize("subject,name", OF_SUBJECTS)
def test_measures_of_subjects(town, subject, name):
    visits, measured = town
    columns = {c: days for c, (entry, days) in measures_of(subject).items() if entry.name == name}
    assert columns
    for column, days in columns.items():
        expected = {}
        for key in measured[subject].index:
            inside = [v for v in visits if KEYS[subject](v) == key and v.age <= days]
            expected[key] = OF_SUBJECTS[subject, name](inside)
        found = measured[subject][column].to_dict()
        assert found == pytest.approx(expected, abs=2e-6, nan_ok=True), column


@pytest.mark.parametrize("name", OF_VISITS)
def test_measures_of_visits(town, name):
    visits, measured = town
    expected = {v.id: math.nan if OF_VISITS[name](v) is None else OF_VISITS[name](v) for v in visits}
    assert measured["visit"][name].to_dict() == pytest.approx(expected, abs=2e-6, nan_ok=True)


HAPPENED = [
    "surplus",
    "split",
    "burst",
    "two_places",
    "outside",
    "batch",
    "repeats",
    "converted",
    "dr_two_sites",
]
HAPPENED += ["same_amount_of_other_goods", "no_sign_in", "referred_to", "rx_overused", "sale_before_rx"]


def test_the_town_shows_what_it_is_meant_to_show(town):
    """A twin proves little where nothing happens."""
    visits, _measured = town
    assert [name for name in HAPPENED if not any(getattr(v, name) for v in visits)] == []
    assert any((v.dead_for or 0) > 1 for v in visits) and any(
        (v.same_predecessor_days or 0) > 1 for v in visits
    )
    ages = [v.age for v in visits]
    for days in (30, 90, 365, 1095):
        assert days in ages and any(0 < age - days < 2 / 86400 for age in ages)
