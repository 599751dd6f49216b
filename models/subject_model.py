"""The model of one kind of subject: evidence, isolation, learning where outcomes allow, fused into one score."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from models.anomaly import Isolation, PeerEvidence
from models.evaluation import leaks, ranking_metrics, reliability
from models.fusion import Fusion, calibrate, probability, spreads, weigh
from models.learner import Learner, TrainingSet, out_of_fold, training_set, tuned

# Evidence of this much reads as an anomaly score of 0.63.
_EVIDENCE_SCALE = 8.0
# Below this evidence no scheme stands out.
MIN_SCHEME_EVIDENCE = 2.0


@dataclass
class SubjectModel:
    """Scores subjects of one kind from their differences to the peers.

    Attributes:
        subject: kind of subject.
        spec: one row a column: measure, family, telling, schemes; its index is the feature schema.
        tuning_budget: so many candidates of the learner's parameters are tried beside the default.
        learner: what outcomes taught; None where there are too few.
        tuning: gain of the parameters found over the default, and its standard error; empty where none were sought.
        drawn: the inspected were as good as a random draw of all subjects.
        suspicious: measures that tell the confirmed too well to be true (`evaluation.leaks`), with their AUC.
        curve: predicted probability beside what came true (`evaluation.reliability`), as lists.
        judged: subjects learnt from, by id: target, inspected, score (0 to 1) by a model that has not seen them. It
            names persons, so it stays in this process: a stored model has none.
        metrics: how well subjects are ranked whose outcome was held out: by the learnt part, and (``score_…``) by
            the fused score.
    """

    subject: str
    spec: pd.DataFrame
    seed: int = 0
    tuning_budget: int = 0
    evidence: PeerEvidence | None = None
    isolation: Isolation | None = None
    learner: Learner | None = None
    fusion: Fusion = field(default_factory=Fusion)
    depth: tuple[float, float] = (0.0, 1.0)
    tuning: dict[str, float] = field(default_factory=dict)
    random_sample: bool = False
    outcomes: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    suspicious: dict[str, float] = field(default_factory=dict)
    curve: dict[str, list[float]] = field(default_factory=dict)
    judged: pd.DataFrame | None = field(default=None, repr=False)

    def __getstate__(self) -> dict:
        """What is stored: everything but whoever was learnt from."""
        return self.__dict__ | {"judged": None}

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
        self.outcomes = {"confirmed": int(outcomes.sum()), "cleared": int((1 - outcomes).sum())}
        data = training_set(differences[self.spec.index], outcomes, self.seed)
        if data is not None:
            found = tuned(data, self.tuning_budget, self.seed)
            self.tuning = {"gain": found.gain, "error": found.error} if self.tuning_budget else {}
            self.learner = found.learner.fit(data.features, data.target, data.weight)
            self._fuse(data, self.parts(differences, peers, graph, rules))
        return self

    def _fuse(self, data: TrainingSet, parts: pd.DataFrame) -> None:
        """Weigh and calibrate the parts on subjects that the learnt part has not seen."""
        rows = parts.loc[data.target.index].assign(model=out_of_fold(data, self.learner))
        self.random_sample = data.random_sample
        seen = data.inspected
        fusion = weigh(rows[seen], data.target[seen], spreads(parts), data.random_sample)
        highest = float(fusion.raw(parts).max())
        self.fusion = calibrate(fusion, rows, data.target, data.weight, highest)
        fused = self.fusion.raw(rows)
        learnt, whole = (ranking_metrics(data.target, score) for score in (rows["model"], fused))
        self.metrics = learnt | {f"score_{name}": value for name, value in whole.items()}
        self.suspicious = leaks(data).to_dict()
        self.judged = pd.DataFrame(
            {"target": data.target, "inspected": data.inspected, "score": probability(fused)}
        )
        self.curve = reliability(self.judged[data.inspected]).to_dict("list")

    def parts(
        self,
        differences: pd.DataFrame,
        peers: pd.Series,
        graph: pd.Series | None = None,
        rules: pd.Series | None = None,
    ) -> pd.DataFrame:
        """The parts before they are fused, one row a subject.

        Returns:
            model (log-odds against the average subject; missing without a learnt model), evidence (units of
            `PeerEvidence`), isolation (standard deviations), graph and rule (0 to 1, missing where they do not
            apply), scheme.
        """
        evidence = self.evidence.by_column(differences, peers)
        schemes = self.evidence.by_scheme(evidence)
        missing = pd.Series(np.nan, differences.index)
        scheme = schemes.idxmax(axis=1).where(schemes.max(axis=1) >= MIN_SCHEME_EVIDENCE)
        return pd.DataFrame(
            {
                "model": self.learner.raw(differences[self.spec.index]) if self.learner else missing,
                "evidence": self.evidence.score(schemes),
                "isolation": (self.isolation.raw(differences) - self.depth[0]) / self.depth[1],
                "graph": missing if graph is None else graph.reindex(differences.index),
                "rule": missing if rules is None else rules.reindex(differences.index),
                "scheme": scheme,
            }
        )

    def score(self, parts: pd.DataFrame) -> pd.DataFrame:
        """Score and parts as they are published, all 0 to 1: score, model_score, anomaly_score, rule_score,
        graph_score; and scheme."""
        return pd.DataFrame(
            {
                "score": probability(self.fusion.raw(parts)),
                "scheme": parts["scheme"],
                "model_score": probability(parts["model"] + (self.learner.base if self.learner else 0.0)),
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
        deterministic_contributions = fusion.weight("evidence") * self.evidence.attribute(differences, peers)
        isolated, depth_base = self.isolation.attribute(differences)
        out = deterministic_contributions + fusion.weight("isolation") / self.depth[1] * isolated
        base = fusion.base + fusion.weight("isolation") * (depth_base - self.depth[0]) / self.depth[1]
        if self.learner:
            learnt = self.learner.attribute(differences[self.spec.index])
            out = out + learnt.mul(fusion.trust(parts), axis=0)
        graph, rule = (
            fusion.weight(part) * parts[part].astype(float).fillna(0.0) for part in ("graph", "rule")
        )
        rest = pd.DataFrame({"graph": graph, "rule": rule, "base": base}, index=out.index)
        return pd.concat([out, rest], axis=1), deterministic_contributions
