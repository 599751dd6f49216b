"""Rules about how lines are charged: what must fire, and what comes close to it and must not."""

import random
from collections import defaultdict
from datetime import date, timedelta

import pandas as pd
import pytest

from tests.tiny import World, findings

RULES = [
    "R040", "R041", "R042", "R043", "R044", "R045", "R046", "R047", "R049", "R052", "R053", "R054", "R055",
    "R056", "R057",
]  # fmt: skip


class Planted:
    """A world in which each visit that a rule must name is noted under the rule."""

    def __init__(self):
        self.world, self.guilty, self.people = World(), defaultdict(set), 0

    def someone(self, **more) -> str:
        self.people += 1
        return self.world.person(f"{self.people:04}", **more)

    def item(self, code: str, charge: str, **more) -> None:
        self.world.add("hilist_b", hilist_code=code, hilist_name=code, med_chrgitm_type=charge, **more)

    def visit(
        self, *lines: tuple, who="", where="H1", when: str = "2024-03-01 09:00", guilty="", **more
    ) -> str:
        mdtrt_id = self.world.visit(who or self.someone(), where, when, lines=list(lines), **more)
        for rule in guilty.split():
            self.guilty[rule].add(mdtrt_id)
        return mdtrt_id

    def stay(self, *lines: tuple, days: int = 4, who="", where="H1", guilty="", **more) -> str:
        mdtrt_id = self.world.stay(
            who or self.someone(), where, "2024-03-01", days, lines=list(lines), **more
        )
        for rule in guilty.split():
            self.guilty[rule].add(mdtrt_id)
        return mdtrt_id


def a_day(number: int) -> str:
    return f"2024-03-{number:02} 20:00"


def frequency(town: Planted) -> None:
    town.item("hba1c", "04", max_day_cnt=1, cycl_days=60, cycl_max_cnt=1)
    town.item("lamp", "05", year_uplmt_amt=300)
    town.item("breath", "05", max_day_cnt=None, prcunt="小时")
    beds = [("bed", 1, 30.0, a_day(n)) for n in (1, 2, 3, 4)]
    town.visit(("hba1c", 2, 60.0), guilty="R040 R041")
    town.visit(("hba1c", 2, 60.0), ("hba1c", -1, 60.0, a_day(2)))  # one was given back
    town.stay(*beds[:3], ("bed", 2, 30.0, a_day(4)), guilty="R040")
    town.stay(beds[0], beds[1], ("bed", 2, 30.0, a_day(4)), ("lab", 1, 9.0))  # posted for two days at once
    town.stay(("bed", 4, 30.0), ("lab", 1, 9.0))  # one date for the whole stay
    town.stay(*beds[:3], ("bed", 2, 30.0, a_day(4)), med_type="52", dscg_maindiag_code="O80.000")
    town.visit(("breath", 25, 10.0), guilty="R054")
    town.visit(("breath", 24, 10.0))
    town.stay(("breath", 60, 10.0))

    who = town.someone()
    town.visit(("hba1c", 1, 60.0), who=who)
    town.visit(("hba1c", 1, 60.0), who=who, when="2024-04-29 09:00", guilty="R041")  # the 59th day
    who = town.someone()
    town.visit(("hba1c", 1, 60.0), who=who)
    town.visit(("hba1c", 1, 60.0), who=who, when="2024-04-30 09:00")  # the 60th

    who = town.someone()
    town.visit(("lamp", 3, 100.0), who=who)
    town.visit(("lamp", 1, 40.0), who=who, when="2024-09-01 09:00", guilty="R042")
    who = town.someone()
    town.visit(("lamp", 2, 150.0), who=who, when="2023-12-31 09:00")
    town.visit(("lamp", 2, 150.0), who=who)  # of the next year

    town.stay(*beds, ("bed", 2, 30.0, a_day(5)), guilty="R040 R052")
    town.stay(*beds, ("bed", 1, 30.0, a_day(5)))  # the day of discharge
    town.stay(("bed", 6, 30.0), guilty="R052")
    town.stay(("bed", 6, 30.0), ("bed", -1, 30.0, a_day(3)), ("lab", 1, 9.0, a_day(2)))
    town.stay(("care", 4, 20.0), ("bed", 5, 30.0))


