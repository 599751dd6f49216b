"""What honest people do in a year: visits, refills, counter purchases and stays."""

import numpy as np
import pandas as pd

from benchmarks.blind import calendar
from benchmarks.blind.catalogue import COUNTER, drugs_for, items, numbers
from benchmarks.blind.city import City
from benchmarks.blind.diseases import FEMALE_VISITS, INJURIES, STAYS, VISITS, stay_table
from benchmarks.blind.geography import choose, gravity
from benchmarks.blind.people import DISEASES
from benchmarks.blind.places import LIKED

AGES = [15, 25, 50, 75]
LONG_PRESCRIPTION = 84
SEVERITY = {
    "02": [0.35, 0.40, 0.25],
    "05": [0.55, 0.33, 0.12],
    "08": [0.75, 0.20, 0.05],
    "11": [0.80, 0.17, 0.03],
}


def live(city: City) -> None:
    """Everything honest that does not depend on any scheme."""
    _habits(city)
    _stays(city)
    _visits(city)
    _refills(city)
    _counter(city)


def _habits(city: City) -> None:
    """A clinic, a doctor and a pharmacy of their own for everybody."""
    village = city.people.village.to_numpy()
    city.people["clinic"] = city.clinics_near(village)
    city.people["shop"] = city.shops_near(village)
    city.people["doc"] = city.doctor_at(city.people.clinic.to_numpy())


def _reasons(city: City, psn: np.ndarray) -> np.ndarray:
    """A reason for each stay by age, sex and chronic diseases."""
    people, table = city.people, stay_table()
    age = people.age.to_numpy()[psn]
    weight = np.stack([np.interp(age, AGES, [0.4 * w[0], *w]) for w in table.weight], axis=1)
    for i, reason in enumerate(STAYS):
        if reason.condition:
            weight[:, i] *= np.where(people[reason.condition].to_numpy()[psn], 10, 0.25)
        if reason.sex:
            weight[:, i] *= people.gend.to_numpy()[psn] == str(reason.sex)
        if reason.dept == "gyn":
            weight[:, i] *= (age > 18) & (age < 58)
    cumulative = np.cumsum(weight, axis=1)
    return (city.rng.random(len(psn))[:, None] * cumulative[:, -1:] > cumulative).sum(1)


def _wards(city: City, psn: np.ndarray, why: np.ndarray) -> np.ndarray:
    """A hospital for each stay: near ones, and those with the speciality."""
    village, dept = city.villages_of(psn), stay_table().dept.to_numpy()[why]
    inst = city.wards_near(village)
    spec = city.places.spec.to_numpy()
    wrong = (spec[inst] != "general") & (spec[inst] != "tcm") & (spec[inst] != dept)
    inst = np.where(wrong & (city.rng.random(len(psn)) < 0.85), city.wards_near(village), inst)
    for name in sorted(set(dept) & set(spec[: city.first_shop])):
        able = (spec[: city.first_shop] == name) * city.places.pull.to_numpy()[: city.first_shop]
        near = gravity(city.km[:, : city.first_shop], able + 1e-9, 25.0)
        go = (dept == name) & (city.rng.random(len(psn)) < 0.3)
        inst[go] = choose(city.rng, near, village[go])
    return inst


def _stays(city: City) -> None:
    rng, people = city.rng, city.people
    rate = city.plan.admissions * city.plan.days / 365 * people.frailty / people.frailty.mean()
    psn = np.repeat(np.arange(len(people)), rng.poisson(rate))
    why = _reasons(city, psn)
    add_stays(city, psn, _wards(city, psn, why), calendar.moments(rng, city.plan, len(psn), "ward"), why)


