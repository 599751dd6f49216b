"""Schemes of hospitals: stays that were invented, split, empty or dressed up, and padded dialysis.

Each function stages one instance; what it means is in docs/schemes.md under its id.
"""

from dataclasses import fields

import numpy as np
import pandas as pd

from claims.synthetic import diagnoses, drafts, stays, visits
from claims.synthetic.clock import DAY, HOUR, MINUTE, time_of_day
from claims.synthetic.drafts import Drafts
from claims.synthetic.planting import Plant, SchemeContext, subjects
from claims.synthetic.stays import CHECKUP, EMPTY, WARD, Content


def group_stays(context: SchemeContext) -> Plant:
    """M01/M02: a broker brings the same people of a few villages in again and again; bills are copies."""
    rng, days, light = context.rng, context.city.clock.days, diagnoses.of_kind("light")
    hospital = context.hospital()
    doctor = context.doctor(hospital)
    members = context.persons(context.members(6, round(context.blend(12, 30))), villages=2)
    rounds = max(2, min(round(context.blend(2, 6)), days // 25))
    gap = days / (rounds + 0.5)
    opening = (np.arange(rounds) * gap + rng.uniform(0, gap * 0.4, rounds)).astype(int)
    round_, member = np.nonzero(
        rng.random((rounds, len(members))) < context.together(context.blend(0.6, 1.0))
    )
    spread = round(context.blend(1.5, 0))
    begin = (opening[round_] + rng.integers(0, spread + 1, len(member))) * DAY + 8 * HOUR
    begin += context.late(len(member)) + (rng.random(len(member)) * context.blend(9, 3) * HOUR).astype(int)
    frame = drafts.visits(
        person=members[member],
        place=hospital,
        doctor=doctor,
        med=21,
        begin=begin,
        listed=True,
        waived=rng.random(len(member)) < context.blend(0.5, 1.0) * context.disguise.marks,
        card=rng.random(len(member)) < context.strength,
        diagnosis=context.varied(rng.choice(light, rounds)[round_], light),
    )
    nights = rng.integers(5, 9, rounds)[round_]
    copied = rng.random(len(member)) < context.blend(0.45, 1.0) * context.disguise.marks
    nights = np.where(copied, nights, nights + rng.integers(-1, 2, len(member)))
    own = stays.stay(
        context.city, rng, frame, nights, np.zeros(len(frame), dtype=int), context.content(EMPTY)
    )
    bills = _copied(
        own, round_, copied, rng, drop=context.blend(0.15, 0.0) + (1 - context.disguise.marks) / 2
    )
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


def split_stays(context: SchemeContext) -> Plant:
    """M03: one illness billed as two or three stays with a few days between."""
    rng, ill = context.rng, diagnoses.of_kind("ill")
    hospital = context.hospital()
    doctor = context.doctor(hospital)
    members = context.persons(context.members(7, 22))
    pieces = 2 + (rng.random(len(members)) < context.blend(0.0, 0.7))
    who, piece = drafts.ragged(pieces)
    nights = rng.integers(5, 9, len(who))
    gap = rng.integers(0, max(1, round(context.blend(9, 2)) + context.disguise.late), len(who)) + 1
    step = pd.Series(nights + gap).groupby(who).cumsum().to_numpy() - (nights + gap)
    first = rng.integers(0, max(1, context.city.clock.days - 40), len(members))
    frame = drafts.visits(
        person=members[who],
        place=hospital,
        doctor=doctor,
        med=21,
        listed=piece > 0,
        begin=(first[who] + step) * DAY + time_of_day(rng, len(who), "clinic"),
        diagnosis=context.varied(rng.choice(ill, len(members))[who], ill),
    )
    severity = np.ones(len(who), dtype=int)
    draft = stays.stay(context.city, rng, frame, nights, severity, WARD, weight=1.1)
    return Plant(draft, "M03", subjects("M03", patient=members, hospital=[hospital], prescriber=[doctor]))


def checkup_stays(context: SchemeContext) -> Plant:
    """M04: a check-up package billed as a short stay with a vague diagnosis."""
    rng, size = context.rng, context.members(14, 45)
    hospital = context.hospital()
    doctors = np.array([context.doctor(hospital) for _ in range(2)])
    members = context.persons(size)
    days = context.city.clock.draw_days(rng, len(members), "care")
    frame = drafts.visits(
        person=members,
        place=hospital,
        doctor=rng.choice(doctors, len(members)),
        med=21,
        listed=True,
        begin=days * DAY + rng.integers(8 * HOUR, 11 * HOUR, len(members)),
        diagnosis=rng.choice(diagnoses.of_kind("symptom"), len(members)),
    )
    content = context.content(_between(WARD, CHECKUP, context.blend(0.4, 1.0)))
    nights = rng.integers(2, 5, len(members))
    draft = stays.stay(
        context.city, rng, frame, nights, np.zeros(len(members), dtype=int), content, weight=1.3
    )
    return Plant(draft, "M04", subjects("M04", hospital=[hospital], prescriber=doctors))


def _between(one: Content, other: Content, share: float) -> Content:
    """A content part of the way from one to the other."""
    numbers = {
        f.name: getattr(one, f.name) + share * (getattr(other, f.name) - getattr(one, f.name))
        for f in fields(Content)
        if f.name != "drug_use"
    }
    return Content(**numbers, drug_use=one.drug_use)


def phantom_bed_stays(context: SchemeContext) -> Plant:
    """M10: registered but absent; most days hold bed and nursing only, and the patient shops in town."""
    rng = context.rng
    hospital = context.hospital()
    doctor = context.doctor(hospital)
    members = context.persons(context.members(9, 26))
    size = len(members)
    begin = rng.integers(0, max(1, context.city.clock.days - 18), size) * DAY + time_of_day(
        rng, size, "clinic"
    )
    frame = drafts.visits(person=members, place=hospital, doctor=doctor, med=21, begin=begin, listed=True)
    nights = rng.integers(8, 15, size)
    draft = stays.stay(
        context.city,
        rng,
        frame,
        nights,
        np.zeros(size, dtype=int),
        context.content(EMPTY),
        active=context.blend(0.8, 0.15),
    )
    trips = rng.poisson(context.blend(0.4, 2.5), size)
    row = np.repeat(np.arange(size), trips)
    day = begin[row] // DAY + 1 + (rng.random(len(row)) * (nights[row] - 2)).astype(int)
    shopping = drafts.visits(
        person=members[row],
        place=context.usual_shop(members[row]),
        med=41,
        begin=day * DAY + time_of_day(rng, len(row), "shop"),
    )
    bought = visits.purchase(context.city, rng, shopping)
    return Plant(
        drafts.together([draft, bought]),
        "M10",
        subjects("M10", patient=members, hospital=[hospital], prescriber=[doctor]),
    )


def upcoded_stays(context: SchemeContext) -> Plant:
    """M24: light cases settled under the group with major complications."""
    rng, size = context.rng, context.members(18, 60)
    hospital = context.hospital()
    doctors = np.array([context.doctor(hospital) for _ in range(1 + size // 40)])
    members = context.persons(size)
    size = len(members)
    diagnosis = rng.choice(diagnoses.of_kind("ill"), size)
    honest = rng.random(size) < context.disguise.honest
    frame = drafts.visits(
        person=members,
        place=hospital,
        doctor=rng.choice(doctors, size),
        med=21,
        listed=~honest,
        begin=context.city.clock.draw_days(rng, size, "care") * DAY + time_of_day(rng, size, "clinic"),
        diagnosis=diagnosis,
        group=diagnoses.stay_group(diagnosis, np.where(honest, 0, 2)),
    )
    nights = np.maximum(2, rng.gamma(6, context.blend(8, 4.5) / 6, size).round()).astype(int)
    draft = stays.stay(
        context.city, rng, frame, nights, np.zeros(size, dtype=int), WARD, weight=context.blend(0.95, 0.5)
    )
    return Plant(draft, "M24", subjects("M24", hospital=[hospital], prescriber=doctors))


def padded_dialysis(context: SchemeContext) -> Plant:
    """M28: sessions that never were, unsigned, on extra days or twice a day; dialysers do not match."""
    rng, weeks = context.rng, max(2, context.city.clock.days // 7)
    hospital = context.hospital()
    doctor = context.doctor(hospital)
    members = context.persons(context.members(5, 11), among=(context.city.people.age >= 30).to_numpy())
    who = np.repeat(np.arange(len(members)), weeks * 3)
    slot = np.tile(np.arange(weeks * 3), len(members))
    shift = rng.integers(0, 2, len(members)) * 5 * HOUR
    real = (
        (slot // 3 * 7 + slot % 3 * 2 + who % 2) * DAY
        + 7 * HOUR
        + shift[who]
        + rng.integers(0, HOUR, len(who))
    )
    extra = np.repeat(np.arange(len(members)), rng.poisson(weeks * context.blend(0.15, 0.9), len(members)))
    doubled = 0.0 if context.disguise.capped else 0.4  # one session is the most that a day may hold
    second = rng.random(len(extra)) < doubled  # on a dialysis day; the others are on a free day
    day = rng.integers(0, weeks, len(extra)) * 7 + rng.integers(0, 3, len(extra)) * 2 + extra % 2 + ~second
    fake = (
        day * DAY + np.where(second, 17 * HOUR, 7 * HOUR + shift[extra]) + rng.integers(0, HOUR, len(extra))
    )
    phantom = np.r_[np.zeros(len(real), dtype=bool), np.ones(len(fake), dtype=bool)]
    signed = ~phantom | (rng.random(len(phantom)) > context.blend(0.4, 0.98) * context.disguise.marks)
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
        phantom & (luck < 0.5 * context.disguise.marks),
        0,
        np.where(~phantom & (luck < 0.3 * context.strength * context.disguise.marks), 2, 1),
    )
    draft = visits.session(context.city, rng, frame, dialysers)
    return Plant(draft, "M28", subjects("M28", patient=np.unique(members[extra]), hospital=[hospital]))
