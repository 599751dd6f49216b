"""Bills of outpatient visits and sessions."""

import numpy as np
import pandas as pd

from benchmarks.blind.bills.sheet import Sheet
from benchmarks.blind.catalogue import number, numbers
from benchmarks.blind.city import City
from benchmarks.blind.diseases import VISITS

REHAB = ["acupuncture", "electro", "massage", "balance", "exercise"]


def bill_visits(city: City, sheet: Sheet) -> None:
    """Visits and lines of all planned visits and sessions, and their sign-ins."""
    visits, rng = city.visits.reset_index(drop=True), city.rng
    codes = np.array(list(VISITS))[visits.why]
    icd = visits.icd.where(visits.icd.notna(), codes)
    long = (visits.minutes.to_numpy() * 60 * rng.uniform(0.9, 1.1, len(visits))).astype("timedelta64[s]")
    begin = visits.time.to_numpy()
    lag = long.astype(int) * 0 + rng.integers(30, 900, len(visits))
    entered = visits.assign(
        begin=begin,
        end=begin + long,
        icd=icd,
        pooled=True,
        waived=False,
        lag=lag,
        trum=np.where(pd.Series(icd).str.startswith("S"), "1", "0"),
    )
    visits["visit"] = sheet.enter(entered)
    visits["price"] = city.places.price.to_numpy()[visits.inst]
    small = city.places.hosp_lv.eq("11").to_numpy()[visits.inst]
    fee = np.where(small, number("general"), number("consult"))
    plain = visits.form.to_numpy() == "acute"
    _charge(sheet, visits[plain], fee[plain], 1.0)
    _acute(rng, sheet, visits[plain])
    _dialysis(rng, sheet, visits[visits.form.eq("dialysis")])
    _rehab(rng, sheet, visits[visits.form.eq("rehab")])
    extra = visits[visits.drug >= 0]
    _charge(sheet, extra, extra.drug.to_numpy(), extra.drug_cnt.to_numpy())
    _signs(city, visits)


def _charge(sheet: Sheet, visits: pd.DataFrame, item: np.ndarray | int, cnt: np.ndarray | float) -> None:
    time = visits.time.to_numpy() + np.timedelta64(240, "s")
    sheet.charge(
        visits.visit.to_numpy(), item, cnt, time, visits.price.to_numpy(), doctor=visits.doctor.to_numpy()
    )


def _acute(rng: np.random.Generator, sheet: Sheet, visits: pd.DataFrame) -> None:
    for turn in range(3):
        for place, chance in ((1, 0.7), (2, 0.4)):
            listed = [entry[place] for entry in VISITS.values()]
            item = np.array([number(names[turn]) if len(names) > turn else -1 for names in listed])[
                visits.why
            ]
            does = (item >= 0) & (rng.random(len(visits)) < chance)
            cnt = np.round(1 + (place == 1) * rng.random(len(visits)) * visits.units.to_numpy())
            _charge(sheet, visits[does], item[does], cnt[does])


def _dialysis(rng: np.random.Generator, sheet: Sheet, visits: pd.DataFrame) -> None:
    for name, chance in (
        ("dialysis", 1.0),
        ("dialyser", 1.0),
        ("heparin", 0.95),
        ("epo", 0.6),
        ("perfusion", 0.06),
    ):
        does = rng.random(len(visits)) < chance
        _charge(sheet, visits[does], number(name), 1.0)
    tested = rng.random(len(visits)) < 0.1
    _charge(sheet, visits[tested], number("blood"), 1.0)


def _rehab(rng: np.random.Generator, sheet: Sheet, visits: pd.DataFrame) -> None:
    """As many different treatments as the session has units; more than five are charged twice."""
    order = rng.random((len(visits), len(REHAB))).argsort(1)
    for place in range(2 * len(REHAB)):
        does = visits.units.to_numpy() > place
        item = np.array(numbers(REHAB))[order[:, place % len(REHAB)]]
        _charge(sheet, visits[does], item[does], 1.0)


def _signs(city: City, visits: pd.DataFrame) -> None:
    signed = visits[visits.form.isin(["dialysis", "rehab"]) & visits.signed.astype(bool)]
    city.add(
        "signs",
        psn=signed.psn.to_numpy(),
        inst=signed.inst.to_numpy(),
        time=signed.time.to_numpy(),
        serv=np.where(signed.form.eq("dialysis"), "1", "3"),
        minutes=signed.minutes.to_numpy(),
    )
