"""Errors of real claims data: billing faults, refunds, void and double rows, split packs, broken rows."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator

from claims.synthetic.clock import DAY, HOUR, MINUTE
from claims.synthetic.drafts import Drafts
from claims.synthetic.ledger import Books
from claims.synthetic.world import City

SLOPPY_SHARE = 0.30  # institutions with at least one small fault (magnitudes 8)
REFUND_SHARE = 0.0524  # of settlement rows (magnitudes 6)
SETTLED_AGAIN = 0.2  # of refunds: corrected and settled a second time
INVALID_SHARE = 0.0037  # vali_flag 0 (magnitudes 6)
DOUBLE_SHARE = 0.002  # setl_type 3, rows that would count twice
REPEATED_CODES = 0.0005  # of sale rows, honest: split packs and returns (magnitudes 8)
BREAKABLE = ("mdtrt_d", "setl_d", "fee_list_d")
BROKEN_SHARE = 0.0002  # rows for the quarantine: end before begin, settlement or line of an unknown visit
TWICE_SHARE = 0.0001  # rows delivered twice


def small_faults(city: City, rng: Generator, draft: Drafts) -> Drafts:
    """In sloppy places: a missed sign-in, a price over the ceiling, an item charged too often a day."""
    sloppy = np.where(
        rng.random(len(city.places.table)) < SLOPPY_SHARE, rng.uniform(0.3, 1.0, len(city.places.table)), 0
    )
    visits, lines = draft.visits, draft.lines
    missed = rng.random(len(visits)) < 0.05 * sloppy[visits.place]
    place = visits.place.to_numpy()[lines.visit]
    luck = rng.random(len(lines))
    faulty = 0.0012 * sloppy[place]
    ceiling = city.catalogue.items.ceiling.to_numpy()[lines.item]
    dear = (luck < faulty) & ~np.isnan(ceiling)
    price = np.where(dear, (ceiling * rng.uniform(1.02, 1.25, len(lines))).round(2), lines.price)
    often = (luck > 1 - faulty) & (city.catalogue.items["max_day"].to_numpy()[lines.item] == 1)
    count = lines["count"].to_numpy() + often
    return Drafts(visits.assign(signed=visits.signed & ~missed), lines.assign(price=price, count=count))


def add_corrections(city: City, books: Books) -> None:
    """Refunds, invalid and doubled settlements, and honest repeats of trace codes."""
    rng = city.rng("data errors")
    settled = books.settlements
    extra = [_refunds(rng, settled, city.clock.horizon), *_invalid(rng, settled)]
    settled = pd.concat([settled, *extra], ignore_index=True)
    books.settlements = settled.sort_values(["time", "visit", "total"], ignore_index=True, kind="stable")
    books.sales = _repeated_codes(rng, books.sales)


def _refunds(rng: Generator, settled: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Negative twins a little later; one in five is settled anew, so that the visit counts again."""
    share = REFUND_SHARE / (1 - REFUND_SHARE * (1 + SETTLED_AGAIN))
    rows = settled[rng.random(len(settled)) < share]
    after = np.where(
        rng.random(len(rows)) < 0.8,
        rng.integers(2 * MINUTE, 4 * HOUR, len(rows)),
        rng.integers(DAY, 5 * DAY, len(rows)),
    )
    money = ["total", "in_scope", "fund", "pooled", "account", "cash"]
    back = rows.assign(time=rows.time + after, refund=True, **{name: -rows[name] for name in money})
    anew = rows.assign(time=rows.time + after + rng.integers(30, 900, len(rows)))
    again = rng.random(len(rows)) < SETTLED_AGAIN
    refunds = pd.concat([back, anew[again]])
    # A refund whose new settlement falls after the period would leave the visit unpaid: it goes with it.
    late = refunds.visit[refunds.time >= horizon]
    return refunds[~refunds.visit.isin(late)]


def _invalid(rng: Generator, settled: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows that do not count, beside the rows that do."""
    failed = settled[rng.random(len(settled)) < INVALID_SHARE]
    double = settled[rng.random(len(settled)) < DOUBLE_SHARE]
    return [
        failed.assign(valid=False, time=failed.time - rng.integers(1, 60, len(failed))),
        double.assign(kind="3", time=double.time + rng.integers(1, 60, len(double))),
    ]


def cancelled(books: Books) -> np.ndarray:
    """Whether each visit leaves the measures: never settled, or its settlements sum to zero."""
    counted = books.settlements[books.settlements.valid & (books.settlements.kind != "3")]
    return np.bincount(counted.visit, counted.total, len(books.visits)) <= 0


def _repeated_codes(rng: Generator, sales: pd.DataFrame) -> pd.DataFrame:
    """Honest repeats within a shop: the rest of a split pack, or a box that was brought back first."""
    coded = sales[(sales.serial >= 0)].sort_values(["place", "item", "time"])
    follows = ((coded.place == coded.place.shift()) & (coded.item == coded.item.shift())).to_numpy()
    candidates = np.flatnonzero(follows & (coded.visit != coded.visit.shift()).to_numpy())
    picked = candidates[rng.random(len(candidates)) < REPEATED_CODES * len(sales) / max(len(candidates), 1)]
    # Two picks in a row would chain three sales to one box.
    picked = picked[np.diff(picked, prepend=-5) > 1]
    before, after = coded.index[picked - 1], coded.index[picked]
    sales = sales.copy()
    sales.loc[after, "serial"] = sales.serial[before].to_numpy()
    split = rng.random(len(picked)) < 0.5
    sales.loc[before[split], "split"] = True
    sales.loc[after[split], "split"] = True
    back = sales.loc[before[~split]]
    room = sales.time[after[~split]].to_numpy() - back.time.to_numpy()
    returned = back.assign(
        time=back.time + np.maximum(1, (room * rng.uniform(0.1, 0.9, len(back))).astype(int)), count=-1.0
    )
    return pd.concat([sales, returned]).sort_values(["time", "line"], ignore_index=True, kind="stable")


def add_invalid_rows(rng: Generator, name: str, table: pa.Table) -> pa.Table:
    """The written table with a few rows more: some that cannot be placed, some delivered twice."""
    if name not in BREAKABLE or table.num_rows == 0:
        return table
    key = table.column_names[0]
    broken = table.take(_few(rng, table, BROKEN_SHARE))
    broken = _with(broken, key, pc.binary_join_element_wise(broken[key], "9", ""))
    if name == "mdtrt_d":
        broken = _with(broken, "endtime", pc.subtract(broken["begntime"], pa.scalar(HOUR, pa.duration("s"))))
    else:
        broken = _with(broken, "mdtrt_id", pc.binary_join_element_wise(broken["mdtrt_id"], "9", ""))
    return pa.concat_tables([table, broken, table.take(_few(rng, table, TWICE_SHARE))])


def _few(rng: Generator, table: pa.Table, share: float) -> np.ndarray:
    return np.asarray(rng.choice(table.num_rows, max(1, round(table.num_rows * share)), replace=False))


def _with(table: pa.Table, column: str, values: pa.ChunkedArray) -> pa.Table:
    place = table.schema.get_field_index(column)
    return table.set_column(place, table.schema.field(place), values.cast(table.schema.field(place).type))
