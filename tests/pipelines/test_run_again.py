"""The shared run made again: without any outcome, with the same results, and with writes that fail."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest

from claims.store import Store
from pipelines.ingest import last_load
from pipelines.publish.result_tables import digest
from pipelines.publish.run_folder import RunInfo, publish
from pipelines.settings import Settings
from pipelines.train import fit_model
from tests.conftest import AS_OF
from tests.pipelines.run_steps import COLUMNS, Steps, steps_of


@pytest.mark.parametrize("kind", ["patient", "visit"])
def test_without_any_outcome_the_order_is_still_useful(city, city_snapshot, kind):
    measured = city_snapshot.subjects[kind]
    model = fit_model(kind, measured, pd.Series(dtype=int), Settings())
    assert model.learner is None
    found = model.score(model.parts(measured.z_scores, measured.graph, measured.rules))
    where = found.score.rank(ascending=False) / len(found)
    planted = set(city.truth[city.truth.subject_type == kind].subject_id)
    assert where.reindex(sorted(planted)).median() < 0.1


@pytest.fixture(scope="module")
def summary(city) -> dict:
    return json.loads((city.run / "run.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def again(city, city_snapshot, tmp_path_factory) -> Steps:
    """The shared run scored and written once more by the plain steps."""
    info = RunInfo("second-run", AS_OF, last_load(city.store), {})
    return steps_of(city_snapshot, city.store, Store(tmp_path_factory.mktemp("second-run")), Settings(), info)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_run_made_twice_gives_the_same_tables(city, again, name):
    pd.testing.assert_frame_equal(
        pd.read_parquet(again.published.folder / f"{name}.parquet"), city.result(name), check_exact=True
    )
    assert again.published.digests[name] == digest(city.run / f"{name}.parquet")


def test_a_run_made_twice_gives_the_same_summary_and_workbook(summary, again, city):
    other = json.loads((again.published.folder / "run.json").read_text(encoding="utf-8"))
    assert other["run_id"] != summary["run_id"]
    assert other | {"run_id": 0, "seconds": 0} == summary | {"run_id": 0, "seconds": 0}
    # Sums of the files within: pytest would compare two workbooks byte by byte for hours to show where they
    # differ.
    assert files_of(again.published.folder / "suspects.xlsx") == files_of(city.run / "suspects.xlsx")


def test_pages_of_a_run_made_twice_are_equal_byte_for_byte(summary, again, city):
    ids = (summary["run_id"], again.info.run_id)
    pages, others = (
        {
            str(path.relative_to(folder)): path.read_text(encoding="utf-8").replace(run_id, "RUN")
            for path in folder.rglob("*")
            if path.suffix in (".html", ".json", ".svg") and path.name != "run.json"
        }
        for folder, run_id in zip((city.run, again.published.folder), ids, strict=True)
    )
    assert len(pages) > 10 and set(pages) == set(others)
    differing = {
        name: next((a, b) for a, b in zip(text.split(), others[name].split(), strict=False) if a != b)
        for name, text in pages.items()
        if text != others[name]
    }
    assert differing == {}


def files_of(workbook: Path) -> dict[str, tuple]:
    with ZipFile(workbook) as book:
        return {file.filename: (file.CRC, file.date_time) for file in book.infolist()}


def content(folder: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


@pytest.mark.parametrize("earlier", [True, False])
def test_a_write_that_fails_leaves_everything_as_it_was(city, city_snapshot, again, tmp_path, earlier):
    store = Store(tmp_path / "store")
    store.runs.mkdir(parents=True)
    if earlier:
        shutil.copytree(city.run, store.runs / AS_OF.isoformat())
    before = content(store.runs)
    # The tables are written by then; a suspect without an id breaks the pages.
    dossiers = tuple(replace(found, subject_id=None) for found in again.explanation.dossiers)
    with pytest.raises((TypeError, AttributeError)):
        publish(
            city_snapshot,
            again.scores,
            again.selection,
            replace(again.explanation, dossiers=dossiers),
            again.seen,
            store,
            Settings(),
            again.info,
        )
    assert content(store.runs) == before
