"""Limits of the catalogue: each case is a line that breaks a limit, or comes as near as it may."""

from datetime import date, timedelta

import numpy as np
import pytest

from tests.tiny import World, findings

MINE = [
    "R010",
    "R011",
    "R012",
    "R013",
    "R014",
    "R015",
    "R016",
    "R017",
    "R018",
    "R019",
    "R020",
    "R021",
    "R022",
    "R023",
    "R024",
    "R026",
    "R027",
    "R028",
    "R029",
    "R030",
    "R032",
    "R033",
    "R034",
    "R036",
    "R037",
    "R038",
    "R039",
    "R058",
    "R059",
    "R062",
    "R063",
    "R071",
    "R075",
]
THEMES = [
    "R008",
    "R009",
    "R010",
    "R011",
    "R012",
    "R013",
    "R014",
    "R015",
    "R016",
    "R017",
    "R018",
    "R019",
    "R020",
    "R021",
    "R022",
    "R023",
    "R024",
    "R026",
    "R027",
    "R028",
    "R029",
    "R030",
    "R031",
    "R032",
    "R033",
    "R034",
    "R036",
    "R037",
    "R038",
    "R039",
    "R058",
    "R059",
    "R060",
    "R061",
    "R062",
    "R063",
    "R064",
    "R065",
    "R069",
    "R070",
    "R071",
    "R072",
    "R075",
    "R078",
    "R087",
    "R105",
    "R106",
    "R107",
    "R108",
    "R109",
    "R110",
    "R111",
    "R112",
    "R113",
    "R114",
    "R115",
    "R116",
    "R117",
    "R118",
    "R119",
    "R129",
    "R130",
]
CHARGE = {"drug": "09", "service": "05", "material": "08"}


class Hospital:
    """A world of limited items, with the visits that must fire noted under their rule."""

    def __init__(self):
        self.world, self.fires, self.people = World(), {rule: set() for rule in MINE}, 0
        for code, level in [("H1", "08"), ("H2", "05"), ("H3", "02"), ("HX", None)]:
            self.world.hospital(code, hosp_lv=level)
        self.world.pharmacy("P1")

    def item(self, code: str, kind: str, *limits: tuple, charge: str | None = None, **columns) -> str:
        self.world.add(
            "hilist_b", hilist_code=code, hilist_name=code, med_chrgitm_type=charge or CHARGE[kind], **columns
        )
        for lmt_type, value, *more in limits:
            self.world.add(
                "hilist_lmt_b", hilist_code=code, lmt_type=lmt_type, lmt_value=value, **(more or [{}])[0]
            )
        return code

    def seen(
        self, item: str | list, rule: str | None = None, *, where="H2", day="2024-06-10", person=None, **more
    ) -> str:
        """A visit with one item or lines; `rule` names the rule it breaks."""
        self.people += 1
        who = self.world.person(f"p{self.people}", **(person or {}))
        lines = [(item, 1, 100.0)] if isinstance(item, str) else item
        visit = self.world.visit(who, where, f"{day} 09:00:00", lines=lines, **more)
        if rule:
            self.fires[rule].add(visit)
        return visit


def sex(h: Hospital):
    for rule, kind in [("R012", "drug"), ("R013", "service"), ("R015", "material")]:
        men = h.item(f"men-{kind}", kind, lmt_gend="1")
        h.seen(men, rule)
        h.seen(men, person={"gend": "1"})
        h.seen(men, person={"gend": "9"})  # not told
        h.seen(men, med_type="52")  # a newborn on its mother's card
        h.seen([(men, 1, 100.0), ("lab", 1, 9.0), (men, -1, 100.0, "2024-06-11 10:00:00")])  # given back
        h.seen(men)
        h.world.rows["fee_list_d"][-1]["inscp_amt"] = 0.0  # paid by the patient alone
    later = h.item("men-later", "drug", ("gend", "1", {"begndate": "2024-06-11"}))
    h.seen(later)
    h.seen(later, "R012", day="2024-06-11")
    ended = h.item("men-ended", "drug", ("gend", "1", {"enddate": "2024-06-10"}))
    h.seen(ended, "R012")
    h.seen(ended, day="2024-06-11")
    # What holds for the level goes before what holds for all, and this before the catalogue's column.
    for level, rule in [("2", None), ("3", "R012"), (None, None)]:
        women = ("gend", "2", {"medinslv": level})
        h.seen(
            h.item(f"men-but-{level}", "drug", ("gend", "1", {"enddate": "2024-01-01"}), women, lmt_gend="1"),
            rule,
        )


