"""Generations of the claims on disk: each load writes the next one whole, and one rename puts it in force.

    STORE/CURRENT                     name of the generation in force; its replacement commits a load
    STORE/claims-000007/              TABLE/month=YYYY-MM/*.parquet
    STORE/claims-000007/waiting/      TABLE.parquet: rows whose parent has not come yet
    STORE/loads/000007.*              report and quarantine of the load that made it

Files with a number past the one in force belong to a load that died: they count for nobody and the next load
removes them.
"""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import ibis

from claims.checks import Load
from claims.merge import Merge, Report, month
from claims.readers import quote
from claims.store_folder import committed_reports, current, number_of
from claims.tables import TABLES, Table
from claims.versions import flush

WAITING = "waiting"


def committed_loads(store: Path) -> list[Report]:
    """Reports of the loads, latest first."""
    return [Report(**json.loads(file.read_text(encoding="utf-8"))) for file in committed_reports(store)]


def stored_tables(con: ibis.BaseBackend, generation: Path | None) -> dict[str, ibis.Table]:
    """The tables of a generation with the columns of the contract; newer columns are null."""
    if generation is None:
        return {}
    folders = (generation / name for name in sorted(TABLES))
    return {
        f.name: _fit(_read(con, f"stored_{f.name}", *f.glob("*/*.parquet")), TABLES[f.name])
        for f in folders
        if f.is_dir()
    }


def stored_waiting(con: ibis.BaseBackend, generation: Path | None) -> dict[str, ibis.Table]:
    """The rows of a generation that wait for their parents, by table."""
    if generation is None:
        return {}
    files = sorted((generation / WAITING).glob("*.parquet"))
    return {file.stem: _fit(_read(con, f"waiting_{file.stem}", file), TABLES[file.stem]) for file in files}


def _read(con: ibis.BaseBackend, name: str, *files: Path) -> ibis.Table:
    # Named one by one, for a pattern would also read brackets in the path of the store.
    return con.read_parquet([str(file) for file in sorted(files)], table_name=name, hive_partitioning=False)


def _fit(rows: ibis.Table, table: Table) -> ibis.Table:
    return rows.select(
        **{
            name: rows[name] if name in rows.columns else ibis.null(column.dtype.type)
            for name, column in table.columns.items()
        }
    )


def remove_orphans(store: Path) -> None:
    """Remove what loads left that died: generations not in force, reports and pointers never committed."""
    generation = current(store)
    last = number_of(generation) if generation else 0
    for path in store.glob("claims-*"):
        if path != generation:
            shutil.rmtree(path)
    for path in (store / "loads").glob("*"):
        if number_of(path) > last:
            path.unlink()
    (store / "CURRENT.next").unlink(missing_ok=True)


def commit(store: Path, load: Load, merges: dict[str, Merge], report: Report, work: Path) -> None:
    """Write the next generation with its report, and put it in force in one step."""
    old = current(store)
    number = 1 + max((number_of(path) for path in _numbered(store)), default=0)
    building, loads = work / "next", store / "loads"
    building.mkdir()
    for name in sorted(({path.name for path in old.iterdir()} if old else set()) | set(merges)):
        if name in TABLES:
            _write_table(load.con, TABLES[name], merges.get(name), old, building / name)
    _write_waiting(load, building / WAITING)
    loads.mkdir(exist_ok=True, mode=0o700)
    accounts = _write_account(load, report, loads / f"{number:06d}")
    for path in (building, *building.rglob("*"), loads, *accounts):
        path.chmod(0o700 if path.is_dir() else 0o600)
    flush(building)
    generation = store / f"claims-{number:06d}"
    building.rename(generation)
    _point(store, generation)
    if old is not None:
        shutil.rmtree(old)


def _write_account(load: Load, report: Report, stem: Path) -> tuple[Path, Path]:
    """Write the quarantine and the report of a load; returns the two files."""
    quarantine, account = stem.with_suffix(".quarantine.parquet"), stem.with_suffix(".json")
    load.con.raw_sql(f"COPY (FROM quarantine) TO {quote(quarantine)} (FORMAT parquet)")
    account.write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1), encoding="utf-8")
    return quarantine, account


def _numbered(store: Path) -> Iterator[Path]:
    generation = current(store)
    yield from [generation] if generation else []
    yield from store.glob("claims-*")
    yield from (store / "loads").glob("*")


def _point(store: Path, generation: Path) -> None:
    """Put a generation in force: the one step that commits a load."""
    pointer = store / "CURRENT.next"
    with pointer.open("w") as file:
        file.write(f"{generation.name}\n")
        file.flush()
        os.fsync(file.fileno())
    pointer.rename(store / "CURRENT")


def _write_table(
    con: ibis.BaseBackend, table: Table, merge: Merge | None, current: Path | None, target: Path
) -> None:
    """Write a table of the next generation; months that the load does not touch are hard links."""
    target.mkdir()
    old = current / table.name if current and (current / table.name).exists() else None
    touched = None if merge is None or merge.touched is None else set(merge.touched.to_pandas()["month"])
    for folder in sorted(old.iterdir()) if old else []:
        if merge is None or (touched is not None and folder.name.removeprefix("month=") not in touched):
            shutil.copytree(folder, target / folder.name, copy_function=os.link)
    if merge is not None and (touched is None or touched):
        _write_months(con, table, merge.after, touched, target)
    if merge is not None and not any(target.iterdir()):
        empty = target / "month=all"
        empty.mkdir()
        con.raw_sql(
            f"COPY ({con.compile(merge.after)}) TO {quote(empty / 'data_0.parquet')} (FORMAT parquet)"
        )


def _write_months(
    con: ibis.BaseBackend, table: Table, rows: ibis.Table, touched: set[str] | None, target: Path
) -> None:
    rows = rows.mutate(month=month(rows, table))
    if touched is not None:
        rows = rows.filter(rows.month.isin(sorted(touched)))
    order = ", ".join(table.key or table.columns)
    con.raw_sql(
        f"COPY ({con.compile(rows)} ORDER BY {order}) TO {quote(target)} "
        "(FORMAT parquet, PARTITION_BY (month), OVERWRITE_OR_IGNORE)"
    )


def _write_waiting(load: Load, target: Path) -> None:
    """Write the rows that wait, of each table in a file."""
    target.mkdir()
    for name, rows in load.waiting.items():
        if rows.count().execute():
            order = ", ".join(TABLES[name].key or TABLES[name].columns)
            file = quote(target / f"{name}.parquet")
            load.con.raw_sql(f"COPY ({load.con.compile(rows)} ORDER BY {order}) TO {file} (FORMAT parquet)")
