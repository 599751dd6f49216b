"""Matrices whose numbers lie in a file of the scratch folder instead of in memory.

The measures of a city's visits are larger than a small machine's memory, and most steps look at a few columns
or a few visits. The operating system keeps of such a file what is looked at and drops the rest when memory
is wanted.
"""

import tempfile
from pathlib import Path

import ibis
import numpy as np
import pandas as pd

from features.comparison.peers import MatrixMaker

# Rows that pass through memory at once.
BATCH_ROWS = 100_000


def matrices_in(folder: Path) -> MatrixMaker:
    """What makes float64 matrices in files of a folder; a file is gone with the matrix that uses it."""

    def matrix(shape: tuple[int, int]) -> np.ndarray:
        with tempfile.TemporaryFile(dir=folder) as file:
            return np.memmap(file, np.float64, "w+", shape=shape) if shape[0] * shape[1] else np.empty(shape)

    return matrix


def file_backed(rows: ibis.Table, key: str, folder: Path) -> pd.DataFrame:
    """The numbers of a stored table as a frame, indexed by one of its columns, in the order of the rows.

    Args:
        rows: the key (text) and columns of float64; null is missing.
        folder: for the file.
    """
    columns = [name for name in rows.columns if name != key]
    keys: list[pd.Series] = []
    values = matrices_in(folder)((len(columns), int(rows.count().execute())))
    begin = 0
    for batch in rows.get_backend().batches(rows, BATCH_ROWS):
        keys.append(batch.column(key).to_pandas())
        for to, name in zip(values, columns, strict=True):
            to[begin : begin + len(batch)] = batch.column(name).to_numpy(zero_copy_only=False)
        begin += len(batch)
    index = pd.Index(pd.concat(keys) if keys else [], dtype="str", name=key)
    return pd.DataFrame(values.T, index, columns, copy=False)
