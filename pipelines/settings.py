"""One frozen settings object; unknown keys are refused, paths are derived from the store."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set, by environment (``FUNDGUARD_EXPLAINED_DEPTH=1000``) or in ``fundguard.toml``-style
    keyword arguments.

    Attributes:
        explained_depth: so many of each kind of subject get reasons and evidence.
        visit_depth: the visit list is cut at this rank; other lists are whole.
        evidence_rows: visits listed per subject at most.
        tracking_uri: MLflow tracking store; by default a SQLite file in the store.
        seed: of everything random.
        language: of the workbook.
    """

    model_config = SettingsConfigDict(env_prefix="FUNDGUARD_", extra="forbid", frozen=True)

    explained_depth: int = Field(500, ge=500)
    visit_depth: int = Field(20_000, ge=500)
    evidence_rows: int = Field(100, ge=1)
    tracking_uri: str | None = None
    seed: int = 0
    language: Literal["zh", "en"] = "zh"

    def tracking(self, store: Path) -> str:
        """Where MLflow keeps runs and models."""
        return self.tracking_uri or f"sqlite:///{(store / 'mlflow.db').resolve()}"

    def depth(self, subject: str) -> int | None:
        """Rank at which a list is cut; None for lists that are whole."""
        return self.visit_depth if subject == "visit" else None
