"""Contributions → reasons in words: what, how much, against whom, over which period."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import pandas as pd

from features.measures.catalogue import Measure
from reports.formatting import number
from reports.reason_texts import (
    LINKS,
    Reason,
    StandingOf,
    expected_of,
    measure_reason,
    plain_reason,
)

FEWEST_REASONS, MOST_REASONS = 3, 5
# Contributions below this (log-odds) are no reason to visit anybody.
LEAST_CONTRIBUTION = 0.05
# Said of a reason that the next training may not give again.
WEAK = ("(较弱)", " (weak)")
RULES = "rules"


def reasons_of(
    contributions: pd.Series,
    values: pd.Series,
    measures: dict[str, tuple[Measure, int | None]],
    peers: str,
    usual: pd.Series,
    standing: StandingOf,
    deterministic_contributions: pd.Series | None = None,
    link: str = "co_visit",
) -> list[Reason]:
    """The few reasons that raise a subject's score most, one a family.

    Args:
        contributions: by column of the catalogue, and ``graph``, ``rule``, ``base`` (log-odds).
        values, usual: the subject's values (and what its mix leads one to expect) and its peers' medians, by
            column.
        measures: column → measure and window in days.
        peers: key of PEER_WORDS.
        standing: (column, value, peer group, expected) → where the value stands among the peers.
        deterministic_contributions: that part of the contributions that another training would repeat; a
            reason that owes it less than half is marked as weak.
        link: what the graph part says of the subject: key of LINKS.

    Returns:
        Reasons as the contract spells them, largest contribution first; at least one.
    """
    subject = _subject(_plain(contributions), _plain(values), _plain(usual), measures)
    repeated = _plain(contributions if deterministic_contributions is None else deterministic_contributions)
    found = []
    for family in _chosen(subject):
        column = subject.spokesman(family)
        reason = measure_reason(
            column,
            measures[column],
            subject.values[column],
            subject.usual[column],
            standing,
            peers,
            float(subject.sums[family]),
            expected_of(subject.values, column),
        )
        found.append(_marked(reason, subject.sum_of(family, repeated), subject.sums[family]))
    graph = float(contributions.get("graph", 0.0))
    if graph > LEAST_CONTRIBUTION:
        found.append(plain_reason("COMPANY.graph", LINKS[link], graph))
    return sorted(found, key=lambda reason: -reason["contribution"])[:MOST_REASONS]


def exceeds_median(entry: Measure, value: float, median: float | None) -> bool:
    """Does a value lie on the suspicious side of the peers' median (or of what is expected), and read so?"""
    if median is None or pd.isna(median):
        return True
    suspicious = entry.direction * (value - median) > 0
    return suspicious and number(value, entry.unit) != number(median, entry.unit)


def is_material(entry: Measure, value: float, median: float | None) -> bool:
    """Does a value lie on the suspicious side of the peers' median by as much as an inspector would care
    about?"""
    if median is None or pd.isna(median):
        return True
    return entry.direction * (value - median) >= entry.materiality


def _plain(column: pd.Series) -> dict[str, float]:
    """A plain dictionary, for a hundred lookups a subject are slow in a Series."""
    return cast(dict[str, float], column.to_dict())


@dataclass(frozen=True)
class _Subject:
    """What is known of a subject.

    Attributes:
        contributions, values, usual: by column.
        families: family → its columns with a known value, largest contribution first.
        sums: family → its contribution.
        exceeding: columns whose value exceeds the peers' median, or what the subject's mix leads one to
            expect.
        material: those of them that do so by as much as an inspector would care about.
    """

    contributions: Mapping[str, float]
    values: Mapping[str, float]
    usual: Mapping[str, float]
    families: Mapping[str, list[str]]
    sums: Mapping[str, float]
    exceeding: frozenset[str]
    material: frozenset[str]

    def sum_of(self, family: str, contributions: Mapping[str, float]) -> float:
        """The contribution of a family, by some contributions of its columns."""
        total = sum(contributions[column] for column in self.families[family])
        # Findings count by themselves and through the measures that count them; both are one reason.
        return total + self.contributions.get("rule", 0.0) if family == RULES else total

    def spokesman(self, family: str) -> str:
        """The column that a family is told by: that of most contribution, but first the material, then those
        that exceed the peers' median."""
        columns = self.families[family]
        ordered = (c for kept in (self.material, self.exceeding, columns) for c in columns if c in kept)
        return next(ordered)


def _subject(
    contributions: dict[str, float],
    values: dict[str, float],
    usual: dict[str, float],
    measures: dict[str, tuple[Measure, int | None]],
) -> _Subject:
    known = [column for column in measures if pd.notna(values[column])]
    families: dict[str, list[str]] = {}
    for column in sorted(known, key=lambda c: -contributions[c]):
        families.setdefault(measures[column][0].family, []).append(column)
    # What is usual among the peers or for the subject's mix, or better, is no reason, however little it adds
    # up to.
    mix = {c: expected_of(values, c) for c in known}
    norm = {c: usual[c] if (expected := mix[c]) is None else expected for c in known}
    exceeding = frozenset(c for c in known if exceeds_median(measures[c][0], values[c], norm[c]))
    material = frozenset(c for c in exceeding if is_material(measures[c][0], values[c], norm[c]))
    subject = _Subject(contributions, values, usual, families, {}, exceeding, material)
    sums = {family: subject.sum_of(family, contributions) for family in sorted(families)}
    return _Subject(contributions, values, usual, families, sums, exceeding, material)


def _chosen(subject: _Subject) -> list[str]:
    """Families to tell of, largest contribution first: those with a material measure, filled up to a few by
    others that exceed the peers' median."""
    order = sorted(subject.sums, key=lambda family: -subject.sums[family])
    counting = [family for family in order if subject.sums[family] > LEAST_CONTRIBUTION]
    material = [family for family in counting if subject.material.intersection(subject.families[family])]
    others = [family for family in counting if subject.exceeding.intersection(subject.families[family])]
    others = [family for family in others if family not in material]
    chosen = material + others[: max(FEWEST_REASONS - len(material), 0)]
    return chosen[:MOST_REASONS] or order[:1]


def _marked(reason: Reason, repeated: float, contribution: float) -> Reason:
    """A reason, marked as weak where another training would repeat less than half of it."""
    if repeated < contribution / 2:
        reason["text_zh"] += WEAK[0]
        reason["text_en"] += WEAK[1]
    return reason
