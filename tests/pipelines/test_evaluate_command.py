"""`fundguard evaluate` as people run it: what it writes and logs, on the shared city with one list of
outcomes."""

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from claims.store import Store
from tests.conftest import City, Done, fundguard

# Measures a night and trains models four times; `make test-slow` has the time.
pytestmark = pytest.mark.slow
CLOSED, AS_OF = date(2024, 9, 20), date(2024, 10, 1)
# Guilty and others known: enough to test, too few for trees, which would take most of the time.
EACH = 18


@pytest.fixture(scope="module")
def judged(city, tmp_path_factory) -> tuple[Done, Store, pd.DataFrame]:
    """A store with the city's claims and one list of outcomes; what the command said; the outcomes."""
    folder = tmp_path_factory.mktemp("judged")
    (folder / "store").mkdir()
    (folder / "in").mkdir()
    for table in ("psn_info_b", "fixmedins_b", "mdtrt_d", "setl_d"):
        shutil.copy(city.source / f"{table}.parquet", folder / "in")
    # A database of MLflow that is there already, for making one takes ten seconds.
    shutil.copy(city.store.path / "mlflow.db", folder / "store")
    cases = one_list(city)
    cases.to_parquet(folder / "in/insp_case_d.parquet")
    store = Store(folder / "store")
    store.ingest(folder / "in")
    return fundguard("evaluate", "--store", store.path, "--as-of", AS_OF), store, cases


def one_list(city: City) -> pd.DataFrame:
    """Some guilty patients seen by the summer and as many others, all closed on one day."""
    visits = city.table("mdtrt_d")
    seen = set(visits.psn_no[pd.to_datetime(visits.begntime) < pd.Timestamp(2024, 8, 1)])
    planted = set(city.truth.subject_id[city.truth.subject_type == "patient"])
    found = ((seen & planted, "2"), (seen - planted, "3"))
    rows = [
        (subject_id, status)
        for ids, status in found
        for subject_id in sorted(ids)[:: len(ids) // EACH][:EACH]
    ]
    cases = pd.DataFrame(rows, columns=["subject_id", "clue_stas"])
    return cases.assign(
        case_id=[f"c{n}" for n in range(len(cases))], subject_type="patient", close_date=pd.Timestamp(CLOSED)
    )


def metrics(database: Path) -> dict[str, float]:
    client = MlflowClient(f"sqlite:///{database}")
    experiment = client.get_experiment_by_name("fundguard")
    runs = client.search_runs([experiment.experiment_id], "tags.kind = 'evaluation'")
    assert [run.data.tags["as_of"] for run in runs] == [AS_OF.isoformat()]
    return runs[0].data.metrics


def test_evaluate_writes_table_and_page_and_logs_the_same_figures(judged):
    done, store, cases = judged
    folder = store.path / "evaluations" / AS_OF.isoformat()
    assert (done.status, done.out, done.err) == (0, f"{folder}\n", "") and done.left_behind == []
    figures = pd.read_parquet(folder / "evaluation.parquet")
    assert set(figures.subject_type) == {"patient"}
    found = figures[figures.population == "all"].set_index("metric")
    assert found.tested["auc"] > 0.9 * len(cases) and found.value["auc"] > 0.7 and found.low["auc"] > 0.5
    assert not found.index.has_duplicates and {"brier", "recall_at_20", "lift_at_1pct"} <= set(found.index)
    stated = figures.dropna(subset="value").set_index(["population", "metric"]).value
    logged = metrics(store.path / "mlflow.db")
    assert logged == pytest.approx({f"patient.{name}.{metric}": v for (name, metric), v in stated.items()})
    page = (folder / "evaluation.html").read_text(encoding="utf-8")
    assert "参保人" in page and f"{found.value['auc']:.2f}" in page and "按对象交叉验证" in page
    # Nobody was drawn yet, so nothing is known of what the list misses.
    assert pd.read_parquet(folder / "recall_estimate.parquet").empty and "尚不可知" in page
    assert not any(subject_id in page for subject_id in cases.subject_id)
