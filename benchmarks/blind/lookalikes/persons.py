"""Honest people and doctors that look like M09, M14, M27 and M48."""

import numpy as np
import pandas as pd

from benchmarks.blind import calendar
from benchmarks.blind.catalogue import COUNTER, numbers
from benchmarks.blind.city import City
from benchmarks.blind.diseases import stay
from benchmarks.blind.life import add_stays
from benchmarks.blind.plan import AS_OF, DAY


def last_days(city: City) -> None:
    """M09: died in a ward and settled days later; a pharmacy on the morning of the last day."""
    rng, people = city.rng, city.people
    known = np.flatnonzero((people.dies < AS_OF - 12 * DAY) & ~city.taken["patient"])
    psn = rng.permutation(known)[: max(6, len(known) // 4)]
    city.taken["patient"][psn] = True
    ago = rng.integers(3, 9, len(psn))
    begin = calendar.on_day(rng, people.dies.to_numpy()[psn] - ago * DAY, "ward")
    why = rng.choice([stay("I63"), stay("I21"), stay("J18"), stay("C34")], len(psn))
    add_stays(city, psn, city.wards_near(city.villages_of(psn)), begin, why, los=20, sev=2, coded=2)
    city.excuse("patient", psn, "M09: died in a ward, settled later")
    rest = np.setdiff1d(known, psn)[:8]
    day = people.dies.to_numpy()[rest]
    city.add(
        "visits",
        psn=rest,
        inst=people.clinic.to_numpy()[rest],
        time=day - np.timedelta64(1800, "s"),
        why=1,
        doctor=people.doc.to_numpy()[rest],
    )
    city.excuse("patient", rest, "M09: treated on the day of death")


def mistaken_dates(city: City) -> None:
    """M09: the register has a day some weeks too early; the last weeks of a life look like fraud."""
    rng, people = city.rng, city.people
    late = people.dies.notna() & (people.dies < AS_OF - 60 * DAY) & ~city.taken["patient"]
    psn = rng.permutation(np.flatnonzero(late))[: city.count(4, 9)]
    city.taken["patient"][psn] = True
    died = people.dies.to_numpy()[psn]
    people.loc[psn, "registered"] = died - rng.integers(8, 30, len(psn)) * DAY
    who = np.repeat(psn, 3)
    time = calendar.on_day(rng, np.repeat(died, 3) - rng.integers(1, 20, len(who)) * DAY, "clinic")
    city.add(
        "visits",
        psn=who,
        inst=people.clinic.to_numpy()[who],
        time=time,
        doctor=people.doc.to_numpy()[who],
        why=1,
    )
    city.excuse("patient", psn, "M09: wrong date of death on the register")


def fetched_by_children(city: City) -> None:
    """M14: a son in another district fetches the drugs there, while the mother is at her own doctor's."""
    rng = city.rng
    old = city.people.age.gt(66) & (np.bincount(city.visits.psn, minlength=len(city.people)) > 1)
    psn = city.pick_people(city.count(18, 36), old)
    own = city.visits[city.visits.psn.isin(psn)].groupby("psn").head(2)
    far = np.array(
        [
            rng.choice(np.argsort(row)[-30:])
            for row in city.km[city.villages_of(own.psn.to_numpy()), : city.first_shop]
        ]
    )
    time = own.time.to_numpy() + rng.integers(-9000, 9000, len(own)).astype("timedelta64[s]")
    city.add(
        "buys",
        basket=city.new_baskets(len(own)),
        psn=own.psn.to_numpy(),
        inst=far,
        time=time,
        pooled=True,
        item=rng.choice(numbers(COUNTER), len(own)),
        doctor=city.doctor_at(far),
    )
    city.excuse("patient", psn, "M14: drugs fetched by a child in another district")


def commuters(city: City) -> None:
    """M14: lives in one district and works in another: doctors in both, on other days."""
    rng = city.rng
    psn = city.pick_people(
        city.count(25, 50), city.people.age.between(22, 58) & city.people.insutype.eq("310")
    )
    work = city.km[:, : city.first_shop][city.villages_of(psn)]
    far = np.array([rng.choice(np.flatnonzero(row > min(20, row.max() * 0.7))) for row in work])
    row = np.repeat(np.arange(len(psn)), rng.integers(3, 9, len(psn)))
    who, inst = psn[row], far[row]
    time = calendar.moments(rng, city.plan, len(who), "clinic")
    day = city.visits[city.visits.psn.isin(psn)]
    busy = pd.MultiIndex.from_arrays([day.psn, day.time.dt.normalize()])
    own = ~pd.MultiIndex.from_arrays([who, pd.Series(time).dt.normalize()]).isin(busy)
    city.add(
        "visits",
        psn=who[own],
        inst=inst[own],
        time=time[own],
        doctor=city.doctor_at(inst[own]),
        why=rng.integers(0, 5, own.sum()),
    )
    city.excuse("patient", psn, "M14: commuter")


def slips_in_codes(city: City) -> None:
    """M14: one diagnosis of the other sex, by a slip of the keyboard."""
    slips = city.pick_people(city.count(20, 40), np.bincount(city.visits.psn, minlength=len(city.people)) > 2)
    first = city.visits[city.visits.psn.isin(slips)].drop_duplicates("psn").index
    male = city.people.gend.to_numpy()[city.visits.psn[first]] == "1"
    city.visits.loc[first, "icd"] = np.where(male, "N76", "N40")
    city.excuse("patient", slips, "M14: one slip in a diagnosis")


def ill_after_an_accident(city: City) -> None:
    """M27: a quarrel on the record, and pneumonia a few days later."""
    rng = city.rng
    psn = city.pick_people(city.count(10, 20), city.people.age.gt(20))
    begin = calendar.moments(rng, city.plan, len(psn), "ward")
    city.add(
        "accidents",
        psn=psn,
        time=begin - rng.integers(1, 7, len(psn)) * DAY,
        kind=rng.choice(["1", "2"], len(psn)),
        ttp="1",
    )
    why = rng.choice([stay("J18"), stay("K35"), stay("N20"), stay("A09")], len(psn))
    add_stays(city, psn, city.wards_near(city.villages_of(psn)), begin, why, free=True)
    city.excuse("patient", psn, "M27: another illness after an accident")


def fled_driver(city: City) -> None:
    """M27: somebody else was to blame and was never found, so there is no third party to pay."""
    rng = city.rng
    psn = city.pick_people(city.count(2, 5, 2), city.people.age.gt(16))
    begin = calendar.moments(rng, city.plan, len(psn), "ward")
    city.add("accidents", psn=psn, time=begin - np.timedelta64(7200, "s"), kind="1", ttp="1")
    add_stays(city, psn, city.wards_near(city.villages_of(psn)), begin, stay("S82"), free=True)
    city.excuse("patient", psn, "M27: driver fled")


def two_practices(city: City) -> None:
    """M48: registered in two places, and on Tuesdays and Thursdays in the other."""
    both = np.flatnonzero((city.doctors.other >= 0) & ~city.taken["prescriber"])
    weekday = (city.visits.time.to_numpy().astype("datetime64[D]").astype(int) + 3) % 7
    there = (
        (city.rng.random(len(city.visits)) < 0.85)
        & city.visits.doctor.isin(both).to_numpy()
        & np.isin(weekday, [1, 3])
        & city.visits.form.eq("acute").to_numpy()
    )
    city.visits.loc[there, "inst"] = city.doctors.other.to_numpy()[city.visits.doctor[there]]
    city.excuse("prescriber", both, "M48: two practices on different days")


ALL = (
    last_days,
    mistaken_dates,
    commuters,
    slips_in_codes,
    fetched_by_children,
    ill_after_an_accident,
    fled_driver,
    two_practices,
)
