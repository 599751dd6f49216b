"""A small city measured and run on Spark: facts, findings, edges, measures and lists are those of DuckDB."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from claims.store import Store, scratch
from pipelines.measure import measure
from pipelines.snapshot import Snapshot
from tests.conftest import ROOT, fundguard

pytest.importorskip("pyspark", reason="pip install fundguard[spark]")
from tests.spark.shadow_engine import assert_same_rows

pytestmark = pytest.mark.spark
AS_OF, PERSONS = date(2025, 1, 1), 1_000
# What a run writes of its subjects, and what orders it.
LISTS = ("suspects", "rule_hits", "group_members", "evidence")


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "city"
    made = fundguard("simulate", "--out", folder, "--persons", PERSONS, "--seed", 7)
    assert made.status == 0, made.err
    return folder / "input"


@pytest.fixture(scope="module")
def snapshots(source, tmp_path_factory) -> Iterator[tuple[Snapshot, Snapshot]]:
    """The city as DuckDB and as Spark measure it."""
    store = Store(tmp_path_factory.mktemp("measured"))
    assert store.ingest(source).tables["setl_d"]["kept"]
    with ExitStack() as stack:
        yield tuple(
            stack.enter_context(
                closing(measure(store, AS_OF, stack.enter_context(scratch()), cluster=cluster))
            )
            for cluster in (None, {})
        )


def test_every_fact_of_every_visit_agrees(snapshots):
    expected, found = (one.facts.to_pandas() for one in snapshots)
    assert len(expected) > 1000
    assert_same_rows(found, expected)


def test_every_finding_agrees(snapshots):
    expected, found = (one.rules for one in snapshots)
    assert (found.run, found.skipped, found.failed) == (expected.run, expected.skipped, {})
    assert expected.hits.rule_id.nunique().execute() > 10
    assert_same_rows(found.hits.to_pandas(), expected.hits.to_pandas())


@pytest.mark.parametrize("part", ["edges", "inside", "members", "hubs", "described"])
def test_every_edge_and_group_agrees(snapshots, part):
    expected, found = (getattr(one.network, part).reset_index() for one in snapshots)
    assert len(expected)
    assert_same_rows(found, expected)


@pytest.mark.parametrize("kind", ["visit", "patient", "prescriber", "pharmacy", "hospital", "group"])
def test_every_measure_agrees(snapshots, kind):
    expected, found = (one.subjects[kind] for one in snapshots)
    for part in ("values", "z_scores", "peers", "graph", "rules", "places", "z_against_peers"):
        assert_same_rows(_as_rows(getattr(found, part)), _as_rows(getattr(expected, part)))
    for name, grid in expected.reference.quantiles.items():
        assert grid == pytest.approx(found.reference.quantiles[name], rel=1e-9, abs=1e-9), name


def _as_rows(part: pd.DataFrame | pd.Series) -> pd.DataFrame:
    frame = part.to_frame("value") if isinstance(part, pd.Series) else part
    return frame.rename_axis("subject_id").reset_index()


@pytest.fixture(scope="module")
def runs(source, tmp_path_factory) -> tuple[Path, Path]:
    """Folders of the run of either engine, made by the command."""
    base = tmp_path_factory.mktemp("runs")
    for name in ("duckdb", "spark"):
        (base / name).mkdir()
        (base / name / "fundguard.toml").write_text(f'engine = "{name}"\n')
        ran = fundguard("run", source, "--store", base / name, "--as-of", AS_OF)
        assert ran.status == 0, ran.err
    return base / "duckdb/runs/2025-01-01", base / "spark/runs/2025-01-01"


@pytest.mark.parametrize("name", LISTS)
def test_a_run_on_spark_writes_the_same_lists(runs, name):
    expected, found = (pd.read_parquet(run / f"{name}.parquet") for run in runs)
    assert len(expected)
    assert_same_rows(
        found.drop(columns="reasons", errors="ignore"), expected.drop(columns="reasons", errors="ignore")
    )


def test_without_java_one_line_says_so(source, tmp_path):
    (tmp_path / "fundguard.toml").write_text('engine = "spark"\n')
    command = [sys.executable, "-m", "flows", "run", source, "--store", tmp_path, "--as-of", str(AS_OF)]
    environment = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"}
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, env=environment | {"PATH": ""}, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "needs Java" in done.stderr and "Traceback" not in done.stderr
