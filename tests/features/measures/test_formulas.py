"""Formulas of measures on tables small enough to work out by hand."""

import ibis
import pytest

from features.measures.formulas import concentration, growth, ratio, share_in, top_share
from tests.features.measures.tables import facts


def value(table: ibis.Table, expression: ibis.Value) -> float | None:
    found = table.aggregate(value=expression).to_pandas()["value"].iloc[0]
    return None if found != found else float(found)


def counts(*numbers: int) -> ibis.Table:
    return facts([{"n": float(number)} for number in numbers])


def test_a_ratio_to_nothing_is_unknown():
    table = facts([{"part": 1.0, "whole": 4.0, "none": 0.0}])
    assert value(table, ratio(table.part.sum(), table.whole.sum())) == 0.25
    assert value(table, ratio(table.part.sum(), table.none.sum())) is None


def test_shares_of_counts():
    p = counts(1, 3, 6)
    assert value(p, top_share(p)) == 0.6
    assert value(p, share_in(p, p.n >= 3)) == 0.9
    assert value(p, share_in(p, p.n > 6)) == 0


@pytest.mark.parametrize(
    "numbers,expected", [((5,), 1.0), ((2, 2), 0.5), ((1, 3), 0.625), ((1, 1, 1, 1), 0.25)]
)
def test_concentration_is_the_chance_that_two_draws_agree(numbers, expected):
    p = counts(*numbers)
    assert value(p, concentration(p)) == expected


def paid(*rows: tuple[float, float]) -> float | None:
    """Growth of amounts (days ago, amount)."""
    v = facts([{"days_ago": days, "amount": amount} for days, amount in rows])
    return value(v, growth(v, v.amount))


def test_growth_compares_amounts_a_day():
    # 90 in the last 90 days is one a day; 730 in the 365 days before is two a day.
    assert paid((1, 90), (455, 730)) == pytest.approx(0.5)
    assert paid((90, 90), (455, 730)) == pytest.approx(0.5)
    # A little earlier the visit belongs to the year before, or to no period at all.
    assert paid((1, 90), (90.001, 365), (455, 365)) == pytest.approx(0.5)
    assert paid((1, 90), (91, 365), (455.001, 1e6)) == pytest.approx(1)


def test_growth_needs_a_quarter_to_compare_with_and_takes_its_length():
    assert paid((1, 90), (179.9, 90)) is None
    # Known for 180 days: the 90 days before the last quarter had 180, two a day.
    assert paid((1, 90), (180, 180)) == pytest.approx(0.5)
    assert paid((1, 90)) is None
    # A year of refunds adds up to nothing to compare with.
    assert paid((1, 90), (200, 5), (300, -5)) is None
