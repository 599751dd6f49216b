"""Schemes around pharmacies: oversupply rings, cards of the dead, collected cards, resold boxes, kickbacks.

Each function stages one instance; what it means is in docs/schemes.md under its id.
"""

import numpy as np
import pandas as pd

from claims.synthetic import drafts, visits
from claims.synthetic.clock import DAY, HOUR, MINUTE, time_of_day
from claims.synthetic.drafts import NO_CODE, NO_SALE, Drafts
from claims.synthetic.lines import price_lines
from claims.synthetic.planting import Plant, SchemeContext, subjects

POOLED_CAP = 200.0  # yuan a pooled purchase may cost; empty swipes keep just under it (M16)


def oversupply_ring(context: SchemeContext) -> Plant:
    """M05/M19: chronic patients fetch far more dear drugs than they can take, together, for a dealer."""
    rng, days = context.rng, context.city.clock.days
    people = context.city.people
    ill = ((people.chronic >= 0) & ~people.long_rx).to_numpy()
    members = context.persons(context.members(10, 40), among=ill)
    shops = context.pharmacies(int(rng.integers(1, 4)))
    place = int(rng.choice(context.city.places.of("hospital", "clinic")))
    doctors = np.unique([context.doctor(place) for _ in range(rng.integers(1, 3))])
    rounds = max(3, round(days / 30 * context.blend(1.0, 4.5)))
    opening = np.sort(rng.integers(0, max(1, days - 4), rounds))
    round_, member = np.nonzero(rng.random((rounds, len(members))) < context.together(0.8))
    apart = context.blend(40, 3) * context.disguise.slow * MINUTE  # mean time between two members at the till
    queue = rng.permuted(np.tile(np.arange(len(members)), (rounds, 1)), axis=1)[round_, member]
    start = 8 * HOUR + rng.integers(0, 3 * HOUR, rounds)
    wait = queue * apart * rng.uniform(0.5, 1.5, len(queue)) % (11 * HOUR)
    shop = context.spread(rng.choice(shops, rounds)[round_], len(shops))
    frame = drafts.visits(
        person=members[member],
        place=shop,
        med=41,
        pooled=True,
        prescribed=28,
        doctor=np.where(
            rng.random(len(queue)) < context.blend(0.7, 0.98), rng.choice(doctors, len(queue)), -1
        ),
        begin=opening[round_] * DAY + start[round_] + wait.astype(int) + context.late(len(queue)),
        card=rng.random(len(queue)) < context.strength,
    )
    extra = context.blend(0.8, 2.2)
    if context.disguise.capped:  # no box more than is prescribed
        extra = min(extra, 1.0)
    draft = visits.refill(context.city, rng, frame, 28, dear=context.blend(0.5, 1.0), extra=extra)
    used = np.unique(shop[np.isin(shop, context.assigned.bad_pharmacies)])
    return Plant(
        draft,
        "M05",
        pd.concat(
            [
                subjects("M05", patient=members),
                subjects(
                    "M19",
                    patient=members,
                    pharmacy=used,
                    prescriber=np.unique(frame.doctor[frame.doctor >= 0]),
                ),
            ]
        ),
    )


def after_death(context: SchemeContext) -> Plant:
    """M09: somebody goes on using the card of a dead person."""
    rng, people = context.rng, context.city.people
    death = people.death.to_numpy()
    dead = np.flatnonzero(
        (death >= 0)
        & (death < context.city.clock.horizon - 30 * DAY)
        & ~context.assigned.guilty
        & ~context.assigned.innocent
    )
    members = rng.choice(dead, min(len(dead), int(rng.integers(2, 6))), replace=False)
    context.assigned.guilty[members] = True
    row = np.repeat(np.arange(len(members)), 1 + rng.poisson(context.blend(0.5, 6), len(members)))
    room = np.minimum(context.city.clock.horizon - death[members] - 6 * DAY, 160 * DAY)
    when = death[members][row] + 4 * DAY + (rng.random(len(row)) * room[row]).astype(int)
    when = when // DAY * DAY + time_of_day(rng, len(row), "shop")
    seen = rng.random(len(row)) < 0.2
    person = members[row]
    shop = drafts.visits(
        person=person[~seen],
        place=context.usual_shop(person[~seen]),
        med=41,
        listed=True,
        begin=when[~seen],
        doctor=_doctors(context, person[~seen]),
    )
    clinic = drafts.visits(
        person=person[seen],
        place=people.usual.to_numpy()[person[seen]],
        med=11,
        listed=True,
        begin=when[seen],
        doctor=people.doctor.to_numpy()[person[seen]],
    )
    draft = drafts.together(
        [visits.purchase(context.city, rng, shop), visits.outpatient(context.city, rng, clinic)]
    )
    return Plant(draft, "M09", subjects("M09", patient=members))


