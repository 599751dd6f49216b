"""Items billed beyond the mix of visits, and honest specialists, few visits and rare equipment; a slow
twin of the expectation."""

import random
from collections import Counter
from dataclasses import dataclass, field

import ibis
import pandas as pd
import pytest

from features.comparison.item_excess import (
    COLUMNS,
    HIGH_COST,
    LEAST_MONEY_SHARE,
    MIN_OTHERS,
    MIN_VISITS,
    PRIOR_COMPARABLE_VISITS,
    PRIOR_VISITS,
    STRATA,
    billed_items,
    billed_visits,
    item_excess,
    items_of_visits,
    with_patient_weights,
)
from tests.in_memory import engine

CHARGES = {"scan": "03", "lab": "04", "pill": "09", "plate": "08", "bed": "01"}
VISIT = dict.fromkeys(
    ("mdtrt_id", "psn_no", "kind", "fixmedins_code", "place", "doctor", *STRATA), "string"
) | {"billed": "float64"}
DAY = dict.fromkeys(("mdtrt_id", "hilist_code", "charge"), "string") | {"amount": "float64"}


@dataclass
class Bills:
    """Bills, collected one call at a time."""

    visits: list[dict] = field(default_factory=list)
    days: list[dict] = field(default_factory=list)

    def add(self, place: str, disease: str, *lines: tuple[str, float], who=None, dept="", **more):
        """A bill: lines of (item, yuan); the first letters of an item say its class."""
        name, kind = f"M{len(self.visits):05}", more.get("kind", "outpatient")
        row = {"mdtrt_id": name, "psn_no": who or name, "fixmedins_code": place}
        row |= {"place": place, "doctor": more.get("doctor")}
        setting = f"{kind}/2"
        row |= {"kind": kind, "setting": setting}
        row |= {"disease": f"{setting}/{disease}", "department": f"{setting}/{disease}/{dept}"}
        self.visits.append(row | {"billed": sum(yuan for _item, yuan in lines)})
        for item, yuan in lines:
            charge = CHARGES[item.rstrip("0123456789")]
            self.days.append({"mdtrt_id": name, "hilist_code": item, "charge": charge, "amount": yuan})

    def many(self, place: str, disease: str, n: int, share: float, item: str, yuan: float = 100, **more):
        """So many bills of a lab test for 50, a share of them with an item."""
        for number in range(n):
            extra = ((item, float(yuan)),) if number < round(share * n) else ()
            self.add(place, disease, ("lab", 50.0), *extra, **more)

    def tables(self) -> tuple[ibis.Table, ibis.Table]:
        con = engine()
        visits, days = (
            con.create_table(name, ibis.memtable(pd.DataFrame(rows, columns=list(schema)), schema=schema))
            for name, rows, schema in (("visits", self.visits, VISIT), ("days", self.days, DAY))
        )
        visits = with_patient_weights(visits)
        return billed_visits(visits), billed_items(visits, items_of_visits(days))

    def excess(self, key: str = "place") -> pd.DataFrame:
        return item_excess(*self.tables(), key)

    def found(self, key: str = "place") -> list[list]:
        return self.excess(key)[["subject_id", "class", "item"]].to_numpy().tolist()


def town() -> Bills:
    """Twelve hospitals that scan one in ten colds and one in two backs; the last sees backs alone."""
    bills = Bills()
    for number in range(11):
        bills.many(f"H{number:02}", "J06", 60, 0.10 + 0.02 * (number % 3), "scan")
        bills.many(f"H{number:02}", "M54", 20, 0.45 + 0.05 * (number % 3), "scan")
    bills.many("H11", "M54", 120, 0.5, "scan")
    return bills


def test_who_scans_everybody_is_told_from_who_sees_the_backs_of_the_town():
    bills = town()
    bills.many("guilty", "J06", 80, 0.9, "scan")
    found = bills.excess()
    assert [list(row) for row in found[["subject_id", "kind", "class", "item"]].to_numpy()] == [
        ["guilty", "outpatient", "exam", "scan"]
    ]
    assert list(found.columns) == COLUMNS
    assert (found.observed[0], found.n[0], found.billed[0]) == (72, 80, 80 * 50 + 72 * 100)
    assert 8 < found.expected[0] < 12
    assert found.money[0] == pytest.approx(100 * (72 - found.expected[0]), abs=0.01)
    assert town().found() == []


def test_several_who_scan_everybody_do_not_hide_each_other():
    bills = town()
    for number in range(2):
        bills.many(f"guilty-{number}", "J06", 80, 0.9, "scan")
    assert bills.found() == [["guilty-0", "exam", "scan"], ["guilty-1", "exam", "scan"]]


