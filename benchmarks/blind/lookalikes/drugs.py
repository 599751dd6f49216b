"""Honest prescriptions and purchases that look like M05, M19, M21, M22, M40 and M50."""

import numpy as np
import pandas as pd

from benchmarks.blind import calendar
from benchmarks.blind.catalogue import number, numbers
from benchmarks.blind.city import City
from benchmarks.blind.diseases import visit
from benchmarks.blind.life import fill, medicines
from benchmarks.blind.plan import DAY
from benchmarks.blind.schemes.drugs import chronic, trade


def stocking_up(city: City) -> None:
    """M05: half a year of drugs before leaving for work elsewhere, twice."""
    rng = city.rng
    psn = city.pick_people(city.count(14, 28), chronic(city) & city.people.age.lt(62).to_numpy())
    city.buys = city.buys[~city.buys.psn.isin(psn)]
    for first in (30, city.plan.days - 150):
        day = city.plan.start + (first + rng.integers(0, 20, len(psn))) * DAY
        trip = pd.DataFrame(
            {
                "basket": city.new_baskets(len(psn)),
                "psn": psn,
                "inst": city.people.shop.to_numpy()[psn],
                "time": calendar.on_day(rng, day, "shop"),
                "gap": 160.0,
                "lead": 3000.0,
            }
        )
        fill(city, trip, city.drugs)
    city.excuse("patient", psn, "M05: drugs for half a year before leaving")


def transplanted(city: City) -> None:
    """M05: dear drugs for life after a transplant, wherever they are in stock."""
    dear = city.pick_people(city.count(5, 12), city.people.transplant)
    city.excuse("patient", dear, "M05: dear drugs after a transplant")
    mine = city.buys.psn.isin(dear) & (city.buys.inst >= city.first_shop)
    city.buys.loc[mine, "inst"] = city.shops_near(city.villages_of(city.buys.psn[mine].to_numpy()))


def carers_round(city: City) -> None:
    """M19: a carer fetches the drugs of a home's residents at one pharmacy on one day, each their dose."""
    rng = city.rng
    residents = np.flatnonzero(city.people.insured_from.str[9:10].eq("9"))
    psn = residents[chronic(city)[residents]]
    city.buys = city.buys[~(city.buys.psn.isin(psn) & city.buys.pooled.astype(bool))]
    city.drugs = pd.concat([city.drugs[~city.drugs.psn.isin(psn)], medicines(city, psn)])
    shop = int(city.people.shop.to_numpy()[psn[0]]) if len(psn) else city.first_shop
    day = city.plan.start + np.arange(5, city.plan.days - 2, 29) * DAY
    start = calendar.on_day(rng, day, "shop")
    row, who = np.nonzero(rng.random((len(day), len(psn))) < 0.95)
    time = start[row] + (70 * who + rng.integers(0, 40, len(who))).astype("timedelta64[s]")
    trip = pd.DataFrame(
        {
            "basket": city.new_baskets(len(row)),
            "psn": psn[who],
            "inst": shop,
            "time": time,
            "gap": 29.0,
            "lead": rng.uniform(3000, 90_000, len(row)),
        }
    )
    fill(city, trip, city.drugs, doctor=int(city.people.doc.to_numpy()[psn[0]]) if len(psn) else -1)
    city.excuse("patient", psn, "M19: a carer fetches for the home")
    city.excuse("pharmacy", shop, "M19: a carer fetches for the home")


def repeat_prescriptions(city: City) -> None:
    """M21: one long prescription, filled once a month as it allows, wherever one happens to be."""
    psn = city.pick_people(city.count(20, 40), chronic(city))
    mine = city.buys.psn.isin(psn) & city.buys.lead.notna()
    heads = city.buys[mine].drop_duplicates("basket").sort_values(["psn", "time"])
    block = heads.groupby("psn").cumcount() // 3
    key = pd.factorize(pd.MultiIndex.from_arrays([heads.psn, block]))[0]
    rx = pd.Series(city.new_prescriptions(int(key.max()) + 1)[key] if len(key) else key, index=heads.basket)
    first = heads.groupby(key).time.transform("min")
    lead = pd.Series((heads.time - first).dt.total_seconds().to_numpy() + 4000.0, index=heads.basket)
    city.buys.loc[mine, "rx"] = city.buys.basket[mine].map(rx)
    city.buys.loc[mine, "lead"] = city.buys.basket[mine].map(lead)
    city.buys.loc[mine, "valid"] = 120
    city.buys.loc[mine, "repeats"] = 3
    city.excuse("patient", psn, "M21: repeat prescription")


def filled_in_two_parts(city: City) -> None:
    """M21: the first pharmacy had only one of the drugs; the rest was fetched at another the same day."""
    rng = city.rng
    mine = city.buys[city.buys.lead.gt(0) & city.buys.rx.lt(0) & city.buys.inst.ge(city.first_shop)]
    some = mine[mine.duplicated("basket")].drop_duplicates("basket")
    some = some[rng.random(len(some)) < 0.02]
    baskets = pd.Series(city.new_prescriptions(len(some)), index=some.basket)
    both = city.buys.basket.isin(some.basket)
    city.buys.loc[both, "rx"] = city.buys.basket[both].map(baskets)
    late = rng.integers(900, 20_000, len(some))
    city.buys.loc[some.index, "lead"] = some.lead + late
    city.buys.loc[some.index, "time"] = some.time + pd.to_timedelta(late, unit="s")
    city.buys.loc[some.index, "inst"] = city.shops_near(city.villages_of(some.psn.to_numpy()))
    city.buys.loc[some.index, "basket"] = city.new_baskets(len(some))
    city.excuse("patient", some.psn.unique(), "M21: filled in two parts")