def collected_cards(context: SchemeContext) -> Plant:
    """M15/M16: a stack of cards is swiped one after the other, on several days in much the same order."""
    rng, days = context.rng, context.city.clock.days
    shop = context.pharmacies(1)
    cards = context.persons(context.members(10, 26))
    sessions = max(3, min(round(context.blend(3, 9)), days // 8))
    rank = np.arange(len(cards)) + rng.normal(0, context.blend(3, 0.4), (sessions, len(cards)))
    place = np.argsort(np.argsort(rank, axis=1), axis=1)
    session, card = np.nonzero(rng.random((sessions, len(cards))) < context.together(0.95))
    gap = context.blend(200, 28) * context.disguise.slow
    opening = np.sort(rng.choice(days, sessions, replace=False)) * DAY
    opening += rng.choice([12, 13, 20], sessions) * HOUR + rng.integers(0, HOUR, sessions)
    begin = opening[session] + (place[session, card] * gap + rng.uniform(-0.2, 0.2, len(card)) * gap).astype(
        int
    )
    # A shop that swipes an empty card knows it: the other shops of a ring that spreads are guilty too.
    places = context.spread(np.repeat(shop, sessions), len(shop))
    frame = drafts.visits(
        person=cards[card],
        place=places[session],
        med=41,
        begin=begin,
        pooled=True,
        listed=True,
        doctor=_doctors(context, cards[card]),
        card=rng.random(len(card)) < context.blend(0.5, 1.0),
    )
    # At the till for seconds only: the next card is already there.
    quick = begin + rng.integers(5, 20, len(begin))
    frame = frame.assign(end=quick, settle=quick)
    draft = Drafts(frame, _capped_lines(context, frame))
    return Plant(
        draft,
        "M16",
        pd.concat(
            [
                subjects("M15", patient=np.unique(cards[card])),
                subjects("M16", pharmacy=places),
            ]
        ),
    )


def _doctors(context: SchemeContext, person: np.ndarray) -> np.ndarray:
    """The usual doctor stands on most of these purchases, as on honest ones."""
    named = context.rng.random(len(person)) < 0.8
    return np.where(named, context.city.people.doctor.to_numpy()[person], -1)


def _capped_lines(context: SchemeContext, frame: pd.DataFrame) -> pd.DataFrame:
    """One or two tonics a swipe that come to just under the cap, or to a round sum; often without a sale."""
    rng, size = context.rng, len(frame)
    round_sum = rng.choice([POOLED_CAP, 150.0, 180.0], size)
    lowest, highest = (0.6, 0.95) if context.disguise.capped else (context.blend(0.75, 0.96), 1.0)
    near = POOLED_CAP * rng.uniform(lowest, highest, size)
    rounded = 0.0 if context.disguise.capped else 0.4 * context.strength
    target = np.where(rng.random(size) < rounded, round_sum, near)
    shelf = context.city.catalogue.of("shelf_patent", "shelf_drug")
    shelf = shelf[
        (context.city.catalogue.items.price[shelf] < 45)
        & context.city.catalogue.items.sex[shelf].isna()
        & context.city.catalogue.items.age_high[shelf].isna()
    ]
    lines = price_lines(
        context.city, frame, np.arange(size), rng.choice(shelf, size), frame.settle.to_numpy()
    )
    boxes = np.maximum(1, np.round(target / lines.price))
    luck = rng.random(size)
    missing = context.blend(0.15, 0.85) * context.disguise.marks
    trace = np.where(luck < missing / 2, NO_SALE, np.where(luck < missing, NO_CODE, 0))
    return lines.assign(count=boxes, price=(target / boxes).round(2), trace=trace.astype("int32"))


def resold_boxes(context: SchemeContext) -> Plant:
    """M20: boxes bought back and sold again under the same trace code, at one shop or at several."""
    rng, city = context.rng, context.city
    shops = context.pharmacies(int(rng.integers(1, 4)))
    boxes = context.members(12, 50)
    sold = np.minimum(2 + rng.poisson(context.blend(0.2, 3.0), boxes), 10)
    box, turn = drafts.ragged(sold)
    home = rng.choice(shops, boxes)
    travels = rng.random(len(box)) < 0.35
    place = context.spread(np.where(travels, rng.choice(shops, len(box)), home[box]), len(shops))
    customers = np.flatnonzero(context.assigned.free() & (city.people.chronic >= 0).to_numpy())
    near = customers[
        np.isin(city.people.county.to_numpy()[customers], city.places.table.county.to_numpy()[shops])
    ]
    person = rng.choice(near if len(near) > 30 else customers, len(box))
    step = rng.integers(3, max(4, city.clock.days // 12) + context.disguise.late, len(box)) * (turn > 0)
    day = (
        rng.integers(0, max(1, city.clock.days // 2), boxes)[box]
        + pd.Series(step).groupby(box).cumsum().to_numpy()
    )
    frame = drafts.visits(
        person=person,
        place=place,
        med=41,
        begin=day * DAY + time_of_day(rng, len(box), "shop"),
        pooled=True,
        listed=turn > 0,
        doctor=_doctors(context, person),
        prescribed=rng.choice([0, 28], len(box)),
    )
    draft = visits.purchase(city, rng, frame, mean_items=1.2)
    dear = city.catalogue.disease_drugs[city.people.chronic.to_numpy()[rng.choice(customers, boxes)], -1]
    lines = price_lines(city, draft.visits, np.arange(len(box)), dear[box], draft.visits.settle.to_numpy())
    lines["trace"] = (context.number * 1_000 + 1 + box).astype("int32")
    return Plant(
        Drafts(draft.visits, pd.concat([draft.lines, lines], ignore_index=True)),
        "M20",
        subjects("M20", pharmacy=np.unique(place)),
    )


def doctor_and_pharmacy(context: SchemeContext) -> Plant:
    """M40: a doctor sends his patients to one pharmacy, which charges more than others."""
    rng, city = context.rng, context.city
    shop = int(context.pharmacies(1)[0])
    doctor = _little_known_doctor(context)
    hospital = int(city.places.doctors.home[doctor])
    # Fewer than ten shared patients would be nothing to speak of, even in a small town.
    patients = rng.choice(
        np.flatnonzero(context.assigned.free()), max(10, context.members(18, 60)), replace=False
    )
    row = np.repeat(np.arange(len(patients)), 1 + rng.poisson(context.blend(1.2, 3.5), len(patients)))
    begin = city.clock.draw_days(rng, len(row), "care") * DAY + time_of_day(rng, len(row), "clinic")
    seen = visits.outpatient(
        city, rng, drafts.visits(person=patients[row], place=hospital, doctor=doctor, med=11, begin=begin)
    )
    obeys = rng.random(len(row)) < context.together(context.blend(0.55, 0.97))
    place = np.where(obeys, shop, city.people["shop"].to_numpy()[patients[row]])
    later = np.minimum(
        seen.visits.end.to_numpy() + rng.integers(10 * MINUTE, 5 * HOUR, len(row)),
        begin // DAY * DAY + 22 * HOUR,
    )
    filled = visits.purchase(
        city,
        rng,
        drafts.visits(
            person=patients[row],
            place=place,
            doctor=doctor,
            med=41,
            begin=later,
            prescribed=3,
            pooled=rng.random(len(row)) < 0.5,
        ),
        mean_items=2.4,
    )
    factor = np.where(obeys, context.blend(1.08, 1.7), 1.0)[filled.lines.visit]
    filled = Drafts(filled.visits, filled.lines.assign(price=(filled.lines.price * factor).round(2)))
    return Plant(
        drafts.together([seen, filled]), "M40", subjects("M40", pharmacy=[shop], prescriber=[doctor])
    )


def _little_known_doctor(context: SchemeContext) -> int:
    """A doctor with few regular patients, so that the ones he sends to the pharmacy stand out."""
    doctors, people = context.city.places.doctors, context.city.people
    regulars = np.bincount(people.doctor[people.doctor >= 0], minlength=len(doctors))
    few = regulars <= np.quantile(regulars, 0.4)
    village = (context.city.places.table.kind == "village").to_numpy()[doctors.home]
    return int(context.rng.choice(np.flatnonzero(few & ~village)))
