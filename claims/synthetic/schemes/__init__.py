"""Planted guilt. A new scheme is one function in `hospitals` or `pharmacies`, named here."""

import numpy as np

from claims.synthetic import drafts, visits
from claims.synthetic.casting import Cast, Plant, Scene
from claims.synthetic.drafts import Drafts
from claims.synthetic.schemes import hospitals, pharmacies
from claims.synthetic.world import City

SCHEMES = (
    hospitals.group_stays,
    hospitals.split_stays,
    hospitals.checkup_stays,
    hospitals.hanging_stays,
    hospitals.upcoded_stays,
    hospitals.padded_dialysis,
    pharmacies.drug_farmers,
    pharmacies.after_death,
    pharmacies.collected_cards,
    pharmacies.resold_boxes,
    pharmacies.doctor_and_pharmacy,
)
HARD_REACH = 0.55  # in a hard city nobody is blatant
COVER_VISITS = 4  # honest visits on average that a member of a hard city makes beside his own
INSTANCES_PER_PERSON = 1.6 / 20_000  # of each scheme; every city of full guilt has at least one


def plant(city: City, cast: Cast, guilt: float, hard: bool) -> list[tuple[Plant, float]]:
    """Instances of every scheme with their strengths."""
    plants = []
    for scheme in SCHEMES:
        rng = city.rng(f"scheme {scheme.__name__}")
        size = rng.poisson(guilt * INSTANCES_PER_PERSON * len(city.people))
        size = max(size, 1 if guilt >= 1 else 0)
        for number in range(size):
            # Spread over the range, so that every city has faint and blatant instances.
            strength = 0.15 + (HARD_REACH if hard else 0.85) * (number + rng.random()) / size
            plants.append((scheme(Scene(len(plants), city, rng, cast, strength, hard)), strength))
    return plants


def cover(city: City, plants: list[tuple[Plant, float]]) -> Drafts:
    """Honest visits of the guilty, to hide among: purchases and consultations at their usual places."""
    rng = city.rng("cover")
    members = np.concatenate(
        [plant.subjects.subject[plant.subjects.subject_type == "patient"] for plant, _ in plants] or [[]]
    )
    alive = np.unique(members.astype(np.int64))
    person = np.repeat(alive, rng.poisson(COVER_VISITS, len(alive)))
    buys = rng.random(len(person)) < 0.6
    shop = drafts.visits(
        person=person[buys],
        place=city.people["shop"].to_numpy()[person[buys]],
        med=41,
        begin=city.clock.draw(rng, buys.sum(), "shop", "shop"),
    )
    seen = drafts.visits(
        person=person[~buys],
        place=city.people.usual.to_numpy()[person[~buys]],
        doctor=city.people.doctor.to_numpy()[person[~buys]],
        med=11,
        begin=city.clock.draw(rng, (~buys).sum(), "care", "clinic"),
    )
    return drafts.together([visits.purchase(city, rng, shop), visits.outpatient(city, rng, seen)])