def pharmacy_next_door(city: City) -> None:
    """M40: a doctor's patients fill their prescriptions next door."""
    rng, place = city.rng, city.places
    written = np.bincount(city.buys.doctor[city.buys.doctor >= 0], minlength=len(city.doctors))
    for doctor in city.pick_doctors(
        city.few(3, 5), written >= np.quantile(written[written > 0], 0.6), written
    ):
        village = int(place.village.iloc[int(city.doctors.inst.iloc[doctor])])
        away = np.where((place.kind == "P") & ~city.taken["place"], city.km[village], np.inf)
        shop = int(np.argmin(away))
        mine = city.buys.doctor.eq(doctor) & city.buys.inst.ge(city.first_shop)
        baskets = city.buys.basket[mine].unique()
        sent = mine & city.buys.basket.isin(baskets[rng.random(len(baskets)) < 0.75])
        city.buys.loc[sent, "inst"] = shop
        city.excuse("prescriber", doctor, "M40: pharmacy next door")
        city.excuse("pharmacy", shop, "M40: next door to a doctor")


def pharmacy_for_special_drugs(city: City) -> None:
    """M40: one pharmacy alone keeps the special drugs, whoever writes them."""
    special = int(city.pick_places(1, city.places.kind == "P", trade(city))[0])
    rare = city.buys["item"].isin(numbers(["gefitinib", "tacrolimus", "mycophenolate", "letrozole"]))
    baskets = city.buys.basket[rare & city.buys.inst.ge(city.first_shop)].unique()
    city.buys.loc[city.buys.basket.isin(baskets), "inst"] = special
    city.excuse("pharmacy", special, "M40: the pharmacy for special drugs")


def slow_clock(city: City) -> None:
    """M22: a till whose clock is four minutes slow, so that sales seem to come before their prescriptions."""
    rng = city.rng
    for shop in city.pick_places(1, city.places.kind == "P", trade(city)):
        mine = city.buys.inst.eq(shop) & city.buys.lead.notna()
        baskets = city.buys.basket[mine].unique()
        at_once = pd.Series(-240.0 + rng.integers(20, 200, len(baskets)), index=baskets)[
            rng.random(len(baskets)) < 0.3
        ]
        swift = mine & city.buys.basket.isin(at_once.index)
        city.buys.loc[swift, "lead"] = city.buys.basket[swift].map(at_once)
        city.excuse("pharmacy", shop, "M22: clock of the till is slow")


def internet_doctor(city: City) -> None:
    """M22: an internet hospital's doctor with a prescription every few minutes, by day, before the sale."""
    rng = city.rng
    doctor = city.pick_doctors(1, city.places.hosp_lv.eq("02").to_numpy()[city.doctors.inst])
    mine = (
        city.buys.lead.notna()
        & (city.buys.lead > 0)
        & city.buys.inst.ge(city.first_shop)
        & city.buys.rx.lt(0)
    )
    free = (
        mine
        & ~city.buys.doctor.isin(np.flatnonzero(city.taken["prescriber"]))
        & ~city.taken["place"][city.buys.inst]
    )
    baskets = city.buys.basket[free].unique()
    hers = city.buys.basket.isin(baskets[rng.random(len(baskets)) < 0.02]) & mine
    city.buys.loc[hers, "doctor"] = int(doctor[0])
    city.excuse("prescriber", doctor, "M22: doctor of an internet hospital")


def one_disease_doctors(city: City) -> None:
    """M50: who treats one disease writes one drug, for that disease."""
    rng = city.rng
    public = city.places.hosp_lv.isin(["02", "05"]).to_numpy()[city.doctors.inst]
    for doctor, icd, drug in zip(
        city.pick_doctors(3, public),
        ("B18", "H40", "E05"),
        ("tenofovir", "eye_drops", "levothyroxine"),
        strict=False,
    ):
        n = city.count(60, 140, 20)
        psn = rng.choice(np.flatnonzero(city.people.age > 25), n)
        city.add(
            "visits",
            psn=psn,
            inst=int(city.doctors.inst.iloc[doctor]),
            time=calendar.moments(rng, city.plan, n, "clinic"),
            doctor=int(doctor),
            icd=icd,
            why=visit("H10"),
            drug=number(drug),
            drug_cnt=rng.integers(1, 3, n).astype(float),
        )
        city.excuse("prescriber", doctor, "M50: one disease, one drug")


ALL = (
    stocking_up,
    transplanted,
    carers_round,
    repeat_prescriptions,
    filled_in_two_parts,
    pharmacy_next_door,
    pharmacy_for_special_drugs,
    slow_clock,
    internet_doctor,
    one_disease_doctors,
)
