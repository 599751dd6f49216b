"""Conduct planted into the hospitals of public claims of stays, to learn from and to be found.

Each function says what a hospital does with some of its stays and with the money, not what a measure sees of
it. What a hospital does it does in its own way: its price, its plan, its interval.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

Random = np.random.Generator
# (stays that the conduct touches, random) → (those changed, stays added; ``origin`` is what they copy).
# Stays: index mdtrt_id; fixmedins_code, psn_no, begin, end (days), fund, fee (dollars).
Conduct = Callable[[pd.DataFrame, Random], tuple[pd.DataFrame, pd.DataFrame]]
_NOBODY = pd.DataFrame()
_FIRST_DAY, _LAST_DAY = pd.Timestamp(2008, 1, 1), pd.Timestamp(2010, 12, 31)


def higher_bills(hit: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bills are a third to nine tenths higher than what was done."""
    return _billed(hit, random.uniform(1.3, 1.9, len(hit))), _NOBODY


def empty_stays(hit: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Former patients are admitted on paper, three weeks to seven months later."""
    begin = hit.begin + _days(random.integers(20, 200, len(hit)))
    return _NOBODY, _again(hit, begin, random.integers(2, 6, len(hit)), 1.0)


def split_stays(hit: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients are discharged and admitted again within days."""
    begin = hit.end + _days(random.integers(1, 4, len(hit)))
    return _NOBODY, _again(hit, begin, random.integers(2, 6, len(hit)), 0.75)


def unused_implants(hit: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One in three of these bills holds an implant that was not used, at the hospital's price."""
    some = hit[random.random(len(hit)) < 1 / 3]
    price = _own(some, random.uniform(8_000, 20_000, len(some)))
    return some.assign(fund=some.fund + price, fee=some.fee + price), _NOBODY


def package_bills(hit: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bills are written to one amount, the hospital's usual one and a little more, whatever was done."""
    usual = hit.groupby("fixmedins_code").fund.transform("median")
    return _billed(hit, usual * random.uniform(1.1, 1.2, len(hit)) / hit.fund), _NOBODY


def kept_stays(hit: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Whoever could leave sooner is kept for the hospital's number of days, billed by the day."""
    plan = _own(hit, random.choice([6, 8, 10, 14], len(hit)))
    longer = (plan - (hit.end - hit.begin).dt.days).clip(lower=0)
    kept = hit.assign(end=(hit.end + _days(longer)).clip(upper=_LAST_DAY))
    extra = longer * random.uniform(100, 250, len(hit))
    return kept.assign(fund=hit.fund + extra, fee=hit.fee + extra), _NOBODY


def recalled_patients(hit: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients are called back for a short stay after the hospital's number of days."""
    wait = _own(hit, random.choice([15, 21, 28, 35], len(hit))) + random.integers(-1, 2, len(hit))
    return _NOBODY, _again(hit, hit.end + _days(wait), random.integers(2, 5, len(hit)), 0.5)


def borrowed_names(hit: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stays of people who were never there: what a stay of the hospital was, in the name of somebody else's
    patient."""
    names = random.permutation(hit.psn_no.to_numpy())
    begin = hit.begin + _days(random.integers(-150, 150, len(hit)))
    length = (hit.end - hit.begin).dt.days.to_numpy()
    return _NOBODY, _again(hit.assign(psn_no=names), begin, length, 1.0)


BILLS_AND_STAYS = (higher_bills, empty_stays, split_stays)
AMOUNTS = (unused_implants, package_bills)
COURSES = (kept_stays, recalled_patients)
EVERYTHING = (*BILLS_AND_STAYS, *AMOUNTS, *COURSES, borrowed_names)


def plant(tables: Path, conducts: tuple[Conduct, ...], share: float, seed: int) -> set[str]:
    """Plant conduct into a share of the hospitals of adapted DE-SynPUF tables, in place; returns who is
    guilty. Each guilty hospital does one thing, on about half of its stays."""
    random = np.random.default_rng(seed)
    visits = pd.read_parquet(tables / "mdtrt_d.parquet").set_index("mdtrt_id", drop=False)
    paid = pd.read_parquet(tables / "setl_d.parquet").set_index("mdtrt_id", drop=False)
    stays = _sound(visits, paid)
    places = np.sort(stays.fixmedins_code.unique())
    guilty = random.choice(places, int(share * len(places)), replace=False)
    does = dict(zip(guilty, random.integers(0, len(conducts), len(guilty)), strict=True))
    hit = stays[random.random(len(stays)) < random.uniform(0.35, 0.7, len(stays))]
    number = hit.fixmedins_code.map(does)
    found = [conduct(hit[number == at], random) for at, conduct in enumerate(conducts)]
    for changed, _added in found:
        _write(visits, paid, changed)
    added = pd.concat([new for _changed, new in found])
    copies = added.get("origin", pd.Series(dtype=object))
    visits, paid = (
        pd.concat([rows, rows.loc[copies].assign(mdtrt_id=copies.index).set_index("mdtrt_id", drop=False)])
        for rows in (visits, paid)
    )
    paid.loc[copies.index, "setl_id"] = copies.index
    _write(visits, paid, added)
    visits.to_parquet(tables / "mdtrt_d.parquet", index=False)
    paid.to_parquet(tables / "setl_d.parquet", index=False)
    return set(guilty)


def _sound(visits: pd.DataFrame, paid: pd.DataFrame) -> pd.DataFrame:
    """Stays with both dates and a payment."""
    bills = paid.reindex(visits.index)
    stays = pd.DataFrame(
        {
            "fixmedins_code": visits.fixmedins_code,
            "psn_no": visits.psn_no,
            "begin": pd.to_datetime(visits.begntime, format="%Y%m%d"),
            "end": pd.to_datetime(visits.endtime, format="%Y%m%d"),
            "fund": bills.fund_pay_sumamt,
            "fee": bills.medfee_sumamt,
        }
    )
    return stays[stays.begin.notna() & stays.end.notna() & (stays.fund > 0)]


def _write(visits: pd.DataFrame, paid: pd.DataFrame, stays: pd.DataFrame) -> None:
    """Put dates and money of these stays into the tables."""
    if stays.empty:
        return
    for rows in (visits, paid):
        rows.loc[stays.index, "psn_no"] = stays.psn_no
    for column, day in (("begntime", stays.begin), ("endtime", stays.end)):
        visits.loc[stays.index, column] = day.dt.strftime("%Y%m%d")
    paid.loc[stays.index, "setl_time"] = stays.end.dt.strftime("%Y%m%d")
    for column, amount in (("fund_pay_sumamt", stays.fund), ("medfee_sumamt", stays.fee)):
        paid.loc[stays.index, column] = amount.round(2)


def _billed(stays: pd.DataFrame, factor: np.ndarray | pd.Series) -> pd.DataFrame:
    return stays.assign(fund=stays.fund * factor, fee=stays.fee * factor)


def _own(stays: pd.DataFrame, drawn: np.ndarray) -> pd.Series:
    """One of the values drawn for each hospital, by stay."""
    return pd.Series(drawn, stays.index).groupby(stays.fixmedins_code).transform("first")


def _again(stays: pd.DataFrame, begin: pd.Series, length: np.ndarray, share: float) -> pd.DataFrame:
    """The same patients' stays once more, for a share of the money; those within the claims' years."""
    new = stays.assign(begin=begin, end=begin + _days(length), origin=stays.index)
    new = _billed(new, np.full(len(new), share)).set_index(new.index + "+")
    return new[(new.begin >= _FIRST_DAY) & (new.end < _LAST_DAY)]


def _days(number: np.ndarray | pd.Series) -> pd.TimedeltaIndex | pd.Series:
    return pd.to_timedelta(number, unit="D")
