"""The run at a glance: money once a visit, what drives the scores in per cent, who is new."""

from datetime import date

import pandas as pd
import pytest

from reports.disputed_visits import largest_by_visit
from reports.overview import _standing, drivers, page
from tests.reports.forbidden import page_offences

DISPUTES = pd.DataFrame(
    [("V1", "H1", "M01", 500.0, 600.0), ("V1", "H1", "M03", 400.0, 600.0), ("V2", "P1", None, 77.4, 100.0),
     ("V3", "H1", "M01", 1000.0, 1000.0)],
    columns=["mdtrt_id", "fixmedins_code", "scheme", "disputed", "amount"],
)  # fmt: skip
NAMES = pd.Series({"H1": "<b>二院"})
LISTED = pd.DataFrame(
    [("patient", "new"), ("patient", "new"), ("hospital", "cleared")], columns=["subject_type", "status"]
)
SAMPLED = pd.DataFrame({"subject_type": ["pharmacy"], "subject_id": ["P9"]})
FAMILIES = {"a": "stay", "b": "stay", "c": "money"}


def contributions() -> pd.DataFrame:
    rows = [(1.0, -0.5, 0.2, 0.0, 2.0, 9.0), (-1.0, 0.0, 0.2, 0.0, 0.0, 9.0)]
    return pd.DataFrame(rows, columns=["a", "b", "c", "graph", "rule", "base"])


def test_who_is_new_stands_in_the_order_of_kinds_and_statuses():
    rows = [("hospital", "cleared"), ("patient", "cleared"), ("hospital", "new"), ("patient", "new")]
    listed = pd.DataFrame(rows, columns=["subject_type", "status"])
    found = [row[:2] for row in _standing(listed, SAMPLED.iloc[:0], "en")]
    kinds = sorted({kind for kind, _status in found}, key=[kind for kind, _status in found].index)
    assert found == [(kind, status) for kind in kinds for status in ("new", "cleared lately, left alone")]


def test_drivers_are_mean_sizes_of_families_without_the_base():
    found = drivers(contributions(), FAMILIES)
    assert found.index[0] == "rules" and "base" not in found
    assert found.to_dict() == pytest.approx({"rules": 1.0, "stay": 0.75, "money": 0.2, "co_visit": 0.0})


@pytest.mark.parametrize(
    "language, words",
    [
        (
            "zh",
            [
                "合计争议基金 1,577 元(所涉就诊基金共支付 1,700 元)",
                "M01 虚假住院",
                "其他疑点",
                "新上榜",
                "近期已排除",
                "随机抽查",
                "51.3",
                "审核规则",
            ],
        ),
        (
            "en",
            [
                "1,577 yuan of the 1,700 yuan",
                "M01 fake admission",
                "others",
                "cleared lately",
                "51.3",
                "audit rules",
            ],
        ),
    ],
)
def test_says_where_the_money_is_and_what_drives_the_scores(language, words):
    driven = {"patient": drivers(contributions(), FAMILIES)}
    text = page(driven, largest_by_visit(DISPUTES), NAMES, LISTED, SAMPLED, date(2025, 1, 1), language)
    assert all(word in text for word in words), [word for word in words if word not in text]
    assert page_offences(text) == []
    assert "H1 &lt;b&gt;二院" in text and "1,500" in text


def test_a_run_without_evidence_or_list_has_a_page():
    text = page({}, DISPUTES.head(0), NAMES, LISTED.head(0), SAMPLED.head(0), date(2025, 1, 1), "zh")
    assert "合计争议基金 0 元" in text and page_offences(text) == []
