"""Honest wards and patients that look like M01, M02, M03, M04, M10 and M11."""

import numpy as np

from benchmarks.blind import calendar
from benchmarks.blind.city import City
from benchmarks.blind.diseases import stay
from benchmarks.blind.life import add_stays, counter_sales
from benchmarks.blind.plan import DAY
from benchmarks.blind.schemes.wards import days, from_villages, small_wards


def cataract_camp(city: City) -> None:
    """M01: a charity operates cataracts in blocks, one bill for all, nothing to pay."""
    rng, place = city.rng, city.places
    for h in city.pick_places(1, place.beds & place.hosp_lv.isin(["05", "08"]) & ~small_wards(city)):
        psn = city.pick_people(city.count(24, 50, 10), city.people.age > 62)
        camp = days(city, city.few(4, 7))
        day = camp[rng.integers(0, len(camp), len(psn))]
        add_stays(
            city,
            psn,
            h,
            calendar.on_day(rng, day, "ward"),
            stay("H25"),
            los=3,
            noise=0.08,
            waived=True,
            sev=0,
            coded=0,
        )
        city.excuse("hospital", h, "M01: charity cataract camp")
        city.excuse("patient", psn, "M01: charity cataract camp")


def families_in_one_ward(city: City) -> None:
    """M02: couples who fall ill with the same, twice a year."""
    rng, people = city.rng, city.people
    partner = np.minimum(np.arange(len(people)) + 1, len(people) - 1)
    pair = (
        (people.house.to_numpy()[partner] == people.house)
        & people.age.gt(55)
        & people.age.gt(55).to_numpy()[partner]
    )
    first = city.pick_people(city.count(16, 30), pair)
    times = np.repeat(np.arange(len(first)), 2)
    inst = city.wards_near(city.villages_of(first[times]))
    begin = calendar.moments(rng, city.plan, len(times), "ward")
    why = rng.choice([stay("J18"), stay("J20"), stay("A09"), stay("I10")], len(times))
    for member in (first, partner[first]):
        add_stays(
            city, member[times], inst, begin + rng.integers(0, 30, len(times)).astype("timedelta64[h]"), why
        )
        city.excuse("patient", member, "M02: couple in one ward")


def lung_lavage(city: City) -> None:
    """M02: old miners have their lungs washed together, twice a year."""
    rng, people = city.rng, city.people
    miners = city.pick_people(city.count(6, 11, 5), people.age.between(55, 75) & people.gend.eq("1"))
    ward = city.pick_places(1, city.places.beds & city.places.hosp_lv.isin(["05", "08"]))[0]
    for day in days(city, 2):
        when = day + rng.integers(0, 2, len(miners)) * DAY
        add_stays(city, miners, ward, calendar.on_day(rng, when, "ward"), stay("J44"))
    city.excuse("patient", miners, "M02: lung lavage together")
    city.excuse("hospital", ward, "M02: lung lavage together")


def monthly_settlements(city: City) -> None:
    """M03: a psychiatric ward settles each month and goes on."""
    rng, place = city.rng, city.places
    able = place.beds & place.spec.eq("psych")
    h = city.pick_places(1, able if able.any() else place.beds & place.hosp_lv.eq("08"))[0]
    psn = city.pick_people(city.count(8, 16), city.people.psychosis)
    who, day = calendar.chain(rng, city.plan, np.full(len(psn), 31.0), 0.01)
    kept = rng.random(len(who)) < 0.6
    who, day = who[kept], day[kept]
    add_stays(city, psn[who], h, calendar.on_day(rng, day, "ward"), stay("F20"), los=30)
    city.excuse("hospital", h, "M03: psychiatric ward, settled by month")
    city.excuse("patient", psn, "M03: psychiatric ward, settled by month")


def relapses(city: City) -> None:
    """M03: lungs that give out again within weeks, at the same hospital."""
    rng = city.rng
    ill = city.pick_people(city.count(20, 40), city.people.copd)
    ward, begin = city.wards_near(city.villages_of(ill)), calendar.moments(rng, city.plan, len(ill), "ward")
    for later in (0, 1):
        when = begin + later * rng.integers(13, 26, len(ill)) * DAY
        add_stays(
            city,
            ill,
            ward,
            when,
            stay("J44"),
            sev=np.minimum(2, rng.integers(0, 3, len(ill))),
            los=rng.integers(7, 12, len(ill)),
        )
    city.excuse("patient", ill, "M03: relapse within weeks")


