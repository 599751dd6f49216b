"""Models in MLflow: logged with parameters, metrics and signature, registered, loaded by alias.

The only module that uses MLflow. Runs and models hold counts and columns, never a person.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import pandas as pd
from mlflow import (
    MlflowClient,
    log_dict,
    log_metrics,
    log_params,
    log_text,
    pyfunc,
    set_experiment,
    set_tags,
    set_tracking_uri,
    start_run,
)
from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

from claims.errors import ExpectedError
from claims.store import scratch
from models.stored_model import Served, UntrustedModel, load, require_owned, save
from models.subject_model import SubjectModel

CHAMPION, PREVIOUS = "champion", "previous"
EXPERIMENT = "fundguard"
_REQUIREMENTS = ("scikit-learn", "lightgbm", "pandas", "numpy", "shap", "scipy")
# Folder of a model's files among its artifacts.
_FILES = "files"
# MLflow's codes where a model is not registered, and where no version of it has the alias.
_NOT_FOUND = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class RegistryError(ExpectedError):
    """The registry has no model that can be used."""


@dataclass(frozen=True)
class Champion:
    """The registered model in use; `as_of` is the as-of date it was trained on (ISO)."""

    model: SubjectModel
    name: str
    version: str
    as_of: str


@dataclass(frozen=True)
class Registry:
    """MLflow's tracking store and model registry at an address, artifacts in a local folder."""

    uri: str
    artifacts: Path

    def log(
        self,
        model: SubjectModel,
        sample: pd.DataFrame,
        as_of: str,
        tags: dict[str, str],
        card: str = "",
    ) -> str:
        """Log and register a model; returns its version.

        Args:
            sample: a few rows of z-scores, for the signature; not stored.
            card: the model card (Markdown).
        """
        with self._connected() as client, start_run(run_name=f"{model.subject} {as_of}"):
            set_tags({"subject": model.subject, "as_of": as_of} | tags)
            log_params(_params(model))
            log_metrics(_metrics(model))
            training = {"measures": list(model.spec.index), "reliability": model.reliability_curve}
            log_dict(training, "training.json")
            log_text(card, "model_card.md")
            version = self._log_files(model, sample.astype(float))
            _describe(client, model, version, as_of)
            return version

    def _log_files(self, model: SubjectModel, rows: pd.DataFrame) -> str:
        """Log and register the model's files within a run; returns the version."""
        with TemporaryDirectory() as work:
            folder = Path(work) / _FILES
            folder.mkdir()
            save(model, folder)
            info = pyfunc.log_model(
                name="model",
                loader_module="models.stored_model",
                data_path=str(folder),
                signature=infer_signature(rows, Served(model).predict(rows)),
                pip_requirements=[f"{package}=={version(package)}" for package in _REQUIREMENTS],
                registered_model_name=model_name(model.subject),
            )
        return str(info.registered_model_version)

    def promote(self, subject: str, version: str) -> None:
        """Make a version the champion; `roll_back` undoes it."""
        name = model_name(subject)
        with self._connected() as client:
            before = _version_with(client, name, CHAMPION)
            if before is not None and before.version != version:
                client.set_registered_model_alias(name, PREVIOUS, before.version)
            client.set_registered_model_alias(name, CHAMPION, version)

    def roll_back(self, subject: str) -> str:
        """Swap the champion with the one before it; returns the version now in use.

        Raises:
            RegistryError: there is none before it.
        """
        name = model_name(subject)
        with self._connected() as client:
            before, now = (_version_with(client, name, alias) for alias in (PREVIOUS, CHAMPION))
            if before is None or now is None:
                raise RegistryError(f"no earlier champion model for {subject} to go back to")
            # In this order a second call after one that died between the two changes nothing.
            client.set_registered_model_alias(name, CHAMPION, before.version)
            if now.version != before.version:
                client.set_registered_model_alias(name, PREVIOUS, now.version)
        return str(before.version)

    def log_evaluation(self, as_of: str, metrics: dict[str, float], page: str) -> None:
        """Log the metrics and the page of an evaluation as a run of its own."""
        with self._connected(), start_run(run_name=f"evaluation {as_of}"):
            set_tags({"kind": "evaluation", "as_of": as_of})
            log_metrics(metrics)
            log_text(page, "evaluation.html")

    def champion(self, subject: str) -> Champion:
        """Load the champion.

        Raises:
            RegistryError: there is none yet, it cannot be read, or others could have written it.
        """
        name = model_name(subject)
        with self._connected() as client:
            found = _version_with(client, name, CHAMPION)
            if found is None:
                raise RegistryError(f"no champion model for {subject}: run 'fundguard train' first")
            try:
                model = self._load(client, name, str(found.version))
                as_of = client.get_run(str(found.run_id)).data.tags["as_of"]
            except UntrustedModel as error:
                raise RegistryError(f"the champion model of {subject} is not loaded: {error}") from error
            except Exception as error:
                raise RegistryError(
                    f"the champion model of {subject} (version {found.version}) cannot be read "
                    f"({type(error).__name__}): run 'fundguard rollback {subject}' or 'fundguard train'"
                ) from error
            return Champion(model, name, str(found.version), as_of)

    def _load(self, client: MlflowClient, name: str, number: str) -> SubjectModel:
        """Read the files of a version: where they are if that is this machine, else a copy of our own."""
        place = client.get_model_version_download_uri(name, number)
        if self.uri.startswith("sqlite:///"):
            require_owned(Path(self.uri.removeprefix("sqlite:///")))
        with TemporaryDirectory() as work:
            folder = Path(download_artifacts(place, dst_path=None if place.startswith("file:") else work))
            require_owned(folder)
            return load(folder / "data" / _FILES)

    @contextmanager
    def _connected(self) -> Iterator[MlflowClient]:
        self.artifacts.mkdir(parents=True, exist_ok=True, mode=0o700)
        for noisy in ("mlflow", "alembic"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        # MLflow writes progress to stderr, which is for errors, even where its own switch is off.
        with redirect_stderr(StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._create_database()
            set_tracking_uri(self.uri)
            client = MlflowClient(self.uri)
            if client.get_experiment_by_name(EXPERIMENT) is None:
                client.create_experiment(EXPERIMENT, artifact_location=self.artifacts.resolve().as_uri())
            set_experiment(EXPERIMENT)
            yield client

    def _create_database(self) -> None:
        """Create MLflow's SQLite database beside its place and move it there whole.

        MLflow creates its tables in many steps, and cannot go on where a process died amid them.
        """
        file = Path(self.uri.removeprefix("sqlite:///"))
        if self.uri.startswith("sqlite:///") and not file.exists():
            with scratch(file.parent) as work:
                MlflowClient(f"sqlite:///{work / file.name}").get_experiment_by_name(EXPERIMENT)
                (work / file.name).rename(file)


def _describe(client: MlflowClient, model: SubjectModel, version: str, as_of: str) -> None:
    """Say on MLflow's pages what a model is for and what its version was trained on."""
    name = model_name(model.subject)
    client.update_registered_model(name, f"Ranks {model.subject} subjects by suspicion of fraud, 0 to 1.")
    learnt = "with a learnt part" if model.learner is not None else "without a learnt part"
    client.update_model_version(
        name, version,
        f"Trained as of {as_of} on {len(model.spec)} measures, {model.outcomes['confirmed']} confirmed and "
        f"{model.outcomes['cleared']} cleared outcomes, {learnt}.",
    )  # fmt: skip


def _params(model: SubjectModel) -> dict[str, object]:
    """Parameters of a model, for its run."""
    fusion = model.fusion
    return {
        "seed": model.seed,
        "columns": len(model.spec),
        "learnt": model.learner is not None,
        "random_sample": model.random_sample,
        "bias": fusion.bias,
        "slope": fusion.slope,
        "level": fusion.level,
        **(model.learner.get_params() if model.learner else {}),
        **{f"weight_{part}": value for part, value in fusion.weights.items()},
    }


def _metrics(model: SubjectModel) -> dict[str, float]:
    """Counts of outcomes, gain of tuning and ranking metrics of a model, for its run."""
    outcomes = {f"outcomes_{name}": float(count) for name, count in model.outcomes.items()}
    tuning = {f"tuning_{name}": value for name, value in model.tuning.items()}
    return outcomes | tuning | model.metrics


def _version_with(client: MlflowClient, name: str, alias: str) -> ModelVersion | None:
    """The version that has an alias; None where no version has it or no model was registered."""
    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code not in _NOT_FOUND:
            raise
        return None


def model_name(subject: str) -> str:
    """Name under which models of a kind of subject are registered."""
    return f"fundguard-{subject}"
