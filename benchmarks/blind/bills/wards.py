"""Bills of stays, day by day."""

import numpy as np
import pandas as pd

from benchmarks.blind.bills.sheet import Sheet
from benchmarks.blind.catalogue import LABS, PANEL, number, numbers
from benchmarks.blind.city import City
from benchmarks.blind.diseases import STAYS, stay_table
from benchmarks.blind.plan import DAY

HOUR = np.timedelta64(3600, "s")
EFFORT = np.array([1.0, 1.35, 1.9])
UNITS_A_DAY = 4.0
DEAR = {"plate": "plate_dear", "lens": "lens_dear"}
MORE_EXAMS = ["ecg", "ultrasound", "xray", "ct_chest", "echo"]
GRADE = np.array(["A", "B", "C"])


def bill_wards(city: City, sheet: Sheet) -> None:
    """Visits and lines of all planned stays."""
    stays, rng = city.stays.reset_index(drop=True), city.rng
    table = stay_table()
    stays["price"] = city.places.price.to_numpy()[stays.inst]
    stays["dept"] = table.dept.to_numpy()[stays.why]
    day = stays.begin.to_numpy().astype("datetime64[D]").astype("datetime64[s]")
    leave = (
        day
        + stays.los.to_numpy() * DAY
        + (rng.uniform(8.5, 11.5, len(stays)) * 3600).astype("timedelta64[s]")
    )
    icd = table.icd.to_numpy()[stays.why]
    grade = GRADE[np.where(stays.coded < 0, stays.sev, stays.coded)]
    lag = np.where(
        rng.random(len(stays)) < 0.06,
        rng.integers(1, 4, len(stays)) * 86_400,
        rng.integers(600, 6000, len(stays)),
    )
    visits = stays.assign(
        end=leave, icd=icd, dise_no=pd.Series(icd) + "-" + pd.Series(grade), pooled=True, lag=lag
    )
    stays["visit"] = sheet.enter(visits)
    stays["day"] = day
    _daily(city, sheet, stays)
    _tests(city, sheet, stays)
    _operations(city, sheet, stays)


