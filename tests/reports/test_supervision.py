"""The monthly supervision report: what is counted, how often, and that the page holds only what it should."""

from datetime import date
from html.parser import HTMLParser

import ibis
import pandas as pd
import pytest

from reports.disputed_visits import disputed_table, largest_by_visit
from reports.monthly_findings import ALL, MONTHLY, by_institution, by_rule, monthly, totals
from reports.subject_words import CONDUCT
from reports.supervision import page, write_supervision
from reports.supervision_sheet import SHEET_HEADS, SHEET_WIDTHS, sheet_rows
from tests.reports.forbidden import page_offences

AS_OF = date(2024, 4, 10)
NAMES = pd.Series({"H1": "<script>alert(1)</script>&医院$x$", "H2": "二院", "P1": "药店"})
# visit, institution, begin, paid by the fund
VISITS = [
    ("v1", "H1", "2024-01-05", 100.0),
    ("v2", "H1", "2024-01-31", 300.0),
    ("v3", "P1", "2024-01-09", 50.0),
    ("v4", "H1", "2024-03-02", 1000.0),
    ("v5", "H2", "2024-03-03", 80.0),
    ("v6", "P1", "2024-04-01", 40.0),
]
# rule, visit, settlement, line, amount
HITS = [
    ("R001", "v1", "s1", "l1", 60.0),
    ("R002", "v1", "s1", "l1", 50.0),
    ("R003", "v1", "s1", "l1", 40.0),  # three rules, one line
    ("R001", "v2", "s2", "l2", 200.0),
    ("R001", "v2", "s2", "l3", 90.0),
    ("R002", "v2", None, None, 300.0),  # the whole visit, which cost 300
    ("R002", "v3", None, None, -5.0),
    ("R001", "v4", "s4", "l4", 250.0),
    ("R001", "v5", "s5", "l5", 30.0),
    ("R002", "v6", "s6", "l6", 10.0),
]


def hits_of(rows: list[tuple]) -> ibis.Table:
    where = {visit: place for visit, place, _begin, _paid in VISITS}
    frame = pd.DataFrame(rows, columns=["rule_id", "mdtrt_id", "setl_id", "bkkp_sn", "vola_amt"])
    frame = frame.assign(
        rule_name="规则" + frame.rule_id, sev_deg="高度可疑", fixmedins_code=frame.mdtrt_id.map(where)
    )
    types = {name: "float64" if name == "vola_amt" else "string" for name in frame}
    return ibis.memtable(frame, schema=ibis.schema(types))


def facts() -> ibis.Table:
    frame = pd.DataFrame(VISITS, columns=["mdtrt_id", "fixmedins_code", "begntime", "fund_pay_sumamt"])
    return ibis.memtable(frame.assign(begntime=pd.to_datetime(frame.begntime)))


def disputed_of(rows: list[tuple]) -> ibis.Table:
    """Visits in dispute: visit, scheme, yuan in dispute."""
    frame = pd.DataFrame(rows, columns=["mdtrt_id", "scheme", "disputed"])
    return disputed_table(largest_by_visit(frame.assign(fixmedins_code="H1", amount=1000.0)))


@pytest.fixture(scope="module")
def counted() -> pd.DataFrame:
    return monthly(hits_of(HITS), facts(), disputed_of([]))


def test_conduct_counts_where_it_disputes_more_than_the_rules_found():
    in_dispute = [("v1", "M01", 60.0), ("v2", "M03", 290.0), ("v4", "M01", 700.0), ("v4", "M02", 600.0)]
    found = monthly(hits_of(HITS[:8]), facts(), disputed_of(in_dispute))
    rows = found[found.fixmedins_code == "H1"].drop(columns=["fixmedins_code", "rule_name"]).values.tolist()
    assert [[row[0], *row[3:]] for row in rows if row[1] == ALL] == [
        ["2024-01", 2, 4, 360.0],
        ["2024-03", 1, 1, 700.0],
    ]
    # v1 and v2 are disputed by rules as much as by conduct, v4 by 250 yuan only.
    assert [row for row in rows if row[1].startswith("M")] == [["2024-03", "M01", CONDUCT, 1, 1, 700.0]]


def test_conduct_that_no_rule_found_is_in_the_total_of_its_month():
    found = monthly(hits_of(HITS[3:4]), facts(), disputed_of([("v6", "M16", 40.0)]))
    assert totals(found).set_index("month").amount.to_dict() == {
        "2024-01": 200.0, "2024-02": 0.0, "2024-03": 0.0, "2024-04": 40.0,
    }  # fmt: skip