def age(h: Hospital):
    def born(day: str) -> dict:
        return {"person": {"brdy": day}}

    cases = [("R016", "drug", 14), ("R019", "service", 14), ("R020", "material", 14), ("R021", "service", 60)]
    for rule, kind, high in cases:
        young = h.item(f"{kind}-to-{high}", kind, lmt_age_high=high)
        h.seen(young, rule, **born(f"{2024 - high - 1}-06-10"))
        h.seen(young, **born(f"{2024 - high - 1}-06-11"))  # the birthday is tomorrow
        h.seen(young, med_type="52", **born("1920-06-10"))
    for rule, kind in [("R018", "drug"), ("R021", "service")]:
        grown = h.item(f"{kind}-from-18", kind, lmt_age_low=18)
        h.seen(grown, rule, **born("2006-06-11"))
        h.seen(grown, **born("2006-06-10"))
    for rule, kind in [("R017", "drug"), ("R019", "service"), ("R020", "material")]:
        newborn = h.item(f"{kind}-newborn", kind, ("age_day_high", "28"))
        h.seen(newborn, rule, **born("2024-05-12"))
        h.seen(newborn, **born("2024-05-13"))
        h.seen(newborn, dscg_maindiag_code="P22.000")  # on its mother's card


def place(h: Hospital):
    for rule, kind in [("R026", "drug"), ("R027", "service")]:
        second = h.item(f"{kind}-second", kind, ("medinslv", "2"))
        h.seen(second, rule, where="H1")
        for where in ("H2", "H3", "HX", "P1"):  # HX has no grade, a pharmacy never has
            h.seen(second, where=where)
        only_first = h.item(f"{kind}-third", kind, ("medinslv", "3", {"medinslv": "1"}))
        h.seen(only_first, rule, where="H1")
        h.seen(only_first, where="H2")  # the limit is for institutions of level 1
    for rule, kind in [("R028", "drug"), ("R029", "service")]:
        ward = h.item(f"{kind}-ward", kind, ("med_type", "2"), ("med_type", "13"))
        h.seen(ward, rule)
        h.seen(ward, med_type="13")
        h.seen(ward, med_type="21", end="2024-06-12 10:00:00")
    for rule, kind in [("R036", "service"), ("R037", "material")]:
        eye = h.item(f"{kind}-eye", kind, ("dept", "A10"))
        h.seen(eye, rule, dept_code="A02")
        h.seen(eye, dept_code="A1001")
        h.seen(eye)


def insurance(h: Hospital):
    hurt = h.item("hurt", "drug", ("wkinj_only", "1"))
    h.seen(hurt, "R022")
    h.seen(hurt)
    h.world.rows["mdtrt_d"][-1]["insutype"] = "330"
    birth = h.item("birth", "service", ("matn_only", "1"))
    h.seen(birth, "R023")
    h.seen(birth, med_type="51")
    h.seen(birth, dscg_maindiag_code="O80.000")
    never = h.item("never", "drug", ("nopay", "1"), charge="10")
    h.seen(never, "R033")
    alone, too = (h.item(f"alone{n}", "drug", ("nopay_alone", "1"), charge="10") for n in (1, 2))
    other = h.item("compound", "drug", charge="10")
    h.seen([(alone, 1, 9.0), (too, 1, 9.0)], "R034")
    h.seen([(alone, 1, 9.0), (other, 1, 9.0)])
    h.seen([(alone, 1, 9.0), ("lab", 1, 9.0)], "R034")


