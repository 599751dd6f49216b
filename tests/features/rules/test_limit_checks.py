"""What a limit asks of a visit: the visit, the limit, and whether the line keeps it."""

from datetime import date

import pytest

from features.rules.billed_lines import DRUG, SERVICE
from features.rules.limit_checks import lines_breaking, lines_not_allowed, lines_with_limits
from tests.features.rules.conftest import ITEM, LIMIT, NONE, table

VISIT = (
    "mdtrt_id psn_no fixmedins_code dr_code kind med_type insutype dept_code dise_no gend years:int64 "
    "age_days:int64 los:float64 is_pharmacy:boolean level second:int64 dx3 dscg_maindiag_code"
)
LINE = (
    "mdtrt_id hilist_code day:date setl_id bkkp_sn amount:float64 charge list_type cnt:float64 inscp:float64"
)
DAY = date(2024, 3, 10)


def visit(**more) -> tuple:
    """A woman of 40 at a hospital of level 2 with hypertension."""
    row = {
        "mdtrt_id": "v", "psn_no": "p", "fixmedins_code": "H", "dr_code": "d", "kind": "outpatient",
        "med_type": "11", "insutype": "310", "dept_code": "A02", "dise_no": None, "gend": "2", "years": 40,
        "age_days": 14_610, "los": None, "is_pharmacy": False, "level": "2", "second": 0, "dx3": "I10",
        "dscg_maindiag_code": "I10.x00",
    }  # fmt: skip
    assert set(more) <= set(row)
    return tuple((row | more).values())


def context_of(hand_made, limits: list[tuple], graded: str | None = "05", line: dict | None = None, **more):
    row = {"day": DAY, "amount": 9.0, "charge": "09", "list_type": None, "cnt": 1.0, "inscp": 9.0} | (
        line or {}
    )
    lines = table(LINE, ("v", "item", row["day"], "s", "l", *list(row.values())[1:]))
    rows = [("item", kind, value, None, None, None) for kind, value in limits]
    return hand_made(
        table(VISIT, visit(**more)), lines, hilist_b=table(ITEM, ("item", "甲", *NONE)),
        hilist_lmt_b=table(LIMIT, *rows), fixmedins_b=table("fixmedins_code hosp_lv", ("H", graded)),
    )  # fmt: skip


KEPT, BROKEN = True, False
# Limit, visit, kept or broken.
CASES = [
    ("gend", "2", {}, KEPT), ("gend", "1", {}, BROKEN), ("gend", "1", {"gend": "9"}, KEPT),
    ("gend", "1", {"gend": None}, KEPT), ("gend", "1", {"med_type": "52"}, KEPT),
    ("gend", "1", {"dx3": "P22"}, KEPT), ("gend", "1", {"dx3": "O80"}, KEPT),
    ("gend", "1", {"dx3": "Z38"}, KEPT),
    ("gend", "1", {"dx3": "O10"}, BROKEN), ("gend", "1", {"dx3": None}, BROKEN),
    ("age_low", "40", {}, KEPT), ("age_low", "41", {}, BROKEN), ("age_low", "41", {"dx3": "P22"}, KEPT),
    ("age_low", "41", {"years": None}, KEPT), ("age_high", "40", {}, KEPT), ("age_high", "39", {}, BROKEN),
    ("age_high", "39", {"med_type": "52"}, KEPT), ("age_day_high", "28", {"age_days": 28}, KEPT),
    ("age_day_high", "28", {"age_days": 29}, BROKEN),
    ("age_day_high", "28", {"age_days": 29, "dx3": "P22"}, KEPT),
    ("medinslv", "2", {}, KEPT), ("medinslv", "3", {}, BROKEN), ("medinslv", "1", {}, KEPT),
    ("medinslv", "3", {"is_pharmacy": True}, KEPT), ("medinslv", "3", {"graded": None}, KEPT),
    ("med_type", "1", {}, KEPT), ("med_type", "2", {}, BROKEN), ("med_type", "2", {"med_type": None}, KEPT),
    ("dept", "A02", {"dept_code": "A0201"}, KEPT), ("dept", "A0201", {}, BROKEN),
    ("dept", "B", {"dept_code": None}, KEPT),
    ("wkinj_only", "1", {}, BROKEN), ("wkinj_only", "1", {"insutype": "390"}, BROKEN),
    ("wkinj_only", "1", {"insutype": "330"}, KEPT), ("wkinj_only", "1", {"insutype": None}, KEPT),
    ("matn_only", "1", {}, BROKEN), ("matn_only", "1", {"med_type": "51"}, KEPT),
    ("matn_only", "1", {"med_type": "53"}, KEPT), ("matn_only", "1", {"insutype": "510"}, KEPT),
    ("matn_only", "1", {"insutype": None}, BROKEN),
    ("matn_only", "1", {"dscg_maindiag_code": "O10.0"}, KEPT),
    ("matn_only", "1", {"dscg_maindiag_code": "Z30.1"}, KEPT),
    ("matn_only", "1", {"dscg_maindiag_code": None}, BROKEN),
    ("nopay", "1", {}, BROKEN),
    ("diag", "I10", {}, KEPT), ("diag", "i10.x", {}, KEPT), ("diag", "E11", {}, BROKEN),
    ("diag", "I10", {"dscg_maindiag_code": None}, BROKEN), ("label_diag", "E11", {}, BROKEN),
    ("exam_diag", "E11", {}, BROKEN),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "more", "kept"), CASES)
