"""Rules about prescribers and repeated tests: rows that must fire under their rule, and near misses."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from tests.tiny import World, findings

MINE = ["R008", "R009", "R078", "R118", "R119", "R129"]


class Clinic:
    """A world of doctors, with the visits that must fire noted under their rule."""

    def __init__(self):
        self.world, self.fires, self.people = World(), {rule: set() for rule in MINE}, 0
        for code, level in [("H1", "08"), ("H2", "05"), ("H4", "05")]:
            self.world.hospital(code, hosp_lv=level)
        self.world.pharmacy("P1")

    def someone(self, **more) -> str:
        self.people += 1
        return self.world.person(f"p{self.people}", **more)

    def seen(self, when: str, *rules: str, who=None, where="H2", **more) -> str:
        visit = self.world.visit(who or self.someone(), where, when, **more)
        for rule in rules:
            self.fires[rule].add(visit)
        return visit


def licences(c: Clinic):
    doctors = [("D1", "H2", "2020-01-01", "2024-05-31", "02"), ("D2", "H2", None, "2024-05-31", "03"),
               ("D2", "H4", "2024-06-01", None, "0301"), ("D3", "H2", None, None, "02")]  # fmt: skip
    for code, where, begin, end, caty in doctors:
        c.world.add("dr_info_b", dr_code=code, fixmedins_code=where, begntime=begin, endtime=end, caty=caty)
    c.seen("2024-05-31 15:00:00", chfpdr_code="D1")
    c.seen("2024-06-01 09:00:00", "R008", chfpdr_code="D1")
    c.seen("2019-12-31 09:00:00", "R008", chfpdr_code="D1")
    c.seen("2024-06-01 09:00:00", chfpdr_code="D2")  # has gone to work elsewhere
    c.seen("2024-06-01 09:00:00", chfpdr_code="D3")
    c.seen("2024-06-01 09:00:00", chfpdr_code="D9")  # unknown
    c.world.purchase(c.someone(), "P1", "2024-06-01 09:00:00", chfpdr_code="D1")  # written before
    c.world.add("hilist_b", hilist_code="lens", hilist_name="lens", med_chrgitm_type="05")
    c.world.add("hilist_lmt_b", hilist_code="lens", lmt_type="caty", lmt_value="03")
    c.seen("2024-03-01 09:00:00", "R009", chfpdr_code="D1", lines=[("lens", 1, 50.0)])
    c.seen("2024-03-01 10:00:00", chfpdr_code="D2", lines=[("lens", 1, 50.0)])
    c.seen("2024-03-01 11:00:00", chfpdr_code="D9", lines=[("lens", 1, 50.0)])


def scans(c: Clinic):
    scan = {"lines": [("scan", 1, 300.0)]}
    for day, more, fires in [
        ("2024-04-07", {}, True),  # six days
        ("2024-04-08", {}, False),
        ("2024-04-03", {"med_type": "13"}, False),  # an emergency
        ("2024-04-03", {"dscg_maindiag_code": "Z51.100"}, False),  # a course
        ("2024-04-03", {"where": "H4"}, True),  # another hospital of the same level
        ("2024-04-03", {"lines": [("lab", 1, 30.0)]}, False),
    ]:
        who = c.someone()
        c.seen("2024-04-01 09:00:00", who=who, **scan)
        c.seen(f"{day} 09:00:00", *(["R078"] if fires else []), who=who, **(scan | more))
    who = c.someone()  # sent to a higher hospital
    c.seen("2024-04-01 09:00:00", who=who, where="H1", **scan)
    c.seen("2024-04-03 09:00:00", who=who, where="H2", **scan)
    twice = [("scan", 1, 300.0), ("scan", 1, 300.0, "2024-04-04 09:00:00")]
    c.world.stay(c.someone(), "H2", "2024-04-01", 8, lines=twice)  # how a patient in bed is doing
    who = c.someone()
    refunded = c.seen("2024-04-01 09:00:00", who=who, **scan)
    c.world.settle(refunded, "2024-04-02 09:00:00", -300.0)
    c.seen("2024-04-03 09:00:00", who=who, **scan)


def work(c: Clinic):
    for n in range(102):
        c.seen(
            f"2024-07-01 {8 + n // 60:02}:{n % 60:02}:00", *(["R118"] if n >= 100 else []), chfpdr_code="D5"
        )
    for n in range(102):
        c.seen(f"2024-07-0{1 + n % 2} {10 + n // 60:02}:{n % 60:02}:00", chfpdr_code="D6")
    sick = c.someone(certno="c7")
    c.world.add("dr_info_b", dr_code="D7", fixmedins_code="H2", certno="c7", endtime=None)
    c.world.stay(sick, "H4", "2024-08-01", 5)
    for day, fires in [("01", False), ("02", True), ("05", True), ("06", False)]:  # the edges leave time
        c.seen(f"2024-08-{day} 15:00:00", *(["R119"] if fires else []), chfpdr_code="D7")
    c.world.purchase(c.someone(), "P1", "2024-08-03 09:00:00", chfpdr_code="D7")


def phones(c: Clinic):
    def round_(tel: str, homes: list[str], hours: list[int], fires: list[int]):
        for n, (home, hour) in enumerate(zip(homes, hours, strict=True)):
            when = f"2024-09-{1 + hour // 24:02} {hour % 24:02}:00:00"
            visit = c.world.purchase(c.someone(tel=tel, live_admdvs=home), "P1", when)
            if n in fires:
                c.fires["R129"].add(visit)

    round_("t1", ["v1", "v2", "v3"], [9, 10, 24 + 10], [1, 2])
    round_("t2", ["v1", "v1", "v1"], [9, 10, 11], [])  # a family
    round_("t3", ["v1", "v2"], [9, 10], [])
    round_("t4", ["v1", "v2", "v3"], [9, 34, 59], [])  # not together
    round_(None, ["v1", "v2", "v3"], [9, 10, 11], [])


def _repeated(scans: list[tuple], days: int) -> set[str]:
    """Visits whose scan follows one of another visit too soon, scan by scan."""
    found = set()
    for who in {row[2] for row in scans}:
        own = sorted(row for row in scans if row[2] == who)
        for last, row in pairwise(own):
            if (row[0] - last[0]).days < days and row[1] != last[1]:
                found.add(row[1])
    return found


def random_scans(c: Clinic):
    """Anybody's scans on any days, against the loop."""
    rng, scans = np.random.default_rng(11), []
    for _person in range(30):
        who = c.someone()
        for _scan in range(rng.integers(1, 8)):
            day = date(2024, 3, 1) + timedelta(days=int(rng.integers(0, 60)))
            scans.append((day, c.seen(f"{day} 09:00:00", who=who, lines=[("scan", 1, 300.0)]), who))
    c.fires["R078"] |= _repeated(scans, 7)


def build() -> Clinic:
    c = Clinic()
    for part in (licences, scans, work, phones, random_scans):
        part(c)
    return c


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    c = build()
    return c, findings(c.world, tmp_path_factory.mktemp("clinic"), MINE)


def test_every_rule_runs(clinic):
    _c, found = clinic
    assert found.attrs["failed"] == {} and found.attrs["skipped"] == {} and found.attrs["run"] == MINE


@pytest.mark.parametrize("rule", MINE)
def test_fires_where_it_must_and_nowhere_else(clinic, rule):
    c, found = clinic
    assert c.fires[rule]
    assert set(found.mdtrt_id[found.rule_id == rule]) == c.fires[rule]


def test_who_answers(clinic):
    _c, found = clinic
    doctors = found[found.rule_id.isin(["R008", "R009", "R118", "R119"])]
    assert set(doctors.subject_type) == {"prescriber"} and (doctors.subject_id == doctors.dr_code).all()
    assert set(found.subject_id[found.rule_id == "R078"]) == {"H2", "H4"}
    assert found.vola_cont.notna().all()
