"""The store: DuckDB over Parquet, one folder a table, partitioned by month, replaced whole.

    STORE/
      CURRENT            name of the generation in force
      claims-000007/     one generation: TABLE/month=YYYY-MM/*.parquet
      loads/             what each load brought (counts) and its quarantine
      runs/AS_OF/        lists, evidence and pages of an as-of date
      evaluations/AS_OF/ how good past lists were, judged at an as-of date

A load builds the next generation beside the current one (months it does not touch are hard links) and
replaces the name in CURRENT, so a reader sees either all of a load or nothing of it.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import reduce
from operator import and_
from pathlib import Path

import ibis
from ibis import _

from claims.checks import Load, check
from claims.errors import StoreError
from claims.tables import TABLES, Table
from claims.values import ValueMap

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
    """What a load brought: counts per table, quarantined rows per reason, columns outside the contract."""

    tables: dict[str, dict[str, int]]
    quarantine: dict[str, int]
    extra: dict[str, list[str]]


def connect(work: Path) -> ibis.BaseBackend:
    """A scratch DuckDB database in a folder; larger than memory, gone with the folder."""
    con = ibis.duckdb.connect(work / "scratch.duckdb")
    con.raw_sql(f"SET temp_directory = '{work}'")
    con.raw_sql("SET preserve_insertion_order = true")
    con.raw_sql("SET enable_progress_bar = false")
    return con


@contextlib.contextmanager
def scratch(inside: Path | None = None) -> Iterator[Path]:
    """A folder that only its owner reads and that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=".work-", dir=inside) as folder:
        yield Path(folder)


