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
    rest = set(SCHEMES) - set(counted)
    most = sorted(({"M19": (1, 1.0), "M05": (2, 4.0), "M06": (1, 1.0), "M28": (1, 9.0)}[s], s) for s in rest)
    expected = [(s, n, yuan) for (n, yuan), s in sorted(most, key=lambda one: -one[0][1])[:OTHERS]]
    assert list(_others(VISITS, named)) == expected
