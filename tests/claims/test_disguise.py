"""The same ring in an open and in a hidden city: hidden, it spreads, mixes and stays under the caps."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from claims.synthetic import innocents, schemes, world
from claims.synthetic.clock import DAY, Clock
from claims.synthetic.disguise import APART, HARD, OPEN, Disguise, cover
from claims.synthetic.planting import FULL_SIZE, Assignments, Plant, SchemeContext
from claims.synthetic.schemes.hospital_fraud import checkup_stays, group_stays, padded_dialysis, split_stays
from claims.synthetic.schemes.pharmacy_fraud import (
    POOLED_CAP,
    collected_cards,
    doctor_and_pharmacy,
    oversupply_ring,
    resold_boxes,
)
from claims.synthetic.world import City

STRENGTH = 0.7


@pytest.fixture(scope="module")
def city() -> City:
    return world.build(Clock(date(2024, 1, 1), 366), FULL_SIZE, seed=0)


@pytest.fixture(scope="module")
def staged(city: City) -> Callable[[Callable, Disguise], Plant]:
    """A scheme staged once, in a assigned of its own."""

    def stage(scheme: Callable, disguise: Disguise) -> Plant:
        assigned = Assignments.of(city)
        for kind in (innocents.family, innocents.village_clinic):
            known = kind(city, city.rng(kind.__name__), assigned).subjects
            assigned.innocent[known.subject[known.subject_type == "patient"].astype(int)] = True
        context = SchemeContext(
            0, city, city.rng("test"), city.rng("test hiding"), assigned, STRENGTH, disguise
        )
        return scheme(context)

    return stage


def shops(city: City, plant: Plant) -> float:
    return plant.draft.visits.place.nunique()


def villages(city: City, plant: Plant) -> float:
    return city.people.village[plant.draft.visits.person.unique()].nunique()


def days_of_admission(city: City, plant: Plant) -> float:
    """Days a stay; few where people are admitted together."""
    begin = plant.draft.visits.begin
    return (begin // DAY).nunique() / len(begin)


def spread_of_the_bills(city: City, plant: Plant) -> float:
    """Standard deviation of the log bill a day."""
    visits, lines = plant.draft.visits, plant.draft.lines
    bill = (lines["count"] * lines.price).groupby(lines.visit).sum()
    return np.log(bill / ((visits.end - visits.begin) / DAY)).std()


def diagnoses_of_a_person(city: City, plant: Plant) -> float:
    return plant.draft.visits.groupby("person").diagnosis.nunique().mean()


def share_elsewhere(city: City, plant: Plant) -> float:
    """Purchases that are not made at the one shop that gets most."""
    counts = plant.draft.visits[plant.draft.visits.med == 41].place.value_counts()
    return 1 - counts.max() / counts.sum()


@pytest.mark.parametrize(
    ("scheme", "measure"),
    [
        (oversupply_ring, shops),
        (oversupply_ring, days_of_admission),
        (collected_cards, shops),
        (resold_boxes, shops),
        (doctor_and_pharmacy, share_elsewhere),
        (group_stays, villages),
        (group_stays, days_of_admission),
        (group_stays, spread_of_the_bills),
        (checkup_stays, spread_of_the_bills),
        (split_stays, diagnoses_of_a_person),
    ],
    ids=lambda part: part.__name__,
)
def test_a_hidden_ring_spreads(city: City, staged: Callable, scheme: Callable, measure: Callable):
    assert measure(city, staged(scheme, HARD)) > 1.3 * measure(city, staged(scheme, OPEN))


def boxes_for_days(city: City, plant: Plant) -> float:
    """The most days of supply of a drug in one purchase."""
    lines = plant.draft.lines
    return (lines["count"] * city.catalogue.items.days_per_unit.to_numpy()[lines.item]).max()


def swipes_at_the_cap(city: City, plant: Plant) -> float:
    lines = plant.draft.lines
    return ((lines["count"] * lines.price).groupby(lines.visit).sum() > 0.955 * POOLED_CAP).mean()


def sessions_a_day(city: City, plant: Plant) -> float:
    """Share of a person's days of dialysis with a second session."""
    visits = plant.draft.visits
    return (visits.groupby(["person", visits.begin // DAY]).size() > 1).mean()


@pytest.mark.parametrize(
    ("scheme", "measure"),
    [
        (oversupply_ring, boxes_for_days),
        (collected_cards, swipes_at_the_cap),
        (padded_dialysis, sessions_a_day),
    ],
    ids=lambda part: part.__name__,
)
def test_a_hidden_ring_stays_under_the_caps(
    city: City, staged: Callable, scheme: Callable, measure: Callable
):
    assert measure(city, staged(scheme, HARD)) < 0.7 * measure(city, staged(scheme, OPEN))


@pytest.mark.parametrize(("disguise", "shows"), [(OPEN, True), (HARD, False)], ids=["open", "hidden"])
def test_hidden_prices_end_at_the_ceiling_and_members_may_be_look_alikes(disguise: Disguise, shows: bool):
    town = world.build(Clock(date(2024, 1, 1), 200), 2_000, seed=0)
    assigned = Assignments.of(town)
    innocents.plant(town, assigned)
    plants = schemes.plant(town, assigned, 20.0, disguise)
    lines = pd.concat([plant.draft.lines for plant, _ in plants])
    assert (lines.price > town.catalogue.items.ceiling.to_numpy()[lines.item]).any() == shows
    assert (assigned.innocent & assigned.guilty).any() != shows


def test_a_hidden_ring_has_cover(city: City, staged: Callable):
    ring = staged(collected_cards, HARD)
    members = ring.subjects.subject[ring.subjects.subject_type == "patient"].to_numpy(dtype=int)
    assert cover(city, OPEN, [ring.draft], members) == []
    own, *strangers = (draft.visits for draft in cover(city, HARD, [ring.draft], members))
    assert set(own.person) <= set(members)
    assert 0.5 * HARD.visits < len(own) / len(members) < 1.5 * HARD.visits
    strangers = pd.concat(strangers)
    assert 0.3 * HARD.strangers < len(strangers) / len(ring.draft.visits) <= 1.5 * HARD.strangers
    assert not set(strangers.person) & set(members)
    near = strangers.merge(ring.draft.visits, on="place")
    assert ((near.begin_x - near.begin_y).abs() <= APART).groupby(near.person_x).any().all()
