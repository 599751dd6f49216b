"""The model of one kind of subject: evidence, isolation and a learner, fused into one score."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from models.anomaly import Isolation, PeerEvidence
from models.evaluation import leaks, ranking_metrics, reliability
from models.fusion import Fusion, calibrate, fit_weights, prior_fusion, probability, spreads
from models.learner import Learner, out_of_fold
from models.scheme_naming import named_scheme, nearest_schemes
from models.training_data import TrainingSet, training_set
from models.tuning import tune

# Evidence at which the anomaly score is 1 − 1/e = 0.63. Own starting value.
_EVIDENCE_SCALE = 8.0
# Family of measures that only the learner looks at: without outcomes they change nothing.
LEARNT_ONLY = "distribution"


@dataclass
class SubjectModel:
    """Scores subjects of one kind from their z-scores in the peer group.

    Attributes:
        subject: kind of subject.
        spec: one row a column: measure, family, evidence_weight, schemes; its index is the feature schema.
        seed: of everything random.
        tuning_budget: number of candidates of the learner's parameters that are tried besides the default.
        learner: trained on outcomes; None where there are too few.
        isolation_scale: mean and standard deviation of the raw isolation over all subjects.
        tuning: gain of the parameters found over the default, and its standard error; empty where none were
            sought.
        random_sample: the inspected were as good as a random sample of all subjects.
        outcomes: number of confirmed and cleared subjects.
        metrics: ranking metrics on held-out subjects: of the learnt part, and (``score_…``) of the fused
            score.
        suspected_leaks: measures that separate the confirmed too well (`evaluation.leaks`), with their AUC.
        reliability_curve: columns of `evaluation.reliability`, as lists.
        out_of_fold_scores: subjects learnt from, by id: target, inspected, score (0 to 1) by a model trained
            without them. It names persons, so it stays in this process: a stored model has none.
    """

    subject: str
    spec: pd.DataFrame
    seed: int = 0
    tuning_budget: int = 0
    evidence: PeerEvidence = field(init=False, repr=False)
    isolation: Isolation = field(init=False, repr=False)
    learner: Learner | None = None
    fusion: Fusion = field(default_factory=Fusion)
    isolation_scale: tuple[float, float] = (0.0, 1.0)
    tuning: dict[str, float] = field(default_factory=dict)
    random_sample: bool = False
    outcomes: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    suspected_leaks: dict[str, float] = field(default_factory=dict)
    reliability_curve: dict[str, list[float]] = field(default_factory=dict)
    out_of_fold_scores: pd.DataFrame | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """What is stored: everything but the subjects learnt from."""
        return self.__dict__ | {"out_of_fold_scores": None}

    def fit(
        self,
        z_scores: pd.DataFrame,
        outcomes: pd.Series,
        graph: pd.Series | None = None,
        rules: pd.Series | None = None,
    ) -> "SubjectModel":
        """Fit on the subjects of one as-of date.

        Args:
            z_scores: subjects × columns of the spec.
            outcomes: 1 confirmed, 0 cleared, by subject_id of the inspected.
            graph, rules: those parts by subject, 0 to 1; None where there are none.
        """
        self.evidence, self.fusion = PeerEvidence(self.spec), prior_fusion(self.subject)
        looked_at = self.spec.index[self.spec["family"] != LEARNT_ONLY]
        self.isolation = Isolation(list(looked_at), self.seed).fit(z_scores)
        raw = self.isolation.raw(z_scores)
        self.isolation_scale = float(raw.mean()), float(raw.std() or 1.0)
        self.outcomes = {"confirmed": int(outcomes.sum()), "cleared": int((1 - outcomes).sum())}
        data = training_set(z_scores[self.spec.index], outcomes, self.seed)
        if data is not None:
            self._learn(data)
            self._fuse(data, self.parts(z_scores, graph, rules))
        return self

    def _learn(self, data: TrainingSet) -> None:
        """Tune and train the learner."""
        found = tune(data, self.tuning_budget, self.seed)
        self.tuning = {"gain": found.gain, "error": found.error} if self.tuning_budget else {}
        self.learner = found.learner.fit(data.features, data.target, data.weight)
        self.random_sample = data.random_sample
        self.suspected_leaks = {str(column): float(auc) for column, auc in leaks(data).items()}

    def _fuse(self, data: TrainingSet, parts: pd.DataFrame) -> None:
        """Fit the weights and the calibration on subjects that the learnt part was not trained on."""
        rows = parts.loc[data.target.index].assign(model=out_of_fold(data, self.learner))
        seen = data.inspected
        fusion = fit_weights(rows[seen], data.target[seen], spreads(parts), data.random_sample)
        highest = float(fusion.raw(parts).max())
        self.fusion = calibrate(fusion, rows, data.target, data.weight, highest)
        fused = self.fusion.raw(rows)
        learnt, whole = (ranking_metrics(data.target, score) for score in (rows["model"], fused))
        self.metrics = learnt | {f"score_{name}": value for name, value in whole.items()}
        self.out_of_fold_scores = pd.DataFrame(
            {"target": data.target, "inspected": data.inspected, "score": probability(fused)}
        )
        curve = reliability(self.out_of_fold_scores[data.inspected])
        self.reliability_curve = {str(name): column.tolist() for name, column in curve.items()}

    def parts(
        self,
        z_scores: pd.DataFrame,
        graph: pd.Series | None = None,
        rules: pd.Series | None = None,
    ) -> pd.DataFrame:
        """The parts before they are fused, one row a subject.

        Returns:
            model (log-odds relative to the learner's base; missing without a learner), evidence (units of
            `PeerEvidence`), isolation (standard deviations), graph and rule (0 to 1, missing where they do
            not apply), scheme (missing where the signature of none is significant), nearest_schemes (the two
            most significant signatures, as ``"M05 M10"``).
        """
        schemes = self.evidence.by_scheme(self.evidence.by_column(z_scores))
        missing = pd.Series(np.nan, z_scores.index)
        mean, sd = self.isolation_scale
        signatures = self.evidence.signatures(z_scores)
        return pd.DataFrame(
            {
                "model": self.learner.raw(z_scores[self.spec.index]) if self.learner else missing,
                "evidence": self.evidence.score(schemes),
                "isolation": (self.isolation.raw(z_scores) - mean) / sd,
                "graph": missing if graph is None else graph.reindex(z_scores.index),
                "rule": missing if rules is None else rules.reindex(z_scores.index),
                "scheme": named_scheme(signatures, schemes),
                "nearest_schemes": nearest_schemes(signatures),
            }
        )

    def score(self, parts: pd.DataFrame) -> pd.DataFrame:
        """Score and parts as they are published, all 0 to 1: score, model_score, anomaly_score, rule_score,
        graph_score; scheme and nearest_schemes."""
        return pd.DataFrame(
            {
                "score": probability(self.fusion.raw(parts)),
                "scheme": parts["scheme"],
                "nearest_schemes": parts["nearest_schemes"],
                "model_score": probability(parts["model"] + (self.learner.base if self.learner else 0.0)),
                "anomaly_score": 1 - np.exp(-parts["evidence"] / _EVIDENCE_SCALE),
                "rule_score": parts["rule"],
                "graph_score": parts["graph"],
            }
        )

    def contributions(self, z_scores: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
        """Contribution of each column to the raw score, exact: a row sums to the raw score.

        Args:
            z_scores: the subjects to explain × columns of the spec.
            parts: their parts, as `parts` gave them.

        Returns:
            Subjects × (columns of the spec, ``graph``, ``rule``, ``base``).
        """
        return self.explain(z_scores, parts)[0]

    def explain(self, z_scores: pd.DataFrame, parts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The `contributions`, and their share from the evidence alone, by column of the spec, which depends
        on no random seed."""
        fusion, (mean, sd) = self.fusion, self.isolation_scale
        isolation_weight = fusion.weight("isolation")
        deterministic_contributions = fusion.weight("evidence") * self.evidence.attribute(z_scores)
        isolated, isolation_base = self.isolation.attribute(z_scores)
        isolated = isolated.reindex(columns=self.spec.index, fill_value=0.0)
        out = deterministic_contributions + isolation_weight / sd * isolated
        base = fusion.base + isolation_weight * (isolation_base - mean) / sd
        if self.learner:
            learnt = self.learner.attribute(z_scores[self.spec.index])
            out = out + learnt.mul(fusion.model_weight(parts), axis=0)
        graph, rule = (
            fusion.weight(part) * parts[part].astype(float).fillna(0.0) for part in ("graph", "rule")
        )
        rest = pd.DataFrame({"graph": graph, "rule": rule, "base": base}, index=out.index)
        return pd.concat([out, rest], axis=1), deterministic_contributions
