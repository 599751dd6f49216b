"""Pages: what they print is escaped, rounded, and never a missing value."""

import math

import pandas as pd
import pytest
from jinja2 import UndefinedError

from reports.templates import _ENVIRONMENT


def printed(template: str, **data) -> str:
    return _ENVIRONMENT.from_string(template).render(**data)


@pytest.mark.parametrize("value", [None, math.nan, pd.NaT, pd.NA])
def test_a_missing_value_is_a_dash(value):
    assert printed("{{ value }}|{{ value | or_else('整次就诊') }}", value=value) == "—|整次就诊"


@pytest.mark.parametrize("name", ["number", "score", "change", "percent"])
def test_filters_know_missing_values(name):
    assert printed("{{ value | " + name + " }}", value=math.nan) == "—"


def test_an_unrounded_number_is_refused():
    with pytest.raises(TypeError, match="0.1234"):
        printed("{{ value }}", value=0.1234)
    assert printed("{{ value }} {{ other | score }}", value=7, other=0.1234) == "7 0.12"


@pytest.mark.parametrize(
    "value, change, percent",
    [
        (0.0, "0", "0.0%"),
        (-3.0, "−3", "−3.0%"),
        (123.46, "+123", "+123.5%"),
        (999.0, "+999", "+999.0%"),
        (1234.56, "+1,235", "≥ +1,000%"),
    ],
)
def test_changes_have_their_sign(value, change, percent):
    assert printed("{{ value | change }} {{ value | percent }}", value=value) == f"{change} {percent}"


def test_text_is_escaped_and_nothing_may_be_undefined():
    assert printed("{{ name }}", name="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        printed("{{ nobody }}")
