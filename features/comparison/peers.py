"""Peers before thresholds: each subject against its own kind, robustly, with small counts drawn to the middle.

A difference is stated in robust units (median and MAD within the peer group), signed so that more is more
suspicious. Amounts, counts and ratios are compared on a log scale, shares as they are. A peer group's median is
itself drawn to that of all, the more so the smaller the group. Where the subject's mix of cases leads one to expect
something of a measure (`features.comparison.case_mix`), the distance from that is compared, not the value.
"""

from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
from ibis import _

from claims.as_of import STAY
from features.measures.catalogue import YEARS, Measure, expected_column, measures_of

# A group of so many peers counts as much as everybody together.
PRIOR_PEERS = 20
# An average over so many visits counts as much as what is usual among the peers.
PRIOR_COUNT = 10
# Linear units; ratios are compared as log(x), all others, being skewed, as log(1 + x / least).
LINEAR = ("share", "years")
# Smallest spread on the log scale: about a doubling counts as one unit.
LOG_SPREAD = 0.5
# 1.4826 MAD is the standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
_QUANTILES = np.linspace(0, 1, 401)

# Words for peer groups, used in reasons.
PEER_WORDS = {
    "course": ("透析及放化疗患者", "patients on dialysis or a course of chemotherapy"),
    "chronic": ("慢病患者", "chronic patients"),
    "older": ("60岁及以上参保人", "insured persons of 60 and over"),
    "younger": ("60岁以下参保人", "insured persons under 60"),
    "level3": ("三级医院", "level-3 hospitals"),
    "level2": ("二级医院", "level-2 hospitals"),
    "primary": ("一级及未定级医疗机构", "institutions of level 1 or none"),
    "ward": ("住院医师", "doctors with ward patients"),
    "clinic": ("门诊医师", "outpatient doctors"),
    "large": ("较大药店", "larger pharmacies"),
    "small": ("较小药店", "smaller pharmacies"),
    "stay3": ("三级医院住院", "stays in level-3 hospitals"),
    "stay2": ("二级医院住院", "stays in level-2 hospitals"),
    "stay1": ("一级及未定级机构住院", "stays in institutions of level 1 or none"),
    "course_visit": ("透析及放化疗就诊", "visits of a course of treatment"),
    "chronic_visit": ("门诊慢特病就诊", "chronic-disease visits"),
    "outpatient": ("普通门诊", "outpatient visits"),
    "purchase": ("药店购药", "pharmacy purchases"),
    "groups": ("各结伴群体", "groups of companions"),
}


def peer_groups(facts: ibis.Table, subject: str, key: str) -> pd.Series:
    """Which peers a subject belongs to: key of PEER_WORDS by subject_id."""
    if subject == "visit":
        label = _visit_peers(facts)
        return (
            facts.select(subject_id=facts.mdtrt_id, peers=label).to_pandas().set_index("subject_id")["peers"]
        )
    rows = facts.filter(facts.days_ago <= YEARS)
    by = rows.group_by(subject_id=rows[key])
    if subject == "patient":
        seen = by.aggregate(
            course=_.course.sum(), chronic=(_.med_type.left(2) == "14").sum(), age=_.age.max()
        )
        label = ibis.cases(
            (seen.course >= 3, "course"),
            (seen.chronic >= 3, "chronic"),
            (seen.age >= 60, "older"),
            else_="younger",
        )
    elif subject == "hospital":
        seen = by.aggregate(level=_.level.max())
        label = ibis.cases((seen.level == "3", "level3"), (seen.level == "2", "level2"), else_="primary")
    elif subject == "prescriber":
        seen = by.aggregate(wards=(_.kind == STAY).sum())
        label = ibis.ifelse(seen.wards >= 5, "ward", "clinic")
    elif subject == "pharmacy":
        seen = by.aggregate(n=_.count())
        label = ibis.ifelse(seen.n >= seen.n.median().over(ibis.window()), "large", "small")
    else:
        seen = by.aggregate(n=_.count())
        label = ibis.literal("groups")
    return seen.select("subject_id", peers=label).to_pandas().set_index("subject_id")["peers"]


def _visit_peers(facts: ibis.Table) -> ibis.Value:
    stay = facts.kind == STAY
    return ibis.cases(
        (facts.course, "course_visit"),
        (stay & (facts.level == "3"), "stay3"),
        (stay & (facts.level == "2"), "stay2"),
        (stay, "stay1"),
        (facts.kind == "pharmacy", "purchase"),
        (facts.med_type.left(2) == "14", "chronic_visit"),
        else_="outpatient",
    )


