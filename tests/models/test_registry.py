"""Models in a real MLflow on SQLite: the champion is loaded as it was logged, and nobody's id is anywhere."""

import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.registry import Registry, RegistryError, model_name
from models.subject_model import SubjectModel
from tests.models.test_subject_model import SPEC

# Ids that could not be anything else.
PERSONS = [f"PSN4208{n:011d}" for n in range(300)]


def fitted(seed: int, labelled: int = 40) -> SubjectModel:
    outcomes = pd.Series(1, PERSONS[:labelled], dtype=int)
    return SubjectModel("patient", SPEC, seed).fit(people(), outcomes)


def people() -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(300, len(SPEC))), PERSONS, SPEC.index)
    frame.iloc[:40, 0] += 4
    return frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(scope="module")
def registry(folder) -> Registry:
    return Registry(f"sqlite:///{folder / 'mlflow.db'}", folder / "mlartifacts")


@pytest.fixture(scope="module")
def versions(registry) -> tuple[str, str]:
    """Two models of patients, the second one promoted."""
    found = [
        registry.log(fitted(seed), people().head(20), "2024-06-01", {"visits": "300"}) for seed in (1, 2)
    ]
    registry.promote("patient", found[1])
    return tuple(found)


def scores(model: SubjectModel) -> pd.DataFrame:
    return model.score(model.parts(people()))


def test_without_a_champion_one_line_says_what_to_do(registry, versions):
    with pytest.raises(RegistryError, match=r"^no champion model for hospital: run 'fundguard train' first$"):
        registry.champion("hospital")


def test_the_champion_scores_as_it_did_when_it_was_logged(registry, versions):
    champion = registry.champion("patient")
    assert (champion.name, champion.version) == (model_name("patient"), versions[1]) and versions == (
        "1",
        "2",
    )
    pd.testing.assert_frame_equal(scores(champion.model), scores(fitted(2)), check_exact=True)
    assert not scores(champion.model).equals(scores(fitted(1)))


def test_the_champion_can_be_put_back(registry, versions):
    registry.promote("patient", versions[0])
    pd.testing.assert_frame_equal(
        scores(registry.champion("patient").model), scores(fitted(1)), check_exact=True
    )
    registry.promote("patient", versions[1])
    assert registry.champion("patient").version == versions[1]


def test_one_call_goes_back_and_forth(registry, versions):
    assert registry.roll_back("patient") == versions[0]
    assert registry.champion("patient").version == versions[0]
    assert registry.champion("patient").as_of == "2024-06-01"
    assert registry.roll_back("patient") == versions[1]
    assert registry.champion("patient").version == versions[1]


def test_the_card_is_kept_with_the_model(registry, folder):
    registry.log(fitted(2), people().head(20), "2024-06-03", {}, "# Card of the fourth")
    cards = [path.read_text(encoding="utf-8") for path in (folder / "mlartifacts").rglob("model_card.md")]
    assert "# Card of the fourth" in cards


def test_the_run_tells_what_was_trained(folder, versions):
    tables = rows_of(folder / "mlflow.db")
    params, metrics = (dict(tables[name]) for name in ("params", "metrics"))
    assert params["learnt"] == "True" and params["columns"] == str(len(SPEC)) and params["seed"] in ("1", "2")
    assert params["num_leaves"] == "7" and params["C"] == "0.01"
    assert metrics["outcomes_confirmed"] == 40 and metrics["auc"] > 0.9


def test_model_and_version_say_what_they_are(folder, versions):
    with sqlite3.connect(folder / "mlflow.db") as con:
        of_model = con.execute("select name, description from registered_models").fetchall()
        of_version = con.execute("select description from model_versions where version = 1").fetchone()
    assert of_model == [(model_name("patient"), "Ranks patient subjects by suspicion of fraud, 0 to 1.")]
    assert of_version == (
        f"Trained as of 2024-06-01 on {len(SPEC)} measures, 40 confirmed and 0 cleared outcomes, "
        "with a learnt part.",
    )


