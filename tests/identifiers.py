"""Search of files for identifiers: a test that finds none must be able to find one."""

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

COLUMNS = {
    "psn_info_b": "psn_no",
    "dr_info_b": "dr_code",
    "fixmedins_b": "fixmedins_code",
    "mdtrt_d": "mdtrt_id",
}


def identifiers_in(content: bytes, known: Iterable[str]) -> set[str]:
    """The known identifiers that stand anywhere in a content, also right beside other letters or digits.

    Args:
        known: of letters and digits.
    """
    wanted = {identifier.encode() for identifier in known}
    lengths = {len(identifier) for identifier in wanted}
    found = set()
    for run in re.findall(rb"[A-Za-z0-9]{%d,}" % min(lengths), content):
        for length in lengths:
            found.update(run[start : start + length] for start in range(len(run) - length + 1))
    return {identifier.decode() for identifier in found & wanted}


def identifiers_of(source: Path) -> set[str]:
    """Identifiers of the persons, doctors, institutions and visits of a folder of claim tables."""
    found: set[str] = set()
    for table, column in COLUMNS.items():
        found.update(pd.read_parquet(source / f"{table}.parquet", columns=[column])[column].dropna())
    return found