def add_stays(
    city: City,
    psn: np.ndarray,
    inst: np.ndarray | int,
    begin: np.ndarray,
    why: np.ndarray | int,
    **columns: object,
) -> pd.DataFrame:
    """Plan stays as ill as people are at hospitals of that level, as long as they take there."""
    rng, table = city.rng, stay_table()
    inst, why = np.broadcast_to(inst, len(psn)), np.broadcast_to(why, len(psn))
    level = city.places.hosp_lv.to_numpy()[inst]
    chance = np.cumsum(np.array([SEVERITY[lv] for lv in level]), axis=1) if len(inst) else np.zeros((0, 3))
    sev = (rng.random(len(inst))[:, None] > chance).sum(1).clip(0, 2)
    days = table.days.to_numpy()[why] * city.places.length.to_numpy()[inst].astype(float)
    los = np.maximum(1, np.round(days * np.array([1, 1.25, 1.6])[sev] * rng.lognormal(0, 0.25, len(inst))))
    place = city.places
    slip = rng.random(len(inst)) < place.slips.to_numpy()[inst]
    waiting = np.where(rng.random(len(inst)) < 0.07, rng.uniform(0.15, 0.4, len(inst)), 0.0)
    coded = np.where(slip, np.clip(sev + rng.choice([-1, 1], len(inst), p=[0.3, 0.7]), 0, 2), sev)
    hurt = np.isin(why, INJURIES)
    planned: dict[str, object] = {
        "psn": psn,
        "inst": inst,
        "begin": begin,
        "los": los.astype(int),
        "why": why,
        "sev": sev,
        "coded": coded,
        "doctor": city.doctor_at(inst, table.dept.to_numpy()[why]),
        "trum": np.where(hurt, "1", "0"),
        "ttp": np.where(hurt, "0", None),
        "med_type": np.where(hurt, "22", "21"),
        "effort": place.effort.to_numpy()[inst].astype(float),
        "idle": waiting,
        "waived": rng.random(len(inst)) < 0.01,
    }
    return city.add("stays", **{**planned, **columns})


def _visits(city: City) -> None:
    rng, people = city.rng, city.people
    rate = 1.45 * city.plan.days / 365 * np.sqrt(people.frailty / people.frailty.mean())
    psn = np.repeat(np.arange(len(people)), rng.poisson(rate))
    age = people.age.to_numpy()[psn]
    weight = np.stack([np.interp(age, AGES, [w[0], *w]) for w, _drugs, _tests in VISITS.values()], axis=1)
    for icd in FEMALE_VISITS:
        weight[:, list(VISITS).index(icd)] *= people.gend.to_numpy()[psn] == "2"
    cumulative = np.cumsum(weight, axis=1)
    why = (rng.random(len(psn))[:, None] * cumulative[:, -1:] > cumulative).sum(1)
    village = city.villages_of(psn)
    home = rng.random(len(psn)) < 0.65
    inst = np.where(home, people.clinic.to_numpy()[psn], city.clinics_near(village))
    market = city.geo.villages.market.to_numpy()[village]
    share = 0.5 * (~people.seat.to_numpy()[psn])
    time = calendar.to_market(rng, calendar.moments(rng, city.plan, len(psn), "clinic"), market, share)
    own = home & (rng.random(len(psn)) < 0.5)
    doctor = np.where(own, people.doc.to_numpy()[psn], city.doctor_at(inst))
    doctors = city.doctors.iloc[doctor]
    liked = rng.random(len(psn)) < doctors.liking.to_numpy()
    city.add(
        "visits",
        psn=psn,
        inst=inst,
        time=time,
        why=why,
        doctor=doctor,
        med_type=np.where(rng.random(len(psn)) < 0.04, "13", "11"),
        drug_cnt=2.0,
        drug=np.where(liked, np.array(numbers(LIKED))[doctors.likes], -1),
    )


def medicines(city: City, psn: np.ndarray) -> pd.DataFrame:
    """The drugs each of these people takes for their chronic diseases: columns psn and item."""
    found = []
    for disease in DISEASES:
        ill = psn[city.people[disease].to_numpy()[psn]]
        for place, item in enumerate(drugs_for(disease)):
            takes = city.rng.random(len(ill)) < (0.82 if place == 0 else 0.33)
            found.append(pd.DataFrame({"psn": ill[takes], "item": item}))
    return pd.concat(found, ignore_index=True)


