"""Rules about medicine: rows that must fire under their rule, and what comes as near as it may."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from tests.tiny import World, findings

MINE = [
    "R031",
    "R060",
    "R061",
    "R064",
    "R065",
    "R069",
    "R070",
    "R072",
    "R087",
    "R105",
    "R106",
    "R107",
    "R109",
]


class Shops:
    """A world of purchases, with the visits that must fire noted under their rule."""

    def __init__(self):
        self.world, self.fires, self.people = World(), {rule: set() for rule in MINE}, 0
        for code in ("H1", "H2"):
            self.world.hospital(code)
        for code in ("P1", "P2", "P3", "P4"):
            self.world.pharmacy(code)

    def someone(self) -> str:
        self.people += 1
        return self.world.person(f"p{self.people}")

    def drug(self, code: str, charge: str = "09", limits: dict | None = None, **columns) -> str:
        self.world.add("hilist_b", hilist_code=code, hilist_name=code, med_chrgitm_type=charge, **columns)
        for kind, value in (limits or {}).items():
            self.world.add("hilist_lmt_b", hilist_code=code, lmt_type=kind, lmt_value=value)
        return code

    def fire(self, visit: str, *rules: str) -> str:
        for rule in rules:
            self.fires[rule].add(visit)
        return visit

    def buy(self, when: str, *rules: str, where="P1", who=None, lines=(("pill", 1, 40.0),), **more) -> str:
        who = who or self.someone()
        return self.fire(self.world.purchase(who, where, when, lines=list(lines), **more), *rules)

    def sell(self, when: str, code: str, *rules: str, where="P1", count: float = 1, **more) -> str:
        visit = self.buy(when, *rules, where=where)
        self.world.sell(visit, "pill", when, code, count, **more)
        return visit


def trace_codes(s: Shops):
    s.sell("2024-03-01 09:00:00", "A")
    s.sell("2024-03-01 09:30:00", "A", "R105")
    s.sell("2024-04-01 09:00:00", "A", "R105", "R106", where="P2")
    first = s.sell("2024-03-01 09:00:00", "B")
    s.world.sell(first, "pill", "2024-03-02 09:00:00", "B", -1)  # brought back in between
    s.sell("2024-03-03 09:00:00", "B")
    for code, split in [("C", "1"), ("D", "0")]:  # a split pack shows its code again
        s.sell("2024-03-01 09:00:00", code, trdn_flag=split)
        s.sell("2024-03-03 09:00:00", code, trdn_flag="1")
    refunded = s.sell("2024-03-01 09:00:00", "E")
    s.world.settle(refunded, "2024-03-02 09:00:00", -40.0)
    s.sell("2024-03-03 09:00:00", "E")
    s.sell("2024-03-01 09:00:00", "F", setl_id=None)  # a cash sale is none of the fund
    s.sell("2024-03-03 09:00:00", "F")
    s.sell("2024-03-01 09:00:00", None)
    s.sell("2024-03-03 09:00:00", None)
    two = s.buy("2024-03-01 09:00:00", lines=[("pill", 2, 40.0)])
    for code in ("G1", "G2"):
        s.world.sell(two, "pill", "2024-03-01 09:00:00", code)
    again = s.buy("2024-03-05 09:00:00", "R105", lines=[("pill", 3, 40.0)])
    for code in ("G1", "G2", "G3"):
        s.world.sell(again, "pill", "2024-03-05 09:00:00", code)
    s.drug("coded", limits={"trac_prfx": "8100001"})
    for code, broken in [("81000012345", False), ("81000023456", True)]:
        visit = s.buy("2024-03-01 09:00:00", *(["R107"] if broken else []), lines=[("coded", 1, 40.0)])
        s.world.sell(visit, "coded", "2024-03-01 09:00:00", code)


def prescriptions(s: Shops):
    for number, repeats in [("X1", 0), ("X2", 1), ("X3", None), ("X4", 0), ("X5", 0)]:
        s.world.add(
            "rx_d", hi_rxno=number, psn_no="p1", dr_code="D1", fixmedins_code="H1",
            prsc_time="2024-05-01 09:00:00", valid_days=30, max_rept_cnt=repeats,
        )  # fmt: skip
    s.sell("2024-05-01 10:00:00", "r1", rxno="X1")
    s.sell("2024-05-02 10:00:00", "r2", "R109", rxno="X1", where="P2")
    for day in (1, 2, 3):
        s.sell(f"2024-05-0{day} 10:00:00", f"r3{day}", *(["R109"] if day == 3 else []), rxno="X2")
    s.sell("2024-05-01 10:00:00", "r4", rxno="X3")
    s.sell("2024-05-02 10:00:00", "r5", "R109", rxno="X3")
    s.sell("2024-05-01 10:00:00", "r6", rxno="X4")
    other = s.buy("2024-05-02 10:00:00", lines=[("dear", 1, 90.0)])  # its other drug, elsewhere
    s.world.sell(other, "dear", "2024-05-02 10:00:00", "r7", rxno="X4")
    back = s.sell("2024-05-01 10:00:00", "r8", rxno="X5")
    s.world.sell(back, "pill", "2024-05-01 11:00:00", "r8", -1, rxno="X5")
    s.sell("2024-05-02 10:00:00", "r9", rxno="X5")
    for _ in range(2):
        s.sell("2024-05-02 10:00:00", None, rxno="on paper")  # not on record: numbers may meet by chance


def quantities(s: Shops):
    month = s.drug("month", days_per_unit=28)
    s.buy("2024-05-01 10:00:00", lines=[(month, 3, 50.0)])
    s.buy("2024-05-01 10:00:00", "R031", lines=[(month, 4, 50.0)])
    s.buy("2024-05-01 10:00:00", lines=[(month, 4, 50.0), (month, -1, 50.0, "2024-05-02 10:00:00")])
    s.world.stay(s.someone(), "H1", "2024-05-01", 9, lines=[(month, 4, 50.0)])
    week = s.drug("week", limits={"supply_days": "7"}, days_per_unit=7)
    s.buy("2024-05-01 10:00:00", lines=[(week, 1, 50.0)])
    s.buy("2024-05-01 10:00:00", "R031", lines=[(week, 2, 50.0)])
    dose = s.drug("dose", max_day_cnt=3)
    s.world.stay(
        s.someone(), "H1", "2024-05-01", 4, lines=[(dose, 30, 5.0)]
    )  # twice the maximum of five days
    s.fire(s.world.stay(s.someone(), "H1", "2024-05-01", 4, lines=[(dose, 31, 5.0)]), "R070")
    later = s.drug("later", limits={"max_day_cnt": "3"})
    s.world.rows["hilist_lmt_b"][-1].update(begndate="2024-05-03", medinslv="2")
    s.world.hospital("H9", hosp_lv="02")
    # The maximum holds from the third day of the stay on, at level 2.
    for where, rule in [("H1", "R070"), ("H9", None)]:
        doses = [(later, 40, 5.0, "2024-05-02 09:00:00"), (later, 31, 5.0, "2024-05-03 09:00:00")]
        stay = s.world.stay(s.someone(), where, "2024-05-01", 4, lines=doses)
        s.world.stay(s.someone(), where, "2024-05-01", 4, lines=doses[:1])
        if rule:
            s.fire(stay, rule)
    home = [(dose, 15, 5.0), (dose, 60, 5.0, "2024-05-05 09:00:00")]  # taken home on the last day
    s.world.stay(s.someone(), "H1", "2024-05-01", 4, lines=home)
    kinds = [(s.drug(f"kind{n}"), 1, 10.0 + n) for n in range(6)]
    seen = {"med_type": "11", "where": "H1", "begin": "2024-05-01 09:00:00"}
    s.fire(s.world.visit(s.someone(), lines=kinds, **seen), "R069")
    s.world.visit(s.someone(), lines=[*kinds[:5], (s.drug("root", "10"), 1, 9.0)], **seen)
    s.buy("2024-05-01 10:00:00", lines=kinds)  # off the shelf
    statins = [s.drug(f"statin{n}", limits={"drug_class": "C10AA"}) for n in (1, 2)]
    s.fire(s.world.visit(s.someone(), lines=[(d, 1, 30.0) for d in statins], **seen), "R072")
    s.world.visit(s.someone(), lines=[(statins[0], 1, 30.0), ("pill", 1, 30.0)], **seen)


def frequency(s: Shops):
    s.drug("herb", "10")
    for item, broken in [("pill", True), ("herb", False)]:
        who = s.someone()
        for day in (1, 8, 15, 22, 29):
            rules = ["R087"] if broken and day == 29 else []
            s.buy(f"2024-07-{day:02} 10:00:00", *rules, who=who, lines=[(item, 1, 20.0)])
    who = s.someone()  # five in thirty days, but in two months
    for day in ("07-20", "07-26", "08-01", "08-07", "08-13"):
        s.buy(f"2024-{day} 10:00:00", who=who)
    for days, last in [(range(1, 30, 4), True), (range(1, 38, 5), False)]:  # eight days in 29, eight in 36
        who = s.someone()
        for nth, day in enumerate(days):
            when = datetime(2024, 9, 1, 10) + timedelta(days=day)
            rules = ["R087"] if last and nth == 7 else []
            s.buy(str(when), *rules, who=who, lines=[(f"shelf{nth}", 1, 20.0)])
            s.buy(str(when + timedelta(hours=1)), *rules, who=who, lines=[(f"shelf{nth + 20}", 1, 20.0)])


def stock(s: Shops):
    def move(where, item, kind, count, day):
        number = f"V{len(s.world.rows['inv_chg_d'])}"
        s.world.add("inv_chg_d", inv_chg_sn=number, fixmedins_code=where, hilist_code=item, inv_chg_type=kind,
                    cnt=count, inv_chg_time=f"2024-{day} 08:00:00")  # fmt: skip

    s.drug("kept")
    s.drug("stent", "08")
    for rule, item, where in [("R061", "kept", "P3"), ("R060", "stent", "H2")]:
        move(where, item, "3501", 10, "02-01")
        move(where, item, "3503", 10, "03-01")
        move(where, item, "3504", 4, "03-02")
        move(where, item, "3501", 16, "03-03")  # a later stock-take is nothing new
        s.buy("2024-01-15 10:00:00", where=where, lines=[(item, 90, 5.0)])  # before stock was reported
        s.buy("2024-03-01 10:00:00", where=where, lines=[(item, 23, 5.0)])
        s.buy("2024-03-05 10:00:00", where=where, lines=[(item, 1, 5.0)])  # one and a half times sixteen
        s.buy("2024-03-06 10:00:00", rule, where=where, lines=[(item, 2, 5.0)])
    s.buy("2024-03-06 10:00:00", "R061", where="P3", lines=[("pill", 1, 40.0)])  # never bought at all
    s.buy("2024-03-06 10:00:00", where="P3", lines=[("dialyser", 1, 40.0)])  # reports no materials


def mapping(s: Shops):
    def swipe(item, own, day, *rules, where="P4"):
        visit = s.buy(f"2024-{day} 10:00:00", *rules, where=where, lines=[(item, 1, 40.0)])
        s.world.rows["fee_list_d"][-1]["medins_list_codg"] = own
        return visit

    for day in ("02-01", "02-02", "02-09"):
        swipe("pill", "own1", day)
    swipe("dear", "own1", "02-05", "R064")
    swipe("dear", "own1", "02-05", where="P2")  # every place has a catalogue of its own
    for item, day in [("pill", "02-01"), ("pill", "02-02"), ("dear", "02-03"), ("dear", "02-04")]:
        swipe(item, "own2", day)  # a new version of the catalogue
    for own in ("own3", "own4"):
        swipe("pill", own, "02-05")  # two of the house's items under one code
    for number, ordered in enumerate([True] * 19 + [False]):
        visit = s.world.stay(s.someone(), "H1", "2024-10-01", 3, lines=[("bed", 3, 30.0), ("treat", 1, 60.0)])
        s.world.rows["fee_list_d"][-1]["rx_drord_no"] = f"O{number}" if ordered else None
        if not ordered:
            s.fire(visit, "R065")
    s.world.stay(s.someone(), "H2", "2024-10-01", 3, lines=[("treat", 1, 60.0)])  # sends no order numbers


def _sold_twice(sales: list[tuple]) -> dict[str, bool]:
    """Visits that sold a pack which had been sold and not come back, sale by sale; had it been elsewhere?"""
    out, twice = {}, {}
    for _when, _number, visit, code, count, where in sorted(sales):
        if count > 0 and code in out:
            twice[visit] = twice.get(visit, False) or out[code] != where
        if count > 0:
            out[code] = where
        else:
            out.pop(code, None)
    return twice


def _bought_often(buys: list[tuple], most: int, days: int) -> set[str]:
    """Visits beyond the purchases of a drug in a month, and those on too many shopping days in thirty."""
    often = set()
    for at, visit, drug in buys:
        month = [b for b in buys if b[2] == drug and b[0].month == at.month and (b[0], b[1]) <= (at, visit)]
        shopping = {b[0].date() for b in buys if timedelta(0) <= at.date() - b[0].date() < timedelta(days=30)}
        if len(month) > most or len(shopping) >= days:
            often.add(visit)
    return often


def random_sequences(s: Shops):
    """Any purchases, sales and returns, against the loops."""
    rng, sales = np.random.default_rng(5), []
    for _person in range(25):
        who, buys = s.someone(), []
        for _buy in range(rng.integers(1, 25)):
            when = datetime(2024, 3, 1, 8) + timedelta(minutes=int(rng.integers(0, 90 * 1440)))
            item, code = str(rng.choice(["pill", "dear"])), f"T{rng.integers(0, 120)}"
            where = str(rng.choice(["P1", "P2"]))
            visit = s.buy(str(when), who=who, where=where, lines=[(item, 1, 40.0)])
            buys.append((when, visit, item))
            sales.append((when, s.world.sell(visit, item, str(when), code), visit, code, 1, where))
            if rng.random() < 0.3:
                later = when + timedelta(minutes=int(rng.integers(1, 20 * 1440)))
                number = s.world.sell(visit, item, str(later), code, -1)
                sales.append((later, number, visit, code, -1, where))
        s.fires["R087"] |= _bought_often(buys, 4, 8)
    twice = _sold_twice(sales)
    s.fires["R105"] |= set(twice)
    s.fires["R106"] |= {visit for visit, moved in twice.items() if moved}


def build() -> Shops:
    s = Shops()
    for part in (trace_codes, prescriptions, quantities, frequency, stock, mapping, random_sequences):
        part(s)
    # Stays of the other parts carry orders too, or the house would not be one that sends them.
    stays = {row["mdtrt_id"] for row in s.world.rows["mdtrt_d"] if row["med_type"] == "21"}
    for row in s.world.rows["fee_list_d"]:
        if row["mdtrt_id"] in stays and row["hilist_code"] != "treat":
            row["rx_drord_no"] = "O"
    return s


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    s = build()
    return s, findings(s.world, tmp_path_factory.mktemp("drugs"), MINE)


def test_every_rule_runs(shops):
    _s, found = shops
    assert found.attrs["failed"] == {} and found.attrs["skipped"] == {} and found.attrs["run"] == MINE


@pytest.mark.parametrize("rule", MINE)
def test_fires_where_it_must_and_nowhere_else(shops, rule):
    s, found = shops
    assert s.fires[rule]
    assert set(found.mdtrt_id[found.rule_id == rule]) == s.fires[rule]


def test_only_the_excess_offends(shops):
    _s, found = shops
    money = {rule: sorted(rows.vola_amt) for rule, rows in found.groupby("rule_id")}
    assert money["R031"] == [35.0, 35.0]  # 28 days of 112, 7 days of 14: 50 yuan each, of which the fund 70 %
    assert money["R105"].count(56.0) == 1 and set(money["R105"]) == {28.0, 56.0}  # two packs of one sale
    assert money["R069"] == [7.0]  # the cheapest of six drugs
    assert money["R060"] == [7.0]  # two pieces
    assert found.vola_cont.notna().all()
