"""Lines as rules look at them: what was given back, what was bought, and the facts of their visits."""

from datetime import date, datetime

import pandas as pd
import pytest

from features.rules.billed_lines import (
    DRUG,
    MATERIAL,
    SERVICE,
    charged_lines,
    goods_kind,
    icd_code,
    lines_with_visit,
    purchased_drugs,
    service_lines,
)
from features.rules.stay_days import stays_with_days
from tests.features.rules.conftest import table

LINE = (
    "mdtrt_id hilist_code day:date cnt:float64 amount:float64 charge serv_type days_per_unit:float64 bkkp_sn "
    "setl_id"
)
VISIT = (
    "mdtrt_id psn_no fixmedins_code dr_code kind med_type day:date endtime:timestamp los:float64 "
    "idle_days:float64 boxes:float64"
)


def line(
    visit: str, item: str, day: int, count: float, amount: float | None = None, charge="09", **more
) -> tuple:
    amount = 10.0 * count if amount is None else amount
    number = f"{visit}-{item}-{day}"
    return visit, item, date(2024, 3, day), count, amount, charge, more.get("serv"), 7.0, number, f"s-{visit}"


def visit(name: str, kind="outpatient", med_type="11", los=None, idle=None, boxes=None) -> tuple:
    end = datetime(2024, 3, 5, 10)
    return name, f"p-{name}", "H1", "d1", kind, med_type, date(2024, 3, 1), end, los, idle, boxes


def context_of(hand_made, visits: list[tuple], lines: list[tuple]):
    return hand_made(table(VISIT, *visits), table(LINE, *lines))


@pytest.mark.parametrize(
    ("charge", "listed", "kind"),
    [
        ("09", None, DRUG), ("10", None, DRUG), ("11", None, DRUG), ("05", "101", DRUG),
        ("08", None, MATERIAL), ("05", "301", MATERIAL), ("08", "201", MATERIAL),
        ("05", None, SERVICE), ("01", "201", SERVICE), (None, None, SERVICE), (None, "3", MATERIAL),
    ],
)  # fmt: skip
def test_goods_by_charge_category_or_catalogue(charge, listed, kind):
    rows = table("charge listed", (charge, listed))
    assert rows.select(kind=goods_kind(rows.charge, rows.listed)).to_pandas().kind.tolist() == [kind]


@pytest.mark.parametrize(
    ("raw", "code"),
    [("e11.900", "E11900"), (" I10.x00 ", "I10X00"), ("60.2901", "602901"), ("..", None), (None, None)],
)
def test_icd_codes_lose_dots_and_case(raw, code):
    rows = table("raw", (raw,))
    assert (
        rows.select(code=icd_code(rows.raw)).to_pandas().code.astype(object).tolist() == [code]
        or code is None
    )


# Lines of one item of a visit (day, count) and the days on which it stays charged.
CHARGED = [
    ("charged", [(1, 1)], [1]),
    ("given back on another day", [(1, 1), (2, -1)], []),
    ("given back more than was charged", [(1, 1), (2, -2)], []),
    ("given back in part", [(1, 2), (2, -1)], [1]),
    ("charged twice, given back once", [(1, 1), (2, 1), (3, -1)], [1, 2]),
    ("a return alone", [(1, -1)], []),
    ("nothing", [(1, 0)], []),
]


@pytest.mark.parametrize(("name", "lines", "days"), CHARGED, ids=[row[0] for row in CHARGED])
def test_lines_that_stay_charged(hand_made, name, lines, days):
    rows = [line("v", "pill", day, count) for day, count in lines]
    rows += [line("v", "other", 1, 1), line("w", "pill", 1, 1)]  # other items and visits are left alone
    found = charged_lines(context_of(hand_made, [visit("v"), visit("w")], rows)).to_pandas()
    own = found[(found.mdtrt_id == "v") & (found.hilist_code == "pill")]
    assert sorted(day.day for day in own.day) == days and len(found) == len(own) + 2


def test_lines_that_cost_nothing_are_not_charged(hand_made):
    rows = [line("v", "gift", 1, 1, 0.0), line("v", "pill", 1, 1)]
    assert charged_lines(context_of(hand_made, [visit("v")], rows)).hilist_code.to_pandas().tolist() == [
        "pill"
    ]


def test_lines_may_be_picked_before(hand_made):
    context = context_of(
        hand_made, [visit("v")], [line("v", "pill", 1, 1), line("v", "bed", 1, 1, charge="01")]
    )
    beds = context.item_days.filter(context.item_days.charge == "01")
    assert charged_lines(context, beds).hilist_code.to_pandas().tolist() == ["bed"]


