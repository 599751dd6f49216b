"""Conduct planted into stays: the guilty do it, the others' claims stay as they are."""

import pandas as pd
import pytest

from benchmarks.planted_stays import EVERYTHING, borrowed_names, kept_stays, package_bills, plant

MONEY, HOSPITALS, STAYS = ["fund_pay_sumamt", "medfee_sumamt"], 30, 12


@pytest.fixture
def tables(tmp_path):
    """Adapted claims: so many hospitals with so many stays of three days."""
    ids = [f"h{place:02}-{stay}" for place in range(HOSPITALS) for stay in range(STAYS)]
    visits = pd.DataFrame({"mdtrt_id": ids, "psn_no": [f"p{name}" for name in ids]})
    visits = visits.assign(fixmedins_code=visits.mdtrt_id.str[:3], begntime="20090601", endtime="20090604")
    paid = visits[["mdtrt_id", "psn_no"]].assign(setl_id=ids, setl_time="20090604")
    paid[MONEY] = [[1000.0 + n, 1100.0 + n] for n in range(len(ids))]
    visits.to_parquet(tmp_path / "mdtrt_d.parquet")
    paid.to_parquet(tmp_path / "setl_d.parquet")
    return tmp_path


def joined(tables) -> pd.DataFrame:
    visits = pd.read_parquet(tables / "mdtrt_d.parquet")
    return visits.merge(pd.read_parquet(tables / "setl_d.parquet").drop(columns="psn_no"), on="mdtrt_id")


@pytest.mark.parametrize("conduct", EVERYTHING, ids=lambda conduct: conduct.__name__)
def test_the_guilty_do_it_and_the_others_are_left_alone(tables, conduct):
    before = joined(tables)
    guilty = plant(tables, (conduct,), 0.4, seed=3)
    after = joined(tables)
    assert len(guilty) == 12 and after.mdtrt_id.is_unique and after.notna().all(axis=None)
    for place, rows in after.groupby("fixmedins_code"):
        old = before[before.fixmedins_code == place].reset_index(drop=True)
        assert rows.reset_index(drop=True).equals(old) == (place not in guilty), place


def test_a_package_price_narrows_and_a_plan_heaps(tables):
    before = joined(tables)
    guilty = plant(tables, (package_bills, kept_stays), 1.0, seed=1)
    assert len(guilty) == HOSPITALS
    after = joined(tables)
    longer = after[after.endtime != before.endtime]
    days = (pd.to_datetime(longer.endtime) - pd.to_datetime(longer.begntime)).dt.days
    # Each hospital has one plan, and is paid for the days more.
    assert days.groupby(longer.fixmedins_code).nunique().max() == 1 and set(days) <= {6, 8, 10, 14}
    assert (longer.fund_pay_sumamt > before.fund_pay_sumamt[longer.index]).all()


def test_borrowed_names_are_known_ones(tables):
    before = joined(tables)
    plant(tables, (borrowed_names,), 0.2, seed=2)
    added = joined(tables).iloc[len(before) :]
    assert len(added) > 20 and added.psn_no.isin(before.psn_no).all()
    assert not added.mdtrt_id.isin(before.mdtrt_id).any()
