"""Schemes with drugs and prescriptions."""

import numpy as np
import pandas as pd

from benchmarks.blind import calendar
from benchmarks.blind.catalogue import ADJUVANT, RESALE, items, number, numbers
from benchmarks.blind.city import City
from benchmarks.blind.people import DISEASES
from benchmarks.blind.plan import DAY


def hoard(
    city: City,
    psn: np.ndarray,
    inst: np.ndarray,
    time: np.ndarray,
    item: np.ndarray,
    cnt: np.ndarray,
    **columns: object,
) -> pd.DataFrame:
    """Plan purchases of packs whose trace codes are kept, so that they can come back to a shelf."""
    cnt = np.maximum(1, np.floor(cnt + city.rng.random(len(psn)))).astype(int)
    trace = city.new_traces(int(cnt.sum()))[np.cumsum(cnt) - cnt] if len(cnt) else cnt
    planned: dict[str, object] = {
        "basket": city.new_baskets(len(psn)),
        "psn": psn,
        "inst": inst,
        "time": time,
        "item": item,
        "cnt": cnt.astype(float),
        "lead": city.rng.exponential(9000, len(psn)) + 300,
        "doctor": city.people.doc.to_numpy()[psn],
        "pooled": True,
        "trace": trace,
        "free": True,
    }
    return city.add("buys", **{**planned, **columns})


def chronic(city: City) -> np.ndarray:
    """Who is registered for a chronic disease and of age."""
    return (city.people[DISEASES].any(axis=1) & city.people.age.gt(35)).to_numpy()


def lone_hoarders(city: City) -> None:
    """M05: buys a dear drug several times over, at a different pharmacy each week."""
    rng = city.rng
    psn = city.pick_people(city.count(9, 18), chronic(city))
    gap = rng.uniform(9, 15, len(psn)) if city.plan.hard else rng.uniform(4, 9, len(psn))
    who, day = calendar.chain(rng, city.plan, gap, 1.5)
    item = np.array(numbers(RESALE))[rng.integers(0, len(RESALE), len(psn))][who]
    over = rng.uniform(*((1.6, 2.4) if city.plan.hard else (2.5, 5.0)), len(psn))[who]
    days = items().days_per_unit.to_numpy(dtype=float)[item]
    shops = city.shops_near(np.repeat(city.villages_of(psn), 5)).reshape(len(psn), 5)
    inst = shops[who, rng.integers(0, 5, len(who))]
    doctor = city.doctor_at(city.clinics_near(city.villages_of(psn[who])))
    hoard(
        city, psn[who], inst, calendar.on_day(rng, day, "shop"), item, over * gap[who] / days, doctor=doctor
    )
    city.blame("patient", psn, "M05")


def hoarding_rings(city: City) -> None:
    """M19: a dealer's circle: one doctor writes, one pharmacy sells, everybody collects on his days."""
    rng = city.rng
    for _ in range(city.few(2, 3)):
        members = city.pick_people(int(rng.integers(6, 13)), chronic(city))
        doctor = city.pick_doctors(1, city.places.hosp_lv.isin(["08", "11"]).to_numpy()[city.doctors.inst])
        shops = city.pick_places(city.few(1, 2), city.places.kind == "P")
        n = int(rng.integers(10, 16) if city.plan.hard else rng.integers(20, 34))
        day = np.sort(rng.choice(city.plan.days - 2, n, replace=False)) * DAY + city.plan.start
        row, who = np.nonzero(rng.random((n, len(members))) < city.dose((0.8, 0.95), (0.55, 0.75)))
        pair = rng.choice(numbers(RESALE), (len(members), 2))
        item = pair[who, rng.integers(0, 2, len(who))]
        time = calendar.on_day(rng, day[row] + rng.integers(0, 2, len(row)) * DAY, "shop")
        over = city.dose((2.5, 4.5), (1.6, 2.3)) * (city.plan.days / n)
        cnt = (
            over
            * np.where(pair[who, 0] == pair[who, 1], 1, 2)
            / items().days_per_unit.to_numpy(dtype=float)[item]
        )
        hoard(city, members[who], rng.choice(shops, len(who)), time, item, cnt, doctor=doctor[0])
        city.ring(members)
        city.blame("patient", members, "M19")
        city.blame("prescriber", doctor, "M19")
        city.blame("pharmacy", shops, "M19")


