"""Rules about who may draw benefits at all: what must fire, and what comes close to it and must not."""

from datetime import date

import pandas as pd
import pytest

from claims.as_of import claims_as_of
from claims.duckdb_backend import connect
from claims.store import Store
from features.rules.declaration import RULES as RECORDS
from features.rules.engine import run_rules
from features.rules.rule_context import RuleContext
from tests.features.rules.planting import findings
from tests.tiny import World

RULES = ["R001", "R002", "R003", "R004", "R005", "R006", "R128"]


@pytest.fixture(scope="module")
def town() -> tuple[World, dict[str, set]]:
    world, guilty = World(), {rule: set() for rule in RULES}
    world.hospital("H1")
    world.hospital("H2")
    world.pharmacy("P1")
    dead(world, guilty)
    away(world, guilty)
    twice(world, guilty)
    hurt(world, guilty)
    return world, guilty


def dead(world: World, guilty: dict[str, set]) -> None:
    world.person("dead")
    world.add("psn_die_regn_d", psn_no="dead", die_date="2024-03-10 15:00", data_souc="1")
    world.add("psn_die_regn_d", psn_no="dead", die_date="2024-03-12", data_souc="3")  # the earlier one counts
    world.visit("dead", "H1", "2024-03-11 09:00")  # the day after, still within a day
    world.stay("dead", "H1", "2024-03-01", 9, settled="2024-03-20")  # the fatal stay, settled late
    late = world.visit("dead", "H1", "2024-03-12 09:00")
    spent = world.purchase("dead", "P1", "2024-04-01 09:00", fund=0.0)
    world.rows["setl_d"][-1] |= {"acct_pay": 60.0}
    back = world.purchase("dead", "P1", "2024-04-02 09:00")
    world.rows["setl_d"][-1] |= {"acct_pay": 60.0}
    world.settle(back, "2024-04-02 10:00", -100.0)
    guilty["R001"] |= {late, spent}
    guilty["R002"] |= {spent}
    for name, begin, days, more in [
        ("kept", "2024-03-05", 9, {}),
        ("formal", "2024-03-05", 6, {}),  # discharged on the day after
        ("closed", "2024-03-05", 9, {"dscg_way": "5"}),
    ]:
        world.person(name)
        world.add("psn_die_regn_d", psn_no=name, die_date="2024-03-10", data_souc="1")
        lines = [("bed", 1, 30.0, f"2024-03-{day:02} 20:00") for day in range(5, 14)]
        stay = world.stay(name, "H1", begin, days, lines=lines, **more)
        if name == "kept":
            guilty["R003"] |= {stay}


def away(world: World, guilty: dict[str, set]) -> None:
    def enrolled(psn_no: str, *periods: tuple) -> None:
        world.person(psn_no)
        for number, (begin, end) in enumerate(periods):
            key = {"psn_insu_rlts_id": f"{psn_no}{number}", "psn_no": psn_no}
            world.add("psn_insu_d", **key, crt_insu_date=begin, paus_insu_date=end)

    enrolled("lapsed", ("2020-01-01", "2024-03-01"))
    enrolled("resumed", ("2020-01-01", "2024-03-01"), ("2024-04-01", None))
    world.visit("lapsed", "H1", "2024-03-01 10:00")  # the last day
    guilty["R004"] |= {world.visit("lapsed", "H1", "2024-03-02 10:00")}
    world.visit("lapsed", "H1", "2024-03-03 10:00", fund=0.0)  # nothing paid
    guilty["R004"] |= {world.visit("resumed", "H1", "2024-03-15 10:00")}
    world.visit("resumed", "H1", "2024-04-01 10:00")
    for name, stas in [("jailed", "3"), ("free", "1")]:
        world.person(name, surv_stas=stas, surv_stas_ocur_date="2024-03-01")
        world.visit(name, "H1", "2024-03-02 10:00")  # a day of grace
        visit = world.visit(name, "H1", "2024-03-03 10:00")
        if stas == "3":
            guilty["R005"] |= {visit}


