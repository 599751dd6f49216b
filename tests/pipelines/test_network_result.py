"""What a group with an honest reason does is held against nobody: a carer's round and a drawer of cards,
patients of one disease treated together and guests of a ward."""

from datetime import date, datetime, timedelta

import pandas as pd
import pytest

from features.visits.facts import visit_facts
from pipelines.network_result import network_result
from tests.tiny import World

AS_OF = date(2024, 12, 31)
ROUNDS = [28 * n + 5 for n in range(12)]
EVENINGS = [9, 31, 44, 61, 97, 120, 155, 171, 204, 230, 241, 299]
# A month of medicine, and things of no dose.
DOSED, GOODS = [("pill", 3, 20)], [("lab", 1, 60)]


def swiped(world: World, name: str, shop: str, days: list[int], lines: list[tuple]) -> None:
    """Eight cards at one till, forty seconds from one to the next."""
    for day in days:
        for number in range(8):
            when = datetime(2024, 12, 31, 10) - timedelta(days=day + 1, seconds=-40 * number)
            world.purchase(f"{name}-{number}", shop, str(when), lines=lines, chfpdr_code=f"D-{name}")


def treated(world: World) -> None:
    """Eight miners of eight villages and eight people of two, twice together for one disease in hospitals
    with a patient a month."""
    for name, hospital, villages in (("mine", "H1", 8), ("gues", "H2", 2)):
        world.hospital(hospital)
        for number in range(8):
            person = world.person(f"{name}-{number}", live_admdvs=f"village-{number % villages}")
            for day in (40, 220):
                begin = str(date(2024, 1, 1) + timedelta(days=day))
                world.stay(person, hospital, begin, 9, dscg_maindiag_code="J60", lines=GOODS)
        for number in range(10):
            begin = str(date(2024, 1, 8) + timedelta(days=33 * number))
            world.stay(world.person(f"alone-{name}-{number}"), hospital, begin, 9 + number)


@pytest.fixture(scope="module")
def facts(claims_of) -> pd.DataFrame:
    world = World()
    for shop in ("P1", "P2", "P3"):
        world.pharmacy(shop)
    for name in ("home", "drawer"):
        for number in range(8):
            world.person(f"{name}-{number}", brdy="1950-01-01", live_admdvs=f"village-{number}")
    for number in range(90):
        world.person(f"other-{number}", live_admdvs=f"village-{number % 7}")
        for turn in range(3):
            when = datetime(2024, 12, 30, 15) - timedelta(days=3 * number + 20 * turn, minutes=7 * number)
            world.purchase(f"other-{number}", f"P{number % 3 + 1}", str(when), lines=DOSED)
    treated(world)
    swiped(world, "home", "P1", ROUNDS, DOSED)
    swiped(world, "drawer", "P2", EVENINGS, GOODS)
    claims = claims_of(world, AS_OF)
    nobody = pd.DataFrame({"group_id": [], "psn_no": []}, dtype=object)
    found, network = network_result(claims, visit_facts(claims), nobody)
    reasons = network.members.assign(why=network.members.group_id.map(network.excused).fillna("none"))
    assert reasons.groupby(reasons.psn_no.str[:4]).why.unique().map(list).to_dict() == {
        "draw": ["none"], "gues": ["none"], "home": ["fetched"], "mine": ["programme"],
    }  # fmt: skip
    columns = [
        "psn_no",
        "burst",
        "same_predecessor_days",
        "co_visitors",
        "twins",
        "dr_code",
        "prescribing_dr",
    ]
    return found.select(*columns).to_pandas()


def test_swipes_in_a_row_of_a_carer_are_held_against_nobody(facts):
    drawer = facts[facts.psn_no.str.startswith("drawer")]
    home = facts[facts.psn_no.str.startswith("home")]
    assert (
        drawer.burst.mean() > 0.8
        and drawer.same_predecessor_days.median() >= 10
        and drawer.co_visitors.min() > 0
    )
    assert not home.burst.any() and home.same_predecessor_days.isna().all() and (home.co_visitors == 0).all()


def test_the_doctor_of_a_home_is_no_doctor_that_a_pharmacy_lives_on(facts):
    drawer = facts[facts.psn_no.str.startswith("drawer")]
    home = facts[facts.psn_no.str.startswith("home")]
    assert set(drawer.prescribing_dr) == {"D-drawer"}
    assert home.prescribing_dr.isna().all() and set(home.dr_code) == {"D-home"}


def test_patients_of_a_programme_are_no_companions_and_their_bills_no_copies(facts):
    mine, guests = facts[facts.psn_no.str.startswith("mine")], facts[facts.psn_no.str.startswith("gues")]
    assert (mine.co_visitors == 0).all() and (mine.twins == 0).all()
    assert (guests.co_visitors == 7).all() and (guests.twins == 7).all()


def test_the_facts_of_all_others_stay(facts):
    assert len(facts) == 90 * 3 + 2 * 8 * 12 + 2 * (8 * 2 + 10) and facts.psn_no.notna().all()