def test_a_row_is_a_month_of_an_institution_and_a_rule(counted):
    assert list(counted.columns) == MONTHLY.names
    assert counted.drop(columns=["rule_name", "sev_deg"]).values.tolist() == [
        ["2024-01", "H1", ALL, 2, 4, 360.0],
        ["2024-01", "H1", "R001", 2, 3, 350.0],
        ["2024-01", "H1", "R002", 2, 2, 350.0],
        ["2024-01", "H1", "R003", 1, 1, 40.0],
        ["2024-01", "P1", ALL, 1, 1, 0.0],
        ["2024-01", "P1", "R002", 1, 1, 0.0],
        ["2024-03", "H1", ALL, 1, 1, 250.0],
        ["2024-03", "H1", "R001", 1, 1, 250.0],
        ["2024-03", "H2", ALL, 1, 1, 30.0],
        ["2024-03", "H2", "R001", 1, 1, 30.0],
        ["2024-04", "P1", ALL, 1, 1, 10.0],
        ["2024-04", "P1", "R002", 1, 1, 10.0],
    ]


def test_a_line_that_breaks_three_rules_costs_once():
    alone = monthly(hits_of(HITS[:3]), facts(), disputed_of([]))
    together = alone[alone.rule_id == ALL].iloc[0]
    assert (together.visits_in_doubt, together.lines, together.amount) == (1, 1, 60.0)
    assert alone[alone.rule_id != ALL].amount.tolist() == [60.0, 50.0, 40.0]


def test_change_against_the_month_before(counted):
    found = totals(counted).set_index("month")
    assert found[["institutions", "visits_in_doubt", "lines", "amount"]].values.tolist() == [
        [2, 3, 5, 360.0],
        [0, 0, 0, 0.0],
        [2, 2, 2, 280.0],
        [1, 1, 1, 10.0],
    ]
    assert found.loc["2024-01"].filter(like="_change").isna().all()
    assert found.loc[
        "2024-02", ["visits_in_doubt_change", "amount_change", "amount_change_pct"]
    ].tolist() == [
        -3,
        -360,
        -100,
    ]
    assert found.loc["2024-03", ["visits_in_doubt_change", "amount_change"]].tolist() == [2, 280]
    assert pd.isna(found.loc["2024-03", "amount_change_pct"])
    assert found.loc["2024-04", "amount_change_pct"] == pytest.approx(-96.4)


def test_by_rule_and_institution(counted):
    rules = by_rule(counted).set_index(["month", "rule_id"])
    assert rules.loc[("2024-03", "R001"), ["institutions", "visits_in_doubt", "amount"]].tolist() == [
        2,
        2,
        280.0,
    ]
    stopped = rules.loc[("2024-02", "R003")]
    assert (stopped.amount, stopped.amount_change, stopped.rule_name) == (0, -40, "规则R003")
    places = by_institution(counted).set_index(["month", "fixmedins_code"])
    assert places.loc[("2024-04", "H1"), "amount_change"] == -250


def test_a_month_without_any_finding_gives_an_empty_report(tmp_path):
    empty = monthly(hits_of([]), facts(), disputed_of([]))
    assert empty.empty and totals(empty).empty
    write_supervision(tmp_path, empty, totals(empty), NAMES, AS_OF)
    assert pd.read_parquet(tmp_path / "supervision.parquet").empty
    assert sheet_rows(totals(empty), empty, NAMES, AS_OF) == []


class Tags(HTMLParser):
    """Names of the tags and links of a page, and its text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.links, self.text = set(), [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [v for k, v in attrs if k in ("src", "href", "xlink:href") or k.startswith("on")]

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_loads_nothing_and_runs_nothing(counted, language):
    text = page(counted, totals(counted), NAMES, AS_OF, language)
    seen = Tags(text)
    assert "script" not in seen.tags and "<script" not in text
    assert all(link.startswith("#") for link in seen.links)
    assert "<script>alert(1)</script>&医院$x$" in seen.text  # shown as it is, in table and chart
    assert {"svg", "text", "table"} <= seen.tags
    assert "2024-03" in seen.text and "280" in seen.text
    assert page_offences(text) == []


def test_an_institution_is_not_counted_among_institutions(counted):
    head, places = page(counted, totals(counted), NAMES, AS_OF).split("<h2>按机构(")
    assert head.count('<th class="n">机构数</th>') == 2 and "机构数" not in places


def test_same_findings_same_page(counted):
    one, two = (page(counted, totals(counted), NAMES, AS_OF) for _time in range(2))
    assert one == two


def test_files(counted, tmp_path):
    write_supervision(tmp_path, counted, totals(counted), NAMES, AS_OF)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["supervision.html", "supervision.parquet"]
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "supervision.parquet"), counted, check_dtype=False
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_rows_for_the_workbook(counted, language):
    rows = sheet_rows(totals(counted), counted, NAMES, AS_OF, language)
    assert {len(row) for row in rows} == {len(SHEET_HEADS[language])} == {len(SHEET_WIDTHS)}
    assert {type(value) for row in rows for value in row} <= {str, int, float, type(None)}
    april, march = rows[0], next(row for row in rows if row[0] == "2024-03")
    assert april[0] != "2024-04" and april[-3:] == (None, None, None)  # not over yet
    assert march[4:] == (2, 2, 2, 280.0, 2, 280.0, None)
    assert len(sheet_rows(totals(counted), counted, NAMES, AS_OF, language, most=3)) == 3
