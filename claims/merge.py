"""What a load changes in the tables of the store, and the account of its rows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import reduce
from operator import and_

import ibis
from ibis import _

from claims.checks import Load
from claims.tables import TABLES, Table
from claims.waiting import WAITED, key_of, same_key

_ONE_MONTH = "all"


@dataclass
class Counts:
    """What became of a table's rows in one load; ``in`` is the sum of the others."""

    kept: int
    quarantined: int
    set_aside: int
    identical: int

    def as_dict(self) -> dict[str, int]:
        """The counts as `run.json` spells them."""
        return {"in": self.kept + self.quarantined + self.set_aside + self.identical, **asdict(self)}


@dataclass
class Report:
    """What a load brought.

    Attributes:
        tables: counts per table of the load (`Counts.as_dict`).
        quarantine: rows per reason.
        extra: columns that the contract does not know, per table.
        not_taken: files that look like tables and were not taken, with the reason.
        taken_later: rows of earlier loads whose parent came with this one, per table.
        waiting: rows that wait for their parent after this load, per table.
        key: fingerprint of the key under which identifiers were replaced; None where they were kept.
        until: day on which a database was read (ISO); None for a folder.
        partial: an addition to the bureau's deliveries, such as outcomes of inspections.
    """

    tables: dict[str, dict[str, int]]
    quarantine: dict[str, int]
    extra: dict[str, list[str]]
    not_taken: list[str] = field(default_factory=list)
    taken_later: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    partial: bool = False
    until: str | None = None
    key: str | None = None


@dataclass
class Merge:
    """What a load changes in a table of the store.

    Attributes:
        fresh: rows that are new or replace a row of the same key.
        identical: rows that the store holds already.
        after: the table after the load.
        touched: months (``month``) that change; None where the table is new.
    """

    fresh: ibis.Table
    identical: int
    after: ibis.Table
    touched: ibis.Table | None


def merge(load: Load, table: Table, old: ibis.Table | None) -> Merge:
    """Skip rows that the store holds already, replace rows that a correction changes."""
    rows = load.tables[table.name]
    if old is None:
        return Merge(rows, 0, rows.select(*table.columns), None)
    held = old.rename({f"_old_{name}": name for name in old.columns})
    by_key = [rows[k].identical_to(held[f"_old_{k}"]) for k in key_of(table)]
    both = rows.left_join(held, by_key)
    same = reduce(and_, [both[name].identical_to(both[f"_old_{name}"]) for name in table.columns])
    same = same & both[f"_old_{key_of(table)[0]}"].notnull()
    fresh = load.con.create_table(f"fresh_{table.name}", both.filter(~same).select(*rows.columns))
    stays = old.anti_join(fresh, same_key(table, old, fresh)).select(*table.columns)
    goes = old.semi_join(fresh, same_key(table, old, fresh)).select(*table.columns)
    identical = _of_load(rows) - _of_load(fresh)
    touched = months(goes, table).union(months(fresh, table)).distinct()
    return Merge(fresh, identical, stays.union(fresh.select(*table.columns)), touched)


def month(rows: ibis.Table, table: Table) -> ibis.Value:
    """The month under which the store keeps each row."""
    return rows[table.month].strftime("%Y-%m") if table.month else ibis.literal(_ONE_MONTH)


def months(rows: ibis.Table, table: Table) -> ibis.Table:
    """The months (``month``) of these rows."""
    return rows.select(month=month(rows, table)).distinct()


def valid_settlements(settlements: ibis.Table) -> ibis.Table:
    """Settlements that count: not void (`vali_flag`), no double count (`setl_type` 3) (contract, Money)."""
    aside = TABLES["setl_d"].aside
    return settlements.filter([(_[c] != value).fill_null(True) for c, value in aside.items()])


def visit_sums(settlements: ibis.Table) -> ibis.Table:
    """Valid settlements summed to their visit: mdtrt_id, medfee_sumamt in yuan, rounded to the cent."""
    return (
        valid_settlements(settlements)
        .group_by("mdtrt_id")
        .aggregate(medfee_sumamt=_.medfee_sumamt.sum().round(2))
    )


def account(load: Load, before: Mapping[str, ibis.Table], merges: dict[str, Merge], partial: bool) -> Report:
    """Count what became of every row that was read."""
    refused = load.quarantine.group_by("table").aggregate(n=_.count()).to_pandas()
    quarantined = dict(zip(refused["table"], refused["n"].astype(int), strict=True))
    negative = _negative_visits(load, before, merges)
    tables = {}
    for name, rows in load.rows.items():
        aside = _of_load(_set_aside(merges[name].fresh, TABLES[name], *negative))
        identical = merges[name].identical + load.repeats.get(name, 0)
        bad = quarantined.get(name, 0)
        tables[name] = Counts(rows - aside - identical - bad, bad, aside, identical).as_dict()
    taken_later = _sizes({name: one.fresh.filter(_._part == WAITED) for name, one in merges.items()})
    return Report(
        tables,
        _reasons(load.quarantine),
        load.extra,
        load.not_taken,
        taken_later,
        _sizes(load.waiting),
        partial,
    )


def _sizes(tables: Mapping[str, ibis.Table]) -> dict[str, int]:
    """Rows by table, of those that have any."""
    counts = {name: int(rows.count().execute()) for name, rows in tables.items()}
    return {name: count for name, count in counts.items() if count}


def _of_load(rows: ibis.Table) -> int:
    """Rows that this load's own files brought."""
    return int(rows.filter(_._part > WAITED).count().execute())


def _negative_visits(
    load: Load, before: Mapping[str, ibis.Table], merges: dict[str, Merge]
) -> tuple[ibis.Table, ibis.Table]:
    """Visits whose settlements sum below zero (``mdtrt_id``), and those settlements (``setl_id``)."""
    settled = merges["setl_d"].after if "setl_d" in merges else before["setl_d"]
    visits = visit_sums(settled).filter(_.medfee_sumamt < 0).select("mdtrt_id")
    visits = load.con.create_table("negative_visits", visits)
    return visits, settled.semi_join(visits, "mdtrt_id").select("setl_id")


def _set_aside(rows: ibis.Table, table: Table, visits: ibis.Table, settlements: ibis.Table) -> ibis.Table:
    """Rows that are valid but do not count."""
    aside = ibis.literal(False)
    for column, value in table.aside.items():
        aside = aside | (rows[column] == value).fill_null(False)
    if "mdtrt_id" in rows.columns:
        aside = aside | rows.mdtrt_id.isin(visits.mdtrt_id).fill_null(False)
    elif table.name == "drug_sel_d":
        aside = aside | rows.setl_id.isin(settlements.setl_id).fill_null(False)
    return rows.filter(aside)


def _reasons(quarantine: ibis.Table) -> dict[str, int]:
    """Rows per reason and field."""
    place = ibis.ifelse(_.field.isnull(), "", ": " + _.table + "." + _.field)
    reasons = quarantine.mutate(why=_.reason + place).group_by("why").aggregate(n=_.count())
    found = reasons.order_by("why").to_pandas()
    return {str(why): int(n) for why, n in zip(found.why, found.n, strict=True)}