def exclusion(town: Planted) -> None:
    for code, charge in [("scan-a", "03"), ("scan-b", "03"), ("care-1", "07"), ("care-2", "07")]:
        town.item(code, charge, excl_grp=charge)
    town.visit(("scan-a", 1, 100.0), ("scan-b", 1, 300.0), guilty="R043")
    town.visit(("scan-a", 1, 100.0), ("scan-b", 1, 300.0, a_day(2)))
    town.visit(("scan-a", 1, 100.0), ("scan-b", 1, 300.0), ("scan-a", -1, 100.0, a_day(2)))
    grades = [("care-1", 1, 30.0, a_day(1)), ("care-2", 1, 20.0, a_day(2))]
    town.stay(*grades)
    town.stay(*grades, ("care-2", 1, 20.0, a_day(1)), guilty="R053")
    town.stay(("care-1", 1, 30.0), ("care-2", 3, 20.0))  # one date for the whole stay
    town.stay(*grades, ("care-2", 1, 20.0, a_day(1)), med_type="52")  # the newborn's


def relations(town: Planted) -> None:
    for code, charge in [
        ("blood", "05"), ("kit", "08"), ("part-1", "04"), ("part-2", "04"), ("line", "05"),
        ("line-care", "07"),
    ]:  # fmt: skip
        town.item(code, charge)
    town.item("package", "04", pric_uplmt_amt=25)
    for kind, one, other, more in [
        ("1", "blood", "kit", {"begndate": "2024-01-01"}),
        ("2", "package", "part-1", {}),
        ("2", "package", "part-2", {}),
        ("3", "line-care", "line", {}),
    ]:
        town.world.add("hilist_rela_b", rela_type=kind, hilist_code=one, rela_hilist_code=other, **more)
    town.visit(("blood", 1, 400.0), ("kit", 1, 90.0), guilty="R044")
    town.visit(("blood", 1, 400.0), ("kit", 1, 90.0, a_day(2)))
    town.visit(("blood", 1, 400.0), ("kit", 1, 90.0), when="2023-12-31 09:00")  # not in force
    town.visit(("part-1", 1, 20.0), ("part-2", 1, 20.0), guilty="R045")
    town.visit(("part-1", 1, 20.0), ("lab", 1, 20.0))
    town.visit(("part-1", 1, 20.0), ("part-2", 1, 20.0, a_day(2)))
    town.visit(("line-care", 1, 18.0), guilty="R057")
    town.visit(("line-care", 1, 18.0), ("line", 1, 90.0))
    who = town.someone()
    town.visit(("line", 1, 90.0), who=who, when="2023-03-02 09:00")
    town.visit(("line-care", 1, 18.0), who=who)
    town.visit(("line-care", 1, 18.0), who=who, when="2024-03-02 09:00", guilty="R057")  # a year later


def prices(town: Planted) -> None:
    town.item("op-1", "06", pric_uplmt_amt=1000)
    town.item("op-2", "06", pric_uplmt_amt=800)
    town.visit(("pill", 2, 60.0), guilty="R046")
    town.visit(("pill", 2, 50.0))
    town.visit(("op-1", 1, 1000.0), ("op-2", 1, 800.0), guilty="R047")
    town.visit(("op-1", 1, 1000.0), ("op-2", 1, 600.0))
    town.visit(("op-1", 1, 1000.0), ("op-2", 1, 800.0, a_day(3)))
    for said, rule in [(300.0, "R049"), (100.04, ""), (90.0, "R049"), (-200.0, "R049"), (-100.0, "")]:
        sign = 1 if said > 0 else -1
        town.visit(("lab", 9, 100.0), ("treat", sign, 100.0), guilty=rule)
        town.world.rows["fee_list_d"][-1]["det_item_fee_sumamt"] = said
    town.visit(("lab", 100, 0.33))
    town.world.rows["fee_list_d"][-1]["det_item_fee_sumamt"] = 33.4  # 0.334 yuan each, rounded


def units(town: Planted) -> None:
    town.item("icu", "01", serv_type="4")
    town.item("sleep", "05", serv_type="5", serv_mins=60)
    icu = {"scs_cutd_inpool_time": "2024-03-02 08:00", "scs_cutd_exit_time": "2024-03-03 09:00"}
    for day, guilty in [(1, "R055"), (2, ""), (3, ""), (4, "R055")]:
        stay = town.stay(("icu", 1, 300.0, a_day(day)), ("lab", 1, 9.0), guilty=guilty)
        town.world.add("scs_cutd_d", mdtrt_id=stay, **icu)
    town.stay(("icu", 1, 300.0, a_day(2)), ("lab", 1, 9.0), guilty="R055")
    for hours, guilty in [(3, ""), (4, "R056")]:
        stay = town.stay(("sleep", hours, 100.0), ("lab", 1, 9.0), guilty=guilty)
        for _surgeon in (1, 2):
            record = {"anst_begntime": "2024-03-01 10:00", "anst_endtime": "2024-03-01 12:00"}
            town.world.add("oprn_d", mdtrt_id=stay, oprn_oprt_code=f"{_surgeon}", **record)