def diagnosis(h: Hospital):
    kinds = [("R024", "diag", "drug"), ("R038", "diag", "service"), ("R063", "diag", "material")]
    kinds += [("R071", "label_diag", "drug"), ("R075", "exam_diag", "service")]
    for rule, lmt, kind in kinds:
        item = h.item(f"{kind}-{lmt}", kind, (lmt, "E11"), (lmt, "I10"))
        h.seen(item, rule, dscg_maindiag_code="J00.x00")
        h.seen(item, dscg_maindiag_code="e11.900")
        h.seen(item)  # not a single diagnosis on record
        for back, broken in [(180, False), (181, True)]:
            visit = h.seen(item, rule if broken else None, dscg_maindiag_code="J00.x00")
            before = str(date(2024, 6, 10) - timedelta(days=back))
            h.world.visit(f"p{h.people}", "H2", before, dscg_maindiag_code="I10.x00")
            assert visit
    both = h.item("both", "drug", ("dise", "M03900"), ("diag", "I10"))
    h.seen(both, med_type="14", dise_no="M03900", dscg_maindiag_code="J00.x00")  # registered for its disease
    h.seen(both, "R024", dscg_maindiag_code="J00.x00")
    listed = h.item("listed", "drug", ("dise", "M03900"))
    h.seen("pill", "R032", med_type="14", dise_no="M03900")
    h.seen(listed, med_type="14", dise_no="M03900")
    h.seen("pill", med_type="14", dise_no="M01600")  # nobody made a list
    h.seen("pill", med_type="21", end="2024-06-12 10:00:00", dise_no="M03900")
    coded = [("O80", "1", "gend", "2"), ("N40", "1", "gend", "1"), ("60.2", "2", "gend", "1")]
    for code, icd, kind, value in [*coded, ("P07", "1", "age_high", "1"), ("I10", "1", "age_low", "15")]:
        h.world.add("icd_lmt_b", icd_code=code, icd_type=icd, lmt_type=kind, lmt_value=value)
    h.seen("lab", "R010", dscg_maindiag_code="N40.x00")
    h.seen("lab", dscg_maindiag_code="N40.x00", person={"gend": "1"})
    h.seen("lab", "R010", dscg_maindiag_code="O80.000", person={"gend": "1"})
    h.seen("lab", dscg_maindiag_code="N41.000")
    h.seen("lab", "R011", dscg_maindiag_code="I10.x00", person={"brdy": "2009-06-11"})
    h.seen("lab", dscg_maindiag_code="I10.x00", person={"brdy": "2009-06-10"})
    h.seen("lab", dscg_maindiag_code="P07.300")  # her newborn
    h.seen("lab", "R014", oprn_oprt_code="60.2901")
    h.seen("lab", oprn_oprt_code="60.2901", person={"gend": "1"})


def quantity(h: Hospital):
    for rule, kind in [("R030", "drug"), ("R039", "service")]:
        course = h.item(f"{kind}-course", kind, ("course_days", "3"))
        for days, broken in [((1, 2, 3), ()), ((1, 2, 4, 5), (5,)), ((1, 1, 2, 4), ()), ((1, 2, 3, 34), ())]:
            h.people += 1
            who = h.world.person(f"p{h.people}")
            for day in days:  # a day after a pause of more than thirty begins a course
                when = date(2024, 5, 31) + timedelta(days=day)
                visit = h.world.visit(who, "H2", f"{when} 09:00:00", lines=[(course, 1, 50.0)])
                if day in broken:
                    h.fires[rule].add(visit)
    screw = h.item("screw", "material", ("visit_cnt", "2"))
    h.seen([(screw, 3, 100.0)], "R058")
    h.seen([(screw, 2, 100.0)])
    h.seen([(screw, 4, 100.0), ("surgery", 2, 900.0)])  # two operations
    h.seen([(screw, 4, 100.0), (screw, -2, 100.0, "2024-06-11 09:00:00")])
    tested = h.item("tested", "drug")
    h.world.add("hilist_rela_b", rela_type="4", hilist_code=tested, rela_hilist_code="lab")
    h.seen(tested)  # a matter of R102
    for rule, kind in [("R059", "material"), ("R062", "drug")]:
        item = h.item(f"{kind}-with", kind)
        for other in ("scan", "surgery"):
            h.world.add("hilist_rela_b", rela_type="3", hilist_code=item, rela_hilist_code=other)
        h.seen(item, rule)
        h.seen([(item, 1, 100.0), ("surgery", 1, 900.0)])
        for day, broken in [("2024-06-17", False), ("2024-06-18", True)]:
            h.seen(item, rule if broken else None)
            h.world.visit(f"p{h.people}", "H2", f"{day} 09:00:00", lines=[("scan", 1, 200.0)])