def test_a_limit_is_kept_or_broken(hand_made, kind, value, more, kept):
    found = lines_breaking(context_of(hand_made, [(kind, value)], **more), kind).to_pandas()
    assert found.mdtrt_id.tolist() == ([] if kept else ["v"])


def test_one_alternative_is_enough(hand_made):
    context = context_of(hand_made, [("diag", "E11"), ("diag", "I10")])
    assert lines_breaking(context, "diag").count().execute() == 0


def test_none_of_several_is_one_line_for_each_and_says_all(hand_made):
    found = lines_breaking(context_of(hand_made, [("diag", "E11"), ("diag", "J18")]), "diag").to_pandas()
    assert set(found["all"]) == {"E11、J18"} and set(found["item"]) == {"甲"}


def test_kinds_are_judged_apart(hand_made):
    context = context_of(hand_made, [("gend", "1"), ("diag", "I10")])
    assert lines_breaking(context, "gend").count().execute() == 1
    assert lines_breaking(context, "diag").count().execute() == 0


@pytest.mark.parametrize(("goods", "found"), [((DRUG,), 1), ((SERVICE,), 0), ((DRUG, SERVICE), 1), ((), 1)])
def test_goods_are_picked(hand_made, goods, found):
    assert lines_breaking(context_of(hand_made, [("gend", "1")]), "gend", *goods).count().execute() == found


@pytest.mark.parametrize(("inscp", "found"), [(9.0, 1), (0.01, 1), (0.0, 0), (None, 1)])
def test_what_the_patient_pays_alone_breaks_no_limit(hand_made, inscp, found):
    context = context_of(hand_made, [("gend", "1")], line={"inscp": inscp})
    assert lines_breaking(context, "gend").count().execute() == found


def test_limits_that_other_rules_judge_bring_no_lines(hand_made):
    context = context_of(hand_made, [("pric_uplmt_amt", "1"), ("dise", "M1")])
    assert lines_with_limits(context).count().execute() == 0


def test_lines_with_limits_carry_their_visit(hand_made):
    (row,) = (
        lines_with_limits(context_of(hand_made, [("course_days", "3")]), "course_days")
        .to_pandas()
        .to_dict("records")
    )
    assert (row["psn_no"], row["value"], row["goods"], row["dx"]) == ("p", "3", DRUG, "I10X00")


def test_an_unknown_answer_is_allowed_and_one_yes_is_enough(hand_made):
    rows = table(
        "mdtrt_id hilist_code day:date amount:float64 ok:boolean",
        ("v", "a", DAY, 5.0, False), ("v", "b", DAY, 6.0, None),
        ("v", "c", DAY, 7.0, False), ("v", "c", DAY, 7.0, True),
    )  # fmt: skip
    found = lines_not_allowed(rows, rows.ok, rows.hilist_code).to_pandas()
    assert found[["hilist_code", "amount_in_question", "message"]].values.tolist() == [["a", 5.0, "a"]]