@pytest.fixture(scope="module")
def town() -> Planted:
    town = Planted()
    town.world.hospital("H1")
    for plant in (frequency, exclusion, relations, prices, units, dated):
        plant(town)
    town.bills = by_chance(town.world)
    return town


@pytest.fixture(scope="module")
def hits(town, tmp_path_factory) -> pd.DataFrame:
    return findings(town.world, tmp_path_factory.mktemp("billing"), RULES)


@pytest.mark.parametrize("rule", RULES)
def test_fires_on_what_was_planted_and_on_nothing_else(town, hits, rule):
    assert rule in hits.attrs["run"]
    assert town.guilty[rule]
    found = hits[(hits.rule_id == rule) & ~hits.psn_no.str.startswith("q")]
    assert set(found.mdtrt_id) == town.guilty[rule]


@pytest.mark.parametrize(
    ("rule", "amounts"),
    [
        ("R041", [60.0, 60.0]),
        ("R042", [40.0]),
        ("R043", [100.0]),  # the cheaper item in full
        ("R044", [90.0]),
        ("R045", [15.0]),  # above the price of the package
        ("R046", [20.0]),
        ("R047", [200.0]),
        ("R049", [0.0, 0.0, 200.0]),
        ("R053", [20.0]),
        ("R054", [10.0]),
    ],
)
def test_the_amount_is_the_excess(hits, rule, amounts):
    found = hits[(hits.rule_id == rule) & ~hits.psn_no.str.startswith(("q", "z"))].vola_amt
    assert sorted(found) == [pytest.approx(0.7 * amount, abs=0.02) for amount in amounts]


# Limits with dates and levels. H1 is of level 2, H3 of level 3: item, kind, value, level, from, to.
DATED = [
    ("stent", "pric_uplmt_amt", "120", "3", "2024-03-01", "2024-03-31"),
    ("stent", "pric_uplmt_amt", "90", None, "2024-03-10", None),
    ("stent", "pric_uplmt_amt", "80", None, "2024-03-20", None),
    ("film", "max_day_cnt", "2", None, "2024-03-02", None),
    ("film", "max_day_cnt", "1", "2", "2024-03-05", "2024-03-06"),
    ("cream", "year_uplmt_amt", "300", "2", None, None),
    ("echo", "cycl_max_cnt", "1", None, "2024-03-05", None),
    ("echo", "cycl_days", "30", None, None, None),
    ("op-3", "pric_uplmt_amt", "800", "2", "2024-03-02", None),
    ("cot", "max_day_cnt", "1", "2", None, None),
    ("set", "pric_uplmt_amt", "25", "2", None, None),
]
# What is charged, where and when, and the rule that it breaks. The stent's ceiling of the catalogue is 100.
CHARGED = [
    ("stent", 1, 100.0, "H1", "2024-03-09", ""),  # the catalogue's own
    ("stent", 1, 101.0, "H1", "2024-03-09", "R046"),
    ("stent", 1, 95.0, "H1", "2024-03-10", "R046"),  # the first day of the lower one
    ("stent", 1, 85.0, "H1", "2024-03-19", ""),
    ("stent", 1, 85.0, "H1", "2024-03-20", "R046"),  # the one begun last counts
    ("stent", 1, 101.0, "H3", "2024-02-29", "R046"),  # not yet: the catalogue's own
    ("stent", 1, 120.0, "H3", "2024-03-01", ""),
    ("stent", 1, 120.0, "H1", "2024-03-01", "R046"),  # allowed at level 3 alone
    ("stent", 1, 121.0, "H3", "2024-03-31", "R046"),
    ("stent", 1, 120.0, "H3", "2024-03-31", ""),  # the level goes before what holds for all
    ("stent", 1, 120.0, "H3", "2024-04-01", "R046"),  # and has ended
    ("film", 3, 10.0, "H1", "2024-03-01", ""),
    ("film", 3, 10.0, "H1", "2024-03-02", "R040"),
    ("film", 2, 10.0, "H1", "2024-03-04", ""),
    ("film", 2, 10.0, "H1", "2024-03-05", "R040"),
    ("film", 2, 10.0, "H3", "2024-03-05", ""),
    ("film", 2, 10.0, "H1", "2024-03-07", ""),
    ("cream", 4, 100.0, "H1", "2024-03-01", "R042"),
    ("cream", 4, 100.0, "H3", "2024-03-01", ""),
    ("echo", 2, 50.0, "H1", "2024-03-04", ""),
    ("echo", 2, 50.0, "H1", "2024-03-05", "R041"),
]


