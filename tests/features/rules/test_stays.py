"""Rules about the course of stays: what must fire, and what comes close to it and must not."""

import random
from datetime import datetime, timedelta

import pandas as pd
import pytest

from tests.tiny import World, findings

DAY = timedelta(days=1)
RULES = ["R050", "R084", "R085", "R086", "R088", "R089", "R090", "R091", "R092", "R093", "R094"]


class Planted:
    """A world in which each visit that a rule must name is noted under the rule."""

    def __init__(self):
        self.world, self.guilty, self.people = World(), {}, 0

    def someone(self, **more) -> str:
        self.people += 1
        return self.world.person(f"{self.people:04}", **more)

    def plant(self, rule: str, mdtrt_id: str) -> str:
        self.guilty.setdefault(rule, set()).add(mdtrt_id)
        return mdtrt_id


def split(town: Planted) -> None:
    stay, gap = town.world.stay, "2024-03-11"  # the stay before ends on the 6th
    who = town.someone()
    stay(who, "H1", "2024-03-01", 5)
    town.plant("R084", stay(who, "H1", gap, 5))
    who = town.someone()  # the boundary: fifteen days less an hour
    stay(who, "H1", "2024-03-01", 5)
    town.plant("R084", stay(who, "H1", "2024-03-21", 5))
    for first, second in [
        ({}, {"begin": "2024-03-22"}),  # sixteen days
        ({}, {"where": "H2"}),  # elsewhere
        ({}, {"dscg_maindiag_code": "J18.900"}),  # of something else
        ({"dscg_maindiag_code": "Z51.100"}, {"dscg_maindiag_code": "Z51.100"}),  # chemotherapy
        ({"dscg_way": "2"}, {}),  # sent to a larger hospital, and back
        ({}, {"refl_old_mdtrt_id": "M00001"}),
        ({}, {"med_type": "24"}),  # an emergency
        ({}, {"lines": [("dialysis", 1, 400.0), ("bed", 5, 30.0)]}),
        ({}, {"med_type": "2105"}),  # bed-days
    ]:
        who, row = town.someone(), {"where": "H1", "begin": gap, "days": 5} | second
        stay(who, "H1", "2024-03-01", 5, **first)
        stay(who, row.pop("where"), row.pop("begin"), row.pop("days"), **row)
    who = town.someone()  # the cycles of a tumour
    for begin in ("2024-03-01", "2024-03-15", "2024-03-29"):
        stay(who, "H1", begin, 3, dscg_maindiag_code="C34.900")
    who = town.someone()  # the stay before was given back
    refunded = stay(who, "H1", "2024-03-01", 5)
    town.world.settle(refunded, "2024-03-07", -5000.0)
    stay(who, "H1", gap, 5)


def during(town: Planted) -> None:
    who = town.someone()
    town.world.stay(who, "H1", "2024-04-01", 6)
    town.plant("R089", town.world.purchase(who, "P1", "2024-04-02 10:00"))
    town.plant("R089", town.world.visit(who, "H2", "2024-04-06 10:00"))
    town.world.purchase(who, "P1", "2024-04-01 08:00")  # the day of admission
    town.world.purchase(who, "P1", "2024-04-07 18:00")  # the day of discharge
    town.world.visit(who, "H1", "2024-04-03 10:00")  # at the hospital itself
    town.world.visit(who, "H2", "2024-04-04 10:00", dscg_maindiag_code="Z49.100")  # dialysis goes on
    back = town.world.purchase(who, "P1", "2024-04-05 10:00")
    town.world.settle(back, "2024-04-05 11:00", -100.0)


def overlap(town: Planted) -> None:
    who = town.someone()
    town.world.stay(who, "H1", "2024-05-01", 9)
    town.world.stay(who, "H3", "2024-05-10", 9, dscg_maindiag_code="K35.800")  # transferred on the last day
    who = town.someone()
    town.world.stay(who, "H1", "2024-05-01", 20)
    town.world.stay(who, "H1", "2024-05-03", 2, dscg_maindiag_code="K35.800")  # the same hospital
    town.plant("R090", town.world.stay(who, "H3", "2024-05-10", 4, dscg_maindiag_code="K35.800", fee=4000.0))
    who = town.someone()  # a newborn under its mother's card
    town.world.stay(who, "H1", "2024-05-01", 5, med_type="52", dscg_maindiag_code="O80.000")
    town.world.stay(who, "H3", "2024-05-02", 9, dscg_maindiag_code="P07.300")


