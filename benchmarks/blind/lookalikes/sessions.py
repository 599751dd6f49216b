"""Honest sessions that look like M08, M26, M28 and M45."""

import numpy as np

from benchmarks.blind import calendar
from benchmarks.blind.city import City
from benchmarks.blind.courses import course, sessions
from benchmarks.blind.diseases import stay, visit
from benchmarks.blind.life import add_stays
from benchmarks.blind.plan import DAY
from benchmarks.blind.schemes.wards import from_villages


def broken_terminal(city: City) -> None:
    """M28: a centre whose sign-in terminal was away for repair, and patients who need a fourth session."""
    rng, people = city.rng, city.people
    centres = np.setdiff1d(people.centre[people.centre >= 0].unique(), np.flatnonzero(city.taken["place"]))
    for h in centres[:1]:
        since = city.plan.start + rng.integers(30, city.plan.days - 70) * DAY
        away = (
            city.visits.inst.eq(h)
            & city.visits.form.eq("dialysis")
            & city.visits.time.between(since, since + 40 * DAY)
        )
        city.visits.loc[away, "signed"] = False
        city.excuse("hospital", h, "M28: sign-in terminal under repair")
    weak = city.pick_people(city.count(4, 8), people.centre.ge(0))
    for psn in weak:
        day = np.arange(6, city.plan.days, 7) * DAY + city.plan.start
        sessions(
            city,
            np.full(len(day), psn),
            np.full(len(day), people.centre[psn]),
            calendar.on_day(rng, day, "clinic"),
        )
    city.excuse("patient", weak, "M28: four sessions a week")


def busy_rehabilitation(city: City) -> None:
    """M45: a rehabilitation hospital with long courses of many treatments, all signed."""
    rng, place = city.rng, city.places
    able = place.spec.isin(["rehab", "tcm"])
    h = city.pick_places(1, able if able.any() else place.hosp_lv.eq("08"))[0]
    psn = city.pick_people(
        city.count(20, 40, 10), from_villages(city, np.flatnonzero(city.km[:, h] < 30), 30, 85)
    )
    doctors = np.flatnonzero(city.doctors.inst == h)
    before = len(city.visits)
    course(city, psn, h, rng.integers(14, 30, len(psn)), rng.integers(0, city.plan.days - 40, len(psn)))
    added = np.arange(before, len(city.visits))
    city.visits.loc[added, "units"] = rng.integers(3, 6, len(added)).astype(float)
    city.excuse("hospital", h, "M45: busy rehabilitation")
    city.excuse("prescriber", doctors, "M45: busy rehabilitation")
    city.excuse("patient", psn, "M45: long course")


def care_around_a_stay(city: City) -> None:
    """M08: served on the morning of the admission and on the evening of the way home."""
    rng = city.rng
    psn = city.pick_people(city.count(12, 24), city.people.cared)
    begin, los = calendar.moments(rng, city.plan, len(psn), "ward"), rng.integers(5, 12, len(psn))
    add_stays(city, psn, city.wards_near(city.villages_of(psn)), begin, stay("J18"), los=los, free=True)
    morning, evening = begin.astype("datetime64[D]").astype("datetime64[s]"), begin + los * DAY
    evening = evening.astype("datetime64[D]").astype("datetime64[s]") + np.timedelta64(17 * 3600, "s")
    for time in (np.maximum(morning + np.timedelta64(6 * 3600, "s"), morning), evening):
        city.add("care", psn=psn, inst=city.people.provider.to_numpy()[psn], time=time, free=True)
    billed = psn[: len(psn) // 3]
    day = begin[: len(billed)] + 2 * DAY
    city.add(
        "care",
        psn=billed,
        inst=city.people.provider.to_numpy()[billed],
        time=calendar.on_day(rng, day, "clinic"),
        free=True,
    )
    city.excuse("patient", billed, "M08: one service entered on the wrong day")
    city.excuse("patient", psn, "M08: care on the first and last day of a stay")


def pressure_club(city: City) -> None:
    """M26: a family doctor measures the blood pressure of a village on one morning a month."""
    rng, place = city.rng, city.places
    for h in city.pick_places(city.few(2, 3), place.hosp_lv.isin(["08", "11"]) & place.biznet.eq("3")):
        near = from_villages(city, np.argsort(city.km[:, h])[:4], 50, 88)
        club = city.pick_people(int(rng.integers(8, 15)), near & city.people.hypertension)
        day = city.plan.start + np.arange(9, city.plan.days - 2, 30) * DAY
        row, who = np.nonzero(rng.random((len(day), len(club))) < 0.7)
        start = calendar.on_day(rng, day, "clinic")
        time = start[row] + rng.integers(0, 5400, len(row)).astype("timedelta64[s]")
        doctor = city.doctor_at(np.array([h]))[0]
        city.add("visits", psn=club[who], inst=int(h), time=time, doctor=int(doctor), why=visit("I10"))
        city.excuse("patient", club, "M26: blood pressure club")
        city.excuse("hospital", h, "M26: blood pressure club")


ALL = (broken_terminal, busy_rehabilitation, care_around_a_stay, pressure_club)
