"""Intensive care and anaesthesia against their records: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R055", "R056"]


def a_day(number: int) -> str:
    return f"2024-03-{number:02} 20:00"


def units(p: Planted) -> None:
    p.item("icu", "01", serv_type="4")
    p.item("sleep", "05", serv_type="5", serv_mins=60)
    icu = {"scs_cutd_inpool_time": "2024-03-02 08:00", "scs_cutd_exit_time": "2024-03-03 09:00"}
    for day, guilty in [(1, "R055"), (2, ""), (3, ""), (4, "R055")]:
        stay = p.stay(("icu", 1, 300.0, a_day(day)), ("lab", 1, 9.0), guilty=guilty)
        p.world.add("scs_cutd_d", mdtrt_id=stay, **icu)
    p.stay(("icu", 1, 300.0, a_day(2)), ("lab", 1, 9.0), guilty="R055")
    for hours, guilty in [(3, ""), (4, "R056")]:
        stay = p.stay(("sleep", hours, 100.0), ("lab", 1, 9.0), guilty=guilty)
        for _surgeon in (1, 2):
            record = {"anst_begntime": "2024-03-01 10:00", "anst_endtime": "2024-03-01 12:00"}
            p.world.add("oprn_d", mdtrt_id=stay, oprn_oprt_code=f"{_surgeon}", **record)


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1")
    for plant in (units,):
        plant(p)
    return p


@pytest.fixture(scope="module")
def hits(town) -> pd.DataFrame:
    return findings(town.world, RULES)


@pytest.mark.parametrize("rule", RULES)
def test_finds_what_was_planted_and_nothing_else(town, hits, rule):
    assert rule in hits.attrs["run"] and not hits.attrs["failed"]
    assert town.guilty[rule] and found_by(hits, rule) == town.guilty[rule]


def test_sentences_are_whole(hits):
    assert_told_in_both_languages(hits)
