"""A synthetic city as a bureau delivers it: the history, then a folder a day. Prices drift, one scheme begins
late, and outcomes of inspections come on the day they are known.

A visit comes with all that belongs to it on the day of its first settlement.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from claims.as_of import EVENTS
from claims.tables import TABLES, TIME

Tables = dict[str, pd.DataFrame]
# Amounts that rise with the prices.
MONEY = (
    "pric", "det_item_fee_sumamt", "medfee_sumamt", "inscp_amt", "fund_pay_sumamt", "hifp_pay", "acct_pay",
    "cash_payamt",
)  # fmt: skip
# The late scheme's conduct of so many days happens after its beginning instead of before.
CONDENSED_DAYS = 120


@dataclass(frozen=True)
class Plan:
    """What is delivered when.

    Attributes:
        first: day of the first folder; the history ends before it.
        nights: folders, one a day.
        begins: number of the folder with which the late scheme begins.
        drift: rise of prices a day, as a share.
    """

    first: date
    nights: int
    begins: int
    drift: float

    def day(self, number: int) -> date:
        """Day of a folder; the first is number 0."""
        return self.first + timedelta(days=number)


def read(folder: Path) -> Tables:
    """The tables of a city."""
    return {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}


def begin_late(tables: Tables, guilty: set[str], plan: Plan) -> Tables:
    """Nothing of some patients before the scheme begins; the CONDENSED_DAYS before it happen after it.

    Args:
        guilty: psn_no of the patients of the late scheme.
    """
    begin, end = pd.Timestamp(plan.day(plan.begins)), pd.Timestamp(plan.day(plan.nights))
    visits = tables["mdtrt_d"]
    theirs = visits[visits.psn_no.isin(guilty)].set_index("mdtrt_id").begntime
    theirs = theirs[theirs < begin]
    before = (begin - theirs).dt.days
    kept = before[before <= CONDENSED_DAYS]
    share = 1 - kept / (CONDENSED_DAYS + 1)
    later = (share * (end - begin).days).astype(int) + kept + 1
    return {
        name: _moved(name, rows, set(theirs.index), later, guilty, begin) for name, rows in tables.items()
    }


def _moved(
    name: str, rows: pd.DataFrame, early: set[str], later: pd.Series, guilty: set[str], begin: pd.Timestamp
) -> pd.DataFrame:
    """Rows of a table with early visits put off by so many days (`later`, by mdtrt_id) or left out."""
    if "mdtrt_id" not in rows:
        person = (
            rows.psn_no if "psn_no" in rows and name in EVENTS else pd.Series(None, rows.index, dtype=object)
        )
        if name not in EVENTS:
            return rows
        # A date without a time comes as a plain date.
        return rows[~(person.isin(guilty) & (pd.to_datetime(rows[EVENTS[name]]) < begin))]
    rows = rows[~rows.mdtrt_id.isin(early) | rows.mdtrt_id.isin(later.index)].copy()
    put_off = pd.to_timedelta(rows.mdtrt_id.map(later).fillna(0), unit="D")
    for column in rows.columns:
        if column in TABLES[name].columns and TABLES[name].kind(column) == TIME:
            rows[column] = rows[column] + put_off
    return rows


def by_day(tables: Tables) -> dict[str, pd.Series]:
    """The day on which each row is delivered, by table; missing for tables that describe."""
    settled = tables["setl_d"].groupby("mdtrt_id").setl_time.min()
    found = {}
    for name, rows in tables.items():
        happened = rows[EVENTS[name]] if name in EVENTS else pd.Series(pd.NaT, rows.index)
        if "mdtrt_id" in rows:
            happened = rows.mdtrt_id.map(settled).fillna(happened)
        found[name] = pd.to_datetime(happened).dt.normalize()
    return found


def deliver(tables: Tables, plan: Plan, out: Path) -> list[Path]:
    """Write the history and the folders of the days; returns them, the history first."""
    days = by_day(tables)
    folders = [out / "history", *(out / f"{plan.day(number)}" for number in range(plan.nights))]
    for number, folder in enumerate(folders):
        folder.mkdir(parents=True)
        for name, rows in tables.items():
            day = pd.Timestamp(plan.day(number - 1))
            mine = rows[days[name] == day] if number else rows[~(days[name] >= pd.Timestamp(plan.first))]
            if len(mine):
                dearer(mine, (1 + plan.drift) ** number if number else 1.0).to_parquet(
                    folder / f"{name}.parquet"
                )
    return folders


def dearer(rows: pd.DataFrame, factor: float) -> pd.DataFrame:
    """The rows with all amounts multiplied, to the cent."""
    money = [column for column in MONEY if column in rows]
    return rows.assign(**{column: (rows[column] * factor).round(2) for column in money})
