"""Who a suspect is: codes in words, what is not known left out."""

import pandas as pd
import pytest

from reports.profile_words import profile


@pytest.mark.parametrize(
    "facts, zh, en",
    [
        (
            {"gend": "1", "age": 71, "insutype": "390"},
            ["男", "71岁", "居民医保"],
            ["male", "71", "residents"],
        ),
        (
            {"gend": None, "age": float("nan"), "live_admdvs": "420800001001"},
            ["420800001001"],
            ["420800001001"],
        ),
        ({"hosp_lv": "2", "aprv_bed_cnt": 1200.0}, ["三级", "1,200张"], ["3", "1,200"]),
        ({"hosp_lv": "07"}, ["二级"], ["2"]),
        ({"hosp_lv": "10"}, ["一级"], ["1"]),
        ({"hosp_lv": "11", "biznet": "9"}, ["无等级", "9"], ["none", "9"]),
        ({"hosp_lv": pd.NA}, [], []),
        ({"die_date": pd.NaT}, [], []),
        ({"die_date": pd.Timestamp("2024-03-01")}, ["2024-03-01"], ["2024-03-01"]),
        (
            {"fixmedins_code": "县医院 H1", "dr_prac_type": "1", "caty": "A03.01"},
            ["县医院 H1", "临床", "内科"],
            ["县医院 H1", "clinical", "internal medicine"],
        ),
        ({"caty": "03"}, ["内科"], ["internal medicine"]),
        ({"caty": "77"}, ["77"], ["77"]),
    ],
)
def test_codes_become_words_and_the_unknown_is_left_out(facts, zh, en):
    assert [value for _label, value in profile(facts, "zh")] == zh
    assert [value for _label, value in profile(facts, "en")] == en


def test_all_posts_of_a_doctor_are_told_in_their_order():
    posts = {"registered_at": ["医院 H1", "村卫生室 H2"], "dr_prac_type": ["1"], "caty": ["A12", "12", "A03"]}
    zh, en = ([value for _label, value in profile(posts, language)] for language in ("zh", "en"))
    assert zh[0] == "医院 H1、村卫生室 H2" and zh[1:] == ["临床", f"{zh[2].split('、')[0]}、内科"]
    assert en[0] == "医院 H1, 村卫生室 H2" and en[2].endswith(", internal medicine")
    assert profile({"registered_at": [], "caty": []}, "zh") == []


def test_places_without_a_name_are_said_to_be_codes():
    told = profile({"live_admdvs": "420800001001", "admdvs": "420800"}, "zh")
    assert told == [("村(居)代码", "420800001001"), ("区划代码", "420800")]


def test_a_label_is_not_said_twice():
    """Level 1, not Level level 1."""
    assert profile({"hosp_lv": "10", "biznet": "1"}, "en") == [("Level", "1"), ("Ownership", "for profit")]
