"""One row a visit with its person and institution, hand-made."""

from datetime import date

import ibis
import pytest

from features.visits.visit_base import hospital_level, visit_base
from tests.features.visits.tables import table, values
from tests.tiny import World


@pytest.fixture(scope="module")
def base(claims_of):
    world = World()
    world.person("anna", brdy="1960-05-02", live_admdvs="village-1", psn_idet_type="2302")
    world.person("bert", brdy="2024-05-01", psn_idet_type="2400")
    world.hospital("H1", hosp_lv="2", aprv_bed_cnt=7)
    world.pharmacy("P1", prnt_medins_code="P0")
    more = {"dscg_maindiag_code": "i10.x00", "fee": 200.0, "fund": 150.0, "chfpdr_code": "D1"}
    world.stay("anna", "H1", "2024-05-01", 4, **more)
    world.purchase("bert", "P1", "2024-05-01 22:30", fee=80.0, fund=0.0)
    world.visit("anna", "H1", "2024-12-31", dscg_maindiag_code="-", dise_no="M039")
    world.stay(
        "bert", "H1", "2024-12-20", 20, settled="2024-12-21", dscg_maindiag_code="J18", dise_no="J18-A"
    )
    world.visit("nobody", "elsewhere", "2024-06-01 12:00", dscg_maindiag_code="")
    world.visit("nobody", "P9", "2024-06-01 12:00")
    return visit_base(claims_of(world, date(2025, 1, 1)))


@pytest.mark.parametrize(
    "column, expected",
    [
        ("dx3", ["I10", None, None, "J18", None, None]),
        ("dx_group", ["I10", None, "M039", "J18-A", None, None]),
        ("level", ["3", "0", "3", "3", None, None]),
        ("is_pharmacy", [False, True, False, False, None, None]),
        ("chain", [None, "P0", None, None, None, None]),
        ("beds", [7, None, 7, 7, None, None]),
        ("village", ["village-1", "420800001001", "village-1", "420800001001", None, None]),
        ("poor", [True, False, True, False, None, None]),
        ("years", [63, 0, 64, 0, None, None]),
        ("age_days", [23375.0, 0.0, 23619.0, 233.0, None, None]),
        # The last stay ends after the as-of date: nobody knows its end yet.
        ("los", [4.0, None, None, None, None, None]),
        ("day", [date(2024, 5, 1)] * 2 + [date(2024, 12, 31), date(2024, 12, 20)] + [date(2024, 6, 1)] * 2),
        ("days_ago", [244.625, 244.0625, 1.0, 11.625, 213.5, 213.5]),
        ("night", [False, True, None, False, False, False]),
        ("fund_share", [0.75, 0.0, 0.7, 0.7, 0.7, 0.7]),
        ("cash_share", [0.25, 1.0, 0.3, 0.3, 0.3, 0.3]),
        ("dr_code", ["D1", None, None, None, None, None]),
    ],
)
def test_columns_by_hand(base, column, expected):
    found = list(values(base, column).values())
    assert found == [pytest.approx(value) if isinstance(value, float) else value for value in expected]


def test_seconds_weeks_and_months_begin_where_they_should(base):
    rows = values(base, "second", "end_second", "week", "month", "age")
    assert rows["M00001"][:2] == (1714554000, 1714903200)
    assert [str(value)[:10] for value in rows["M00001"][2:4]] == ["2024-04-29", "2024-05-01"]
    assert rows["M00001"][4] == pytest.approx(23_375.375 / 365.25)


def test_no_column_of_the_person_stands_twice(base):
    assert not {"brdy", "chfpdr_code", "psn_no_right", "fixmedins_code_right"} & set(base.columns)


@pytest.mark.parametrize(
    "code, level",
    [("01", "3"), ("1", "3"), ("04", "3"), ("05", "2"), ("07", "2"), ("08", "1"), (" 9 ", "1"), ("10", "1"),
     ("11", "0"), (None, "0"), ("", "0")],
)  # fmt: skip
def test_levels_by_the_dictionary(code, level):
    levels = table({"mdtrt_id": "string", "hosp_lv": "string"}, [{"mdtrt_id": "M01", "hosp_lv": code}])
    assert values(levels.select("mdtrt_id", level=hospital_level(ibis._.hosp_lv)), "level") == {"M01": level}