def short_examining_stays(city: City) -> None:
    """M04: a heart hospital admits for two days of angiography; the bill is all examination."""
    rng, place = city.rng, city.places
    able = place.beds & place.spec.eq("cardio")
    h = city.pick_places(1, able if able.any() else place.beds & place.hosp_lv.eq("05"))[0]
    psn = city.pick_people(
        city.count(35, 70, 12), city.people.coronary | (city.people.age > 55) & city.people.hypertension
    )
    begin = calendar.moments(rng, city.plan, len(psn), "ward")
    add_stays(city, psn, h, begin, stay("R07"), los=rng.integers(2, 4, len(psn)))
    city.excuse("hospital", h, "M04: angiography")
    city.excuse("patient", psn, "M04: angiography")


def leave_from_the_ward(city: City) -> None:
    """M10: rehabilitation with free weekends; a scan at another hospital; the family at the pharmacy."""
    rng, place = city.rng, city.places
    able = place.beds & place.spec.eq("rehab")
    h = city.pick_places(1, able if able.any() else place.beds & place.hosp_lv.eq("08"))[0]
    psn = city.pick_people(city.count(18, 36), city.people.age > 55)
    begin = calendar.moments(rng, city.plan, len(psn), "ward")
    plan = add_stays(city, psn, h, begin, stay("I69"), los=rng.integers(12, 20, len(psn)), idle=0.12)
    shopper = plan.sample(frac=0.45, random_state=city.plan.seed)
    who = shopper.psn.to_numpy()
    day = shopper.begin.to_numpy() + rng.integers(2, 9, len(who)) * DAY
    counter_sales(
        city, who, city.shops_near(city.villages_of(who)), calendar.on_day(rng, day, "shop"), free=True
    )
    sent = plan.drop(shopper.index).head(len(who) // 2).psn.to_numpy()
    when = plan.set_index("psn").begin.loc[sent].to_numpy() + 3 * DAY
    city.add(
        "visits",
        psn=sent,
        inst=rng.integers(0, 2, len(sent)),
        time=calendar.on_day(rng, when, "clinic"),
        free=True,
        doctor=city.doctor_at(np.zeros(len(sent), int)),
        why=6,
    )
    city.excuse("hospital", h, "M10: weekend leave from rehabilitation")
    city.excuse("patient", psn, "M10: leave, scans elsewhere, family purchases")


def relief_hospital(city: City) -> None:
    """M11: a hospital for people on relief, whose share aid pays."""
    rng, place, people = city.rng, city.places, city.people
    h = int(city.pick_places(1, place.beds & place.hosp_lv.isin(["05", "08"]))[0])
    psn = city.pick_people(city.count(30, 60, 8), people.psn_idet_type.notna() & (people.age > 40))
    add_stays(
        city,
        psn,
        h,
        calendar.moments(rng, city.plan, len(psn), "ward"),
        rng.choice([stay("J44"), stay("I50"), stay("I63"), stay("E11")], len(psn)),
    )
    city.excuse("hospital", h, "M11: hospital for people on relief")


def famous_ward(city: City) -> None:
    """M11: a ward people travel to for its name."""
    rng, place = city.rng, city.places
    famous = int(city.pick_places(1, place.beds & place.hosp_lv.isin(["05", "08"]))[0])
    far = from_villages(city, np.flatnonzero(city.km[:, famous] > 20), 30, 85)
    guest = rng.choice(np.flatnonzero(far), city.count(40, 80, 12))
    add_stays(
        city,
        guest,
        famous,
        calendar.moments(rng, city.plan, len(guest), "ward"),
        rng.choice([stay("M48"), stay("K80"), stay("I20"), stay("N20")], len(guest)),
    )
    city.excuse("hospital", famous, "M11: patients come from far for its name")


ALL = (
    cataract_camp,
    families_in_one_ward,
    lung_lavage,
    monthly_settlements,
    relapses,
    short_examining_stays,
    leave_from_the_ward,
    relief_hospital,
    famous_ward,
)