def twice(world: World, guilty: dict[str, set]) -> None:
    world.person("worker", certno="one")
    world.person("farmer", certno="one", insutype="390")
    world.person("other", certno="two", insutype="390")

    def visit(psn_no: str, insutype: str, where: str, when: str, **more) -> str:
        mdtrt_id = world.visit(psn_no, where, when, **more)
        world.rows["mdtrt_d"][-1] |= {"insutype": insutype}
        return mdtrt_id

    visit("worker", "310", "H1", "2024-05-01 09:00")
    guilty["R006"] |= {visit("farmer", "390", "H1", "2024-05-01 15:00")}
    visit("other", "390", "H1", "2024-05-01 15:00")  # another person
    visit("farmer", "390", "H1", "2024-05-02 09:00")  # another day
    visit("worker", "310", "H1", "2024-05-03 09:00")
    visit("farmer", "390", "H1", "2024-05-03 09:30", fee=55.0)  # another bill
    stay = {"med_type": "21"}
    visit("worker", "310", "H1", "2024-06-01 09:00", end="2024-06-09 10:00", **stay)
    guilty["R006"] |= {visit("farmer", "390", "H1", "2024-06-05 09:00", end="2024-06-12 10:00", **stay)}
    visit("farmer", "390", "H1", "2024-06-12 11:00", end="2024-06-14 10:00", **stay)


def hurt(world: World, guilty: dict[str, set]) -> None:
    injury = {"dscg_maindiag_code": "S52.500"}
    for name, begin, more, by_others in [
        ("late", "2024-07-09", injury, "1"),
        ("stated", "2024-07-02", injury | {"rel_ttp_flag": "1"}, "1"),
        ("ill", "2024-07-02", {}, "1"),
        ("alone", "2024-07-02", injury, "0"),
        ("hurt", "2024-07-02", injury, "1"),
    ]:
        world.person(name)
        record = {"acdt_no": name, "acdt_type": "1", "acdt_time": "2024-07-01 20:00", "ttp_flag": by_others}
        world.add("acdt_rec_d", psn_no=name, **record)
        stay = world.stay(name, "H1", begin, 4, **more)
    guilty["R128"] |= {stay}


@pytest.fixture(scope="module")
def hits(town) -> pd.DataFrame:
    return findings(town[0], RULES)


@pytest.mark.parametrize("rule", RULES)
def test_fires_on_what_was_planted_and_on_nothing_else(town, hits, rule):
    assert rule in hits.attrs["run"]
    assert set(hits[hits.rule_id == rule].mdtrt_id) == town[1][rule]


def test_a_stay_past_death_costs_what_was_charged_after_it(hits):
    assert hits.set_index("rule_id").vola_amt["R003"] == 42.0  # 70 % of the beds of the 12th and the 13th


def test_without_registers_their_rules_are_skipped_by_name(tmp_path):
    world = World()
    world.hospital("H1")
    world.visit(world.person("anna"), "H1", "2024-03-01 09:00")
    store = Store(tmp_path / "store")
    store.ingest(world.write(tmp_path / "input"))
    con = connect(tmp_path)
    claims = claims_as_of(con, store.tables(con), date(2025, 1, 1))
    without = {name: RECORDS[name] for name in RULES if name != "R006"}
    visits = claims.visits.mutate(dr_code=claims.visits.chfpdr_code, is_pharmacy=False)
    outcome = run_rules(RuleContext(claims, visits, visits), rules=without)
    assert outcome.run == []
    assert outcome.skipped == {
        "R001": "no table psn_die_regn_d",
        "R002": "no table psn_die_regn_d",
        "R003": "no table psn_die_regn_d",
        "R004": "no table psn_insu_d",
        "R005": "no values in psn_info_b.surv_stas",
        "R128": "no table acdt_rec_d",
    }