def dated(town: Planted) -> None:
    town.world.hospital("H3", hosp_lv="02")
    town.item("stent", "08", pric_uplmt_amt=100)
    for code, charge in [
        ("film", "03"),
        ("cream", "05"),
        ("echo", "03"),
        ("op-3", "06"),
        ("cot", "01"),
        ("set", "04"),
    ]:
        town.item(code, charge)
    for code, kind, value, level, first, last in DATED:
        town.world.add(
            "hilist_lmt_b", hilist_code=code, lmt_type=kind, lmt_value=value, medinslv=level, begndate=first,
            enddate=last,
        )  # fmt: skip

    def someone() -> str:
        town.people += 1
        return town.world.person(f"z{town.people}")

    for code, count, price, where, day, guilty in CHARGED:
        town.visit((code, count, price), who=someone(), where=where, when=f"{day} 09:00", guilty=guilty)
    for where, day, guilty in [("H1", 1, ""), ("H1", 2, "R047"), ("H3", 2, "")]:
        operations = [(code, 1, price, a_day(day)) for code, price in [("surgery", 900.0), ("op-3", 700.0)]]
        town.visit(*operations, who=someone(), where=where, guilty=guilty)
    for part in ("piece-1", "piece-2"):
        town.item(part, "04")
        town.world.add("hilist_rela_b", rela_type="2", hilist_code="set", rela_hilist_code=part)
    # The price of the set is known at level 2 alone; elsewhere no more is certain than that it was taken apart.
    for where in ("H1", "H3"):
        town.visit(("piece-1", 1, 20.0), ("piece-2", 1, 20.0), who=someone(), where=where, guilty="R045")
    for where, guilty in [("H1", "R052"), ("H3", "")]:
        days = [("cot", 1, 30.0, a_day(n)) for n in range(1, 7)]
        town.stay(*days, who=someone(), where=where, guilty=guilty)


def test_a_package_costs_what_it_may_at_the_level(hits):
    found = hits[(hits.rule_id == "R045") & hits.psn_no.str.startswith("z")].sort_values("fixmedins_code")
    assert found.vola_amt.tolist() == pytest.approx([0.7 * 15, 0.0])


def test_the_excess_is_measured_from_the_limit_in_force(hits):
    found = hits[(hits.rule_id == "R046") & hits.psn_no.str.startswith("z")]
    # One stent each, of which the fund pays seven tenths: above 100, 90, 80, 100, 100, 120 and 80 yuan.
    assert sorted(found.vola_amt / 0.7) == pytest.approx(sorted([1, 5, 5, 1, 20, 1, 40]), abs=0.02)


def by_chance(world: World) -> list[tuple]:
    """Bills of five people q0 to q4, any number of an item on any day: person, day, visit, count."""
    chance, bills = random.Random(3), []
    row = {"hilist_name": "x", "med_chrgitm_type": "05", "max_day_cnt": 2, "cycl_days": 7, "cycl_max_cnt": 3}
    world.add("hilist_b", hilist_code="x", **row)
    for person in range(5):
        world.person(f"q{person}")
        for _n in range(20):
            day = date(2024, 2, 1) + timedelta(days=chance.randrange(60))
            count = chance.choice([1, 1, 2, 3])
            visit = world.visit(f"q{person}", "H1", f"{day} 09:00", lines=[("x", count, 10.0)])
            bills.append((person, day, visit, count))
    return bills


def test_frequency_agrees_with_the_obvious_loop(town, hits):
    bills = town.bills
    daily = {visit for _person, _day, visit, count in bills if count > 2}
    cycle = set()
    for person, day, visit, _count in bills:
        within = sum(
            n for p, d, v, n in bills if p == person and 0 <= (day - d).days < 7 and (d < day or v <= visit)
        )
        if within > 3:
            cycle.add(visit)
    hits = hits[hits.psn_no.str.startswith("q")]
    assert set(hits[hits.rule_id == "R040"].mdtrt_id) == daily
    assert set(hits[hits.rule_id == "R041"].mdtrt_id) == cycle