@pytest.mark.parametrize(("visits", "stands_out"), [(MIN_VISITS - 1, False), (MIN_VISITS, True)])
def test_few_visits_do_not_stand_out(visits, stands_out):
    bills = town()
    bills.many("small", "J06", visits, 1.0, "scan")
    assert (bills.found() == [["small", "exam", "scan"]]) == stands_out


def test_equipment_that_few_have_is_compared_among_those_who_have_it():
    bills = town()
    for number in range(MIN_OTHERS["place"] + 2):
        bills.many(f"H{number:02}", "J06", 100, 0.3 + 0.02 * number, "scan2", 800)
    assert bills.found() == []
    bills.many("guilty", "J06", 100, 0.8, "scan2", 800)
    assert ["guilty", "exam", "scan2"] in bills.found()


@pytest.mark.parametrize("backs_scanned, found", [(1.0, True), (0.0, False)])
def test_a_disease_of_which_everybody_is_scanned_excuses_no_other(backs_scanned, found):
    """Half of a town's hospitals scan, and they alone treat strokes: more than all strokes is expected of
    nobody."""
    bills = Bills()
    for number in range(5):
        bills.many(f"H{number}", "I63", 60, 1.0, "scan")
        bills.many(f"P{number}", "M54", 60, 0.0, "scan")
    bills.many("last", "I63", 40, 1.0, "scan")
    bills.many("last", "M54", 40, backs_scanned, "scan")
    assert (["last", "exam", "scan"] in bills.found()) == found


@pytest.mark.parametrize(("others", "known"), [(MIN_OTHERS["place"] - 1, False), (MIN_OTHERS["place"], True)])
def test_what_too_few_others_bill_has_no_usual_rate(others, known):
    bills = town()
    for number in range(others):
        bills.many(f"H{number:02}", "J06", 100, 0.02, "plate", 800)
    bills.many("H08", "J06", 100, 0.9, "plate", 800)
    assert (["H08", "material", "plate"] in bills.found()) == known


@pytest.mark.parametrize(("yuan", "material"), [(0.4, False), (1.2, True)])
def test_an_excess_of_little_money_is_no_matter(yuan, material):
    bills = town()
    for number in range(8):
        bills.many(f"H{number:02}", "J06", 50, 0.02, "scan9", yuan)
    bills.many("guilty", "J06", 100, 0.9, "scan9", yuan)
    assert (["guilty", "exam", "scan9"] in bills.found()) == material
    assert (90 * yuan > LEAST_MONEY_SHARE * (100 * 50 + 90 * yuan)) == material


def test_a_doctor_is_compared_with_colleagues_where_no_other_place_has_the_item():
    """One place alone has the injection: a doctor who gives it to half of his patients, whatever they come
    with, is beside colleagues who never do; where all of them give it, it is the custom of the place."""
    for colleagues, found in ((0.0, [["paid", "drug", "pill7"]]), (0.5, [])):
        bills = Bills()
        for number in range(8):
            bills.many(f"H{number}", "J06", 60, 0.0, "pill7", doctor=f"D{number}")
            bills.many("alone", "J06", 60, colleagues, "pill7", doctor=f"A{number}")
        bills.many("alone", "J06", 60, 0.5, "pill7", doctor="paid")
        assert bills.found("doctor") == found
        # Of a place nothing is known of what nobody else has.
        assert bills.found() == []


@pytest.mark.parametrize(("package", "found"), [(["scan3", "scan4", "scan5"], 3), (["scan3"], 0)])
def test_a_package_of_cheap_examinations_counts_together(package, found):
    """Of three examinations each makes a half of a hundredth of the bills."""
    bills = town()
    for number in range(8):
        for name in package:
            bills.many(f"H{number:02}", "J06", 100, 0.02, name, 0.8)
    for name in package:
        bills.many("guilty", "J06", 100, 0.9, name, 0.8)
    bills.many("guilty", "J06", 300 - 100 * len(package), 0.0, "lab")
    assert len([row for row in bills.found() if row[0] == "guilty"]) == found


def one_medicine(others: int) -> Bills:
    """A doctor gives one medicine for a disease that so few others treat; another gives it to everybody."""
    bills = Bills()
    for number in range(20):
        bills.many(f"H{number}", "J06", 60, 0.03, "pill9", doctor=f"D-{number}")
    bills.many("H1", "B18", others, 0.0, "pill9", doctor="D-1")
    bills.many("H0", "B18", 60, 0.9, "pill9", doctor="D-liver")
    bills.many("H0", "J06", 60, 0.9, "pill9", doctor="D-paid")
    return bills


