"""Schemes with somebody else's name, life or fault."""

import numpy as np
import pandas as pd

from benchmarks.blind import calendar
from benchmarks.blind.catalogue import COUNTER, numbers
from benchmarks.blind.city import City
from benchmarks.blind.diseases import INJURIES, stay
from benchmarks.blind.geography import choose
from benchmarks.blind.life import add_stays, medicines
from benchmarks.blind.plan import AS_OF, DAY


def _dead(city: City, n: int, before: int) -> np.ndarray:
    """Up to n of the dead whom nobody has yet taken, and who died long enough ago."""
    known = city.people.dies.to_numpy() < AS_OF - before * DAY
    found = city.rng.permutation(np.flatnonzero(known & ~city.taken["patient"]))[:n]
    city.taken["patient"][found] = True
    return found


def cards_of_the_dead(city: City) -> None:
    """M09: families go on collecting drugs after somebody's death."""
    rng, people = city.rng, city.people
    psn = _dead(city, city.count(8, 15), 75)
    times = rng.integers(1, 4, len(psn)) if city.plan.hard else rng.integers(3, 10, len(psn))
    who = np.repeat(psn, times)
    span = (AS_OF - people.dies.to_numpy()[who]) / DAY - 2
    later = np.minimum(rng.exponential(60, len(who)) + 4, span * rng.random(len(who)) * 0.97 + 2)
    day = people.dies.to_numpy()[who] + later.astype(int) * DAY + DAY
    mine = medicines(city, psn)
    plain = pd.DataFrame({"psn": psn, "item": rng.choice(numbers(COUNTER), len(psn))})
    item = pd.concat([mine, plain]).drop_duplicates("psn").set_index("psn")["item"].loc[who].to_numpy()
    city.add(
        "buys",
        basket=city.new_baskets(len(who)),
        psn=who,
        inst=people.shop.to_numpy()[who],
        item=item,
        pooled=True,
        time=calendar.on_day(rng, day, "shop"),
        cnt=rng.integers(1, 4, len(who)).astype(float),
        free=True,
        lead=5000.0,
        doctor=people.doc.to_numpy()[who],
    )
    city.blame("patient", psn, "M09")


def clinic_of_the_dead(city: City) -> None:
    """M09: a village clinic goes on billing visits of its dead."""
    rng, people = city.rng, city.people
    for clinic in city.pick_places(1, city.places.hosp_lv.eq("11") & ~city.places.beds):
        dead = _dead(city, 6 if not city.plan.hard else 3, 40)
        turn = np.repeat(
            dead, rng.integers(1, 3, len(dead)) if city.plan.hard else rng.integers(3, 8, len(dead))
        )
        span = (AS_OF - people.dies.to_numpy()[turn]) / DAY - 3
        time = people.dies.to_numpy()[turn] + (2 + span * rng.random(len(turn))).astype(int) * DAY
        city.add(
            "visits",
            psn=turn,
            inst=int(clinic),
            time=calendar.on_day(rng, time, "clinic"),
            free=True,
            doctor=city.doctor_at(np.full(len(turn), clinic)),
            why=rng.integers(0, 4, len(turn)),
        )
        city.leave_out("patient", dead)
        city.blame("hospital", clinic, "M09")


def after_death(city: City) -> None:
    """M09: both."""
    cards_of_the_dead(city)
    clinic_of_the_dead(city)


