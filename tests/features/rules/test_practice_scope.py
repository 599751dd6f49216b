"""A doctor's licence, specialty, workload and presence: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R008", "R009", "R118", "R119"]


def licences(p: Planted) -> None:
    doctors = [("D1", "H2", "2020-01-01", "2024-05-31", "02"), ("D2", "H2", None, "2024-05-31", "03"),
               ("D2", "H4", "2024-06-01", None, "0301"), ("D3", "H2", None, None, "02")]  # fmt: skip
    for code, where, begin, end, caty in doctors:
        p.world.add("dr_info_b", dr_code=code, fixmedins_code=where, begntime=begin, endtime=end, caty=caty)
    p.visit("2024-05-31 15:00:00", chfpdr_code="D1")
    p.visit("2024-06-01 09:00:00", "R008", chfpdr_code="D1")
    p.visit("2019-12-31 09:00:00", "R008", chfpdr_code="D1")
    p.visit("2024-06-01 09:00:00", chfpdr_code="D2")  # has gone to work elsewhere
    p.visit("2024-06-01 09:00:00", chfpdr_code="D3")
    p.visit("2024-06-01 09:00:00", chfpdr_code="D9")  # unknown
    p.world.purchase(p.someone(), "P1", "2024-06-01 09:00:00", chfpdr_code="D1")  # written before
    p.world.add("hilist_b", hilist_code="lens", hilist_name="lens", med_chrgitm_type="05")
    p.world.add("hilist_lmt_b", hilist_code="lens", lmt_type="caty", lmt_value="03")
    p.visit("2024-03-01 09:00:00", "R009", chfpdr_code="D1", lines=[("lens", 1, 50.0)])
    p.visit("2024-03-01 10:00:00", chfpdr_code="D2", lines=[("lens", 1, 50.0)])
    p.visit("2024-03-01 11:00:00", chfpdr_code="D9", lines=[("lens", 1, 50.0)])


def work(p: Planted) -> None:
    for n in range(102):
        p.visit(
            f"2024-07-01 {8 + n // 60:02}:{n % 60:02}:00", *(["R118"] if n >= 100 else []), chfpdr_code="D5"
        )
    for n in range(102):
        p.visit(f"2024-07-0{1 + n % 2} {10 + n // 60:02}:{n % 60:02}:00", chfpdr_code="D6")
    sick = p.someone(certno="c7")
    p.world.add("dr_info_b", dr_code="D7", fixmedins_code="H2", certno="c7", endtime=None)
    p.world.stay(sick, "H4", "2024-08-01", 5)
    for day, fires in [("01", False), ("02", True), ("05", True), ("06", False)]:  # the edges leave time
        p.visit(f"2024-08-{day} 15:00:00", *(["R119"] if fires else []), chfpdr_code="D7")
    p.world.purchase(p.someone(), "P1", "2024-08-03 09:00:00", chfpdr_code="D7")


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H2 H4")
    for plant in (
        licences,
        work,
    ):
        plant(p)
    return p


@pytest.fixture(scope="module")
def hits(town) -> pd.DataFrame:
    return findings(town.world, RULES)


def test_specialties_are_named(hits):
    (told,) = hits[hits.rule_id == "R009"].vola_cont
    assert told == "“lens”限内科医师开单,开单医师为全科医疗科医师"


@pytest.mark.parametrize("rule", RULES)
def test_finds_what_was_planted_and_nothing_else(town, hits, rule):
    assert rule in hits.attrs["run"] and not hits.attrs["failed"]
    assert town.guilty[rule] and found_by(hits, rule) == town.guilty[rule]


def test_sentences_are_whole(hits):
    assert_told_in_both_languages(hits)


def test_the_doctor_answers(hits):
    assert set(hits.subject_type) == {"prescriber"} and (hits.subject_id == hits.dr_code).all()
