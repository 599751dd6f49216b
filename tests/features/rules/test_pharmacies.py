"""Rules about the till: rows that must fire under their rule, and what comes as near as it may."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from tests.tiny import World, findings

MINE = ["R108", "R110", "R111", "R112", "R113", "R114", "R115", "R116", "R117", "R130"]
START = datetime(2024, 3, 4, 10)


class Street:
    """A world of tills, with the visits that must fire noted under their rule."""

    def __init__(self):
        self.world, self.fires, self.people = World(), {rule: set() for rule in MINE}, 0
        for code in ("H1", "H2"):
            self.world.hospital(code, admdvs="420801")
        self.world.hospital("H9", admdvs="420601")
        for number in range(1, 17):
            more = {"prnt_medins_code": "P50"} if number in (6, 7) else {}
            self.world.pharmacy(f"P{number}", admdvs="420802", **more)
        self.world.add("hilist_b", hilist_code="rx", hilist_name="处方药", med_chrgitm_type="09", rx_flag="1")

    def someone(self, **more) -> str:
        self.people += 1
        return self.world.person(f"p{self.people}", **more)

    def buy(self, when, *rules: str, where="P1", who=None, **more) -> str:
        row = {"lines": [("pill", 1, 40.0)]} | more
        visit = self.world.purchase(who or self.someone(), where, str(when), settled=str(when), **row)
        for rule in rules:
            self.fires[rule].add(visit)
        return visit

    def sell(self, when, item: str, code: str | None, *rules: str, where="P1", sale=None, **more) -> str:
        visit = self.buy(when, *rules, where=where, lines=[(item, 1, 40.0)], **more)
        self.world.sell(visit, item, str(when), code, **(sale or {}))
        return visit


def cards(s: Street):
    def run(where: str, persons: int, gap: int, *rules, repeat=0, bare=False):
        people = [s.someone() for _ in range(persons)]
        for n, who in enumerate(people + people[:repeat]):
            when = "2024-03-04" if bare else START + timedelta(seconds=gap * n)
            s.buy(when, *rules, where=where, who=who)

    run("P1", 10, 59, "R113")
    run("P2", 9, 30, repeat=5)  # nine persons, some of them twice
    run("P3", 12, 60)
    run("P4", 12, 0, bare=True)  # only the date is told
    for n in range(12):  # many tills in a hospital
        s.world.visit(
            s.someone(), "H1", str(START + timedelta(seconds=n)), settled=str(START + timedelta(seconds=n))
        )


def travel(s: Street):
    def trip(minutes: int, first: str, second: str, *rules):
        who = s.someone()
        for where, when, broken in [(first, START, ()), (second, START + timedelta(minutes=minutes), rules)]:
            day = when + timedelta(days=7)
            if where.startswith("H"):
                visit = s.world.visit(who, where, str(day))
                for rule in broken:
                    s.fires[rule].add(visit)
            else:
                s.buy(day, *broken, where=where, who=who)

    trip(30, "P1", "P2", "R112")
    trip(31, "P1", "P2")
    trip(10, "P1", "P1")
    trip(10, "H1", "P2")  # from the doctor to the pharmacy
    trip(10, "P2", "H1", "R112")
    trip(60, "H1", "H9", "R130")
    trip(61, "H1", "H9")
    trip(60, "H1", "H2")
    who = s.someone()
    s.buy("2024-03-20", who=who)  # bare dates say nothing of minutes
    s.buy("2024-03-20", who=who, where="P2")


def prescriptions(s: Street):
    def rx(number, written, days, repeats=0, **more):
        s.world.add("rx_d", hi_rxno=number, psn_no="p1", dr_code="D1", fixmedins_code="H1", prsc_time=written,
                    valid_days=days, max_rept_cnt=repeats, **more)  # fmt: skip

    written = "2024-05-01 09:00:00"
    for n, (sold, rules, days, repeats) in enumerate([
        ("2024-05-01 08:31:00", [], 3, 0),  # clocks differ
        ("2024-05-01 08:29:00", ["R110"], 3, 0),
        ("2024-05-01", [], 3, 0),  # a bare date: some hour of that day
        ("2024-04-30", ["R110"], 3, 0),
        ("2024-05-04 20:00:00", [], 3, 0),
        ("2024-05-05 08:00:00", ["R110"], 3, 0),
        ("2024-07-24 08:00:00", [], 28, 2),  # a long prescription: twelve weeks
        ("2024-07-25 08:00:00", ["R110"], 28, 2),
        ("2024-12-01 08:00:00", [], None, 0),
    ]):  # fmt: skip
        rx(f"X{n}", written, days, repeats)
        s.sell(sold, "pill", f"x{n}", *rules, where=f"P{n + 1}", sale={"rxno": f"X{n}"})
    shop = {"where": "P5"}
    s.sell("2024-06-01 10:00:00", "rx", "y1", "R111", **shop)
    s.sell("2024-06-01 11:00:00", "rx", "y2", **shop, sale={"rxno": "on paper"})
    s.sell("2024-06-01 12:00:00", "rx", "y3", **shop, chfpdr_code="D1")  # a doctor stands for it
    s.sell("2024-06-01 13:00:00", "pill", "y4", **shop)
    s.sell("2024-06-01 14:00:00", "pill", "y5", "R111", **shop, sale={"rx_flag": "1"})
    s.sell("2024-06-01 15:00:00", "rx", "y6", **shop, sale={"rx_flag": "0"})
    s.sell("2024-06-01 16:00:00", "rx", "y7", **shop, sale={"setl_id": None})  # nothing of the fund's
    for n, (checked, where, rules) in enumerate([
        ("2024-06-10 10:00:04", "P1", ["R117"]),  # four seconds after it was written
        ("2024-06-11 10:00:05", "P1", []),
        ("2024-06-12 11:00:00", "P1", []),
        ("2024-06-12 11:29:59", "P2", ["R117"]),  # another shop within half an hour
        ("2024-06-12 11:59:59", "P3", []),
        ("2024-06-13 11:00:00", "P6", []),
        ("2024-06-13 11:10:00", "P7", []),  # of the same chain
        ("2024-06-14", "P1", []),
    ]):  # fmt: skip
        rx(f"Z{n}", checked[:10] + " 10:00:00", 3, phar_code="PH1", phar_chk_time=checked)
        s.sell(checked[:10] + " 15:00:00", "pill", f"z{n}", *rules, where=where, sale={"rxno": f"Z{n}"})


def prices(s: Street):
    for n, (where, paid, rules) in enumerate([("P8", 10.6, ["R116"]), ("P8", 10.5, []), ("P9", 12.0, [])]):
        for k, price in enumerate([9.0, 10.0, 10.0] if where == "P8" else []):
            s.sell(f"2024-08-0{k + 1} 10:00:00", "pill", f"c{n}{k}", where=where,
                   sale={"setl_id": None, "finl_trns_pric": price})  # fmt: skip
        more = {"sale": {"finl_trns_pric": paid}, "where": where}
        s.sell("2024-08-20 10:00:00", "pill", f"d{n}", *rules, **more)
    for shop in range(10, 15):  # five shops; in one of them most purchases stay just under the limit
        for n in range(20):
            near = n < (12 if shop == 10 else 1)
            fee = [190.0, 200.0][n % 2] if near else [189.0, 201.0][n % 2]
            rules = ["R114"] if near and shop == 10 else []
            s.buy(f"2024-09-{n + 1:02} 10:00:00", *rules, where=f"P{shop}", lines=[("dear", 1, fee)])


def scans(s: Street):
    for month, uncoded, rules in [("2024-10", 3, ["R108"]), ("2024-11", 2, []), ("2024-06", 20, [])]:
        for n in range(20):
            without = n < uncoded
            s.sell(f"{month}-{n + 1:02} 10:00:00", "dear", None if without else f"{month}{n}",
                   *(rules if without else []), where="P5")  # fmt: skip
    s.sell("2024-10-25 10:00:00", "dear", None, where="P5", sale={"trac_scan_stas": "2"})


def cap(s: Street):
    employee = ("310", [440_000.0, 9_000.0, 1_000.0, 5_000.0], 2)
    for insutype, fund, fires in [employee, ("390", [269_999.0], -1), ("390", [270_000.0], 0)]:
        who = s.someone()
        for n, paid in enumerate(fund):
            visit = s.world.stay(who, "H2", f"2024-0{n + 1}-01", 5, fee=paid * 1.25, fund=paid)
            s.world.rows["mdtrt_d"][-1]["insutype"] = insutype
            if n == fires:
                s.fires["R115"].add(visit)


def _in_bursts(visits: list[tuple], persons: int) -> set[str]:
    """Visits of runs in which so many persons follow one another in under a minute, visit by visit."""
    fast, run = set(), []
    for at, visit, who in [*sorted(visits), (datetime.max, None, None)]:
        if run and (at - run[-1][0]).total_seconds() >= 60:
            if len({row[2] for row in run}) >= persons:
                fast |= {row[1] for row in run}
            run = []
        run.append((at, visit, who))
    return fast


def _two_places(visits: list[tuple], minutes: int) -> set[str]:
    """Visits within minutes of one at another pharmacy, person by person."""
    found = set()
    for visit in visits:
        before = [v for v in visits if v[2] == visit[2] and v[:2] < visit[:2]]
        if before:
            last = max(before)
            if last[3] != visit[3] and visit[0] - last[0] <= timedelta(minutes=minutes):
                found.add(visit[1])
    return found


def random_queue(s: Street):
    """Anybody at two tills, against the loops."""
    rng = np.random.default_rng(3)
    people, visits, at = [s.someone() for _ in range(14)], [], START + timedelta(days=100)
    for _visit in range(400):
        at += timedelta(seconds=int(rng.choice([20, 50, 70, 4000], p=[0.5, 0.4, 0.07, 0.03])))
        who, where = str(rng.choice(people)), str(rng.choice(["P15", "P16"], p=[0.9, 0.1]))
        visits.append((at, s.buy(at, who=who, where=where), who, where))
    for where in ("P15", "P16"):
        s.fires["R113"] |= _in_bursts([v[:3] for v in visits if v[3] == where], 10)
    s.fires["R112"] |= _two_places(visits, 30)


def build() -> Street:
    s = Street()
    for part in (cards, travel, prescriptions, prices, scans, cap, random_queue):
        part(s)
    return s


SETTINGS = {"R108": {"mandatory_from": "2024-07-01"}}


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    s = build()
    return s, findings(s.world, tmp_path_factory.mktemp("street"), MINE, **SETTINGS)


def test_every_rule_runs(street):
    _s, found = street
    assert found.attrs["failed"] == {} and found.attrs["skipped"] == {} and found.attrs["run"] == MINE


@pytest.mark.parametrize("rule", MINE)
def test_fires_where_it_must_and_nowhere_else(street, rule):
    s, found = street
    assert s.fires[rule]
    assert set(found.mdtrt_id[found.rule_id == rule]) == s.fires[rule]


def test_only_the_excess_offends(street):
    _s, found = street
    assert found.vola_amt[found.rule_id == "R116"].tolist() == [0.42]  # 60 fen, of which the fund paid 70 %
    assert found.vola_cont.notna().all()


@pytest.mark.parametrize(
    "settings, shops",
    [
        ({}, {"P1"}),
        ({"gap_seconds": 61}, {"P1", "P3"}),
        ({"gap_seconds": 59}, set()),
        ({"minimum_persons": 9}, {"P1", "P2"}),
    ],
)
def test_both_parameters_of_back_to_back_cards_count(tmp_path, settings, shops):
    """Ten persons 59 seconds apart at P1, nine 30 seconds apart at P2, twelve 60 seconds apart at P3."""
    s = Street()
    cards(s)
    found = findings(s.world, tmp_path, ["R113"], R113=settings)
    assert set(found.fixmedins_code) == shops
    assert all(f"不足{settings.get('gap_seconds', 60)}秒" in text for text in found.vola_cont)