def often(town: Planted) -> None:
    for count, step, more in [(6, 60, {}), (6, 80, {}), (9, 30, {"dscg_maindiag_code": "Z51.100"})]:
        who = town.someone()
        for n in range(count):
            begin = str(datetime(2023, 12, 20) + n * step * DAY)[:10]
            stay = town.world.stay(who, "H4", begin, 2, **({"dscg_maindiag_code": f"A0{n}.000"} | more))
        if step == 60:
            town.plant("R088", stay)
    for step, more in [(2, {}), (3, {}), (2, {"dscg_maindiag_code": "Z49.100"})]:
        who = town.someone()
        for n in range(15):
            visit = town.world.visit(who, "H4", str(datetime(2024, 6, 1, 9) + n * step * DAY), **more)
        if step == 2 and not more:
            town.plant("R086", visit)


def idle(town: Planted) -> None:
    def stay(active: list[int], **more) -> str:
        lines = [("bed", 1, 30.0, f"2024-07-{d:02} 20:00") for d in range(1, 9)]
        lines += [("treat", 1, 50.0, f"2024-07-{d:02} 10:00") for d in active]
        return town.world.stay(town.someone(), "H5", "2024-07-01", 8, lines=lines, **more)

    town.plant("R091", stay([1, 2, 6, 7, 8]))
    town.plant("R091", stay([1, 2, 3, 4, 5]))  # the last three days
    stay([1, 3, 5, 7])  # as many idle days, but never three in a row
    stay([1, 2, 5, 6, 7, 8])
    stay([1, 2], med_type="2105")
    town.world.stay(town.someone(), "H5", "2024-07-01", 8, lines=[("bed", 8, 30.0), ("lab", 1, 30.0)])


def outside(town: Planted) -> None:
    lines = [("lab", 1, 20.0, f"2024-08-{d:02} 10:00") for d in (8, 9, 10, 12, 14, 15, 16)]
    town.plant("R050", town.world.stay(town.someone(), "H5", "2024-08-10", 4, lines=lines))
    near = [("lab", 1, 20.0, f"2024-08-{d:02} 10:00") for d in (9, 11, 12, 13, 14, 15)]
    town.world.stay(town.someone(), "H5", "2024-08-10", 4, lines=near)