def one_prescription_many_shops(city: City) -> None:
    """M21: one prescription is filled at several pharmacies before their systems know of each other."""
    rng = city.rng
    psn = city.pick_people(city.count(7, 13), chronic(city))
    times = rng.integers(3, 6, len(psn)) if city.plan.hard else rng.integers(6, 13, len(psn))
    turn = np.repeat(np.arange(len(psn)), times)
    start = calendar.moments(rng, city.plan, len(turn), "shop")
    fills = np.full(len(turn), 2) if city.plan.hard else rng.integers(2, 5, len(turn))
    rx, written = city.new_prescriptions(len(turn)), rng.integers(600, 30_000, len(turn))
    item = rng.choice(numbers([*RESALE, "atorvastatin", "clopidogrel"]), len(turn))
    row = np.repeat(np.arange(len(turn)), fills)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(fills) - fills, fills)
    time = start[row] + (nth * rng.integers(2000, 90_000, len(row))).astype("timedelta64[s]")
    who = psn[turn[row]]
    lead = written[row] + (time - start[row]).astype(float)
    hoard(
        city,
        who,
        city.shops_near(city.villages_of(who)),
        time,
        item[row],
        np.full(len(row), 2.0),
        rx=rx[row],
        lead=lead,
    )
    city.blame("patient", psn, "M21")


def kickbacks(city: City) -> None:
    """M40: a doctor's patients all fill his prescriptions at a pharmacy far from him, with a dear extra."""
    rng = city.rng
    for _ in range(city.few(2, 3)):
        written = np.bincount(city.buys.doctor[city.buys.doctor >= 0], minlength=len(city.doctors))
        doctor = city.pick_doctors(1, written >= np.quantile(written[written > 0], 0.85), written)[0]
        village = int(city.places.village.iloc[int(city.doctors.inst.iloc[doctor])])
        away = city.km[village]
        shop = int(city.pick_places(1, (city.places.kind == "P").to_numpy() & (away > 3) & (away < 18))[0])
        baskets = city.buys.basket[city.buys.doctor == doctor].unique()
        sent = baskets[rng.random(len(baskets)) < city.dose((0.65, 0.9), (0.35, 0.5))]
        mine = city.buys.basket.isin(sent)
        city.buys.loc[mine, "inst"] = shop
        city.buys.loc[mine, "lead"] = city.buys.lead[mine].fillna(5400.0)
        extra = city.buys[mine].drop_duplicates("basket")
        extra = extra[rng.random(len(extra)) < city.dose((0.5, 0.8), (0.2, 0.35))]
        dear = number(rng.choice(["bozhi_dear", "shenqi", "ejiao"]))
        city.buys = pd.concat(
            [city.buys, extra.assign(item=dear, cnt=rng.integers(2, 5, len(extra)).astype(float))],
            ignore_index=True,
        )
        city.blame("prescriber", doctor, "M40")
        city.blame("pharmacy", shop, "M40")


def forged_prescriptions(city: City) -> None:
    """M22: sales first; at night an internet doctor signs a day's prescriptions in one go."""
    rng = city.rng
    shops = city.pick_places(city.few(1, 3), city.places.kind == "P", trade(city))
    for shop in shops:
        doctor = city.pick_doctors(1, city.places.hosp_lv.isin(["05", "08"]).to_numpy()[city.doctors.inst])
        heads = city.buys[(city.buys.inst == shop)].drop_duplicates("basket")
        share = city.dose((0.6, 0.9), (0.18, 0.32))
        forged = heads[rng.random(len(heads)) < share].sort_values("time")
        night = forged.time.dt.normalize() + pd.Timedelta(hours=22)
        turn = forged.groupby(night.dt.date).cumcount()
        late = rng.random(len(forged)) < (0.6 if city.plan.hard else 0.95)
        signed = night + pd.to_timedelta(turn * 9 + rng.integers(0, 5, len(forged)), unit="s")
        lead = np.where(late, (forged.time - signed).dt.total_seconds(), rng.integers(4, 45, len(forged)))
        where = city.buys.basket.isin(forged.basket)
        city.buys.loc[where, "lead"] = city.buys.basket[where].map(
            pd.Series(lead, index=forged.basket.to_numpy())
        )
        city.buys.loc[where, "doctor"] = int(doctor[0])
        city.blame("pharmacy", shop, "M22")
        city.blame("prescriber", doctor, "M22")


def trade(city: City) -> np.ndarray:
    """Planned lines of purchases of each institution."""
    return np.bincount(city.buys.inst, minlength=len(city.places)).astype(float)


def one_drug_doctors(city: City) -> None:
    """M50: whatever people come with, they leave with the same dear injection."""
    rng = city.rng
    seen = np.bincount(city.visits.doctor[city.visits.doctor >= 0], minlength=len(city.doctors))
    for doctor in city.pick_doctors(city.few(2, 4), seen >= np.quantile(seen[seen > 0], 0.6)):
        chosen = (city.visits.doctor == doctor) & (
            rng.random(len(city.visits)) < city.dose((0.6, 0.85), (0.25, 0.4))
        )
        city.visits.loc[chosen, "drug"] = number(rng.choice(ADJUVANT))
        city.visits.loc[chosen, "drug_cnt"] = rng.integers(2, 6, chosen.sum()).astype(float)
        city.blame("prescriber", doctor, "M50")
