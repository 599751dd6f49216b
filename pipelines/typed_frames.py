"""Frames and records with static types: what Ibis and pandas give has none or too wide ones."""

from collections.abc import Iterator
from typing import Any, cast

import ibis
import pandas as pd


def fetch(rows: ibis.Table) -> pd.DataFrame:
    """The rows of a query."""
    return cast(pd.DataFrame, rows.to_pandas())


def fetch_by(rows: ibis.Table, key: str) -> pd.DataFrame:
    """The rows of a query, indexed by one of its columns."""
    return fetch(rows).set_index(key)


def tuples(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows as named tuples, with their label as ``Index``."""
    return iter(frame.itertuples())


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as dicts by column."""
    # Column by column: pandas looks at the type of every value, which takes ten times as long.
    columns = [str(column) for column in frame.columns]
    values = (frame.iloc[:, number].tolist() for number in range(len(columns)))
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def records_by(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The rows as dicts by column, by the label of each row."""
    return cast(dict[str, dict[str, Any]], frame.to_dict("index"))