def rows_of(database: Path) -> dict[str, list[tuple]]:
    """Names and values of parameters and metrics."""
    with sqlite3.connect(database) as con:
        return {
            name: con.execute(f"select key, value from {name}").fetchall() for name in ("params", "metrics")
        }


def everything_in(database: Path) -> str:
    with sqlite3.connect(database) as con:
        names = [name for (name,) in con.execute("select name from sqlite_master where type = 'table'")]
        return "\n".join(str(row) for name in names for row in con.execute(f'select * from "{name}"'))


def test_no_persons_id_is_kept_anywhere(folder, versions):
    files = [path for path in (folder / "mlartifacts").rglob("*") if path.is_file()]
    assert {"MLmodel", "model.json", "forest.skops", "booster.txt"} <= {path.name for path in files}
    kept = {str(path): path.read_bytes() for path in files}
    kept["database"] = everything_in(folder / "mlflow.db").encode()
    # The search would find them: names of measures are there.
    assert b"seen_elsewhere" in b"".join(kept.values()) and b"fundguard-patient" in kept["database"]
    assert {name for name, content in kept.items() if any(p.encode() in content for p in PERSONS)} == set()


def test_nothing_is_said_on_the_way(registry, versions, capfd):
    frame = people()
    model = fitted(3)
    model.subject = "hospital"  # the first of its name, which MLflow announces
    registry.log(model, frame.head(20), "2024-06-02", {})
    registry.log(fitted(3), frame.head(20), "2024-06-02", {})
    assert registry.champion("patient").version == versions[1]
    assert tuple(capfd.readouterr()) == ("", "")


def test_what_is_kept_is_for_its_owner_alone(folder, versions):
    assert not (folder / "mlartifacts").stat().st_mode & 0o077


# What is loaded


def test_nothing_that_is_kept_is_code(folder, versions):
    """Neither by name nor by its first bytes: a pickle of protocol 2 and later begins with 0x80."""
    files = [path for path in (folder / "mlartifacts").rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix in (".pkl", ".pickle", ".joblib", ".py")]
    assert not [path for path in files if path.read_bytes()[:1] == b"\x80"]


@pytest.fixture
def files(folder, registry, versions) -> Path:
    """The files of the champion, which is the first version."""
    registry.promote("patient", versions[0])
    return min((folder / "mlartifacts").rglob("model.json"), key=lambda path: path.stat().st_mtime_ns).parent


def test_a_model_that_others_can_write_is_not_loaded(folder, registry, files):
    for path in (files / "model.json", files, folder / "mlartifacts", folder / "mlflow.db"):
        mode = path.stat().st_mode
        path.chmod(mode | 0o020)
        with pytest.raises(RegistryError, match=f"not loaded: {path} can be written by others"):
            registry.champion("patient")
        path.chmod(mode)
    assert registry.champion("patient").version == "1"


def test_a_model_that_cannot_be_read_is_one_line_with_the_way_out(registry, files):
    for name in ("model.json", "arrays.npz", "booster.txt", "forest.skops"):
        content = (files / name).read_bytes()
        for spoilt in (b"{", None):
            (files / name).unlink() if spoilt is None else (files / name).write_bytes(spoilt)
            with pytest.raises(
                RegistryError, match=r"patient \(version 1\) cannot be read \(.*rollback patient"
            ):
                registry.champion("patient")
        (files / name).write_bytes(content)
    assert registry.champion("patient").version == "1"


def test_a_roll_back_that_died_half_way_can_be_done_again(registry, versions):
    registry.promote("patient", versions[0])
    registry.promote("patient", versions[1])
    with registry._connected() as client:
        client.set_registered_model_alias(model_name("patient"), "champion", versions[0])
    assert registry.roll_back("patient") == versions[0] == registry.champion("patient").version
