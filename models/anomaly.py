"""Anomaly detection without labels: distance of subjects from their peers in the directions schemes show.

`PeerEvidence` turns signed z-scores from the peer group into evidence by scheme; `Isolation` finds unusual
combinations of values whatever their direction. Both score a subject from its own row and from what was
learnt at fitting, so a score does not depend on which other subjects are scored with it.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import shap
from sklearn.ensemble import IsolationForest

from significance.normal_tail import neg_log10_p

FloatArray = npt.NDArray[np.float64]

# Upper bound of a measure's evidence before its weight: a probability of one in 10**10. Own starting value.
CAP = 10.0
# Share of the evidence of all other schemes, on average, that is added to that of the strongest. Own starting
# value.
OTHER_SCHEMES_SHARE = 0.15
# Trees of the forest, rows each tree is grown on (defaults of Liu et al. §5: 100 and 256; more trees for a
# steadier score), and bound of the z-scores.
_TREES, _ROWS_PER_TREE, _BOUND = 200, 256, 8.0


@dataclass(frozen=True)
class PeerEvidence:
    """Evidence by scheme from z-scores in the peer group.

    A measure's evidence is the -log10 of the two-sided p-value of its difference under the null distribution
    of honest peers, bounded by CAP, times the evidence weight of the measure.
    Measures of one family are dependent, so only the strongest of a family counts. A scheme's evidence is
    the sum over families; a subject's is that of its strongest scheme plus a small share of the others.

    Attributes:
        spec: one row a column: ``measure``, ``family``, ``evidence_weight``, ``schemes`` and ``signature``
            (tuples of ids).
    """

    spec: pd.DataFrame

    def by_column(self, z_scores: pd.DataFrame) -> pd.DataFrame:
        """Evidence of each column, zero where there is none: subjects × columns of the spec.

        Args:
            z_scores: subjects × columns, z-values, positive on the suspicious side, missing allowed.
        """
        return self._neg_log10_p(z_scores) * self.spec["evidence_weight"].to_numpy(dtype=float)

    def by_scheme(self, evidence: pd.DataFrame) -> pd.DataFrame:
        """Evidence of each scheme: subjects × schemes, the strongest measure of each family, summed."""
        out = {}
        for scheme in self._named("schemes"):
            strongest = [evidence[columns].max(axis=1) for columns in self._families(scheme)]
            out[scheme] = np.sum(strongest, axis=0)
        return pd.DataFrame(out, index=evidence.index)

    def score(self, by_scheme: pd.DataFrame) -> pd.Series:
        """Evidence of each subject: its strongest scheme plus a share of the others."""
        top = by_scheme.max(axis=1)
        return top + _other_share(by_scheme) * (by_scheme.sum(axis=1) - top)

    def total(self, z_scores: pd.DataFrame) -> pd.Series:
        """Evidence of each subject, from its z-scores."""
        return self.score(self.by_scheme(self.by_column(z_scores)))

    def signatures(self, z_scores: pd.DataFrame) -> pd.DataFrame:
        """-log10 of the two-sided p-value of each scheme's own signature, before weights: subjects × schemes
        that have one."""
        strength = self._neg_log10_p(z_scores)
        signed = self.spec["signature"]
        return pd.DataFrame(
            {
                scheme: strength.loc[:, [scheme in of for of in signed]].max(axis=1)
                for scheme in self._named("signature")
            },
            index=z_scores.index,
        )

    def attribute(self, z_scores: pd.DataFrame) -> pd.DataFrame:
        """Contribution of each column to `score`, exact: the score is a sum of the strongest columns of the
        families."""
        evidence = self.by_column(z_scores)
        by_scheme = self.by_scheme(evidence)
        strongest, share = by_scheme.idxmax(axis=1).to_numpy(), _other_share(by_scheme)
        amounts, rows = evidence.to_numpy(), np.arange(len(evidence))
        out = np.zeros_like(amounts)
        for scheme in by_scheme.columns:
            factor = np.where(strongest == scheme, 1.0, share)
            for columns in self._families(scheme):
                places = evidence.columns.get_indexer(pd.Index(columns))
                winner = places[amounts[:, places].argmax(axis=1)]
                out[rows, winner] += factor * amounts[rows, winner]
        return pd.DataFrame(out, evidence.index, evidence.columns)

    def _neg_log10_p(self, z_scores: pd.DataFrame) -> pd.DataFrame:
        """Evidence before weights, 0 to CAP: subjects × columns of the spec."""
        return neg_log10_two_sided_p(z_scores[self.spec.index])

    def _named(self, column: str) -> list[str]:
        """The schemes that a column of the spec names, in order."""
        return sorted({scheme for named in self.spec[column] for scheme in named})

    def _families(self, scheme: str) -> list[list[str]]:
        """Columns that are evidence of a scheme, by family."""
        columns = self.spec[[scheme in named for named in self.spec["schemes"]]]
        return [list(names) for names in columns.groupby("family").groups.values()]


def neg_log10_two_sided_p(z_scores: pd.DataFrame) -> pd.DataFrame:
    """-log10 of the two-sided p-value of z-scores on the suspicious side, at most CAP, else 0."""
    found = neg_log10_p(z_scores.to_numpy(dtype=float)) - np.log10(2)
    return pd.DataFrame(found.clip(0, CAP), z_scores.index, z_scores.columns)


def _other_share(by_scheme: pd.DataFrame) -> float:
    """Share of each other scheme's evidence in the score, so that all others together add
    OTHER_SCHEMES_SHARE."""
    return OTHER_SCHEMES_SHARE / max(by_scheme.shape[1] - 1, 1)


@dataclass
class Isolation:
    """Isolation Forest on the z-scores (Liu, Ting, Zhou 2008, doi 10.1109/ICDM.2008.17)."""

    columns: list[str]
    seed: int = 0
    forest: IsolationForest = field(init=False, repr=False)

    def fit(self, z_scores: pd.DataFrame) -> "Isolation":
        """Grow the forest; a missing difference counts as none."""
        # max_features=1.0: with fewer, Shapley values no longer add up to the score.
        self.forest = IsolationForest(
            n_estimators=_TREES,
            max_samples=min(_ROWS_PER_TREE, len(z_scores)),
            max_features=1.0,
            random_state=self.seed,
        )
        self.forest.fit(self._matrix(z_scores))
        return self

    def raw(self, z_scores: pd.DataFrame) -> pd.Series:
        """Minus the mean path length: higher is more isolated."""
        score = -self.forest.score_samples(self._matrix(z_scores))
        length = -float(_mean_path_length(self.forest.max_samples_)) * np.log2(score)
        return pd.Series(-length, index=z_scores.index)

    def attribute(self, z_scores: pd.DataFrame) -> tuple[pd.DataFrame, float]:
        """Contribution of each column to `raw`, and the base: Shapley values of the trees."""
        explainer = shap.TreeExplainer({"trees": _trees(self.forest), "tree_output": "raw_value"})
        values = explainer.shap_values(self._matrix(z_scores))
        base = float(np.ravel(explainer.expected_value)[0])
        return pd.DataFrame(-values, z_scores.index, self.columns), -base

    def _matrix(self, z_scores: pd.DataFrame) -> FloatArray:
        return z_scores[self.columns].fillna(0).clip(-_BOUND, _BOUND).to_numpy(dtype=float)


def _trees(forest: IsolationForest) -> list[dict[str, FloatArray]]:
    """The trees as arrays whose values at the leaves are path lengths; shap's own reading of a forest
    computes them node by node, which takes longer than the Shapley values."""
    share = 1 / len(forest.estimators_)
    return [
        {
            "children_left": tree.children_left,
            "children_right": tree.children_right,
            "children_default": tree.children_right,
            "features": tree.feature,
            "thresholds": tree.threshold,
            "values": share
            * (tree.compute_node_depths() - 1 + _mean_path_length(tree.n_node_samples)).reshape(-1, 1),
            "node_sample_weight": tree.weighted_n_node_samples,
        }
        for tree in (grown.tree_ for grown in forest.estimators_)
    ]


def _mean_path_length(n: npt.ArrayLike) -> FloatArray:
    """Mean path length of an unsuccessful search in a binary search tree of n samples each (c(n) of Liu et
    al.)."""
    samples = np.asarray(n, dtype=float)
    many = np.maximum(samples, 3.0)
    length = 2.0 * (np.log(many - 1.0) + np.euler_gamma) - 2.0 * (many - 1.0) / many
    return np.where(samples > 2, length, np.where(samples == 2, 1.0, 0.0))
