"""Peer comparison: robust differences from subjects of the same kind, with small samples shrunk toward the
rest.

A difference is stated in robust units (median and MAD within the peer group), signed so that more is more
suspicious. Amounts, counts and ratios are compared on a log scale, shares as they are. A peer group's median
and spread are shrunk toward those of all subjects, the more so the smaller the group. Where a measure is
adjusted for case mix (`features.comparison.case_mix`), its distance from the expected value is compared, not
the value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import ibis
import numpy as np
import pandas as pd
from ibis import _
from ibis.expr.types.groupby import GroupedTable

from claims.as_of import PHARMACY, STAY
from features.measures.catalogue import Measure, expected_column, measures_of
from features.windows import YEARS

# Shrinkage: a group of so many peers has as much weight as all subjects together.
PRIOR_PEERS = 20
# Shrinkage: an average over so many visits has as much weight as the median of the peers.
PRIOR_COUNT = 10
# Units compared as they are; ratios are compared as log(x), all others, being skewed, as log(1 + x /
# materiality).
LINEAR = ("share", "years")
# Smallest spread on the log scale: a factor of e^0.5, about 1.65, counts as one unit at least.
LOG_SPREAD = 0.5
# A ratio below this is compared as this, for its logarithm has no lower end.
SMALLEST_RATIO = 0.01
# 1.4826 MAD is the standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
_QUANTILES = np.linspace(0, 1, 401)
# A subject that holds less than so many peers' share of the quantiles shares its value with nobody.
ALONE_PEERS = 1.5

# Visits of the last years that make a patient one of a course of treatment, or chronic; the age of the older
# (years).
COURSE_VISITS, CHRONIC_VISITS, OLDER = 3, 3, 60
# Stays that make a doctor one with ward patients.
WARD_STAYS = 5
# First two digits of med_type of chronic-disease visits.
CHRONIC = "14"

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
    """Which peers each subject belongs to.

    Args:
        facts: one row a visit (`features.visits.facts.visit_facts`).
        subject: kind of subject.
        key: column of the facts that names the subject; not looked at for visits.

    Returns:
        Key of PEER_WORDS, index ``subject_id``; of visits of any time, of other subjects seen in the last
        years.
    """
    if subject == "visit":
        labelled = facts.select(subject_id=facts.mdtrt_id, peers=_visit_peers(facts))
    else:
        rows = facts.filter(facts.days_ago <= YEARS)
        label = _LABELS[subject]
        labelled = label(rows.group_by(subject_id=rows[key]))
    frame: pd.DataFrame = labelled.to_pandas()
    return frame.set_index("subject_id")["peers"]


def _visit_peers(facts: ibis.Table) -> ibis.Value:
    stay = facts.kind == STAY
    return ibis.cases(
        (facts.course, "course_visit"),
        (stay & (facts.level == "3"), "stay3"),
        (stay & (facts.level == "2"), "stay2"),
        (stay, "stay1"),
        (facts.kind == PHARMACY, "purchase"),
        (facts.med_type.left(2) == CHRONIC, "chronic_visit"),
        else_="outpatient",
    )


def _patient_peers(by: GroupedTable) -> ibis.Table:
    seen = by.aggregate(course=_.course.sum(), chronic=(_.med_type.left(2) == CHRONIC).sum(), age=_.age.max())
    label = ibis.cases(
        (seen.course >= COURSE_VISITS, "course"),
        (seen.chronic >= CHRONIC_VISITS, "chronic"),
        (seen.age >= OLDER, "older"),
        else_="younger",
    )
    return seen.select("subject_id", peers=label)


def _hospital_peers(by: GroupedTable) -> ibis.Table:
    seen = by.aggregate(level=_.level.max())
    label = ibis.cases((seen.level == "3", "level3"), (seen.level == "2", "level2"), else_="primary")
    return seen.select("subject_id", peers=label)


def _prescriber_peers(by: GroupedTable) -> ibis.Table:
    seen = by.aggregate(stays=(_.kind == STAY).sum())
    return seen.select("subject_id", peers=ibis.ifelse(seen.stays >= WARD_STAYS, "ward", "clinic"))


def _pharmacy_peers(by: GroupedTable) -> ibis.Table:
    seen = by.aggregate(n=_.count())
    large = seen.n >= seen.n.median().over(ibis.window())
    return seen.select("subject_id", peers=ibis.ifelse(large, "large", "small"))


def _group_peers(by: GroupedTable) -> ibis.Table:
    return by.aggregate(n=_.count()).select("subject_id", peers=ibis.literal("groups"))


# Kind of subject → what finds the peers of each: (visits by subject) → subject_id, peers.
_LABELS: dict[str, Callable[[GroupedTable], ibis.Table]] = {
    "patient": _patient_peers,
    "hospital": _hospital_peers,
    "prescriber": _prescriber_peers,
    "pharmacy": _pharmacy_peers,
    "group": _group_peers,
}


@dataclass(frozen=True)
class Peers:
    """What is usual among the peers of one kind of subject as of a date.

    Attributes:
        subject: kind of subject.
        middle, spread: median and robust spread per (peer group × measure), on the comparing scale.
        usual: median in the measure's own unit, per (peer group × measure).
        quantiles: (peer group, measure) → 401 quantiles of the values.
        beyond: the same of how far the values lie from what each subject's mix leads one to expect
            (`surplus`).
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
            values: subjects × measures of the catalogue, and expected values (`expected_column`).
            peers: peer group of each subject.

        Returns:
            In robust standard deviations, positive on the suspicious side; averages over few are shrunk to 0.
        """
        columns = measures_of(self.subject)
        x = _compared(self.subject, values)
        place = self.middle.index.get_indexer(pd.Index(peers))
        middle, spread = (frame[x.columns].to_numpy()[place] for frame in (self.middle, self.spread))
        for position, (name, (entry, days)) in enumerate(columns.items()):
            if entry.support:
                n = values[_support_column(self.subject, entry.support, days)].fillna(0)
                x[name] = (n * x[name] + PRIOR_COUNT * middle[:, position]) / (n + PRIOR_COUNT)
        direction = np.array([entry.direction for entry, _d in columns.values()])
        differences: pd.DataFrame = direction * (x - middle) / spread
        return differences

    def standing(self, column: str, value: float, group: str, expected: float | None = None) -> "Standing":
        """Where a value stands among those of the peers.

        Args:
            column: of the measure.
            value: of the subject, in the measure's unit.
            group: peer group of the subject.
            expected: what the subject's mix leads one to expect; its distance from that is compared then.
        """
        grids = self.quantiles
        if expected is not None:
            entry, _days = measures_of(self.subject)[column]
            grids, value = self.beyond, surplus(value, expected, entry)
        grid, n = grids.get((group, column)), int(self.size.get(group, 0))
        if grid is None or np.isnan(value):
            return Standing(None, n)
        low, high = np.searchsorted(grid, value, "left"), np.searchsorted(grid, value, "right")
        # Ties take the middle of their ranks. A subject is one of its own peers, so it is never above all of
        # them: the first of five is above four fifths.
        edge = 1 / n
        share = float(np.clip((low + high) / 2 / len(grid), min(edge, 0.5), max(1 - edge, 0.5)))
        # Alone at an end: the value holds no more of the quantiles than one of the peers makes.
        alone = (high - low) / len(grid) < ALONE_PEERS / n
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
    """Measure what is usual in each peer group.

    Args:
        subject: kind of subject.
        values: subjects × measures of the catalogue, and expected values (`expected_column`).
        peers: peer group of each subject.
    """
    columns = measures_of(subject)
    scaled = _compared(subject, values)
    size = peers.value_counts()
    weight = size / (size + PRIOR_PEERS)
    middle = _shrunk(scaled.groupby(peers).median(), scaled.median(), weight)
    away = (scaled - middle.reindex(peers).set_axis(scaled.index)).abs()
    spread = MAD_TO_SD * _shrunk(away.groupby(peers).median(), away.median(), weight)
    floor = {n: e.materiality if e.unit in LINEAR else LOG_SPREAD for n, (e, _d) in columns.items()}
    spread = spread.fillna(0).clip(lower=pd.Series(floor), axis=1)
    usual = values[list(columns)].groupby(peers).median()
    beyond = {
        name: surplus(values[name], values[expected_column(name)], entry)
        for name, (entry, _d) in columns.items()
        if entry.mix
    }
    grids = _grids(values[list(columns)], peers), _grids(pd.DataFrame(beyond, index=values.index), peers)
    return Peers(subject, middle, spread, usual, *grids, size)


def _shrunk(of_group: pd.DataFrame, overall: pd.Series, weight: pd.Series) -> pd.DataFrame:
    """Statistics of peer groups (rows), shrunk toward those of all subjects; a group without any takes
    those."""
    others = np.outer(1 - weight.reindex(of_group.index), overall)
    return of_group.fillna(overall).mul(weight, axis=0) + others


def _grids(values: pd.DataFrame, peers: pd.Series) -> dict[tuple[str, str], np.ndarray]:
    grids: dict[tuple[str, str], np.ndarray] = {}
    for group, members in values.groupby(peers):
        for name in values:
            known = np.sort(members[name].dropna().to_numpy())
            if len(known):
                grids[str(group), str(name)] = known[np.round(_QUANTILES * (len(known) - 1)).astype(int)]
    return grids


Quantity = TypeVar("Quantity", float, pd.Series)


def surplus(value: Quantity, expected: Quantity, entry: Measure) -> Quantity:
    """How far a value, or each of a column, lies from what the mix leads one to expect.

    Returns:
        The difference for units compared as they are (LINEAR), the quotient for all others.
    """
    return value - expected if entry.unit in LINEAR else value / expected


def _compared(subject: str, values: pd.DataFrame) -> pd.DataFrame:
    """The measures on the comparing scale; those adjusted for case mix as the distance from the expected
    value."""

    def scaled(name: str, entry: Measure) -> pd.Series:
        x = _scaled(values[name], entry)
        return x - _scaled(values[expected_column(name)], entry) if entry.mix else x

    return pd.DataFrame({name: scaled(name, entry) for name, (entry, _days) in measures_of(subject).items()})


def _scaled(values: pd.Series, entry: Measure) -> pd.Series:
    """A measure on the scale on which it is compared."""
    if entry.unit in LINEAR:
        return values
    scaled: pd.Series
    if entry.unit == "ratio":
        scaled = np.log(values.clip(lower=SMALLEST_RATIO))
    else:
        scaled = np.sign(values) * np.log1p(values.abs() / entry.materiality)
    return scaled


def _support_column(subject: str, name: str, days: int | None) -> str:
    """Column of a measure that counts, in the same window if it has that."""
    columns = measures_of(subject)
    return f"{name}_{days}d" if days and f"{name}_{days}d" in columns else name
