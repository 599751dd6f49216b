"""Schemes of hospitals: stays that were invented, split, empty or dressed up, and padded dialysis.

Each function stages one instance; what it means is in domain/schemes.md under its id.
"""

from dataclasses import fields

import numpy as np
import pandas as pd

from claims.synthetic import diagnoses, drafts, stays, visits
from claims.synthetic.casting import Plant, Scene, subjects
from claims.synthetic.clock import DAY, HOUR, MINUTE, time_of_day
from claims.synthetic.drafts import Drafts
from claims.synthetic.stays import CHECKUP, EMPTY, WARD, Content


def group_stays(scene: Scene) -> Plant:
    """M01/M02: a broker brings the same people of a few villages in again and again; bills are copies."""
    rng, days, light = scene.rng, scene.city.clock.days, diagnoses.of_kind("light")
    hospital = scene.hospital()
    doctor = scene.doctor(hospital)
    members = scene.persons(scene.members(6, round(scene.blend(12, 30))), villages=2)
    rounds = max(2, min(round(scene.blend(2, 6)), days // 25))
    gap = days / (rounds + 0.5)
    opening = (np.arange(rounds) * gap + rng.uniform(0, gap * 0.4, rounds)).astype(int)
    round_, member = np.nonzero(rng.random((rounds, len(members))) < scene.together(scene.blend(0.6, 1.0)))
    spread = round(scene.blend(1.5, 0))
    begin = (opening[round_] + rng.integers(0, spread + 1, len(member))) * DAY + 8 * HOUR
    begin += scene.late(len(member)) + (rng.random(len(member)) * scene.blend(9, 3) * HOUR).astype(int)
    frame = drafts.visits(
        person=members[member],
        place=hospital,
        doctor=doctor,
        med=21,
        begin=begin,
        listed=True,
        waived=rng.random(len(member)) < scene.blend(0.5, 1.0) * scene.disguise.marks,
        card=rng.random(len(member)) < scene.strength,
        diagnosis=scene.varied(rng.choice(light, rounds)[round_], light),
    )
    nights = rng.integers(5, 9, rounds)[round_]
    copied = rng.random(len(member)) < scene.blend(0.45, 1.0) * scene.disguise.marks
    nights = np.where(copied, nights, nights + rng.integers(-1, 2, len(member)))
    own = stays.stay(scene.city, rng, frame, nights, np.zeros(len(frame), dtype=int), scene.content(EMPTY))
    bills = _copied(own, round_, copied, rng, drop=scene.blend(0.15, 0.0) + (1 - scene.disguise.marks) / 2)
    people = np.unique(members[member])
    return Plant(
        bills,
        "M01",
        pd.concat(
            [
                subjects("M02", patient=people, hospital=[hospital]),
                subjects("M01", hospital=[hospital], prescriber=[doctor]),
            ]
        ),
    )


def _copied(
    draft: Drafts, batch: np.ndarray, copied: np.ndarray, rng: np.random.Generator, drop: float
) -> Drafts:
    """The copied visits of a batch get the lines of the batch's first copied visit, a few dropped."""
    lines, begin, end = draft.lines, draft.visits.begin.to_numpy(), draft.visits.end.to_numpy()
    parts = [lines[~copied[lines.visit]]]
    for number in np.unique(batch):
        mine = np.flatnonzero((batch == number) & copied)
        if len(mine):
            model = lines[lines.visit == mine[0]]
            shift = (begin[mine] // DAY - begin[mine[0]] // DAY) * DAY
            tile = pd.concat([model] * len(mine), ignore_index=True)
            to = np.repeat(np.arange(len(mine)), len(model))
            time = tile.time + shift[to] + rng.integers(-20 * MINUTE, 20 * MINUTE, len(tile))
            tile = tile.assign(visit=mine[to], time=np.clip(time, begin[mine][to], end[mine][to]))
            parts.append(tile[rng.random(len(tile)) >= drop])
    return Drafts(draft.visits, pd.concat(parts, ignore_index=True))


def split_stays(scene: Scene) -> Plant:
    """M03: one illness billed as two or three stays with a few days between."""
    rng, ill = scene.rng, diagnoses.of_kind("ill")
    hospital = scene.hospital()
    doctor = scene.doctor(hospital)
    members = scene.persons(scene.members(7, 22))
    pieces = 2 + (rng.random(len(members)) < scene.blend(0.0, 0.7))
    who, piece = drafts.ragged(pieces)
    nights = rng.integers(5, 9, len(who))
    gap = rng.integers(0, max(1, round(scene.blend(9, 2)) + scene.disguise.late), len(who)) + 1
    step = pd.Series(nights + gap).groupby(who).cumsum().to_numpy() - (nights + gap)
    first = rng.integers(0, max(1, scene.city.clock.days - 40), len(members))
    frame = drafts.visits(
        person=members[who],
        place=hospital,
        doctor=doctor,
        med=21,
        listed=piece > 0,
        begin=(first[who] + step) * DAY + time_of_day(rng, len(who), "clinic"),
        diagnosis=scene.varied(rng.choice(ill, len(members))[who], ill),
    )
    severity = np.ones(len(who), dtype=int)
    draft = stays.stay(scene.city, rng, frame, nights, severity, WARD, weight=1.1)
    return Plant(draft, "M03", subjects("M03", patient=members, hospital=[hospital], prescriber=[doctor]))


def checkup_stays(scene: Scene) -> Plant:
    """M04: a check-up package billed as a short stay with a vague diagnosis."""
    rng, size = scene.rng, scene.members(14, 45)
    hospital = scene.hospital()
    doctors = np.array([scene.doctor(hospital) for _ in range(2)])
    members = scene.persons(size)
    days = scene.city.clock.draw_days(rng, len(members), "care")
    frame = drafts.visits(
        person=members,
        place=hospital,
        doctor=rng.choice(doctors, len(members)),
        med=21,
        listed=True,
        begin=days * DAY + rng.integers(8 * HOUR, 11 * HOUR, len(members)),
        diagnosis=rng.choice(diagnoses.of_kind("symptom"), len(members)),
    )
    content = scene.content(_between(WARD, CHECKUP, scene.blend(0.4, 1.0)))
    nights = rng.integers(2, 5, len(members))
    draft = stays.stay(scene.city, rng, frame, nights, np.zeros(len(members), dtype=int), content, weight=1.3)
    return Plant(draft, "M04", subjects("M04", hospital=[hospital], prescriber=doctors))


def _between(one: Content, other: Content, share: float) -> Content:
    """A content part of the way from one to the other."""
    numbers = {
        f.name: getattr(one, f.name) + share * (getattr(other, f.name) - getattr(one, f.name))
        for f in fields(Content)
        if f.name != "drug_use"
    }
    return Content(**numbers, drug_use=one.drug_use)


def hanging_stays(scene: Scene) -> Plant:
    """M10: registered but absent; most days hold bed and nursing only, and the patient shops in town."""
    rng = scene.rng
    hospital = scene.hospital()
    doctor = scene.doctor(hospital)
    members = scene.persons(scene.members(9, 26))
    size = len(members)
    begin = rng.integers(0, max(1, scene.city.clock.days - 18), size) * DAY + time_of_day(rng, size, "clinic")
    frame = drafts.visits(person=members, place=hospital, doctor=doctor, med=21, begin=begin, listed=True)
    nights = rng.integers(8, 15, size)
    draft = stays.stay(
        scene.city,
        rng,
        frame,
        nights,
        np.zeros(size, dtype=int),
        scene.content(EMPTY),
        active=scene.blend(0.8, 0.15),
    )
    trips = rng.poisson(scene.blend(0.4, 2.5), size)
    row = np.repeat(np.arange(size), trips)
    day = begin[row] // DAY + 1 + (rng.random(len(row)) * (nights[row] - 2)).astype(int)
    shopping = drafts.visits(
        person=members[row],
        place=scene.usual_shop(members[row]),
        med=41,
        begin=day * DAY + time_of_day(rng, len(row), "shop"),
    )
    bought = visits.purchase(scene.city, rng, shopping)
    return Plant(
        drafts.together([draft, bought]),
        "M10",
        subjects("M10", patient=members, hospital=[hospital], prescriber=[doctor]),
    )


def upcoded_stays(scene: Scene) -> Plant:
    """M24: light cases settled under the group with major complications."""
    rng, size = scene.rng, scene.members(18, 60)
    hospital = scene.hospital()
    doctors = np.array([scene.doctor(hospital) for _ in range(1 + size // 40)])
    members = scene.persons(size)
    size = len(members)
    diagnosis = rng.choice(diagnoses.of_kind("ill"), size)
    honest = rng.random(size) < scene.disguise.honest
    frame = drafts.visits(
        person=members,
        place=hospital,
        doctor=rng.choice(doctors, size),
        med=21,
        listed=~honest,
        begin=scene.city.clock.draw_days(rng, size, "care") * DAY + time_of_day(rng, size, "clinic"),
        diagnosis=diagnosis,
        group=diagnoses.stay_group(diagnosis, np.where(honest, 0, 2)),
    )
    nights = np.maximum(2, rng.gamma(6, scene.blend(8, 4.5) / 6, size).round()).astype(int)
    draft = stays.stay(
        scene.city, rng, frame, nights, np.zeros(size, dtype=int), WARD, weight=scene.blend(0.95, 0.5)
    )
    return Plant(draft, "M24", subjects("M24", hospital=[hospital], prescriber=doctors))


def padded_dialysis(scene: Scene) -> Plant:
    """M28: sessions that never were, unsigned, on extra days or twice a day; dialysers do not match."""
    rng, weeks = scene.rng, max(2, scene.city.clock.days // 7)
    hospital = scene.hospital()
    doctor = scene.doctor(hospital)
    members = scene.persons(scene.members(5, 11), among=(scene.city.people.age >= 30).to_numpy())
    who = np.repeat(np.arange(len(members)), weeks * 3)
    slot = np.tile(np.arange(weeks * 3), len(members))
    shift = rng.integers(0, 2, len(members)) * 5 * HOUR
    real = (
        (slot // 3 * 7 + slot % 3 * 2 + who % 2) * DAY
        + 7 * HOUR
        + shift[who]
        + rng.integers(0, HOUR, len(who))
    )
    extra = np.repeat(np.arange(len(members)), rng.poisson(weeks * scene.blend(0.15, 0.9), len(members)))
    doubled = 0.0 if scene.disguise.capped else 0.4  # one session is the most that a day may hold
    second = rng.random(len(extra)) < doubled  # on a dialysis day; the others are on a free day
    day = rng.integers(0, weeks, len(extra)) * 7 + rng.integers(0, 3, len(extra)) * 2 + extra % 2 + ~second
    fake = (
        day * DAY + np.where(second, 17 * HOUR, 7 * HOUR + shift[extra]) + rng.integers(0, HOUR, len(extra))
    )
    phantom = np.r_[np.zeros(len(real), dtype=bool), np.ones(len(fake), dtype=bool)]
    signed = ~phantom | (rng.random(len(phantom)) > scene.blend(0.4, 0.98) * scene.disguise.marks)
    frame = drafts.visits(
        person=members[np.r_[who, extra]],
        place=hospital,
        doctor=doctor,
        med=14,
        begin=np.r_[real, fake],
        signed=signed,
        listed=phantom,
    )
    luck = rng.random(len(frame))
    dialysers = np.where(
        phantom & (luck < 0.5 * scene.disguise.marks),
        0,
        np.where(~phantom & (luck < 0.3 * scene.strength * scene.disguise.marks), 2, 1),
    )
    draft = visits.session(scene.city, rng, frame, dialysers)
    return Plant(draft, "M28", subjects("M28", patient=np.unique(members[extra]), hospital=[hospital]))