def crowd(town: Planted) -> None:
    for n in range(13):  # ten beds: the tenth and the eleventh still lie within the tolerance
        begin = str(datetime(2024, 9, 1) + n * DAY)[:10]
        stay = town.world.stay(town.someone(), "TEN", begin, 15, dscg_maindiag_code="A01.000")
        if n >= 11:
            town.plant("R092", stay)
    for _n in range(12):  # day surgery takes no bed
        town.world.stay(town.someone(), "TEN", "2024-10-20", 1, med_type="28")
    for n in range(12):  # a bed changes hands within a day
        begin = str(datetime(2024, 11, 1) + n // 6 * 5 * DAY)[:10]
        town.world.stay(town.someone(), "TEN", begin, 5, dscg_maindiag_code="A01.000")


def beds(town: Planted) -> None:
    for n in range(40):
        begin = str(datetime(2024, 1, 2) + n * 5 * DAY)[:10]
        town.world.stay(town.someone(), "H6", begin, 5, dept_code="D", adm_bed="12")
    same = {"adm_bed": "12", "fee": 9000.0}
    town.plant("R093", town.world.stay(town.someone(), "H6", "2024-01-03", 3, dept_code="D", **same))
    town.world.stay(town.someone(), "H6", "2024-01-03", 3, dept_code="E", **same)
    town.world.stay(town.someone(), "H6", "2024-01-03", 3, dept_code="D", adm_bed="加1")
    for _n in range(6):  # nobody keeps beds here
        town.world.stay(town.someone(), "H4", "2024-02-03", 9, dept_code="D", adm_bed="1")


def short(town: Planted) -> None:
    for _n in range(8):
        town.world.stay(town.someone(), "H7", "2024-03-01", 9, dscg_maindiag_code="M51.200", fee=6000.0)
    one = {"dscg_maindiag_code": "M51.200", "fee": 6500.0}
    town.plant("R094", town.world.stay(town.someone(), "H7", "2024-04-01", 1, **one))
    town.world.stay(town.someone(), "H7", "2024-04-01", 2, **one)
    town.world.stay(town.someone(), "H7", "2024-04-01", 1, **one | {"fee": 900.0})
    town.world.stay(town.someone(), "H7", "2024-04-01", 1, **one, dscg_way="5")
    town.world.stay(town.someone(), "H7", "2024-04-01", 1, **one | {"med_type": "28"})
    town.world.stay(town.someone(), "H7", "2024-04-01", 1, **one | {"lines": [("surgery", 1, 7000.0)]})


def back_again(town: Planted) -> None:
    for place in ("B1", "B2", "B3", "B4"):
        for n in range(30):
            who = town.someone()
            stay = {"dscg_maindiag_code": f"E{n:02}.000"}
            town.world.stay(who, place, "2024-02-01", 3, **stay)
            if place == "B4" and n < 6:
                again = {"dscg_maindiag_code": "N39.000"}
                town.plant("R085", town.world.stay(who, place, "2024-03-04", 3, **again))


@pytest.fixture(scope="module")
def town() -> Planted:
    town = Planted()
    for code in ("H1", "H2", "H3", "H4", "H5", "H6", "H7"):
        town.world.hospital(code)
    for code in ("B1", "B2", "B3", "B4"):
        town.world.hospital(code, hosp_lv="08")
    town.world.hospital("TEN", aprv_bed_cnt=10)
    town.world.pharmacy("P1")
    for plant in (split, during, overlap, often, idle, outside, crowd, beds, short, back_again):
        plant(town)
    town.stays = by_chance(town.world)
    return town


@pytest.fixture(scope="module")
def hits(town, tmp_path_factory) -> pd.DataFrame:
    return findings(town.world, tmp_path_factory.mktemp("stays"), RULES)


@pytest.mark.parametrize("rule", RULES)
def test_fires_on_what_was_planted_and_on_nothing_else(town, hits, rule):
    assert rule in hits.attrs["run"]
    found = hits[(hits.rule_id == rule) & ~by_chance_alone(hits)]
    assert set(found.mdtrt_id) == town.guilty[rule]


def by_chance_alone(hits: pd.DataFrame) -> pd.Series:
    return hits.psn_no.str.startswith("q")


def test_amounts_are_the_excess(hits):
    amount = hits[~by_chance_alone(hits)].set_index("rule_id").vola_amt
    assert sorted(amount[["R050"]]) == [14.0, 14.0]  # 70 % of the line of the 8th and of the 16th
    assert sorted(amount[["R091"]]) == [63.0, 63.0]  # 70 % of three nights
    assert amount["R090"] == pytest.approx(2800 * (4 + 1 / 24) / 4, rel=0.05)
    assert sorted(amount[["R092"]]) == [pytest.approx(3500 * (1 - 11 / n), abs=0.01) for n in (12, 13)]


def test_a_finding_says_the_figures_of_the_case(hits):
    message = hits[~by_chance_alone(hits)].drop_duplicates("rule_id").set_index("rule_id").vola_cont
    assert "连续3天" in message["R091"]
    assert "批准床位10张" in message["R092"]
    assert hits.vola_cont.notna().all()


def walk(stays: list[dict]) -> dict[str, set]:
    """The obvious loops: overlap, number within a year, occupied beds, and the census."""
    found = {rule: set() for rule in ("R088", "R090", "R092", "R089")}
    for late in (s for s in stays if s["bed"]):
        earlier = [
            s
            for s in stays
            if s["bed"] and s["who"] == late["who"] and (s["begin"], s["id"]) < (late["begin"], late["id"])
        ]
        if any(
            s["where"] != late["where"] and min(s["end"], late["end"]) - late["begin"] >= DAY for s in earlier
        ):
            found["R090"].add(late["id"])
        if sum(late["begin"] - s["begin"] < 365 * DAY for s in earlier) >= 5:
            found["R088"].add(late["id"])
        census = sum(
            s["where"] == late["where"]
            and s["bed"]
            and s["begin"].date() <= late["begin"].date() < s["end"].date()
            for s in stays
        )
        if late["end"].date() > late["begin"].date() and census > 4 * 1.1:
            found["R092"].add(late["id"])
    for visit in (s for s in stays if not s["bed"]):
        for s in stays:
            inside = s["begin"].date() < visit["begin"].date() < s["end"].date()
            if s["bed"] and s["who"] == visit["who"] and s["where"] != visit["where"] and inside:
                found["R089"].add(visit["id"])
    return found


def by_chance(world: World) -> list[dict]:
    """Stays and visits of a dozen people q0 to q11 at three small hospitals, at any time."""
    chance, stays = random.Random(7), []
    for code in ("Q1", "Q2", "Q3"):
        world.hospital(code, aprv_bed_cnt=4)
    people = [world.person(f"q{n}") for n in range(12)]
    for _n in range(150):
        who, where = chance.choice(people), chance.choice(["Q1", "Q2", "Q3"])
        begin = datetime(2023, 6, 1) + timedelta(days=chance.randrange(500), hours=chance.choice([0, 9, 21]))
        end, bed = begin + timedelta(hours=chance.choice([3, 24, 47, 240, 600])), chance.random() < 0.75
        kind = {"end": str(end), "med_type": "21"} if bed else {"med_type": "11"}
        mdtrt_id = world.visit(who, where, str(begin), **kind)
        stays.append({"id": mdtrt_id, "who": who, "where": where, "begin": begin, "end": end, "bed": bed})
    return stays


@pytest.mark.parametrize("rule", ["R088", "R089", "R090", "R092"])
def test_agrees_with_the_obvious_loops(town, hits, rule):
    expected = walk(town.stays)[rule]
    assert expected
    assert set(hits[(hits.rule_id == rule) & by_chance_alone(hits)].mdtrt_id) == expected