@dataclass(frozen=True)
class Peers:
    """What is usual among the peers of one kind of subject on a night.

    Attributes:
        subject: kind of subject.
        middle, spread: median and robust spread per (peer group × measure), on the comparing scale.
        usual: median as it is shown, per (peer group × measure).
        quantiles: (peer group, measure) → 401 quantiles of the values.
        beyond: the same of how far the values lie from what the mix of each leads one to expect (`surplus`).
        size: number of peers by peer group.
    """

    subject: str
    middle: pd.DataFrame
    spread: pd.DataFrame
    usual: pd.DataFrame
    quantiles: dict[tuple[str, str], np.ndarray]
    beyond: dict[tuple[str, str], np.ndarray]
    size: pd.Series

    def differences(self, values: pd.DataFrame, peers: pd.Series) -> pd.DataFrame:
        """Signed robust differences from the peers, one column a measure; missing values stay missing.

        Args:
            values: subjects × measures of the catalogue, and what the mix of each leads one to expect.
            peers: peer group of each subject.
        """
        columns = measures_of(self.subject)
        x = _compared(self.subject, values)
        place = self.middle.index.get_indexer(peers)
        middle, spread = (frame[x.columns].to_numpy()[place] for frame in (self.middle, self.spread))
        for position, (name, (entry, days)) in enumerate(columns.items()):
            if entry.support:
                n = values[_support_column(self.subject, entry.support, days)].fillna(0)
                x[name] = (n * x[name] + PRIOR_COUNT * middle[:, position]) / (n + PRIOR_COUNT)
        direction = np.array([entry.direction for entry, _d in columns.values()])
        return direction * (x - middle) / spread

    def standing(self, column: str, value: float, group: str, expected: float | None = None) -> "Standing":
        """Where a value stands among the peers' values; with what the subject's mix leads one to expect, where its
        distance from that stands among theirs."""
        grids = self.quantiles
        if expected is not None:
            entry, _days = measures_of(self.subject)[column]
            grids, value = self.beyond, surplus(value, expected, entry)
        grid, n = grids.get((group, column)), int(self.size.get(group, 0))
        if grid is None or np.isnan(value):
            return Standing(None, n)
        low, high = np.searchsorted(grid, value, "left"), np.searchsorted(grid, value, "right")
        # Where many peers share the value, the subject stands in the middle of them. Nobody stands above himself:
        # the first of five lies above four fifths.
        edge = 1 / n
        share = float(np.clip((low + high) / 2 / len(grid), min(edge, 0.5), max(1 - edge, 0.5)))
        # Alone at an end: not more of the grid than one of the peers makes.
        alone = (high - low) / len(grid) < 1.5 / n
        return Standing(share, n, bool(alone and high == len(grid)), bool(alone and low == 0))


@dataclass(frozen=True)
class Standing:
    """Where a value stands among those of the peers.

    Attributes:
        share: of the peers at or below; None where it is unknown.
        of: number of peers, the subject among them.
        highest, lowest: no other peer has as much, or as little.
    """

    share: float | None
    of: int
    highest: bool = False
    lowest: bool = False


def fit_peers(subject: str, values: pd.DataFrame, peers: pd.Series) -> Peers:
    """Measure what is usual in each peer group (see `Peers`)."""
    columns = measures_of(subject)
    scaled = _compared(subject, values)
    overall = scaled.median()
    size = peers.value_counts()
    trust = (size / (size + PRIOR_PEERS)).rename("trust")
    middle = scaled.groupby(peers).median()
    middle = middle.fillna(overall).mul(trust, axis=0) + np.outer(1 - trust.reindex(middle.index), overall)
    away = (scaled - middle.reindex(peers).set_axis(scaled.index)).abs()
    spread_all = away.median()
    spread = away.groupby(peers).median().fillna(spread_all)
    spread = MAD_TO_SD * (spread.mul(trust, axis=0) + np.outer(1 - trust.reindex(spread.index), spread_all))
    floor = pd.Series(
        {n: e.materiality if e.unit in LINEAR else LOG_SPREAD for n, (e, _d) in columns.items()}
    )
    spread = spread.fillna(0).clip(lower=floor, axis=1)
    usual = values[list(columns)].groupby(peers).median()
    beyond = pd.DataFrame(
        {
            name: surplus(values[name], values[expected_column(name)], entry)
            for name, (entry, _d) in columns.items()
            if entry.mix
        },
        index=values.index,
    )
    grids = _grids(values[list(columns)], peers), _grids(beyond, peers)
    return Peers(subject, middle, spread, usual, *grids, size)


def _grids(values: pd.DataFrame, peers: pd.Series) -> dict[tuple[str, str], np.ndarray]:
    grids = {}
    for group, members in values.groupby(peers):
        for name in values:
            claims = np.sort(members[name].dropna().to_numpy())
            if len(claims):
                grids[group, name] = claims[np.round(_QUANTILES * (len(claims) - 1)).astype(int)]
    return grids


def surplus(value, expected, entry: Measure):
    """How far a value, or each of a column, lies from what the mix leads one to expect: the difference of shares, how
    many times of all else."""
    return value - expected if entry.unit in LINEAR else value / expected


def _compared(subject: str, values: pd.DataFrame) -> pd.DataFrame:
    """The measures on the comparing scale; those with a mix as the distance from what it leads one to expect."""

    def scaled(name: str, entry: Measure) -> pd.Series:
        x = _scaled(values[name], entry)
        return x - _scaled(values[expected_column(name)], entry) if entry.mix else x

    return pd.DataFrame({name: scaled(name, entry) for name, (entry, _days) in measures_of(subject).items()})


def _scaled(values: pd.Series, entry: Measure) -> pd.Series:
    if entry.unit in LINEAR:
        return values
    if entry.unit == "ratio":
        return np.log(values.clip(lower=0.01))
    return np.sign(values) * np.log1p(values.abs() / entry.materiality)


def _support_column(subject: str, name: str, days: int | None) -> str:
    columns = measures_of(subject)
    return f"{name}_{days}d" if days and f"{name}_{days}d" in columns else name
