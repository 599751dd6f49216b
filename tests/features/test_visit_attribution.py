"""Which visits carry a measure: what is taken of a visit alone is what the measure is of a subject with no
other."""

from datetime import date

import ibis
import ibis.expr.operations as ops
import numpy as np
import pandas as pd
import pytest

from features.measures.aggregation import counted, measure_subjects, subject_facts
from features.measures.catalogue import SUBJECTS, measures_of
from features.visit_attribution import GRAPH, counts_visits, lines_of, single_row_value, visit_attribution
from features.visits.facts import LINES, visit_facts
from features.windows import YEARS
from tests.tiny import World

AS_OF = date(2025, 1, 1)
MARKED = ibis.schema({"mdtrt_id": "string", "evidence": "float64"})


def wanted(*rows: tuple[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["subject_id", "column"])
    return frame.assign(nth=frame.groupby("subject_id").cumcount() + 1)


@pytest.fixture(scope="module")
def town(claims_of):
    """A patient who buys again and again while the drug is at hand, and one who buys when it is used up;
    another who is admitted twice, once for little but examinations."""
    world = World()
    for code in ("P1", "P2"):
        world.pharmacy(code)
    world.hospital("H1")
    for person in ("hoarder", "honest", "examined"):
        world.person(person)
    drug = next(row["hilist_code"] for row in world.rows["hilist_b"] if row.get("days_per_unit"))
    exam = next(
        row["hilist_code"] for row in world.rows["hilist_b"] if row["med_chrgitm_type"] in ("03", "04")
    )
    care = next(
        row["hilist_code"] for row in world.rows["hilist_b"] if row["med_chrgitm_type"] in ("05", "06")
    )
    bought = {"hoarder": [], "honest": []}
    for n in range(4):
        more = {"lines": [(drug, 20 + n, 10.0)]}
        when = f"2024-10-{1 + n:02d} 10:00"
        bought["hoarder"].append(world.purchase("hoarder", f"P{1 + n % 2}", when, **more))
    for month in (2, 6, 10):
        when = f"2024-{month:02d}-01 10:00"
        bought["honest"].append(world.purchase("honest", "P1", when, lines=[(drug, 1, 10.0)]))
    bought["examined"] = [
        world.stay("examined", "H1", "2024-05-01", 3, lines=[(exam, 9, 100.0), (care, 1, 10.0)]),
        world.stay("examined", "H1", "2024-08-01", 3, lines=[(exam, 1, 100.0), (care, 9, 100.0)]),
    ]
    facts = visit_facts(claims_of(world, AS_OF))
    con = facts.get_backend()
    for subject in ("patient", "hospital"):
        measure_subjects(facts, subject)
    marks = pd.DataFrame({"mdtrt_id": sum(bought.values(), []), "evidence": 0.0})
    return con.create_table("marks", ibis.memtable(marks, schema=MARKED)), bought


def test_the_visits_that_carry_a_sum_are_those_that_add_to_it(town):
    marks, bought = town
    asked = wanted(("hoarder", "oversupply_amount_365d"), ("honest", "oversupply_amount_365d"))
    found = visit_attribution(asked, "patient", marks, 3)
    hoarded = found[found.subject_id == "hoarder"]
    assert (
        list(hoarded.mdtrt_id) == bought["hoarder"][:0:-1]
    )  # costliest first; the first purchase found nothing at hand
    # A yuan buys a day, and a day goes by each time: 200 − 1 − 30 days too many, then 210 − 1 and 220 − 1.
    assert list(hoarded.visit_value) == [219.0, 209.0, 169.0]
    # No visit of the honest one carries it; some stand in, and it is said.
    assert found[found.subject_id == "honest"].visit_value.isna().all() and "honest" in set(found.subject_id)


def test_a_count_by_another_column_is_carried_by_its_largest_share(town):
    marks, bought = town
    found = visit_attribution(wanted(("honest", "top_pharmacy_share_365d")), "patient", marks, 5)
    assert set(found.mdtrt_id) == set(bought["honest"]) and set(found.n) == {3}


def test_of_the_largest_count_nobody_else_carries_the_measure(claims_of):
    """The customer with most money, not the one who comes most often, nor one of each."""
    world = World()
    world.pharmacy("P1")
    drug = next(row["hilist_code"] for row in world.rows["hilist_b"] if row.get("days_per_unit"))
    bought = {}
    for person, prices in (("dear", (400.0, 300.0)), ("often", (10.0, 10.0, 10.0)), ("once", (350.0,))):
        world.person(person)
        bought[person] = [
            world.purchase(person, "P1", f"2024-10-{1 + n:02d} 10:00", lines=[(drug, 1, price)])
            for n, price in enumerate(prices)
        ]
    facts = visit_facts(claims_of(world, AS_OF))
    con = facts.get_backend()
    measure_subjects(facts, "pharmacy")
    marks = pd.DataFrame({"mdtrt_id": sum(bought.values(), []), "evidence": 0.0})
    table = con.create_table("marks", ibis.memtable(marks, schema=MARKED))
    found = visit_attribution(wanted(("P1", "top_person_share_365d")), "pharmacy", table, 5)
    assert sorted(found.mdtrt_id) == sorted(bought["dear"]) and set(found.n) == {2}


def test_each_person_has_a_turn_before_anybody_has_two(town):
    marks, bought = town
    found = visit_attribution(wanted(("H1", "exam_share_365d")), "hospital", marks, 1)
    assert list(found.mdtrt_id) == bought["examined"][:1] and found.visit_value.item() == pytest.approx(
        900 / 910
    )


def test_co_visits_are_attributed_to_visits_with_co_visitors(town):
    marks, _bought = town
    found = visit_attribution(wanted(("hoarder", GRAPH)), "patient", marks, 3)
    assert len(found) and found.visit_value.isna().all()  # nobody was there with anybody


@pytest.mark.parametrize("subject", SUBJECTS[1:-1])
def test_every_measure_of_a_lone_visit_is_the_measure_of_its_subject(city_snapshot, subject):
    con, values = city_snapshot.claims.con, city_snapshot.subjects[subject].values
    facts = subject_facts(con, subject)
    once = facts.group_by("subject_id").having(facts.count() == 1).aggregate(n=facts.count()).to_pandas()
    if once.empty:
        pytest.skip("everybody came more than once")
    plain = {
        column: entry
        for column, (entry, days) in measures_of(subject).items()
        if entry.base == "visits" and days in (None, YEARS)
    }
    lone = facts.semi_join(ibis.memtable(once[["subject_id"]]), "subject_id")
    taken = {
        c: single_row_value(entry.compute(lone, ibis.literal(True))).cast("float64")
        for c, entry in plain.items()
    }
    of_visit = lone.select("subject_id", **taken).to_pandas().set_index("subject_id").sort_index()
    for column, entry in plain.items():
        if counts_visits(entry, facts) and entry.unit in ("ratio", "multiple", "share"):
            continue  # set against the calendar
        of_subject = values.loc[of_visit.index, column]
        both = of_subject.notna() & of_visit[column].notna()
        np.testing.assert_allclose(of_visit[column][both], of_subject[both], atol=0.01, err_msg=column)
        assert (
            of_visit[column].notna().sum() >= of_subject.notna().sum()
            or of_subject[of_visit[column].isna()].eq(0).all()
        ), column


@pytest.mark.parametrize("subject", SUBJECTS[1:])
def test_a_measure_of_one_visit_is_no_aggregate_any_more(city_snapshot, subject):
    facts = subject_facts(city_snapshot.claims.con, subject)
    for column, (entry, days) in measures_of(subject).items():
        rows = facts if entry.base == "visits" else counted(facts, entry.base, days)
        value = single_row_value(entry.compute(rows, ibis.literal(True)))
        assert not value.op().find(ops.Reduction, filter=ops.Value), column


def test_lines_are_named_where_a_measure_points_at_some(town):
    marks, _bought = town
    facts = subject_facts(marks.get_backend(), "patient")
    pointed = {column: lines_of(entry, facts) for column, (entry, _days) in measures_of("patient").items()}
    assert pointed["oversupply_amount_365d"] in LINES and pointed["drug_amount_365d"] == "drug_amount"
    assert pointed["visits_365d"] is None and pointed["cash_share_365d"] is None
