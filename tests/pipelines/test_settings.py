"""Settings of a store: defaults, the file before the environment, and plain words about what is wrong."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from claims.errors import StoreError
from pipelines.settings import Settings, settings_of


def store(folder: Path, text: str) -> Path:
    (folder / "fundguard.toml").write_text(text, encoding="utf-8")
    return folder


def test_without_a_file_the_defaults_hold(tmp_path, monkeypatch):
    for name in ("FUNDGUARD_DOSSIER_DEPTH", "FUNDGUARD_LOG_FILE"):
        monkeypatch.delenv(name, raising=False)
    found = settings_of(tmp_path)
    assert (found.explained_depth, found.visit_list_depth, found.dossier_depth, found.capacity) == (
        500,
        20_000,
        50,
        20,
    )
    assert (found.random_share, found.cool_down, found.appeal_days, found.evidence_rows) == (
        0.03,
        180,
        10,
        100,
    )
    assert (found.language, found.mask, found.log_level, found.log_file) == ("zh", False, None, None)


def test_the_file_goes_before_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNDGUARD_CAPACITY", "7")
    monkeypatch.setenv("FUNDGUARD_LANGUAGE", "en")
    found = settings_of(store(tmp_path, "capacity = 9"))
    assert (found.capacity, found.language) == (9, "en")


def test_an_unknown_key_is_refused_with_the_keys_there_are(tmp_path):
    folder = store(tmp_path, "capactiy = 9")
    with pytest.raises(StoreError) as refused:
        settings_of(folder)
    text = str(refused.value)
    assert text.startswith(f"{folder}/fundguard.toml: unknown setting capactiy; the settings are ")
    assert set(text.rpartition("are ")[2].split(", ")) == set(Settings.model_fields)
    assert "\n" not in text


@pytest.mark.parametrize(
    "text, words",
    [
        ("capacity = 0", "settings: capacity: Input should be greater than or equal to 1"),
        ("random_share = 0.06", "settings: random_share: Input should be less than or equal to 0.05"),
        ("explained_depth = 499", "settings: explained_depth: "),
        ('language = "fr"', "settings: language: Input should be 'zh' or 'en'"),
        ('log_level = "LOUD"', "settings: log_level: "),
        ("capacity = ", "cannot be read: "),
    ],
)
def test_a_wrong_value_is_named(tmp_path, text, words):
    with pytest.raises(StoreError) as refused:
        settings_of(store(tmp_path, text))
    assert words in str(refused.value)


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "fundguard.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StoreError, match=r"fundguard\.toml cannot be read: "):
        settings_of(tmp_path)


def test_paths_follow_from_the_store(tmp_path):
    assert Settings(log_file="logs/run.log").log_path(tmp_path) == tmp_path / "logs/run.log"
    assert Settings(log_file="/elsewhere/run.log").log_path(tmp_path) == Path("/elsewhere/run.log")
    assert Settings(tracking_uri="http://there").tracking(tmp_path) == "http://there"
    assert Settings().tracking(tmp_path) == f"sqlite:///{tmp_path.resolve()}/mlflow.db"


def test_only_the_visits_are_cut():
    settings = Settings(visit_list_depth=600)
    assert settings.depth("visit") == 600 and settings.depth("patient") is None


def test_settings_do_not_change():
    with pytest.raises(ValidationError):
        Settings().capacity = 3


def test_spark_is_the_engine_only_where_it_is_chosen(tmp_path):
    options = '[spark]\n"spark.master" = "yarn"\n'
    assert settings_of(store(tmp_path, options)).cluster is None
    assert settings_of(store(tmp_path, 'engine = "spark"\n' + options)).cluster == {"spark.master": "yarn"}
    assert settings_of(store(tmp_path, 'engine = "spark"')).cluster == {}
    with pytest.raises(StoreError, match="engine"):
        settings_of(store(tmp_path, 'engine = "flink"'))