def _over_course(days: list[int], most: int, pause: int) -> set[int]:
    """Which days of use are beyond a course, counted day by day."""
    over, used, last = set(), 0, None
    for day in sorted(set(days)):
        used = 1 if last is None or day - last > pause else used + 1
        last = day
        if used > most:
            over.add(day)
    return over


def random_courses(h: Hospital):
    """Anybody on any days, against the loop."""
    rng, most = np.random.default_rng(1), 4
    cure = h.item("cure", "service", ("course_days", str(most)))
    for number in range(40):
        who = h.world.person(f"r{number}")
        days = rng.integers(0, 200, rng.integers(1, 20)).tolist()
        over = _over_course(days, most, 30)
        for day in days:
            when = date(2024, 3, 1) + timedelta(days=day)
            visit = h.world.visit(who, "H1", f"{when} 09:00:00", lines=[(cure, 1, 50.0)])
            if day in over:
                h.fires["R039"].add(visit)


def build() -> Hospital:
    h = Hospital()
    for part in (sex, age, place, insurance, diagnosis, quantity, random_courses):
        part(h)
    return h


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    h = build()
    return h, findings(h.world, tmp_path_factory.mktemp("limits"), MINE)


def test_every_rule_runs(hospital):
    _h, found = hospital
    assert found.attrs["failed"] == {} and found.attrs["skipped"] == {} and found.attrs["run"] == MINE


@pytest.mark.parametrize("rule", MINE)
def test_fires_where_it_must_and_nowhere_else(hospital, rule):
    h, found = hospital
    assert h.fires[rule]
    assert set(found.mdtrt_id[found.rule_id == rule]) == h.fires[rule]


def test_only_the_excess_offends(hospital):
    _h, found = hospital
    # One screw of 100 yuan too many, of which the fund paid seven tenths.
    assert found.vola_amt[found.rule_id == "R058"].tolist() == [70.0]
    assert "计费3" in found.vola_cont[found.rule_id == "R058"].iloc[0]


def test_sentences_are_whole(hospital):
    _h, found = hospital
    assert found.vola_cont.notna().all() and not found.vola_cont.str.contains("None|nan").any()
    assert found.bkkp_sn[~found.rule_id.isin(["R010", "R011", "R014"])].notna().all()


def test_a_bare_bureau_skips_by_name(tmp_path):
    """Required tables and fee lines only: no rule of any theme fails, and the skipped ones say why."""
    world = World()
    world.hospital("H1")
    world.pharmacy("P1")
    world.visit(world.person("a"), "H1", "2024-06-10 09:00:00", lines=[("pill", 1, 9.0)])
    world.purchase("a", "P1", "2024-06-11", lines=[("pill", 1, 9.0)])
    found = findings(world, tmp_path, THEMES)
    skipped = found.attrs["skipped"]
    assert found.empty and found.attrs["failed"] == {} and "R012" in found.attrs["run"]
    assert skipped["R024"] == "no table hilist_lmt_b"
    assert skipped["R061"] == "no table inv_chg_d"
    assert skipped["R064"] == "no values in fee_list_d.medins_list_codg"
    assert skipped["R105"] == "no table drug_sel_d"
    assert skipped["R119"] == "no table dr_info_b"
    assert skipped["R129"] == "no values in psn_info_b.tel"