def test_purchased_drugs_are_net_of_returns_and_priced(hand_made):
    visits = [visit("v"), visit("stay", "stay", "21"), visit("sold", "stay", "21", boxes=2.0)]
    lines = [
        line("v", "pill", 1, 3, 30.0), line("v", "pill", 2, -1, -10.0), line("v", "lab", 1, 1, charge="04"),
        line("v", "back", 1, 1, 9.0), line("v", "back", 2, -1, -9.0), line("v", "gift", 1, 1, 0.0),
        line("stay", "pill", 1, 1), line("sold", "pill", 1, 1),
    ]  # fmt: skip
    found = purchased_drugs(context_of(hand_made, visits, lines)).order_by("mdtrt_id").to_pandas()
    assert found[["mdtrt_id", "hilist_code", "cnt", "amount", "unit"]].values.tolist() == [
        ["sold", "pill", 1.0, 10.0, 10.0], ["v", "pill", 2.0, 20.0, 10.0],
    ]  # fmt: skip
    assert found.bkkp_sn.tolist() == ["sold-pill-1", "v-pill-1"] and set(found.days_per_unit) == {7.0}


@pytest.mark.parametrize(
    ("kind", "los", "idle", "single"),
    [
        ("stay", 4.0, None, True),  # four days on one date
        ("stay", 4.0, 0.0, False),
        ("stay", 2.0, None, True),
        ("stay", 1.0, None, False),  # one day is one date
        ("stay", None, None, False),
        ("outpatient", 4.0, None, False),
    ],
)
def test_a_bill_with_one_date_for_all_days(hand_made, kind, los, idle, single):
    context = context_of(hand_made, [visit("v", kind, "21", los, idle)], [line("v", "pill", 1, 1)])
    rows = lines_with_visit(context, table("hilist_code", ("pill",))).to_pandas()
    assert rows.single.tolist() == [single]


def test_lines_with_visit_know_what_was_given_back_and_the_price(hand_made):
    lines = [line("v", "pill", 1, 4, 40.0), line("v", "pill", 2, -1, -10.0), line("v", "other", 1, 1)]
    context = context_of(hand_made, [visit("v", med_type="52")], lines)
    (row,) = lines_with_visit(context, table("hilist_code", ("pill",))).to_pandas().to_dict("records")
    assert (row["cnt"], row["back"], row["unit"], row["birth"]) == (4.0, 1.0, 10.0, True)
    assert row["psn_no"] == "p-v" and row["start"].day == 1


def test_only_the_items_and_visits_that_matter(hand_made):
    lines = [line(who, item, 1, 1) for who in ("v", "w") for item in ("pill", "lab")]
    context = context_of(hand_made, [visit("v"), visit("w")], lines)
    only = table("mdtrt_id hilist_code", ("v", "pill"), ("w", "lab"))
    rows = lines_with_visit(context, table("hilist_code", ("pill",)), only).to_pandas()
    assert rows[["mdtrt_id", "hilist_code", "back"]].values.tolist() == [["v", "pill", 0.0]]


def test_service_lines_carry_their_visit(hand_made):
    lines = [line("v", "scan", 2, 2, 600.0, serv="2"), line("v", "dialysis", 2, 1, serv="1"),
             line("v", "scan", 3, -1, serv="2")]  # fmt: skip
    rows = service_lines(context_of(hand_made, [visit("v")], lines), "2").to_pandas()
    assert rows[["hilist_code", "unit", "psn_no", "fixmedins_code", "dr_code"]].values.tolist() == [
        ["scan", 300.0, "p-v", "H1", "d1"]
    ]
    assert rows["at"].tolist() == [(pd.Timestamp("2024-03-02") - pd.Timestamp(0)).days]


@pytest.mark.parametrize(
    ("med_type", "bed_days"), [("21", False), ("2105", True), ("210501", True), (None, False)]
)
def test_stays_with_days(hand_made, med_type, bed_days):
    context = context_of(hand_made, [visit("v", "stay", med_type), visit("w")], [])
    (row,) = stays_with_days(context).to_pandas().to_dict("records")
    assert row["mdtrt_id"] == "v" and row["bed_days"] is bed_days
    assert row["last"] - row["first"] == 4 and row["first"] == (date(2024, 3, 1) - date(1970, 1, 1)).days
