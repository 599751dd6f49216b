"""What has no label: how far a subject stands from its peers in the directions that schemes leave traces in.

`PeerEvidence` turns signed differences from the peers into evidence by scheme; `Isolation` finds odd combinations
whatever their direction. Both score a subject from its own row and what was learnt at fitting, so a score does not
depend on who else is scored that night.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shap
from sklearn.ensemble import IsolationForest

# Rarity counts up to one in ten thousand; beyond, every subject is simply extreme.
CAP = 4.0
# Tail levels at which rarity is remembered: one in 10**u.
_LEVELS = np.linspace(0, CAP, 81)
# In a small peer group rarity cannot show; the distance speaks instead, less so from about 50 peers on.
_FEW = 50
# Beyond the strongest scheme, the others add this share of their evidence: guilt in two ways is worse than in one.
_OTHERS = 0.15


@dataclass
class PeerEvidence:
    """Evidence by scheme from differences to the peers.

    A measure's evidence is its rarity among the peers (-log10 of the share that stands as far out), held down by the
    plain distance, times how telling the measure is. Measures of one family tell one story: the strongest counts.
    A scheme's evidence is the sum over families; a subject's that of its strongest scheme and a little of the others.

    Attributes:
        spec: one row a column: ``measure``, ``family``, ``evidence_weight``, ``schemes`` (tuple of ids).
        tails: (peer group) → values at the tail levels, columns × levels, and the number of peers.
    """

    spec: pd.DataFrame
    tails: dict[str, tuple[np.ndarray, int]] = field(default_factory=dict)

    def fit(self, differences: pd.DataFrame, peers: pd.Series) -> "PeerEvidence":
        """Learn the tails of each peer group.

        Args:
            differences: subjects × columns of the spec, signed robust units, missing allowed.
            peers: peer group by subject.
        """
        for group, members in differences[self.spec.index].groupby(peers):
            values = np.sort(members.fillna(-np.inf).to_numpy(), axis=0)
            # With n peers nothing rarer than one in n + 1 can be told.
            position = np.ceil((1 - 10**-_LEVELS) * len(values)).astype(int).clip(0, len(values) - 1)
            self.tails[group] = values[position].T, len(values)
        return self

    def by_column(self, differences: pd.DataFrame, peers: pd.Series) -> pd.DataFrame:
        """Evidence of each column, zero where there is none: subjects × columns of the spec."""
        z = differences[self.spec.index].to_numpy(dtype=float)
        out = np.zeros_like(z)
        for group, (tails, n) in self.tails.items():
            rows = np.flatnonzero((peers == group).to_numpy())
            if len(rows):
                out[rows] = self._rarity(z[rows], tails, n)
        return pd.DataFrame(
            out * self.spec["evidence_weight"].to_numpy(dtype=float),
            index=differences.index,
            columns=self.spec.index,
        )

    def _rarity(self, z: np.ndarray, tails: np.ndarray, n: int) -> np.ndarray:
        # Nearly nothing below the peers' middle, growing straight above it; never quite flat, so that only equal
        # evidence ties.
        far = 0.5 * np.logaddexp(0, 3 * np.nan_to_num(z, nan=-np.inf))
        rarity = np.empty_like(far)
        for column in range(z.shape[1]):
            below = np.searchsorted(tails[column], z[:, column] - 1e-9, "left") - 1
            rarity[:, column] = _LEVELS[below.clip(0)]
        rarity = np.minimum(rarity, np.log10(n + 1)) + 2 * _FEW / (n + _FEW)
        return np.minimum(np.minimum(far, rarity), CAP)

    def by_scheme(self, evidence: pd.DataFrame) -> pd.DataFrame:
        """Evidence of each scheme: subjects × schemes, the strongest measure of each family, summed."""
        schemes = sorted({scheme for named in self.spec["schemes"] for scheme in named})
        out = {}
        for scheme in schemes:
            out[scheme] = np.sum(
                [evidence[columns].max(axis=1) for columns in self._families(scheme)], axis=0
            )
        return pd.DataFrame(out, index=evidence.index)

    def score(self, by_scheme: pd.DataFrame) -> pd.Series:
        """One number a subject: its strongest scheme and a little of the others."""
        top = by_scheme.max(axis=1)
        return top + self._other_share(by_scheme) * (by_scheme.sum(axis=1) - top)

    def _other_share(self, by_scheme: pd.DataFrame) -> float:
        return _OTHERS / max(by_scheme.shape[1] - 1, 1)

    def attribute(self, differences: pd.DataFrame, peers: pd.Series) -> pd.DataFrame:
        """What each column adds to `score`; every row sums to it, for the score is a sum of winning columns."""
        evidence = self.by_column(differences, peers)
        by_scheme = self.by_scheme(evidence)
        strongest = by_scheme.idxmax(axis=1)
        share = self._other_share(by_scheme)
        out = pd.DataFrame(0.0, evidence.index, evidence.columns)
        for scheme in by_scheme:
            factor = (strongest == scheme).map({True: 1.0, False: share})
            for columns in self._families(scheme):
                winner = evidence[columns].idxmax(axis=1)
                for column in columns:
                    out[column] += factor * evidence[column].where(winner == column, 0.0)
        return out

    def _families(self, scheme: str) -> list[list[str]]:
        """Columns that speak for a scheme, by family."""
        speaking = self.spec[[scheme in named for named in self.spec["schemes"]]]
        return [list(columns) for columns in speaking.groupby("family").groups.values()]


@dataclass
class Isolation:
    """Isolation Forest on the differences (Liu, Ting, Zhou 2008, doi 10.1109/ICDM.2008.17)."""

    columns: list[str]
    seed: int = 0
    forest: IsolationForest | None = None

    def fit(self, differences: pd.DataFrame) -> "Isolation":
        """Learn what is common; missing differences count as none."""
        # max_features=1.0: with fewer, SHAP no longer rebuilds the score.
        self.forest = IsolationForest(
            n_estimators=200, max_samples=min(256, len(differences)), max_features=1.0, random_state=self.seed
        )
        self.forest.fit(self._matrix(differences))
        return self

    def raw(self, differences: pd.DataFrame) -> pd.Series:
        """How isolated, as minus the mean path length: higher is odder."""
        score = -self.forest.score_samples(self._matrix(differences))
        length = -self._usual_length() * np.log2(score)
        return pd.Series(-length, index=differences.index)

    def attribute(self, differences: pd.DataFrame) -> tuple[pd.DataFrame, float]:
        """What each column adds to `raw`, and the base: Shapley values of the trees."""
        explainer = shap.TreeExplainer(self.forest)
        values = explainer.shap_values(self._matrix(differences))
        base = float(np.ravel(explainer.expected_value)[0])
        return pd.DataFrame(-values, differences.index, self.columns), -base

    def _usual_length(self) -> float:
        """Mean path length of a failed search in a tree of this many samples (the paper's c)."""
        n = self.forest.max_samples_
        if n < 2:
            return 0.0
        return 2.0 * (np.log(n - 1.0) + np.euler_gamma) - 2.0 * (n - 1.0) / n

    def _matrix(self, differences: pd.DataFrame) -> np.ndarray:
        return differences[self.columns].fillna(0).clip(-8, 8).to_numpy(dtype=float)