@contextlib.contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """A folder to write that then replaces the target, for its owner alone; on failure nothing changes."""
    building = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700)
    try:
        yield building
        for path in (building, *building.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
        if target.exists():
            old = building.with_name(f"{building.name}.old")
            target.rename(old)
            building.rename(target)
            shutil.rmtree(old)
        else:
            building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


class Store:
    """A folder that holds the claims of all loads and the runs made from them."""

    def __init__(self, path: Path):
        self.path = path

    @property
    def runs(self) -> Path:
        """Folder of the runs, one for each as-of date."""
        return self.path / "runs"

    def runs_before(self, as_of: date) -> list[Path]:
        """Folders of the runs of earlier as-of dates, oldest first; unfinished ones left out."""
        names = re.compile(r"\d{4}-\d\d-\d\d")
        found = [path for path in self.runs.glob("*") if names.fullmatch(path.name)]
        return sorted(path for path in found if path.name < as_of.isoformat())

    @property
    def generation(self) -> Path | None:
        """Folder of the claims in force; None before the first load."""
        pointer = self.path / "CURRENT"
        return self.path / pointer.read_text().strip() if pointer.exists() else None

    def tables(self, con: ibis.BaseBackend) -> dict[str, ibis.Table]:
        """The tables in force, as relations of the given connection, with the columns of the contract."""
        if self.generation is None:
            return {}
        return {folder.name: _read(con, folder) for folder in sorted(self.generation.iterdir())}

    def require_claims(self) -> None:
        """Raise StoreError where nothing was ever loaded."""
        if self.generation is None:
            raise StoreError(f"{self.path} holds no claims yet: run 'fundguard ingest' first")

    def last_load(self) -> Report:
        """What the latest load of a whole folder brought; tables that came alone since are not in it.

        Raises:
            StoreError: nothing was ever loaded.
        """
        self.require_claims()
        files = sorted((self.path / "loads").glob("*.json"), reverse=True)
        reports = (Report(**json.loads(file.read_text(encoding="utf-8"))) for file in files)
        required = {name for name, table in TABLES.items() if table.required}
        return next(report for report in reports if required <= set(report.tables))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other load and run out of the store.

        Raises:
            StoreError: another one is at work.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StoreError(f"{self.path} is in use by another load or run") from error
            yield

    def ingest(self, source: Path, values: ValueMap | None = None, partial: bool = False) -> Report:
        """Check a folder of tables and add its rows; loading the same files twice changes nothing.

        Args:
            values: what the region's own codes mean.
            partial: the folder may lack required tables, for the store holds claims already.

        Raises:
            InputError: the folder cannot be read (`claims.checks.check`).
            StoreError: `values` names a column that is no code or flag of the contract, or nothing was ever
                loaded although `partial`.
        """
        if partial:
            self.require_claims()
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with scratch(self.path) as work:
            con = connect(work)
            before = self.tables(con)
            load = check(con, source, work, before, values, partial)
            merges = {name: _merge(load, TABLES[name], before.get(name)) for name in load.tables}
            report = _account(load, before, merges)
            self._commit(load, before, merges, report, work)
            con.disconnect()
        return report

    def _commit(
        self, load: Load, before: Iterable[str], merges: dict[str, "_Merge"], report: Report, work: Path
    ) -> None:
        con = load.con
        number = int(self.generation.name.split("-")[1]) + 1 if self.generation else 1
        building, loads = work / "next", self.path / "loads"
        building.mkdir()
        for name in sorted(set(before) | set(merges)):
            _write(con, TABLES[name], merges.get(name), self.generation, building / name)
        loads.mkdir(exist_ok=True, mode=0o700)
        con.raw_sql(
            f"COPY (FROM quarantine) TO '{loads / f'{number:06d}.quarantine.parquet'}' (FORMAT parquet)"
        )
        text = json.dumps(asdict(report), ensure_ascii=False, indent=1)
        (loads / f"{number:06d}.json").write_text(text, encoding="utf-8")
        _own(building, loads)
        old = self.generation
        building.rename(self.path / f"claims-{number:06d}")
        pointer = self.path / "CURRENT.next"
        pointer.write_text(f"claims-{number:06d}\n")
        pointer.rename(self.path / "CURRENT")
        if old is not None:
            shutil.rmtree(old)


def preview(
    source: Path, values: ValueMap | None = None
) -> tuple[Report, list[tuple[str, str, int, str, str]]]:
    """What loading a folder into an empty store would do; nothing is written.

    Returns:
        The report and the first quarantined rows as (table, file, row, field, reason), without their content.
    """
    with scratch() as work:
        con = connect(work)
        load = check(con, source, work, {}, values)
        report = _account(load, {}, {name: _merge(load, TABLES[name], None) for name in load.tables})
        first = load.quarantine.order_by("table", "file", "row").limit(20).drop("raw").to_pandas()
        con.disconnect()
    return report, list(first.itertuples(index=False, name=None))


@dataclass
class _Merge:
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


def _merge(load: Load, table: Table, old: ibis.Table | None) -> _Merge:
    """Skip rows that the store holds already, replace rows that a correction changes."""
    rows = load.tables[table.name]
    if old is None:
        return _Merge(rows, 0, rows.select(*table.columns), None)
    key = table.key or tuple(table.columns)
    held = old.rename({f"_old_{name}": name for name in old.columns})
    both = rows.left_join(held, [rows[k].identical_to(held[f"_old_{k}"]) for k in key])
    same = reduce(and_, [both[name].identical_to(both[f"_old_{name}"]) for name in table.columns])
    same = same & both[f"_old_{key[0]}"].notnull()
    fresh = both.filter(~same).select(*rows.columns)
    fresh = load.con.create_table(f"fresh_{table.name}", fresh)
    identical = rows.count().execute() - fresh.count().execute()
    replaced = [held[f"_old_{k}"].identical_to(fresh[k]) for k in key]
    stays = held.anti_join(fresh, replaced).rename({name: f"_old_{name}" for name in old.columns})
    goes = held.semi_join(fresh, replaced).rename({name: f"_old_{name}" for name in old.columns})
    after = stays.select(*table.columns).union(fresh.select(*table.columns))
    return _Merge(fresh, identical, after, _months(goes, table).union(_months(fresh, table)).distinct())


def _read(con: ibis.BaseBackend, folder: Path) -> ibis.Table:
    """A stored table; columns that the contract has gained since it was written are null."""
    rows = con.read_parquet(str(folder / "*" / "*.parquet"), hive_partitioning=False)
    declared = TABLES[folder.name].columns
    return rows.select(
        **{
            name: rows[name] if name in rows.columns else ibis.null(c.dtype.type)
            for name, c in declared.items()
        }
    )


def _month(rows: ibis.Table, table: Table) -> ibis.Value:
    return rows[table.month].strftime("%Y-%m") if table.month else ibis.literal(_ONE_MONTH)


def _months(rows: ibis.Table, table: Table) -> ibis.Table:
    return rows.select(month=_month(rows, table)).distinct()


def _write(
    con: ibis.BaseBackend, table: Table, merge: _Merge | None, current: Path | None, target: Path
) -> None:
    """Write a table of the next generation; months that the load does not touch are linked."""
    old = current / table.name if current and (current / table.name).exists() else None
    rows, touched = None, None
    if merge is not None:
        rows = merge.after.mutate(month=_month(merge.after, table))
        if merge.touched is not None:
            touched = set(merge.touched.to_pandas()["month"])
            rows = rows.filter(rows.month.isin(sorted(touched)))
    target.mkdir()
    if old is not None:
        for folder in old.iterdir():
            if touched is None and merge is None or folder.name.removeprefix("month=") not in (touched or ()):
                shutil.copytree(folder, target / folder.name, copy_function=os.link)
    if rows is not None and (touched is None or touched):
        order = ", ".join(table.key or table.columns)
        con.raw_sql(
            f"COPY ({con.compile(rows)} ORDER BY {order}) TO '{target}' "
            "(FORMAT parquet, PARTITION_BY (month), OVERWRITE_OR_IGNORE)"
        )
    if rows is not None and not any(target.iterdir()):
        empty = target / f"month={_ONE_MONTH}"
        empty.mkdir()
        con.raw_sql(
            f"COPY ({con.compile(rows.drop('month'))}) TO '{empty / 'data_0.parquet'}' (FORMAT parquet)"
        )


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


def _account(load: Load, before: dict[str, ibis.Table], merges: dict[str, _Merge]) -> Report:
    """Count what became of every row that was read."""
    after = before | {name: merge.after for name, merge in merges.items()}
    negative = visit_sums(after["setl_d"]).filter(_.medfee_sumamt < 0).select("mdtrt_id")
    negative = load.con.create_table("negative_visits", negative)
    of_visits = after["setl_d"].semi_join(negative, "mdtrt_id").select("setl_id")
    refused = load.quarantine.group_by("table").aggregate(n=_.count()).to_pandas()
    refused = dict(zip(refused["table"], refused["n"], strict=False))
    tables = {}
    for name, merge in merges.items():
        fresh, aside = merge.fresh, ibis.literal(False)
        for column, value in TABLES[name].aside.items():
            aside = aside | (fresh[column] == value).fill_null(False)
        if "mdtrt_id" in fresh.columns:
            aside = aside | fresh.mdtrt_id.isin(negative.mdtrt_id).fill_null(False)
        elif name == "drug_sel_d":
            aside = aside | fresh.setl_id.isin(of_visits.setl_id).fill_null(False)
        set_aside = int(fresh.filter(aside).count().execute())
        identical = merge.identical + load.repeats[name]
        quarantined = int(refused.get(name, 0))
        kept = load.rows[name] - set_aside - identical - quarantined
        tables[name] = Counts(int(kept), quarantined, set_aside, int(identical)).as_dict()
    reasons = load.quarantine.mutate(
        why=_.reason + ibis.ifelse(_.field.isnull(), "", ": " + _.table + "." + _.field)
    )
    reasons = reasons.group_by("why").aggregate(n=_.count()).order_by("why").to_pandas()
    return Report(tables, {why: int(n) for why, n in zip(reasons.why, reasons.n, strict=False)}, load.extra)


def _own(*folders: Path) -> None:
    """Let the owner alone read what was written."""
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
