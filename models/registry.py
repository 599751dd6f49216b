"""Models in MLflow: logged with parameters, metrics and signature, registered, loaded by the alias `champion`.

The only module that knows MLflow. Runs and models hold counts and columns, never a person.
"""

import logging
import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

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
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.utils.logging_utils import disable_logging

from models.subject_model import SubjectModel

CHAMPION, PREVIOUS = "champion", "previous"
EXPERIMENT = "fundguard"
_REQUIREMENTS = ("scikit-learn", "lightgbm", "pandas", "numpy", "shap", "scipy")


class RegistryError(Exception):
    """The registry has no model that can be used."""


class _Wrapped(pyfunc.PythonModel):
    """A SubjectModel as MLflow stores it: takes differences and ``peers``, gives scores."""

    def __init__(self, model: SubjectModel):
        self.model = model

    def predict(self, context, model_input: pd.DataFrame, params=None) -> pd.DataFrame:
        """Score rows with the columns of the signature."""
        parts = self.model.parts(model_input.drop(columns="peers"), model_input["peers"])
        return self.model.score(parts).drop(columns=["scheme", "rule_score", "graph_score"])


@dataclass(frozen=True)
class Champion:
    """A registered model in force; `as_of` is the night it was trained on (ISO date)."""

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
        peers: pd.Series,
        as_of: str,
        tags: dict[str, str],
        card: str = "",
    ) -> str:
        """Log and register a model; returns its version.

        Args:
            sample: a few rows of differences, for the signature; not stored.
            peers: their peer groups.
            card: the model card (Markdown).
        """
        name = model_name(model.subject)
        with self._connected():
            with start_run(run_name=f"{model.subject} {as_of}"):
                set_tags({"subject": model.subject, "as_of": as_of} | tags)
                log_params(
                    {
                        "seed": model.seed,
                        "columns": len(model.spec),
                        "learnt": model.learner is not None,
                        "random_sample": model.random_sample,
                        "bias": model.fusion.bias,
                        "slope": model.fusion.slope,
                        "level": model.fusion.level,
                        **(model.learner.get_params() if model.learner else {}),
                        **{f"weight_{part}": value for part, value in model.fusion.weights.items()},
                    }
                )
                outcomes = {f"outcomes_{k}": v for k, v in model.outcomes.items()}
                tuning = {f"tuning_{k}": v for k, v in model.tuning.items()}
                log_metrics(outcomes | tuning | model.metrics)
                log_dict({"measures": list(model.spec.index), "reliability": model.curve}, "training.json")
                log_text(card, "model_card.md")
                wrapped = _Wrapped(model)
                rows = sample.astype(float).assign(peers=peers.reindex(sample.index))
                info = pyfunc.log_model(
                    name="model",
                    python_model=wrapped,
                    signature=infer_signature(rows, wrapped.predict(None, rows)),
                    pip_requirements=[f"{package}=={version(package)}" for package in _REQUIREMENTS],
                    registered_model_name=name,
                )
            return str(info.registered_model_version)

    def promote(self, subject: str, version: str) -> None:
        """Make a version the champion; the one before it can be put back with `roll_back`."""
        name = model_name(subject)
        with self._connected() as client:
            before = _holder(client, name, CHAMPION)
            if before is not None and before.version != version:
                client.set_registered_model_alias(name, PREVIOUS, before.version)
            client.set_registered_model_alias(name, CHAMPION, version)

    def roll_back(self, subject: str) -> str:
        """Put the champion before this one back, and this one in its place; returns the version now in force.

        Raises:
            RegistryError: there was none before it.
        """
        with self._connected() as client:
            before = _holder(client, model_name(subject), PREVIOUS)
        if before is None:
            raise RegistryError(f"no earlier champion model for {subject} to go back to")
        self.promote(subject, str(before.version))
        return str(before.version)

    def log_evaluation(self, as_of: str, metrics: dict[str, float], page: str) -> None:
        """Log the figures and the page of an evaluation as a run of its own."""
        with self._connected(), start_run(run_name=f"evaluation {as_of}"):
            set_tags({"kind": "evaluation", "as_of": as_of})
            log_metrics(metrics)
            log_text(page, "evaluation.html")

    def champion(self, subject: str) -> Champion:
        """Load the champion.

        Raises:
            RegistryError: there is none yet.
        """
        name = model_name(subject)
        with self._connected() as client:
            found = _holder(client, name, CHAMPION)
            if found is None:
                raise RegistryError(f"no champion model for {subject}: run 'fundguard train' first")
            loaded = pyfunc.load_model(f"models:/{name}@{CHAMPION}")
            as_of = client.get_run(found.run_id).data.tags["as_of"]
            return Champion(loaded.unwrap_python_model().model, name, str(found.version), as_of)

    @contextmanager
    def _connected(self):
        self.artifacts.mkdir(parents=True, exist_ok=True, mode=0o700)
        # MLflow tells of each version on stderr, which is for what went wrong.
        disable_logging()
        for noisy in ("mlflow", "alembic"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            set_tracking_uri(self.uri)
            client = MlflowClient(self.uri)
            if client.get_experiment_by_name(EXPERIMENT) is None:
                client.create_experiment(EXPERIMENT, artifact_location=self.artifacts.resolve().as_uri())
            set_experiment(EXPERIMENT)
            yield client


def _holder(client: MlflowClient, name: str, alias: str):
    """The version that holds an alias; None where nobody does."""
    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException:
        return None


def model_name(subject: str) -> str:
    """Name under which models of a kind of subject are registered."""
    return f"fundguard-{subject}"