def _refills(city: City) -> None:
    rng, people = city.rng, city.people
    ill = np.flatnonzero(people[DISEASES].any(axis=1))
    city.drugs = medicines(city, ill)
    long = rng.random(len(ill)) < 0.10
    gap = np.where(long, LONG_PRESCRIPTION, rng.normal(29, 3, len(ill)))
    who, day = calendar.chain(rng, city.plan, gap, 4.0)
    psn = ill[who]
    shopper = rng.beta(1.1, 0.9, len(ill))
    at_shop = rng.random(len(psn)) < shopper[who]
    at_home = rng.random(len(psn)) < 0.85
    shop = np.where(at_home, people.shop.to_numpy()[psn], city.shops_near(city.villages_of(psn)))
    time = np.where(at_shop, calendar.on_day(rng, day, "shop"), calendar.on_day(rng, day, "clinic"))
    market = city.geo.villages.market.to_numpy()[city.villages_of(psn)]
    time = calendar.to_market(rng, time, market, 0.5 * (~people.seat.to_numpy()[psn]))
    basket = city.new_baskets(len(psn))
    trip = pd.DataFrame(
        {
            "basket": basket,
            "psn": psn,
            "inst": np.where(at_shop, shop, people.clinic.to_numpy()[psn]),
            "time": time,
            "gap": gap[who],
            "lead": np.where(at_shop, _written_before(city, len(psn)), np.nan),
        }
    )
    fill(city, trip, city.drugs)


def _written_before(city: City, n: int) -> np.ndarray:
    """Seconds from the prescription to the sale; one in seventy is uploaded only hours after it."""
    late = city.rng.random(n) < 0.015
    return np.where(late, -city.rng.uniform(1000, 40_000, n), city.rng.exponential(40_000, n) + 600)


def fill(city: City, trip: pd.DataFrame, drugs: pd.DataFrame, **columns: object) -> pd.DataFrame:
    """Plan purchases of everything a person takes, enough for the `gap` days of each trip."""
    lines = trip.merge(drugs, on="psn")
    days = items().days_per_unit.to_numpy(dtype=float)[lines.item]
    lines["cnt"] = np.floor(
        lines.gap * city.people.need.to_numpy()[lines.psn] / days + city.rng.random(len(lines))
    )
    lines = lines[lines.cnt > 0]
    planned: dict[str, object] = {
        name: lines[name].to_numpy() for name in ("basket", "psn", "inst", "time", "item", "cnt", "lead")
    }
    planned |= {"doctor": city.people.doc.to_numpy()[lines.psn], "pooled": True}
    return city.add("buys", **{**planned, **columns})


def _counter(city: City) -> None:
    """Purchases without prescription; now and then the family comes along, one card after the other."""
    rng, people = city.rng, city.people
    rate = (
        1.5
        * city.plan.days
        / 365
        * np.where(people.insutype == "310", 1.9, 0.7)
        * np.where(people.age < 15, 0.4, 1)
    )
    psn = np.repeat(np.arange(len(people)), rng.poisson(rate))
    home = rng.random(len(psn)) < 0.6
    shop = np.where(home, people.shop.to_numpy()[psn], city.shops_near(city.villages_of(psn)))
    time = calendar.moments(rng, city.plan, len(psn), "shop")
    house = people.house.to_numpy()
    partner = np.minimum(psn + 1, len(people) - 1)
    along = (rng.random(len(psn)) < 0.07) & (house[psn] == house[partner])
    later = time[along] + rng.integers(25, 160, along.sum()).astype("timedelta64[s]")
    counter_sales(city, np.r_[psn, partner[along]], np.r_[shop, shop[along]], np.r_[time, later])


def counter_sales(
    city: City, psn: np.ndarray, shop: np.ndarray | int, time: np.ndarray, **columns: object
) -> pd.DataFrame:
    """Plan one purchase of one or two counter drugs for each entry."""
    shop = np.broadcast_to(shop, len(psn))
    rng = city.rng
    lines = 1 + (rng.random(len(psn)) < 0.35)
    at = np.repeat(np.arange(len(psn)), lines)
    item = np.array(numbers(COUNTER))[rng.integers(0, len(COUNTER), len(at))]
    basket = city.new_baskets(len(psn))[at]
    planned = {
        "basket": basket,
        "psn": psn[at],
        "inst": shop[at],
        "time": time[at],
        "item": item,
        "cnt": 1.0 + (rng.random(len(at)) < 0.25),
    }
    return city.add("buys", **{**planned, **columns})
