"""Every visit in dispute of whoever is to be visited has a row to fetch its records by."""

import pandas as pd
import pytest

from reports.disputed_sheet import SHEET_HEADS, SHEET_WIDTHS, sheet_rows

DISPUTES = pd.DataFrame(
    [
        (1, "hospital", "H1", "v1", pd.Timestamp("2024-05-01 09:30"), "p1", "H1", "D1", "M01", 90.0, 120.0),
        (2, "patient", "p2", "v2", pd.Timestamp("2024-05-02"), "p2", "P1", None, None, 4.0, 40.0),
    ],
    columns=[
        "place", "subject_type", "subject_id", "mdtrt_id", "day", "psn_no", "fixmedins_code", "dr_code",
        "scheme", "disputed", "amount",
    ],
)  # fmt: skip


@pytest.mark.parametrize(
    "language, kinds, schemes",
    [
        ("zh", ["医疗机构", "参保人"], ["M01 虚假住院", "其他疑点"]),
        ("en", ["hospital", "patient"], ["M01 fake admission", "others"]),
    ],
)
def test_a_row_says_what_to_fetch_and_what_is_in_dispute(language, kinds, schemes):
    rows = sheet_rows(DISPUTES, pd.Series({"P1": "仁心药店"}), language)
    assert {len(row) for row in rows} == {len(SHEET_HEADS[language])} == {len(SHEET_WIDTHS)}
    assert [row[0] for row in rows] == [1, 2] and [row[3] for row in rows] == ["v1", "v2"]
    assert [row[4] for row in rows] == ["2024-05-01", "2024-05-02"]
    assert rows[0][5:9] == ("p1", "H1", "", "D1") and rows[1][5:9] == ("p2", "P1", "仁心药店", "")
    assert [row[10:] for row in rows] == [(90.0, 120.0), (4.0, 40.0)]
    assert [row[1].lower() for row in rows] == kinds and [row[9] for row in rows] == schemes


def test_nothing_in_dispute_is_an_empty_sheet():
    assert sheet_rows(DISPUTES.head(0), pd.Series(dtype=object), "zh") == []