def test_what_nobody_else_treats_has_no_usual_rate():
    assert one_medicine(others=0).found("doctor") == [["D-paid", "drug", "pill9"]]
    # Where others treat the disease and do not give it, the medicine is the doctor's own.
    assert one_medicine(others=20).found("doctor") == [
        ["D-liver", "drug", "pill9"],
        ["D-paid", "drug", "pill9"],
    ]


def test_a_biller_reaches_more_than_expected_by_chance():
    bills = town()
    bills.many("guilty", "J06", 80, 0.9, "scan")
    scan = bills.excess().iloc[0]
    usual = scan.expected / scan.n
    # Sampling alone: 3.09 standard deviations; the hospitals of the town differ little.
    sampled = scan.expected + 3.09 * (usual * (1 - usual) * scan.n) ** 0.5
    assert sampled - 0.1 < scan.upper_limit < 1.2 * sampled
    assert scan.money == pytest.approx(100 * (72 - scan.expected), abs=0.01)


def dear_prescriber(dear: float) -> Bills:
    """A town that buys without prescriptions, one purchase in twenty dear; two doctors' prescriptions."""
    bills = Bills()
    for shop in range(8):
        for number in range(120):
            item = f"pill{80 + number // 20 % 4}" if number % 20 == 0 else f"pill{number % 20}"
            yuan = 300.0 if number % 20 == 0 else 10.0 + number % 20
            bills.add(f"P{shop}", "E11", (item, yuan), kind="pharmacy")
    for number in range(60):
        shop = f"P{number % 8}"
        paid = number < dear * 60
        item = (f"pill{80 + number % 4}", 300.0) if paid else (f"pill{number % 20}", 10.0 + number % 20)
        bills.add(shop, "E11", item, kind="pharmacy", doctor="D-paid")
        honest = ("pill80", 300.0) if number % 20 == 0 else (f"pill{number % 20}", 10.0 + number % 20)
        bills.add(shop, "E11", honest, kind="pharmacy", doctor="D-honest")
    return bills


def test_a_doctor_who_prescribes_now_this_dear_medicine_now_that_is_told_from_one_who_does_not():
    found = dear_prescriber(dear=0.8).excess("doctor")
    assert set(found.subject_id) == {"D-paid"}
    together = found[found.item == HIGH_COST]
    assert together[["class", "observed", "n"]].to_numpy().tolist() == [["drug", 48, 60]]
    assert dear_prescriber(dear=0.05).found("doctor") == []


def test_a_patient_who_comes_every_week_has_one_vote():
    bills = town()
    for _number in range(90):
        bills.add("H00", "J06", ("lab", 50.0), ("scan", 100.0), who="ill")
    assert bills.found() == []
    # As many visits of different people are a habit.
    others = town()
    others.many("H00", "J06", 90, 1.0, "scan")
    assert others.found() == [["H00", "exam", "scan"]]


def test_a_department_is_compared_with_the_same_elsewhere():
    bills = Bills()
    for number in range(10):
        bills.many(f"H{number:02}", "M54", 60, 0.1, "scan", dept="outpatients")
        bills.many(f"H{number:02}", "M54", 40, 0.8, "scan", dept="surgery")
    bills.many("surgeons", "M54", 200, 0.8, "scan", dept="surgery")
    bills.many("guilty", "M54", 100, 0.8, "scan", dept="outpatients")
    assert bills.found() == [["guilty", "exam", "scan"]]


def test_no_bills_no_excess():
    assert Bills().excess().empty
    bills = Bills()
    bills.add("H1", "J06", ("bed", 30.0))
    assert bills.excess().empty


# Disease → how often it is scanned; H3 never scans K29, and nobody Z00.
SCANNED = {"J06": 0.1, "M54": 0.4, "E11": 0.2, "K29": 0.3, "Z00": 0.0}


def by_chance(seed: int, visits: int) -> Bills:
    """H3 scans the first three diseases far more often than the others."""
    chance, bills = random.Random(seed), Bills()
    for _number in range(visits):
        place, disease, dept = (
            f"H{chance.randrange(9)}",
            chance.choice(list(SCANNED)),
            chance.choice("ab"),
        )
        lines = [("lab", 50.0)]
        often = 0.9 if place == "H3" and disease in ("J06", "M54", "E11") else SCANNED[disease]
        if chance.random() < often and (place, disease) != ("H3", "K29"):
            lines.append(("scan", 100.0))
        kind = chance.choice(["outpatient", "stay"])
        who = f"p{chance.randrange(400)}"
        bills.add(place, disease, *dict(lines).items(), kind=kind, dept=dept, who=who)
    return bills