def borrowed_cards(city: City) -> None:
    """M14: a relative far away is treated on the card, sometimes while its owner is at his own doctor's."""
    rng = city.rng
    active = np.bincount(city.visits.psn, minlength=len(city.people)) >= 3
    psn = city.pick_people(city.count(8, 15), active & city.people.age.between(25, 80).to_numpy())
    times = rng.integers(3, 6, len(psn)) if city.plan.hard else rng.integers(6, 14, len(psn))
    who = np.repeat(np.arange(len(psn)), times)
    clinics = city.km[:, : city.first_shop][city.villages_of(psn)]
    far = np.array([rng.choice(np.argsort(np.abs(row - rng.uniform(28, 45)))[:5]) for row in clinics])[who]
    own = city.visits[city.visits.psn.isin(psn)].sample(frac=1, random_state=rng)
    pool = own.groupby("psn").time.apply(list)
    same = rng.random(len(who)) < city.dose((0.45, 0.7), (0.35, 0.5))
    met = np.array([np.datetime64(pool[psn[w]][i % len(pool[psn[w]])], "s") for i, w in enumerate(who)])
    time = np.where(
        same,
        met + rng.integers(-3000, 3000, len(who)).astype("timedelta64[s]"),
        calendar.moments(rng, city.plan, len(who), "clinic"),
    )
    male = city.people.gend.to_numpy()[psn[who]] == "1"
    strange = rng.random(len(who)) < city.dose((0.3, 0.6), (0.1, 0.25))
    icd = np.where(strange, np.where(male, "N76", "N40"), "K29")
    city.add(
        "visits",
        psn=psn[who],
        inst=far,
        time=time,
        icd=icd,
        doctor=city.doctor_at(far),
        cert="03",
        why=rng.integers(0, 5, len(who)),
    )
    city.blame("patient", psn, "M14")


def hidden_third_party(city: City) -> None:
    """M27: hit by a car or beaten, and the fund pays because nobody said so."""
    rng = city.rng
    psn = city.pick_people(city.count(9, 18), city.people.age.between(14, 85))
    begin = calendar.moments(rng, city.plan, len(psn), "ward", margin=35)
    hours = (
        rng.integers(1, 150 if city.plan.hard else 48, len(psn))
        .astype("timedelta64[h]")
        .astype("timedelta64[s]")
    )
    city.add(
        "accidents", psn=psn, time=begin - hours, kind=rng.choice(["1", "2"], len(psn), p=[0.7, 0.3]), ttp="1"
    )
    why = rng.choice([*INJURIES[:3], stay("T14")], len(psn))
    vague = rng.random(len(psn)) < (0.45 if city.plan.hard else 0.1)
    why = np.where(vague, rng.choice([stay("M51"), stay("M54"), stay("M48")], len(psn)), why)
    add_stays(
        city,
        psn,
        city.wards_near(city.villages_of(psn)),
        begin,
        why,
        free=True,
        ttp=np.where(rng.random(len(psn)) < 0.8, "0", None),
        trum=np.where(vague, "0", "1"),
        med_type=np.where(vague, "21", "22"),
    )
    city.blame("patient", psn, "M27")


def two_places_at_once(city: City) -> None:
    """M48: a licence is lent to a clinic far away, where its owner seems to work in the same hours."""
    rng = city.rng
    seen = np.bincount(city.visits.doctor[city.visits.doctor >= 0], minlength=len(city.doctors))
    for doctor in city.pick_doctors(city.few(2, 4), seen >= np.quantile(seen[seen > 0], 0.6)):
        village = int(city.places.village.iloc[int(city.doctors.inst.iloc[doctor])])
        away = city.km[village]
        other = int(city.pick_places(1, (city.places.hosp_lv.isin(["08", "11"])).to_numpy() & (away > 15))[0])
        city.doctors.loc[doctor, "other"] = other
        own = city.visits[city.visits.doctor == doctor]
        copied = own[rng.random(len(own)) < city.dose((0.5, 0.9), (0.22, 0.35))]
        time = copied.time.to_numpy() + rng.integers(-2400, 2400, len(copied)).astype("timedelta64[s]")
        near = np.exp(-city.km[:, other] / 5)[city.people.village.to_numpy()]
        psn = choose(rng, np.cumsum(near / near.sum())[None, :], np.zeros(len(copied), int))
        city.add("visits", psn=psn, inst=other, time=time, doctor=int(doctor), why=copied.why.to_numpy())
        city.blame("prescriber", doctor, "M48")
        city.leave_out("hospital", other)
