"""Outcomes passed on: what came of others is known of a visit, and nobody's own outcome explains himself."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from claims.as_of import ClaimsAsOf
from features.graphs.neighbour_outcomes import confirmed_before, neighbour_outcomes
from features.measures.catalogue import CATALOGUE
from features.visits.facts import visit_facts, with_counts
from tests.tiny import World

AS_OF = date(2024, 12, 31)


KEYS = {"patient": "psn_no", "hospital": "fixmedins_code", "visit": "mdtrt_id"}


def measured(
    claims: ClaimsAsOf, linking_visits: list[tuple[str, str]], kinds: tuple[str, ...]
) -> dict[str, pd.DataFrame]:
    """The measures of what came of others, by kind of subject."""
    facts = visit_facts(claims)
    schema = ibis.schema({"mdtrt_id": "string", "other": "string"})
    met = claims.con.create_table(
        "linking_visits", ibis.memtable(pd.DataFrame(linking_visits, columns=schema.names), schema=schema)
    )
    facts = with_counts(claims.con, facts, neighbour_outcomes(claims, facts, met), "facts_told")
    found = {}
    for kind in kinds:
        entries = [e for e in CATALOGUE.values() if e.subject == kind and e.family == "outcomes"]
        rows = facts.group_by(subject_id=facts[KEYS[kind]])
        if kind == "visit":
            taken = facts.select(
                subject_id=facts.mdtrt_id, **{e.name: e.compute(facts, None) for e in entries}
            )
        else:
            taken = rows.aggregate(**{e.name: e.compute(facts, facts.days_ago <= 365) for e in entries})
        found[kind] = taken.to_pandas().set_index("subject_id")
    return found


@pytest.fixture(scope="module")
def seen(claims_of) -> tuple[dict[str, str], dict[str, pd.DataFrame]]:
    world, visits = World(), {}
    world.hospital("bad"), world.hospital("good")
    for who, where in [
        ("early", "bad"),
        ("late", "bad"),
        ("open", "bad"),
        ("honest", "good"),
        ("friend", "good"),
    ]:
        world.person(who)
        visits[who] = world.visit(who, where, "2024-03-01 09:00:00", chfpdr_code=f"doctor of {where}")
    world.case("hospital", "bad", "2", "2024-06-01")
    world.case("patient", "early", "2", "2024-05-01")
    world.case("patient", "late", "3", "2024-09-01")
    world.case("prescriber", "doctor of good", "3", "2024-05-01")
    world.case("visit", visits["open"], "2", "2024-08-01")
    world.case("hospital", "good", "2", "2025-02-01")  # after the night
    # Looked at again and not decided yet: what is known stays known.
    world.case("hospital", "bad", "1", "2024-07-01")
    # A doctor whose code is that of a patient.
    world.case("prescriber", "open", "2", "2024-05-01")
    linking_visits = [(visits["friend"], "early"), (visits["early"], "friend")]
    linking_visits += [(visits["honest"], "late"), (visits["honest"], "open")]
    return visits, measured(claims_of(world, AS_OF), linking_visits, ("patient", "hospital", "visit"))


def test_whoever_came_to_a_confirmed_place_is_told_from_whoever_did_not(seen):
    share = seen[1]["patient"].place_confirmed_share
    assert share["open"] == share["late"] == 1 > share["honest"] == share["friend"] == 0
    visit = seen[1]["visit"].place_confirmed
    assert visit[seen[0]["honest"]] == 0 and visit[seen[0]["late"]] == 1


def test_what_became_known_after_ones_own_outcome_is_not_held_against_him(seen):
    visits, found = seen
    # The place was confirmed a month after him, and himself is not among those linked to him.
    assert found["patient"].place_confirmed_share["early"] == 0
    assert found["patient"].linked_confirmed_share["early"] == 0
    # The visit's own outcome closed in August, the place's in June; nobody's own counts.
    assert found["visit"].place_confirmed[visits["open"]] == 1
    assert found["hospital"].visit_confirmed_share["bad"] == 0  # known in August, its own in June
    assert found["hospital"].patient_confirmed_share["bad"] == pytest.approx(1 / 3)  # early's, known in May


def test_the_confirmed_are_passed_on_to_those_they_are_linked_to_and_the_cleared_are_not(seen):
    share = seen[1]["patient"].linked_confirmed_share
    assert share["friend"] == 1 > share["honest"] == 0
    assert seen[1]["patient"].doctor_confirmed_share.eq(0).all()


def test_outcomes_by_lot_explain_nobody(claims_of):
    rng, world = np.random.default_rng(0), World()
    size, places = 1500, [world.hospital(f"H{number}") for number in range(40)]
    guilty = rng.random(size) < 0.3
    linking_visits, visits = [], []
    for number in range(size):
        who = world.person(f"p{number}")
        visits.append(world.visit(who, places[number % 40], "2024-03-01 09:00:00"))
        day = pd.Timestamp("2024-04-01") + pd.Timedelta(days=int(rng.integers(0, 200)))
        world.case("patient", who, "2" if guilty[number] else "3", str(day.date()))
    for number, visit in enumerate(visits):
        # Rings of five, inspected on days of their own.
        linking_visits += [
            (visit, f"p{number // 5 * 5 + other}") for other in range(5) if other != number % 5
        ]
    share = measured(claims_of(world, AS_OF), linking_visits, ("patient",))["patient"].linked_confirmed_share
    shares = share.loc[[f"p{number}" for number in range(size)]]
    assert shares.between(0, 1).all() and 0.1 < shares.mean() < 0.9
    assert roc_auc_score(guilty, shares) == pytest.approx(0.5, abs=0.03)


def test_the_time_of_an_outcome_is_in_seconds_and_visits_without_any_are_left_out(claims_of):
    world = World()
    world.hospital("bad"), world.hospital("good")
    for who, where in (("ada", "bad"), ("ben", "good")):
        world.person(who)
        world.visit(who, where, "2024-03-01 09:00:00")
    world.case("hospital", "bad", "2", "1970-01-03")
    claims = claims_of(world, AS_OF)
    nobody = claims.con.create_table("nobody", schema=ibis.schema({"mdtrt_id": "string", "other": "string"}))
    found = neighbour_outcomes(claims, visit_facts(claims), nobody).to_pandas()
    assert found.confirmed_place.tolist() == found.closed_place.tolist() == [2 * 86_400.0]
    assert (found[["confirmed_patient", "confirmed_doctor", "confirmed_visit", "confirmed_linked"]] == 0).all(
        axis=None
    )


def test_a_pharmacy_is_a_place_and_one_that_has_two_kinds_of_case_counts_once(claims_of):
    world = World()
    world.pharmacy("bad"), world.hospital("both"), world.person("ada")
    visits = [
        world.purchase("ada", "bad", "2024-03-01 09:00:00"),
        world.visit("ada", "both", "2024-03-02 09:00:00"),
    ]
    world.case("pharmacy", "bad", "2", "2024-05-01")
    world.case("hospital", "both", "2", "2024-05-01"), world.case("pharmacy", "both", "3", "2024-06-01")
    claims = claims_of(world, AS_OF)
    nobody = claims.con.create_table("nobody", schema=ibis.schema({"mdtrt_id": "string", "other": "string"}))
    found = neighbour_outcomes(claims, visit_facts(claims), nobody).order_by("mdtrt_id").to_pandas()
    assert found.mdtrt_id.tolist() == visits and (found.closed_place > 0).all()
    assert found.confirmed_place[0] == found.closed_place[0]


@pytest.mark.parametrize("confirmed, closed, before, of_group", [
    (0.0, 0.0, False, False), (1.0, 0.0, True, True), (5.0, 6.0, True, True), (0.0, 6.0, False, False),
    # What became known together was not known before.
    (6.0, 6.0, False, True), (7.0, 6.0, False, True),
])  # fmt: skip
def test_what_was_known_before_ones_own_outcome(confirmed, closed, before, of_group):
    rows = ibis.memtable(pd.DataFrame({"confirmed_place": [confirmed], "closed_patient": [closed]}))
    assert rows.select(x=confirmed_before(rows, "place", "patient")).to_pandas().x.tolist() == [before]
    assert rows.select(x=confirmed_before(rows, "place", None)).to_pandas().x.tolist() == [of_group]
