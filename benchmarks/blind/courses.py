"""Honest care that comes in courses, care at home, and accidents."""

import numpy as np

from benchmarks.blind import calendar
from benchmarks.blind.city import City
from benchmarks.blind.diseases import INJURIES, stay
from benchmarks.blind.geography import choose, gravity
from benchmarks.blind.life import add_stays
from benchmarks.blind.plan import DAY

SHIFT_HOURS = (7.5, 12.5, 17.5)


def attend(city: City) -> None:
    """Dialysis, chemotherapy, rehabilitation, care at home, and accidents on record."""
    dialysis(city)
    chemotherapy(city)
    rehabilitation(city)
    care_at_home(city)
    accidents(city)


def dialysis(city: City) -> None:
    """Three sessions a week on one's own days and shift at one centre, with a sign-in."""
    rng, people = city.rng, city.people
    ill = np.flatnonzero(people.kidney)
    ill = ill[rng.random(len(ill)) < 0.6]
    centre = np.flatnonzero(city.places.dialysis)
    near = gravity(city.km[:, centre], np.ones(len(centre)), 15.0)
    at = centre[choose(rng, near, city.villages_of(ill))]
    city.people["centre"] = -1
    city.people.loc[ill, "centre"] = at
    shift, odd = rng.choice(3, len(ill), p=[0.5, 0.35, 0.15]), rng.random(len(ill)) < 0.5
    days = np.arange(city.plan.days)
    weekday = ((city.plan.start.astype("datetime64[D]").astype(int) + days) + 3) % 7
    comes = np.where(odd[:, None], np.isin(weekday, [0, 2, 4]), np.isin(weekday, [1, 3, 5]))
    comes &= rng.random(comes.shape) < 0.97
    who, day = np.nonzero(comes)
    hour = (np.array(SHIFT_HOURS)[shift[who]] * 3600 + rng.normal(0, 600, len(who))).astype("timedelta64[s]")
    sessions(city, ill[who], at[who], city.plan.start + day * DAY + hour)


def sessions(
    city: City, psn: np.ndarray, inst: np.ndarray | int, time: np.ndarray, **columns: object
) -> None:
    """Plan dialysis sessions; the terminal misses one in fifty."""
    inst = np.broadcast_to(inst, len(psn))
    signed = city.rng.random(len(psn)) > 0.02 + 0.3 * city.places.unsigned.to_numpy()[inst]
    planned: dict[str, object] = {
        "psn": psn,
        "inst": inst,
        "time": time,
        "signed": signed,
        "med_type": "14",
        "form": "dialysis",
        "icd": "N18",
        "minutes": 240.0,
        "doctor": city.doctor_at(inst, "internal"),
    }
    city.add("visits", **{**planned, **columns})


def chemotherapy(city: City) -> None:
    """Short stays every three weeks; half of the hospitals code the tumour instead of the course."""
    rng = city.rng
    ill = np.flatnonzero(city.people.cancer)
    ill = ill[rng.random(len(ill)) < 0.5]
    able = np.flatnonzero(
        city.places.beds & ((city.places.hosp_lv <= "05") | (city.places.spec == "oncology"))
    )
    at = able[
        choose(rng, gravity(city.km[:, able], city.places.pull.to_numpy()[able], 40.0), city.villages_of(ill))
    ]
    cycles = rng.integers(4, 9, len(ill))
    first = rng.integers(0, max(2, city.plan.days - 60), len(ill))
    who = np.repeat(np.arange(len(ill)), cycles)
    turn = np.arange(len(who)) - np.repeat(np.cumsum(cycles) - cycles, cycles)
    day = first[who] + turn * 21 + rng.integers(-1, 3, len(who))
    inside = day < city.plan.days - 6
    who, day = who[inside], day[inside]
    named = at % 2 == 0
    why = np.where(named[who], stay("Z51"), stay("C50"))
    begin = calendar.on_day(rng, city.plan.start + day * DAY, "ward")
    add_stays(city, ill[who], at[who], begin, why, los=rng.integers(2, 5, len(who)), course=named[who])
    for code, mask in (("chemotherapy, coded", named), ("chemotherapy, without its code", ~named)):
        city.excuse("patient", ill[mask], f"M03: {code}")


