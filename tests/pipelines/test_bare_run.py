"""A run in the middle of the year, with nothing but the tables that must be there, and no outcome."""

import json
import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from claims.store import Store, scratch
from claims.tables import TABLES
from models.registry import Registry
from pipelines.champions import registry
from pipelines.ingest import ingest
from pipelines.measure import measure
from pipelines.publish.run_folder import RunInfo
from pipelines.settings import Settings
from pipelines.train import train
from tests.conftest import AS_OF
from tests.pipelines.run_steps import place, steps_of

FEW_TABLES = ("psn_info_b", "fixmedins_b", "mdtrt_d", "setl_d")
AUTUMN = date(2024, 9, 1)


@dataclass(frozen=True)
class Bare:
    """A run of the required tables alone, as of a day in the middle."""

    run: Path
    models: Registry
    visits: pd.DataFrame
    settlements: pd.DataFrame


@pytest.fixture(scope="module")
def bare(city, tmp_path_factory) -> Bare:
    folder = tmp_path_factory.mktemp("bare")
    (folder / "in").mkdir()
    for name in FEW_TABLES:
        shutil.copy(city.source / f"{name}.parquet", folder / "in")
    store, settings = Store(folder / "store"), Settings(capacity=400, random_share=0.05)
    store.path.mkdir()
    # A database of MLflow and statements that are there already, for making them takes half a minute; the
    # champions are replaced.
    for made in (city.store.path / "mlflow.db", city.store.statements):
        shutil.copy(made, store.path)
    load = ingest(store, folder / "in", settings, AS_OF)
    with scratch() as work, closing(measure(store, AUTUMN, work)) as snapshot:
        train(snapshot, store, settings, AUTUMN)
        steps = steps_of(snapshot, store, store, settings, RunInfo("bare", AUTUMN, load, {}))
    tables = (city.table(name).drop_duplicates() for name in ("mdtrt_d", "setl_d"))
    return Bare(steps.published.folder, registry(store, settings), *tables)


def test_without_optional_tables_it_runs_and_says_what_was_missing(bare):
    summary = json.loads((bare.run / "run.json").read_text(encoding="utf-8"))
    assert set(summary["tables_absent"]) == set(TABLES) - set(FEW_TABLES)
    assert summary["checks_failed"] == {}
    why = summary["checks_skipped"]["R101"]
    assert why.startswith("no table") and "psn_sign_d" in why and "R084" in summary["checks_run"]


def test_in_the_middle_of_the_year_nothing_later_is_known(bare):
    settled = bare.settlements.groupby("mdtrt_id").setl_time.min()
    begun = bare.visits.set_index("mdtrt_id").begntime
    suspects = pd.read_parquet(bare.run / "suspects.parquet")
    evidence = pd.read_parquet(bare.run / "evidence.parquet")
    listed = suspects[suspects.subject_type == "visit"].subject_id
    for visits in (listed, evidence.mdtrt_id):
        assert (settled.reindex(visits) < pd.Timestamp(AUTUMN)).all()
        assert (begun.reindex(visits) < pd.Timestamp(AUTUMN)).all()
    later = set(bare.visits[bare.visits.begntime >= pd.Timestamp(AUTUMN)].psn_no)
    before = set(bare.visits[bare.visits.begntime < pd.Timestamp(AUTUMN)].psn_no)
    patients = set(suspects[suspects.subject_type == "patient"].subject_id)
    assert later - before and not patients & (later - before)
    paid = bare.settlements.drop_duplicates("setl_id").set_index("setl_id").setl_time
    assert (paid.reindex(evidence.setl_id) < pd.Timestamp(AUTUMN)).all()


def test_without_any_labels_guilty_patients_still_stand_in_front(city, bare):
    assert bare.models.champion("patient").model.learner is None
    where = place(pd.read_parquet(bare.run / "suspects.parquet"), "patient")
    planted = city.truth[(city.truth.subject_type == "patient") & city.truth.subject_id.isin(where.index)]
    assert len(planted) >= 20 and planted.subject_id.map(where.to_dict()).median() < 0.25


def test_the_drawn_are_no_suspects_and_have_a_dossier_papers_and_a_row_for_the_verdict(bare):
    random_sample = pd.read_parquet(bare.run / "audit_sample.parquet")
    lot = json.loads((bare.run / "run.json").read_text(encoding="utf-8"))["random_draw"]
    assert lot["share"] == 0.05 and lot["capacity"] == 400 and len(random_sample) > 10
    suspects = pd.read_parquet(bare.run / "suspects.parquet").set_index(["subject_type", "subject_id"])
    evidence = pd.read_parquet(bare.run / "evidence.parquet").set_index(["subject_type", "subject_id"])
    book = openpyxl.load_workbook(bare.run / "suspects.xlsx", read_only=True)
    today = [row[2] for row in book["今日"].iter_rows(values_only=True) if "随机抽查" in str(row[10])]
    assert sorted(today) == sorted(random_sample.subject_id)
    rows = {row[1]: row for row in book["参保人"].iter_rows(values_only=True)}
    below = with_papers = 0
    for row in random_sample.itertuples():
        assert (bare.run / f"dossiers/{row.subject_type}-{row.subject_id}.zh.html").exists()
        assert 0 < row.probability <= 1
        with_papers += (row.subject_type, row.subject_id) in evidence.index
        if row.subject_type == "patient" and suspects.loc[row.subject_type, row.subject_id]["rank"] > 500:
            below += 1
            # Nothing of it in the contract's table; the reasons are for whoever goes there.
            assert len(suspects.loc[row.subject_type, row.subject_id].reasons) == 0
            assert rows[row.subject_id][10]
    # Of somebody by whom nothing stands out there is nothing to pull.
    assert below and with_papers > len(random_sample) / 2
