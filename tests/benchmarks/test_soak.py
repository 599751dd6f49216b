"""A month of nights: what is delivered when, and what its figures mean."""

import subprocess
import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest

from benchmarks.deliveries import CONDENSED_DAYS, Plan, begin_late, deliver
from benchmarks.soak import chart, groups_kept, nights_until, slope
from tests.conftest import ROOT
from tests.tiny import World

PLAN = Plan(date(2024, 6, 1), nights=10, begins=4, drift=0.01)


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    world = World()
    world.hospital("H1")
    for name in ("late", "honest"):
        world.person(name)
        for day in ("2024-01-02", "2024-02-10", "2024-05-20", "2024-06-02", "2024-06-08"):
            world.visit(name, "H1", f"{day} 09:00:00", lines=[("lab", 1, 30)])
    world.case("patient", "honest", "3", "2024-06-03")
    return {name: world.frame(name) for name, rows in world.rows.items() if rows}


def delivered(tables: dict[str, pd.DataFrame], folder) -> dict[str, pd.DataFrame]:
    """Each folder's rows of visits, by the folder's name."""
    folders = deliver(tables, PLAN, folder)
    assert [one.name for one in folders[:2]] == ["history", "2024-06-01"] and len(folders) == 11
    return {
        one.name: pd.read_parquet(one / "mdtrt_d.parquet")
        for one in folders
        if (one / "mdtrt_d.parquet").exists()
    }


def test_each_row_comes_once_on_the_day_of_its_settlement(tables, tmp_path):
    visits = delivered(tables, tmp_path)
    assert {name: len(rows) for name, rows in visits.items()} == {
        "history": 6,
        "2024-06-02": 2,
        "2024-06-08": 2,
    }
    for name, rows in tables.items():
        parts = [pd.read_parquet(path) for path in tmp_path.rglob(f"{name}.parquet")]
        assert sorted(pd.concat(parts).iloc[:, 0]) == sorted(rows.iloc[:, 0])
    assert (tmp_path / "2024-06-03/insp_case_d.parquet").exists()
    assert not (tmp_path / "2024-06-02/psn_info_b.parquet").exists()


def test_prices_drift_and_the_history_stays(tables, tmp_path):
    deliver(tables, PLAN, tmp_path)
    fees = {
        day: pd.read_parquet(tmp_path / day / "setl_d.parquet").medfee_sumamt
        for day in ("history", "2024-06-08")
    }
    assert set(fees["history"]) == {30.0} and set(fees["2024-06-08"]) == {round(30 * 1.01**8, 2)}


def test_a_late_scheme_begins_with_its_night_and_others_stay_as_they_are(tables):
    moved = begin_late(tables, {"late"}, PLAN)
    before, after = tables["mdtrt_d"].set_index("mdtrt_id"), moved["mdtrt_d"].set_index("mdtrt_id")
    late, honest = after[after.psn_no == "late"].begntime, after[after.psn_no == "honest"]
    begin = pd.Timestamp("2024-06-05")
    # Of the early ones that of January is too old to be put off.
    assert len(late) == 4 and late.between(begin, pd.Timestamp("2024-06-12")).all()
    assert (begin - pd.Timestamp("2024-01-02")).days > CONDENSED_DAYS
    pd.testing.assert_frame_equal(honest, before[before.psn_no == "honest"])
    settled = moved["setl_d"].set_index("mdtrt_id").setl_time.loc[late.index]
    assert set(settled - late) == {pd.Timedelta(minutes=20)}
    assert set(moved["fee_list_d"].mdtrt_id) == set(after.index)


def test_dates_without_a_time_are_compared_as_well(tables):
    """Deaths and care at home have no hour, so their columns hold plain dates."""
    days = [date(2024, 3, 1), date(2024, 6, 9), date(2024, 3, 1)]
    tables["ltci_trt_d"] = pd.DataFrame({"psn_no": ["late", "late", "honest"], "trt_begndate": days})
    kept = begin_late(tables, {"late"}, PLAN)["ltci_trt_d"]
    assert list(kept.itertuples(index=False, name=None)) == [("late", days[1]), ("honest", days[2])]


def test_a_group_keeps_its_id_while_most_members_stay():
    before = pd.DataFrame({"group_id": list("aaabbb"), "member_id": list("123456")})
    assert groups_kept(before, before) == 1.0
    now = pd.DataFrame({"group_id": list("aaccb"), "member_id": list("12456")})
    # a kept two of three; b lost two of three to c, which most of it is now.
    assert groups_kept(before, now) == 0.5
    assert np.isnan(groups_kept(before, now.assign(member_id="9")))


def test_nights_until_half_are_listed():
    assert nights_until([0, 0.9, 0.0, 0.4, 0.5], begins=2) == 2
    assert nights_until([0, 0.9, 0.0, 0.49], begins=2) is None


def test_the_slope_is_a_share_of_the_mean():
    rise, half = slope(pd.Series([100.0, 101.0, 102.0, 103.0]))
    assert rise == pytest.approx(1 / 101.5) and half == pytest.approx(0, abs=1e-9)
    assert slope(pd.Series([5.0, 5.0, 5.0]))[0] == 0


def test_the_chart_has_two_points_a_night():
    nights = pd.DataFrame({"precision": [0.1, 0.2, 0.3], "found": [0.0, 0.5, np.nan]})
    assert chart(nights).count("<circle") == 6


@pytest.mark.slow
def test_three_nights_one_of_them_killed(tmp_path):
    line = [sys.executable, "-m", "benchmarks.soak", tmp_path, "--persons", 300, "--nights", 3, "--kills", 1]
    done = subprocess.run([*map(str, line)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    nights = pd.read_csv(tmp_path / "soak.csv")
    assert nights.night.tolist() == [1, 2, 3] and nights.killed.sum() == 1
    assert nights.peak_mb.max() < 1.2 * nights.peak_mb.min() and (nights.precision > 0).all()
