"""Planted fraud. A new scheme is one function in `hospital_fraud` or `pharmacy_fraud`, named here."""

from dataclasses import replace

import numpy as np

from claims.synthetic.disguise import Disguise
from claims.synthetic.drafts import Drafts
from claims.synthetic.planting import Assignments, Plant, SchemeContext
from claims.synthetic.schemes import hospital_fraud, pharmacy_fraud
from claims.synthetic.world import City

SCHEMES = (
    hospital_fraud.group_stays,
    hospital_fraud.split_stays,
    hospital_fraud.checkup_stays,
    hospital_fraud.phantom_bed_stays,
    hospital_fraud.upcoded_stays,
    hospital_fraud.padded_dialysis,
    pharmacy_fraud.oversupply_ring,
    pharmacy_fraud.after_death,
    pharmacy_fraud.collected_cards,
    pharmacy_fraud.resold_boxes,
    pharmacy_fraud.doctor_and_pharmacy,
)
FAINTEST = 0.15
INSTANCES_PER_PERSON = 1.6 / 20_000  # of each scheme; every even city of full guilt has at least one


def plant(city: City, assigned: Assignments, guilt: float, disguise: Disguise) -> list[tuple[Plant, float]]:
    """Instances of every scheme with their strengths."""
    plants: list[tuple[Plant, float]] = []
    for scheme in SCHEMES:
        rng, hiding = (city.rng(f"{part} {scheme.__name__}") for part in ("scheme", "hiding"))
        share = guilt * city.frequency(scheme.__name__)
        size = rng.poisson(share * INSTANCES_PER_PERSON * len(city.people))
        size = max(size, 1 if guilt >= 1 and not city.uneven else 0)
        for number in range(size):
            # Spread over the range, so that every city has faint and blatant instances.
            strength = FAINTEST + disguise.reach * (number + rng.random()) / size
            context = SchemeContext(len(plants), city, rng, hiding, assigned, strength, disguise)
            plants.append((_priced(city, disguise, scheme(context)), strength))
    return plants


def _priced(city: City, disguise: Disguise, plant: Plant) -> Plant:
    """A plant whose prices are at most the ceiling, where it hides."""
    if not disguise.capped:
        return plant
    lines = plant.draft.lines
    ceiling = city.catalogue.items.ceiling.to_numpy()[lines.item]
    lines = lines.assign(price=np.fmin(lines.price, ceiling))
    return replace(plant, draft=Drafts(plant.draft.visits, lines))


def members(plants: list[tuple[Plant, float]]) -> np.ndarray:
    """All persons with a part in a scheme, some more than once."""
    patients = [plant.subjects.subject[plant.subjects.subject_type == "patient"] for plant, _ in plants]
    return np.concatenate([*patients, []]).astype(np.int64)
