"""The model of one kind of subject: evidence, isolation, learning where outcomes allow, fused into one score."""

from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np
import pandas as pd

from models import boosting
from models.anomaly import Isolation, PeerEvidence
from models.evaluation import ranking_metrics
from models.fusion import Fusion, calibrate, probability, trusting

# Evidence of this much reads as an anomaly score of 0.63.
_EVIDENCE_SCALE = 8.0
# How much a subject gains by not looking like the confirmed ones.
SILENCE = 0.2
# Below this evidence no scheme stands out.
LEAST_SCHEME = 2.0


@dataclass
class SubjectModel:
    """Scores subjects of one kind from their differences to the peers.

    Attributes:
        subject: kind of subject.
        spec: one row a column: measure, family, telling, schemes; its index is the feature schema.
        booster: LightGBM model; None where there are too few outcomes.
        metrics: how well the learnt part ranks subjects it has not seen.
    """

    subject: str
    spec: pd.DataFrame
    seed: int = 0
    evidence: PeerEvidence | None = None
    isolation: Isolation | None = None
    booster: lgb.Booster | None = None
    fusion: Fusion = field(default_factory=Fusion)
    depth: tuple[float, float] = (0.0, 1.0)
    learnt_base: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)

    def fit(
        self,
        differences: pd.DataFrame,
        peers: pd.Series,
        outcomes: pd.Series,
        graph: pd.Series | None = None,
        rules: pd.Series | None = None,
    ) -> "SubjectModel":
        """Learn from a night.

        Args:
            differences: subjects × columns of the spec.
            peers: peer group by subject.
            outcomes: 1 confirmed, 0 cleared, by subject_id of the inspected.
            graph, rules: those parts by subject, 0 to 1; None where there are none.
        """
        self.evidence = PeerEvidence(self.spec).fit(differences, peers)
        self.isolation = Isolation(list(self.spec.index), self.seed).fit(differences)
        raw = self.isolation.raw(differences)
        self.depth = float(raw.mean()), float(raw.std() or 1.0)
        data = boosting.training_set(differences[self.spec.index], outcomes, self.seed)
        self.outcomes = {"confirmed": int(outcomes.sum()), "cleared": int((1 - outcomes).sum())}
        if data is not None:
            self._learn(data, self.parts(differences, peers, graph, rules))
        return self

    def _learn(self, data: boosting.TrainingSet, parts: pd.DataFrame) -> None:
        held_out = boosting.out_of_fold(data, self.seed)
        self.booster = boosting.fit(data, self.seed)
        self.metrics = ranking_metrics(data.target, held_out)
        self.learnt_base = self._learnt_base(data.features.head(1))
        rows = parts.loc[data.target.index].assign(model=_leak(held_out - self.learnt_base))
        self.fusion = calibrate(trusting(int(data.target.sum())), rows, data.target, data.weight)

    def parts(
        self,
        differences: pd.DataFrame,
        peers: pd.Series,
        graph: pd.Series | None = None,
        rules: pd.Series | None = None,
    ) -> pd.DataFrame:
        """The parts before they are fused, one row a subject.

        Returns:
            model (log-odds against the average subject; missing without a learnt model), evidence (units of `PeerEvidence`), isolation
            (standard deviations), graph and rule (0 to 1, missing where they do not apply), scheme.
        """
        evidence = self.evidence.by_column(differences, peers)
        schemes = self.evidence.by_scheme(evidence)
        missing = pd.Series(np.nan, differences.index)
        scheme = schemes.idxmax(axis=1).where(schemes.max(axis=1) >= LEAST_SCHEME)
        return pd.DataFrame(
            {
                "model": self._learnt(differences) if self.booster else missing,
                "evidence": self.evidence.score(schemes),
                "isolation": (self.isolation.raw(differences) - self.depth[0]) / self.depth[1],
                "graph": missing if graph is None else graph.reindex(differences.index),
                "rule": missing if rules is None else rules.reindex(differences.index),
                "scheme": scheme,
            }
        )

    def _learnt(self, differences: pd.DataFrame) -> pd.Series:
        raw = self.booster.predict(differences[self.spec.index], raw_score=True)
        return _leak(pd.Series(raw, index=differences.index) - self.learnt_base)

    def _learnt_base(self, features: pd.DataFrame) -> float:
        """What the learnt model says of a subject before it looks (the base of its Shapley values)."""
        return float(self.booster.predict(features, pred_contrib=True)[0, -1])

    def score(self, parts: pd.DataFrame) -> pd.DataFrame:
        """Score and parts as they are published, all 0 to 1: score, model_score, anomaly_score, rule_score,
        graph_score; and scheme."""
        return pd.DataFrame(
            {
                "score": probability(self.fusion.raw(parts)),
                "scheme": parts["scheme"],
                "model_score": probability(parts["model"] + self.learnt_base),
                "anomaly_score": 1 - np.exp(-parts["evidence"] / _EVIDENCE_SCALE),
                "rule_score": parts["rule"],
                "graph_score": parts["graph"],
            }
        )

    def contributions(self, differences: pd.DataFrame, peers: pd.Series, parts: pd.DataFrame) -> pd.DataFrame:
        """What each column adds to the raw score, exactly: the row sums to the raw score.

        Args:
            differences: the subjects to explain × columns of the spec.
            parts: their parts, as `parts` gave them.

        Returns:
            Subjects × (columns of the spec, ``graph``, ``rule``, ``base``).
        """
        return self.explain(differences, peers, parts)[0]

    def explain(
        self, differences: pd.DataFrame, peers: pd.Series, parts: pd.DataFrame
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The `contributions`, and that part of them which comes from the evidence alone, by column of the spec: no
        random seed touches it."""
        fusion = self.fusion
        steady = fusion.weight("evidence") * self.evidence.attribute(differences, peers)
        isolated, depth_base = self.isolation.attribute(differences)
        out = steady + fusion.weight("isolation") / self.depth[1] * isolated
        base = fusion.base + fusion.weight("isolation") * (depth_base - self.depth[0]) / self.depth[1]
        if self.booster:
            learnt = self.booster.predict(differences[self.spec.index], pred_contrib=True)[:, :-1]
            factor = np.where(learnt.sum(axis=1) > 0, 1.0, SILENCE)
            out = out + fusion.weight("model") * learnt * factor[:, None]
        graph, rule = (
            fusion.weight(part) * parts[part].astype(float).fillna(0.0) for part in ("graph", "rule")
        )
        rest = pd.DataFrame({"graph": graph, "rule": rule, "base": base}, index=out.index)
        return pd.concat([out, rest], axis=1), steady


def _leak(raw: pd.Series) -> pd.Series:
    """Log-odds with silence counted little: outcomes name some schemes only, so looking unlike them clears nobody."""
    return raw.where(raw > 0, SILENCE * raw)
