"""Which visits in dispute a story counts as those of the named scheme."""

import pandas as pd
import pytest

from pipelines.explain.stories import OTHERS, _for_scheme, _others
from pipelines.typed_frames import tuples

SCHEMES = ["M19", "M05", "M05", "M06", "M28"]
VISITS = list(tuples(pd.DataFrame({"scheme": SCHEMES, "disputed": [1.0, 2.0, 2.0, 1.0, 9.0]})))


@pytest.mark.parametrize(
    "scheme, counted",
    [
        ("M19", ["M19", "M05", "M05", "M06"]),  # a dealer's purchases are too much, each by itself
        ("M05", ["M05", "M05"]),
        ("M01", SCHEMES),  # none is for it
        (None, SCHEMES),
    ],
)
def test_visits_that_a_scheme_shows_as_are_counted_as_its_own(scheme, counted):
    named = _for_scheme(VISITS, scheme)
    assert [visit.scheme for visit in named] == counted
    others = {scheme for scheme, _n in _others(VISITS, named)}
    rest = set(SCHEMES) - set(counted)
    assert others <= rest and len(others) == min(len(rest), OTHERS)
