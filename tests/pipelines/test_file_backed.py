"""Frames whose numbers lie in a file say the same as frames in memory, and leave no file behind."""

from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from claims.duckdb_backend import connected
from features.comparison.peers import fit_peers
from features.measures.catalogue import measures_of
from pipelines.file_backed import BATCH_ROWS, file_backed, matrices_in


@pytest.mark.parametrize("rows", [0, 1, BATCH_ROWS, BATCH_ROWS + 1])
def test_a_frame_in_a_file_equals_the_stored_table(tmp_path: Path, rows: int) -> None:
    numbers = np.random.default_rng(rows).normal(size=(rows, 2))
    expected = pd.DataFrame(numbers, pd.Index([f"v{n:07d}" for n in range(rows)], name="id"), ["a", "b"])
    expected.iloc[::7, 1] = np.nan
    with connected(tmp_path) as con:
        columns = {"id": "string", "a": "float64", "b": "float64"}
        table = con.create_table(
            "measures", ibis.memtable(expected.reset_index(), schema=ibis.schema(columns))
        )
        found = file_backed(table, "id", tmp_path)
        pd.testing.assert_frame_equal(found, expected, check_exact=True, check_index_type=False)


def test_a_matrix_leaves_no_file_behind(tmp_path: Path) -> None:
    matrix = matrices_in(tmp_path)((3, 5))
    matrix[:] = np.arange(15.0).reshape(3, 5)
    assert matrix.sum() == 105
    assert list(tmp_path.iterdir()) == []


def test_differences_in_a_file_equal_those_in_memory(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    columns = list(measures_of("visit"))
    values = pd.DataFrame(random.gamma(2.0, 1.0, (300, len(columns))), columns=columns)
    values = values.mask(random.random(values.shape) < 0.1)
    peers = pd.Series(random.choice(["stay1", "purchase"], 300), values.index, name="peers")
    usual = fit_peers("visit", values, peers)
    in_a_file = usual.z_scores(values, peers, matrices_in(tmp_path))
    pd.testing.assert_frame_equal(in_a_file, usual.z_scores(values, peers), check_exact=True)
