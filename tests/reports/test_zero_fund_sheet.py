"""Leads in which the fund paid nothing stand on a sheet of their own."""

import pandas as pd
import pytest

from reports.workbook_tables import Link
from reports.zero_fund_sheet import SHEET_HEADS, SHEET_WIDTHS, sheet_rows

SUSPECTS = pd.DataFrame(
    [
        ("patient", "dead", 1, 0.9, 0.0, "M09"), ("patient", "paid", 2, 0.9, 10.0, "M09"),
        ("patient", "edge", 3, 0.5, 0.0, "M36"), ("patient", "low", 4, 0.49, 0.0, "M09"),
        ("patient", "in bed", 5, 0.9, 0.0, "M10"), ("patient", "unnamed", 6, 0.9, 0.0, None),
        ("pharmacy", "P1", 1, 0.95, 0.0, "M09"), ("visit", "closed", 1, 0.99, 0.0, "M09"),
    ],
    columns=["subject_type", "subject_id", "rank", "score", "amount_at_risk", "scheme"],
).assign(story_zh="死亡登记后第102天仍购药。", story_en="Medicine bought after death.")  # fmt: skip
NAMES = pd.Series({"P1": "仁心药店"})


@pytest.mark.parametrize("language", ["zh", "en"])
def test_only_who_reaches_the_floor_with_nothing_in_dispute_has_a_row(language):
    # A phantom bed stay that cost the fund nothing is no such lead, nor is what has no name.
    rows = sheet_rows(
        SUSPECTS, NAMES, 0.5, language, {("pharmacy", "P1"): "dossiers/P1.html"}, {"closed", "dead"}
    )
    assert [row[1] for row in rows] == ["P1", "dead", "edge"]
    assert {len(row) for row in rows} == {len(SHEET_HEADS[language])} == {len(SHEET_WIDTHS)}
    assert rows[0][3] == Link("dossiers/P1.html", "打开" if language == "zh" else "open")
    assert rows[2][5].startswith("M36 ") and rows[1][3] == ""


def test_nobody_has_a_row_where_there_is_none():
    assert sheet_rows(SUSPECTS.head(0), NAMES, 0.5, "zh", {}) == []
