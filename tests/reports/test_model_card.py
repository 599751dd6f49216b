"""The card of a model: which schemes it finds without having seen their subjects, counted and never named."""

from types import SimpleNamespace

import pandas as pd
import pytest

from reports.model_card import FOUND_ABOVE, by_scheme


def model(scores: dict[str, float], guilty: set[str]) -> SimpleNamespace:
    """As much of a model as its card looks at: scores of subjects that it had not seen."""
    out_of_fold_scores = pd.DataFrame({"score": scores})
    return SimpleNamespace(
        out_of_fold_scores=out_of_fold_scores.assign(
            target=[int(name in guilty) for name in out_of_fold_scores.index]
        )
    )


def cases(**schemes: str | None) -> pd.DataFrame:
    return pd.DataFrame({"scheme": pd.Series(schemes, dtype=object)})


TEN = {f"s{n}": n / 10 for n in range(1, 11)}


@pytest.mark.parametrize("name, found", [("s10", 1.0), ("s9", 1.0), ("s8", 0.0)])
def test_found_is_who_stands_above_nine_of_ten(name, found):
    assert FOUND_ABOVE == 0.9
    ((scheme, size, share),) = by_scheme(model(TEN, {name}), cases(**{name: "M01"}))
    assert (scheme[:4], size, share) == ("M01 ", 1, found)


def test_the_largest_scheme_comes_first_and_the_cleared_do_not_count():
    guilty = {"s1", "s9", "s10", "s5"}
    given = cases(s1="M10", s9="M10", s10="M03", s5=None, s2="M10", s7="M03")
    found = by_scheme(model(TEN, guilty), given)
    assert [(name[:3], size, share) for name, size, share in found] == [
        ("M10", 2, 0.5), ("no ", 1, 0.0), ("M03", 1, 1.0),
    ]  # fmt: skip


def test_who_was_confirmed_and_not_judged_or_judged_and_has_no_case_is_left_out():
    found = by_scheme(model(TEN, {"s10", "s9"}), cases(s10="M03", elsewhere="M03"))
    assert [row[1:] for row in found] == [(1, 1.0)]


def test_a_model_that_was_never_judged_says_nothing():
    assert by_scheme(SimpleNamespace(out_of_fold_scores=None), cases(s1="M01")) == []
    assert by_scheme(model(TEN, set()), cases(s1="M01")) == []
