"""What became of the rows of a load, as the terminal shows it."""

from claims.store import Report
from reports.load_summary import load_summary, quarantine_summary

REPORT = Report(
    {"setl_d": {"in": 12_345, "kept": 12_340, "quarantined": 3, "set_aside": 1, "identical": 1}},
    {"unreadable time: setl_d.setl_time": 3},
    {"setl_d": ["colour", "size"], "mdtrt_d": []},
)


def test_counts_reasons_and_unknown_columns_have_a_line_each():
    assert load_summary(REPORT).splitlines() == [
        "table                      in         kept  quarantined    set_aside    identical",
        "setl_d                 12,345       12,340            3            1            1",
        "quarantine: 3 unreadable time: setl_d.setl_time",
        "not in the contract: setl_d: colour, size",
    ]


def test_nothing_wrong_is_nothing_said():
    assert len(load_summary(Report({}, {}, {})).splitlines()) == 1


def test_a_quarantined_row_is_placed_and_not_quoted():
    rows = [
        ("setl_d", "setl_d.csv", 7, "setl_time", "unreadable time"),
        ("setl_d", "b.csv", 2, None, "no key"),
    ]
    assert quarantine_summary(rows) == [
        "setl_d.csv row 7: unreadable time (setl_d.setl_time)",
        "b.csv row 2: no key",
    ]