def slow_expected(bills: Bills, place: str, kind: str, item: str) -> float:
    """Visit by visit, narrow classes of few visits shrunk toward wider ones; everybody bills everything. The
    rate counts for as much as others treat the disease."""
    billed = {(row["mdtrt_id"], row["hilist_code"]) for row in bills.days}
    times = Counter((visit["place"], visit["psn_no"], visit["kind"]) for visit in bills.visits)
    n, k, treated = Counter(), Counter(), Counter()
    total, votes, visits = 0.0, 0.0, 0
    for visit in bills.visits:
        vote = 1 / times[visit["place"], visit["psn_no"], visit["kind"]]
        if visit["place"] != place:
            treated[visit["disease"].split("/")[2]] += vote
            for name in STRATA:
                n[visit[name]] += vote
                k[visit[name]] += vote * ((visit["mdtrt_id"], item) in billed)
    for visit in bills.visits:
        if visit["place"] == place and visit["kind"] == kind:
            vote = 1 / times[visit["place"], visit["psn_no"], visit["kind"]]
            rate = (k[visit["setting"]] + 0.5) / (n[visit["setting"]] + 1)
            for name in STRATA[1:]:
                rate = (k[visit[name]] + PRIOR_VISITS * rate) / (n[visit[name]] + PRIOR_VISITS)
            known = treated[visit["disease"].split("/")[2]]
            known /= known + PRIOR_COMPARABLE_VISITS
            seen = (visit["mdtrt_id"], item) in billed
            total += vote * (known * rate + (1 - known) * seen)
            votes, visits = votes + vote, visits + 1
    return visits * total / votes


@pytest.mark.parametrize(("seed", "visits"), [(0, 4000), (1, 1200)])
def test_the_expectation_equals_the_slow_twin(seed, visits):
    bills = by_chance(seed, visits)
    found = bills.excess()
    assert set(found.subject_id) == {"H3"}
    assert set(found.kind) == {"outpatient", "stay"}
    for row in found[found["item"] != HIGH_COST].itertuples():
        assert row.expected == pytest.approx(slow_expected(bills, "H3", row.kind, row.item), rel=1e-6)


def dear_ones(*items: tuple[str, float, int]) -> dict[str, int]:
    """Class → visits with an item of its costliest tenth, of (item, yuan, visits)."""
    bills = Bills()
    for item, yuan, visits in items:
        for _visit in range(visits):
            bills.add("H1", "J06", (item, yuan))
    found = bills.tables()[1].to_pandas()
    found = found[found["item"] == HIGH_COST]
    return found.groupby("class").k.sum().to_dict()


def test_dear_are_the_items_above_which_a_tenth_of_the_visits_of_a_class_lie():
    assert dear_ones(("pill1", 10.0, 9), ("pill2", 90.0, 1)) == {"drug": 1}
    # One visit in nine is more than a tenth.
    assert dear_ones(("pill1", 10.0, 8), ("pill2", 90.0, 1)) == {}
    # Counted by visits, not by items, and each class by itself.
    rows = [("pill1", 10.0, 18), ("pill2", 90.0, 1), ("pill3", 95.0, 1), ("scan1", 900.0, 5)]
    assert dear_ones(*rows) == {"drug": 2}
    # Of equal prices the order is that of the codes.
    assert dear_ones(("pill1", 10.0, 9), ("pill2", 10.0, 1)) == {"drug": 1}
    assert dear_ones(("pill1", 10.0, 1), ("pill2", 10.0, 9)) == {}


def test_what_was_given_back_is_not_billed():
    bills = Bills()
    bills.add("H1", "J06", ("scan", 100.0), ("lab", 50.0))
    bills.add("H1", "J06", ("scan", 0.0), ("lab", 50.0), ("bed", 30.0))
    billed = bills.tables()[1].to_pandas()
    assert billed[billed["item"] != HIGH_COST].groupby("item").k.sum().to_dict() == {"lab": 2, "scan": 1}


@pytest.mark.parametrize(("named", "found"), [("D1", ["D1"]), (None, [])])
def test_visits_that_name_no_doctor_are_nobodys(named, found):
    bills = Bills()
    for number in range(9):
        bills.many(f"H{number}", "J06", 60, 0.1, "scan", doctor=f"D-{number}")
    bills.many("H0", "J06", 80, 0.9, "scan", doctor=named)
    assert bills.excess("doctor").subject_id.tolist() == found
