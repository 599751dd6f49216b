"""Pairs of items: what one contains, is a part of, or asks for; breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R044", "R045", "R057", "R059", "R062", "R102"]


def a_day(number: int) -> str:
    return f"2024-03-{number:02} 20:00"


def relations(p: Planted) -> None:
    for code, charge in [
        ("blood", "05"), ("kit", "08"), ("part-1", "04"), ("part-2", "04"), ("line", "05"),
        ("line-care", "07"),
    ]:  # fmt: skip
        p.item(code, charge)
    p.item("package", "04", pric_uplmt_amt=25)
    for kind, one, other, more in [
        ("1", "blood", "kit", {"begndate": "2024-01-01"}),
        ("2", "package", "part-1", {}),
        ("2", "package", "part-2", {}),
        ("3", "line-care", "line", {}),
    ]:
        p.world.add("hilist_rela_b", rela_type=kind, hilist_code=one, rela_hilist_code=other, **more)
    p.seen(("blood", 1, 400.0), ("kit", 1, 90.0), guilty="R044")
    p.seen(("blood", 1, 400.0), ("kit", 1, 90.0, a_day(2)))
    p.seen(("blood", 1, 400.0), ("kit", 1, 90.0), when="2023-12-31 09:00")  # not in force
    p.seen(("part-1", 1, 20.0), ("part-2", 1, 20.0), guilty="R045")
    p.seen(("part-1", 1, 20.0), ("lab", 1, 20.0))
    p.seen(("part-1", 1, 20.0), ("part-2", 1, 20.0, a_day(2)))
    p.seen(("line-care", 1, 18.0), guilty="R057")
    p.seen(("line-care", 1, 18.0), ("line", 1, 90.0))
    who = p.someone()
    p.seen(("line", 1, 90.0), who=who, when="2023-03-02 09:00")
    p.seen(("line-care", 1, 18.0), who=who)
    p.seen(("line-care", 1, 18.0), who=who, when="2024-03-02 09:00", guilty="R057")  # a year later


def sets(p: Planted) -> None:
    """The price of the set is known at level 2 alone; elsewhere its parts alone are certain."""
    p.world.hospital("H3", hosp_lv="02")
    p.item("set", "04", ("pric_uplmt_amt", "25", {"medinslv": "2"}))
    for part in ("piece-1", "piece-2"):
        p.item(part, "04")
        p.world.add("hilist_rela_b", rela_type="2", hilist_code="set", rela_hilist_code=part)
    for where in ("H1", "H3"):
        p.seen(("piece-1", 1, 20.0), ("piece-2", 1, 20.0), where=where, guilty="R045")


def required(p: Planted) -> None:
    for rule, kind in [("R059", "material"), ("R062", "drug")]:
        item = p.item(f"{kind}-with", kind)
        for other in ("scan", "surgery"):
            p.world.add("hilist_rela_b", rela_type="3", hilist_code=item, rela_hilist_code=other)
        p.one(item, rule)
        p.one([(item, 1, 100.0), ("surgery", 1, 900.0)])
        for day, broken in [("2024-06-17", False), ("2024-06-18", True)]:
            p.one(item, rule if broken else None)
            p.world.visit(f"p{p.people}", "H2", f"{day} 09:00:00", lines=[("scan", 1, 200.0)])


def blood(p: Planted) -> None:
    world, guilty = p.world, p.guilty
    world.add("hilist_b", hilist_code="epo", hilist_name="促红素", med_chrgitm_type="09")
    world.add("hilist_rela_b", rela_type="4", hilist_code="epo", rela_hilist_code="lab")
    for name, tested in [
        ("recent", "2024-08-02"),
        ("stale", "2024-08-01"),
        ("after", "2024-09-02"),
        ("never", None),
    ]:
        world.person(name)
        if tested:
            world.visit(name, "H1", f"{tested} 09:00", lines=[("lab", 1, 20.0)])
        drug = world.visit(name, "H1", "2024-09-01 09:00", lines=[("epo", 1, 80.0)])
        if name != "recent":
            guilty["R102"] |= {drug}


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1 H2")
    for plant in (
        relations,
        sets,
        required,
        blood,
    ):
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


@pytest.mark.parametrize(
    ("rule", "amounts"),
    [("R044", [90.0]), ("R045", [0.0, 15.0, 15.0])],  # material in full; parts above the package at its level
)
def test_the_amount_is_the_excess(hits, rule, amounts):
    found = hits.vola_amt[hits.rule_id == rule]
    assert sorted(found) == [pytest.approx(0.7 * amount, abs=0.02) for amount in amounts]