def _at(stays: pd.DataFrame, row: np.ndarray, day: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A time on a day of the stay: in the morning, on the first day after the admission."""
    morning = (
        stays.day.to_numpy()[row]
        + day * DAY
        + (rng.uniform(7.5, 8.5, len(row)) * 3600).astype("timedelta64[s]")
    )
    arrival = stays.begin.to_numpy()[row] + (rng.uniform(0.2, 1.4, len(row)) * 3600).astype("timedelta64[s]")
    return np.where(day == 0, arrival, morning)


def _charge(
    sheet: Sheet,
    stays: pd.DataFrame,
    row: np.ndarray,
    item: np.ndarray | int,
    cnt: np.ndarray | float,
    time: np.ndarray,
) -> None:
    visit, price, doctor = (stays[name].to_numpy()[row] for name in ("visit", "price", "doctor"))
    sheet.charge(visit, item, cnt, time, price, doctor=doctor)


def _daily(city: City, sheet: Sheet, stays: pd.DataFrame) -> None:
    """Bed, round and nursing of each day; drugs and infusions of the days on which somebody is there."""
    rng, los = city.rng, stays.los.to_numpy()
    row = np.repeat(np.arange(len(stays)), los)
    day = np.arange(len(row)) - np.repeat(np.cumsum(los) - los, los)
    nursing = np.array(numbers(["nursing3", "nursing2", "nursing1"]))[stays.sev.to_numpy()[row]]
    for item in (number("bed"), number("ward_round"), nursing):
        _charge(sheet, stays, row, item, 1.0, _at(stays, row, day, rng))
    idle = (day > 0) & (day >= np.ceil(los * (1 - stays.idle.to_numpy()))[row])
    busy = ~idle & ~stays.exams_only.to_numpy()[row]
    row, day = row[busy], day[busy]
    sev, effort, noise = (stays[c].to_numpy()[row] for c in ("sev", "effort", "noise"))
    for turn in range(3):
        drug = np.array([number(r.drugs[turn]) if len(r.drugs) > turn else -1 for r in STAYS])[
            stays.why.to_numpy()[row]
        ]
        # A hospital day without noise is the same day over and over.
        units = UNITS_A_DAY * EFFORT[sev] * effort * np.exp(rng.normal(0, 0.35, len(row)) * noise)
        units = np.where(drug >= 0, np.maximum(1, np.round(units)), 0)
        once = np.isin(drug, numbers(["paclitaxel", "cisplatin"]))
        _charge(sheet, stays, row, drug, np.where(once, day == 0, units), _at(stays, row, day, rng))
    for name, most in (("infusion", 1.0), ("infusion_set", 1.0)):
        _charge(sheet, stays, row, number(name), most, _at(stays, row, day, rng))
    watched = np.where(sev >= 1, 8 + 6 * (sev - 1), 0) * np.where(rng.random(len(row)) < 0.7, 1, 0)
    _charge(sheet, stays, row, number("monitoring"), watched.astype(float), _at(stays, row, day, rng))


def _tests(city: City, sheet: Sheet, stays: pd.DataFrame) -> None:
    """Laboratory on the first day and again halfway, examinations of the disease, packages."""
    rng, n = city.rng, len(stays)
    wanted = np.array([r.labs for r in STAYS])[stays.why] + 2 * stays.sev
    wanted = wanted + np.round(rng.normal(0, 1, n) * stays.noise)
    order = np.where(
        stays.noise.to_numpy()[:, None] < 0.2, np.arange(len(LABS)) / 20, rng.random((n, len(LABS)))
    )
    row, lab = np.nonzero(order.argsort(1).argsort(1) < wanted.to_numpy()[:, None])
    item = np.array(numbers(LABS))[lab]
    first = np.zeros(len(row), int)
    _charge(sheet, stays, row, item, 1.0, _at(stays, row, first, rng))
    half = stays.los.to_numpy()[row] // 2
    again = (half >= 3) & (rng.random(len(row)) < 0.4) & (stays.idle.to_numpy()[row] == 0)
    _charge(sheet, stays, row[again], item[again], 1.0, _at(stays, row[again], half[again], rng))
    for turn in range(4):
        exam = np.array([number(r.exams[turn]) if len(r.exams) > turn else -1 for r in STAYS])[stays.why]
        sure = np.where(stays.noise < 0.2, 1.0, 0.8)
        row = np.flatnonzero((exam >= 0) & (rng.random(n) < sure))
        _charge(sheet, stays, row, exam[row], 1.0, _at(stays, row, np.zeros(len(row), int), rng))
    zeal = city.places.zeal.to_numpy()[stays.inst].astype(float)
    for item in numbers(MORE_EXAMS):
        row = np.flatnonzero(rng.random(n) < 0.35 * stays.noise * zeal)
        _charge(sheet, stays, row, item, 1.0, _at(stays, row, np.zeros(len(row), int), rng))
    for item in numbers(PANEL):
        chance = np.select([stays.panel, stays.exams_only], [0.9, 0.45], 0.12 * zeal)
        row = np.flatnonzero(rng.random(n) < chance)
        _charge(sheet, stays, row, item, 1.0, _at(stays, row, np.zeros(len(row), int), rng))


def _operations(city: City, sheet: Sheet, stays: pd.DataFrame) -> None:
    """Operations with their materials on the second day, chemotherapy on the first."""
    rng = city.rng
    dear = stays.dear.to_numpy(bool) | (rng.random(len(stays)) < city.places.dear.to_numpy()[stays.inst])
    for why, reason in enumerate(STAYS):
        if not reason.operation:
            continue
        row = np.flatnonzero((stays.why == why) & (rng.random(len(stays)) < 0.9))
        when = _at(stays, row, np.minimum(1, stays.los.to_numpy()[row] - 1), rng)
        _charge(sheet, stays, row, number(reason.operation), 1.0, when)
        for name, usual in reason.materials:
            cnt = usual * stays.implants.to_numpy()[row] * np.exp(rng.normal(0, 0.15, len(row)) * (usual > 1))
            item = np.where(dear[row], number(DEAR.get(name, name)), number(name))
            _charge(sheet, stays, row, item, np.maximum(1, np.floor(cnt + rng.random(len(row)))), when)
    row = np.flatnonzero(stays.why.isin([i for i, r in enumerate(STAYS) if "paclitaxel" in r.drugs]))
    _charge(sheet, stays, row, number("chemo"), 1.0, _at(stays, row, np.zeros(len(row), int), rng))
