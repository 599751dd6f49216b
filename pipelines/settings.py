"""One frozen settings object; unknown keys are refused, paths are derived from the store."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from claims.errors import StoreError


class Settings(BaseSettings):
    """What an operator may set: in ``STORE/fundguard.toml``, or by environment (``FUNDGUARD_LANGUAGE=en``).

    Attributes:
        explained_depth: so many of each kind of subject get reasons and evidence.
        visit_list_depth: the visit list is cut at this rank; other lists are whole.
        dossier_depth: so many of each kind of subject get a dossier.
        capacity: so many subjects can be visited in a day.
        random_share: share of the capacity that is drawn at random from those who are not listed; 0 draws
            nobody.
        cool_down: so many days a cleared subject is left alone unless it did something new.
        visit_cost: what a visit costs the bureau (yuan): nobody is sent where less is expected back. Two
            inspectors for half a day, at the mean urban wage of 2023 (120,698 yuan a year, National Bureau
            of Statistics, for some 250 days).
        appeal_days: working days in which an institution answers a notice (医保办发〔2023〕14号: 10).
        notice_office, notice_contact: what a notice says of who issues it and whom to answer; empty leaves
            room.
        notice_least: findings of an institution below this sum (yuan of the fund) bring no notice.
        evidence_rows: visits listed per subject at most.
        tracking_uri: MLflow tracking store; by default a SQLite file in the store.
        seed: of everything random.
        tuning_budget: candidates of the learner's parameters a training tries besides the default; 0 tries
            none.
        engine: what measures the claims: DuckDB in this process, or Spark (docs/spark.md).
        spark: Spark's own options, where it is the engine ("spark.master" = "yarn").
        language: of the workbook.
        mask: show pseudonyms for persons, doctors, institutions and claims in what people read (for
            demonstrations).
        values: what the region's own codes mean: ``table.column`` → its code → the contract's.
        log_level: of the log lines on stderr (and in the file); none by default.
        log_file: the log is appended to this file, relative to the store; none by default.
        pseudonym_key_file, pseudonym_map: files that hold the key under which identifiers of persons are
            replaced when they are loaded, and the way back (`claims.pseudonyms`); none by default. Where a
            file is not wanted, the key stands in FUNDGUARD_PSEUDONYM_KEY.
        late_days: a database is read again from so many days before the last time, for late rows.
        outcome_days, model_days: alarm when no outcome came back, or a model was trained, longer ago than so
            many days.
        nightly_cron, training_cron, report_cron: when `serve` scores, trains and reports (Asia/Shanghai).
        webhook: address to which the alarms of a night are posted as JSON (counts only).
        rules: thresholds of audit rules that differ from their defaults: rule id → parameter → value.
    """

    model_config = SettingsConfigDict(env_prefix="FUNDGUARD_", extra="forbid", frozen=True)

    explained_depth: int = Field(500, ge=500)
    visit_list_depth: int = Field(20_000, ge=500)
    dossier_depth: int = Field(50, ge=0)
    capacity: int = Field(20, ge=1)
    random_share: float = Field(0.03, ge=0, le=0.05)
    cool_down: int = Field(180, ge=0)
    visit_cost: float = Field(500.0, ge=0)
    appeal_days: int = Field(10, ge=1)
    notice_office: str = ""
    notice_contact: str = ""
    notice_least: float = Field(100.0, ge=0)
    evidence_rows: int = Field(100, ge=1)
    tracking_uri: str | None = None
    seed: int = 0
    tuning_budget: int = Field(0, ge=0)
    engine: Literal["duckdb", "spark"] = "duckdb"
    spark: dict[str, str] = Field(default_factory=dict)
    language: Literal["zh", "en"] = "zh"
    mask: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None = None
    log_file: Path | None = None
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    pseudonym_key_file: Path | None = None
    pseudonym_map: Path | None = None
    late_days: int = Field(30, ge=0)
    outcome_days: int = Field(90, ge=1)
    model_days: int = Field(90, ge=1)
    nightly_cron: str = "0 3 * * *"
    training_cron: str = "0 22 * * 6"
    report_cron: str = "0 6 1 * *"
    webhook: str | None = None
    rules: dict[str, dict[str, float | date | str]] = Field(default_factory=dict)

    def tracking(self, store: Path) -> str:
        """Where MLflow keeps runs and models."""
        return self.tracking_uri or f"sqlite:///{(store / 'mlflow.db').resolve()}"

    @property
    def cluster(self) -> dict[str, str] | None:
        """Options of Spark where it is the engine, else None."""
        return self.spark if self.engine == "spark" else None

    def log_path(self, store: Path) -> Path | None:
        """Where the log is written, if anywhere."""
        return store / self.log_file if self.log_file else None

    def depth(self, subject: str) -> int | None:
        """Rank at which a list is cut; None for lists that are whole."""
        return self.visit_list_depth if subject == "visit" else None


def settings_of(store: Path) -> Settings:
    """The settings of a store; what its file says goes before the environment.

    Raises:
        StoreError: the file cannot be read, or it holds a key or value that is not known.
    """
    file = store / "fundguard.toml"
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return Settings(**given)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{file} cannot be read: {error}") from error
    except ValidationError as error:
        raise StoreError(_explained(error, file)) from error


def _explained(error: ValidationError, file: Path) -> str:
    """The first thing that is wrong; of an unknown key, which keys there are."""
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"{file}: unknown setting {key}; the settings are {', '.join(sorted(Settings.model_fields))}"
    return f"settings: {key}: {first['msg']}"
