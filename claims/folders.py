"""The files of a folder that hold tables of the contract, and those that only look as if they did."""

from collections.abc import Collection
from pathlib import Path

from claims.errors import InputError
from claims.readers import FORMATS, Part, part_of
from claims.store_folder import require_source
from claims.tables import TABLES, Table

# Endings of files that often hold tables.
_TABULAR = (*FORMATS, ".txt", ".tsv", ".xls", ".xlsx", ".zip", ".json", ".parq", ".pq", ".dat", ".gz", ".orc")


def find_tables(source: Path, held: Collection[str] = ()) -> dict[str, list[Part]]:
    """The parts of each table of the contract that the folder holds.

    Args:
        held: tables that the store has; a required one of them need not come again.

    Raises:
        InputError: the folder or a required table is missing, or a header declares a table wrongly.
    """
    require_source(source)
    found = {name: _parts(source, table) for name, table in TABLES.items()}
    for name, parts in found.items():
        if TABLES[name].required and not parts and name not in held:
            raise InputError(f"required table {name} is missing in {source}{_hint(source, name)}")
    return {name: parts for name, parts in found.items() if parts}


def _hint(source: Path, name: str) -> str:
    """Where a missing table may be: in a file that is not taken, or in a folder below."""
    alike = [text for text in not_taken(source) if text.lower().startswith(name)]
    if alike:
        return f" (not taken: {alike[0]})"
    below = [path for path in sorted(source.iterdir()) if path.is_dir() and _parts(path, TABLES[name])]
    return f"; it is in {below[0]}" if below else ""


def not_taken(source: Path) -> list[str]:
    """Entries of the folder that look like tables and are not taken, each with the reason."""
    found = []
    for path in sorted(source.iterdir()):
        name = path.name.partition(".")[0]
        if name in TABLES and path.is_dir():
            found += [
                f"{p.relative_to(source)}: {why}" for p in sorted(path.rglob("*")) if (why := _why_not(p))
            ]
            found += [] if _files(path) else [f"{path.name}: a folder without parts"]
        elif name.lower() in TABLES or path.name.lower().endswith(_TABULAR):
            why = _why_not(path) or ("" if name in TABLES else _unknown(name))
            found += [f"{path.name}: {why}"] if why else []
    return found


def _unknown(name: str) -> str:
    table = name.lower()
    return f"the table is called {table}" if table in TABLES else "no table of the contract is called so"


def _why_not(path: Path) -> str:
    """Why an entry is not taken as a part; empty where it is, and for folders."""
    if path.is_symlink() and not path.exists():
        return "a link to nothing"
    if path.is_dir():
        return ""
    if not path.is_file():
        return "no regular file"
    if path.name.startswith("."):
        return "a hidden file"
    if not path.name.endswith(FORMATS):
        return f"the ending is none of {', '.join(FORMATS)}"
    return ""


def _files(folder: Path) -> list[Path]:
    """The parts in a folder, in the order of their paths."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and not _why_not(p))


def _parts(source: Path, table: Table) -> list[Part]:
    """The files of a table: ``NAME.parquet``, ``NAME.csv[.gz]`` or a folder ``NAME/`` of parts.

    Raises:
        InputError: two spellings of the table stand side by side, or a header lacks a mandatory column.
    """
    here = [path for ending in FORMATS if (path := source / f"{table.name}{ending}").is_file()]
    folder = source / table.name
    here += [folder] if folder.is_dir() else []
    if len(here) > 1:
        raise InputError(f"table {table.name} is there twice: {here[0].name} and {here[1].name}")
    files = _files(folder) if here == [folder] else here
    return [part_of(table, path, number) for number, path in enumerate(files)]