def rehabilitation(city: City) -> None:
    """Courses of ten to twenty sessions after strokes and for backs, two treatments each, signed."""
    rng, people = city.rng, city.people
    chance = np.where(people.stroke, 0.25, np.where(people.age > 45, 0.012, 0.002))
    psn = np.flatnonzero(rng.random(len(people)) < chance)
    able = np.flatnonzero(
        (city.places.spec.isin(["rehab", "tcm"])) | (city.places.hosp_lv.isin(["05", "08"]))
    )
    at = able[choose(rng, gravity(city.km[:, able], np.ones(len(able)), 8.0), city.villages_of(psn))]
    course(city, psn, at, rng.integers(6, 16, len(psn)), rng.integers(0, city.plan.days - 25, len(psn)))


def course(
    city: City,
    psn: np.ndarray,
    inst: np.ndarray | int,
    times: np.ndarray,
    first: np.ndarray,
    **columns: object,
) -> None:
    """Plan rehabilitation sessions on days one to three apart."""
    inst = np.broadcast_to(inst, len(psn))
    rng = city.rng
    who = np.repeat(np.arange(len(psn)), times)
    start = np.cumsum(times) - times
    step = rng.integers(1, 4, len(who))
    step[start[times > 0]] = 0
    day = np.cumsum(step) - np.cumsum(step)[start][who]
    day = first[who] + day
    keep = day < city.plan.days
    who, day = who[keep], day[keep]
    doctor = city.doctor_at(inst, "rehab")
    planned: dict[str, object] = {
        "psn": psn[who],
        "inst": inst[who],
        "time": calendar.on_day(rng, city.plan.start + day * DAY, "clinic"),
        "form": "rehab",
        "icd": "M54",
        "units": rng.choice([1.0, 2.0, 3.0], len(who), p=[0.3, 0.5, 0.2]),
        "doctor": doctor[who],
        "signed": rng.random(len(who)) > city.places.unsigned.to_numpy()[inst[who]],
    }
    city.add("visits", **{**planned, **columns})


def care_at_home(city: City) -> None:
    """Long-term care for the disabled: two to six services a week at one's own hours."""
    rng, people = city.rng, city.people
    likely = 0.03 * (people.age > 60) * np.minimum(people.frailty, 8) / 3 + 0.12 * people.stroke
    cared = np.flatnonzero(rng.random(len(people)) < likely)
    city.people["cared"] = False
    city.people.loc[cared, "cared"] = True
    city.people["provider"] = city.clinics_near(people.village.to_numpy())
    who, day = calendar.chain(rng, city.plan, 7 / rng.integers(2, 6, len(cared)), 0.6)
    hour = rng.choice([8, 9, 10, 14, 15, 16], len(cared))[who] + rng.normal(0, 0.3, len(who))
    psn = cared[who]
    city.add(
        "care",
        psn=psn,
        inst=people.provider.to_numpy()[psn],
        time=day.astype("datetime64[D]").astype("datetime64[s]") + (hour * 3600).astype("timedelta64[s]"),
    )


def accidents(city: City) -> None:
    """Records of accidents: some of the injuries, with who was to blame declared, and some without a stay."""
    rng, stays = city.rng, city.stays
    hurt = np.flatnonzero(stays.why.isin(INJURIES))
    with_record = hurt[rng.random(len(hurt)) < 0.15]
    ago = rng.integers(1, 30, len(with_record)) * np.timedelta64(3600, "s")
    fault = rng.random(len(with_record)) < 0.5
    city.add(
        "accidents",
        psn=stays.psn.to_numpy()[with_record],
        time=stays.begin.to_numpy()[with_record] - ago,
        ttp=np.where(fault, "0", "1"),
        kind=np.where(fault, "4", "1"),
    )
    city.stays.loc[with_record, "ttp"] = np.where(fault, "0", "1")
    city.excuse("patient", stays.psn.to_numpy()[with_record][~fault], "M27: third party declared")
    city.excuse("patient", stays.psn.to_numpy()[with_record][fault], "M27: nobody else was to blame")
    n = max(5, len(city.people) // 250)
    city.add(
        "accidents",
        psn=rng.choice(len(city.people), n),
        time=calendar.moments(rng, city.plan, n, "shop"),
        kind=rng.choice(["1", "2", "3", "4"], n),
        ttp=rng.choice(["0", "1"], n),
    )
