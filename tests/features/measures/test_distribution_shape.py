"""Quantiles of a hospital's stays and payments, each against a loop, and who looks at them."""

from statistics import fmean, stdev

import pytest

from features.measures.catalogue import CATALOGUE, CONTEXT
from models.subject_model import LEARNT_ONLY
from tests.features.measures import loops
from tests.features.measures.loops import Loop, stays
from tests.features.measures.tables import taken

SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def quantile(values: list[float], share: float) -> float | None:
    """Between the two nearest of the sorted values."""
    values, at = sorted(values), share * (len(values) - 1)
    if not values:
        return None
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (at - low) * (values[high] - values[low])


def returned_here(vs):
    """Stays whose patient's stay before was here."""
    return [v for v in stays(vs) if v["same_place"]]


def variation(values: list[float]) -> float | None:
    """Standard deviation ÷ mean; unknown of a single value."""
    return stdev(values) / fmean(values) if len(values) > 1 else None


STATISTICS = {name: lambda values, share=share: quantile(values, share) for name, share in SHARES.items()}
STATISTICS["cv"] = variation
SHAPE_LOOPS: dict[str, Loop] = {
    f"{stem}_{name}": lambda vs, rows=rows, fact=fact, of=of: of(loops.column(rows(vs), fact))
    for name, of in STATISTICS.items()
    for stem, rows, fact in (
        ("stay_days", stays, "los"),
        ("visit_fund", list, "fund_pay_sumamt"),
        ("return_days", returned_here, "days_since_discharge"),
    )
}


def test_a_few_dear_visits_move_the_tail_and_not_the_middle():
    honest = [{"fund_pay_sumamt": 100.0 + n} for n in range(21)]
    padded = [row | ({"fund_pay_sumamt": 900.0} if n >= 19 else {}) for n, row in enumerate(honest)]
    found = {
        name: [taken("hospital", f"visit_fund_{name}", *rows) for rows in (honest, padded)]
        for name in STATISTICS
    }
    assert found["p50"] == [110, 110] and found["p90"] == [118, 118]
    assert found["p99"] == [pytest.approx(119.8), 900] and found["max"] == [120, 900]
    assert found["cv"] == [pytest.approx(0.0564, abs=1e-4), pytest.approx(1.30, abs=0.01)]


def test_an_interval_counts_where_the_stay_before_was_here():
    here, elsewhere = (
        {"days_since_discharge": days, "same_place": same} for days, same in ((14.0, True), (3.0, False))
    )
    assert taken("hospital", "return_days_p50", here, elsewhere, {"days_since_discharge": None}) == 14
    assert taken("hospital", "return_days_max", elsewhere) is None


def test_they_are_no_evidence_and_looked_at_by_the_learner_alone():
    entries = [CATALOGUE["hospital", name] for name in SHAPE_LOOPS]
    assert {(e.evidence_weight, e.family, e.windows) for e in entries} == {(CONTEXT, LEARNT_ONLY, (1095,))}
    learnt = {e.name for e in CATALOGUE.values() if e.family == LEARNT_ONLY}
    assert learnt == set(SHAPE_LOOPS)
