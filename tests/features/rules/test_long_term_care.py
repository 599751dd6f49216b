"""Long-term care during stays and visits: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R095", "R098"]


def care(p: Planted) -> None:
    world, guilty = p.world, p.guilty
    served = {"trt_begndate": "2024-01-01", "fund_payamt": 58.5}
    world.person("old")
    guilty["R095"] |= {world.stay("old", "H1", "2024-03-01", 5)}
    world.stay("old", "H1", "2024-05-01", 5, dscg_maindiag_code="J18.900")
    for day in ("03-03", "03-04", "05-01", "05-06"):  # the last two: admission and discharge
        world.add("ltci_trt_d", psn_no="old", serv_begntime=f"2024-{day} 10:00", **served)
    for name, level in [("still", "4"), ("better", "3")]:
        world.person(name)
        period = {"trt_begndate": "2024-01-01", "trt_enddate": "2024-03-15", "dsabasmt_lv": level}
        world.add("ltci_trt_d", psn_no=name, **period)
        for day in ("01-30", "01-31", "02-01", "02-02", "02-03", "03-01", "03-02", "03-16"):
            visit = world.visit(name, "H1", f"2024-{day} 09:00")
            if (name, day) == ("still", "02-03"):
                guilty["R098"] |= {visit}


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1")
    for plant in (care,):
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


def test_care_costs_what_its_own_fund_paid(hits):
    assert hits.set_index("rule_id").vola_amt["R095"] == 117.0
