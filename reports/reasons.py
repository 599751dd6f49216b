"""Contributions → reasons in words: what, how much, against whom, over which period."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from features.comparison.peers import PercentileRank
from features.measures.catalogue import CONTEXT, HIGH, Measure
from features.windows import YEAR
from reports.formatting import is_covered, measure_value
from reports.reason_texts import (
    FINDINGS,
    LINKS,
    NOTHING_STANDS_OUT,
    PercentileRankOf,
    Reason,
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
# Families whose measures carry no weight of their own, but say what was found by others.
_SAID = (RULES, "outcomes")
# What a fifth of the peers exceed is usual; of the only sign of the named scheme the middle half is.
_USUAL, _MIDDLE_HALF = (0.2, 0.8), (0.25, 0.75)
Range = tuple[float, float]
# Of two peers one is always the higher.
FEWEST_COMPARED = 3
# Codes of reasons that rest on no measure: links to others, findings alone, a sum of slight
# differences.
GRAPH_REASON, RULE_REASON, SUM_REASON = "CO_VISIT.graph", "RULES.rule", "SUM.slight"


def reasons_of(
    contributions: Mapping[str, float],
    values: Mapping[str, float],
    measures: dict[str, tuple[Measure, int | None]],
    peers: str,
    usual: Mapping[str, float],
    percentile_rank: PercentileRankOf,
    deterministic_contributions: Mapping[str, float] | None = None,
    link: str = "patient",
    days_of_claims: int | None = None,
    scheme: str | None = None,
) -> list[Reason]:
    """The few reasons that raise a subject's score most, one a family.

    A reason stands on the suspicious side of the peers' median, of what the subject's mix leads one to
    expect, and of what is usual among the peers (of three or four peers it is the first); its window is
    covered by the claims. The named scheme has one at least, where any of its measures stands so or, if need
    be, beyond the middle half, however little it adds to a score that another scheme makes.

    Args:
        contributions: by column of the catalogue that the model knows, and ``graph``, ``rule``, ``base``
            (log-odds).
        values, usual: the subject's values (and what its mix leads one to expect) and its peers' medians, by
            column.
        measures: column → measure and window in days.
        peers: key of PEER_WORDS.
        percentile_rank: (column, value, peer group, expected) → where the value stands among the peers.
        deterministic_contributions: that part of the contributions that another training would repeat; a
            reason that owes it less than half is marked as weak.
        link: what the graph part says of the subject: key of LINKS.
        days_of_claims: how many days the claims go back; None where that is not known.
        scheme: the named one, if any.

    Returns:
        Reasons as the contract spells them, largest contribution first; where nothing stands out, the one
        that says so.
    """
    repeated = contributions if deterministic_contributions is None else deterministic_contributions
    subject = _subject(contributions, values, usual, measures, _shown(measures, days_of_claims))

    def stated(column: str, contribution: float, usual_range: Range = _USUAL) -> Reason | None:
        """The reason of a column; None where the value is within the usual range of the peers."""
        entry, expected = measures[column][0], expected_of(subject.values, column)
        reason = measure_reason(
            column,
            measures[column],
            subject.values[column],
            subject.usual[column],
            percentile_rank,
            peers,
            contribution,
            expected,
            days_of_claims,
            _rows(measures[column], subject.values),
        )
        first = _is_first(percentile_rank(column, subject.values[column], peers, expected), entry.direction)
        return reason if first or is_unusual(reason, entry.direction, usual_range) else None

    found: list[Reason] = []
    for family in _ordered(subject):
        if len(found) >= (MOST_REASONS if subject.is_material(family) else FEWEST_REASONS):
            break
        if reason := stated(subject.representative(family), subject.sums[family]):
            found.append(_marked(reason, subject.sum_of(family, repeated), subject.sums[family]))
    found += _parts(subject, found, link)
    found = sorted(found, key=lambda reason: -reason["contribution"])[:MOST_REASONS]
    if isinstance(scheme, str) and not any(_is_sign(_measure_of(r, measures), scheme) for r in found):
        signs = (stated(c, contributions[c], _MIDDLE_HALF) for c in subject.signs_of(scheme, measures))
        if sign := next(filter(None, signs), None):
            found = [*found[: MOST_REASONS - 1], sign]
    if not found:
        raising = sum(value for name, value in contributions.items() if name != "base" and value > 0)
        found = [plain_reason(SUM_REASON, NOTHING_STANDS_OUT, float(raising))]
    return found


def _measure_of(reason: Reason, measures: dict[str, tuple[Measure, int | None]]) -> Measure | None:
    """The measure that a reason rests on; None of links to others, findings alone and slight differences."""
    entry = measures.get(reason["code"].partition(".")[2])
    return entry[0] if entry else None


def _is_sign(measure: Measure | None, scheme: str | None) -> bool:
    """Is the measure of a reason evidence of a scheme?"""
    return measure is not None and scheme in measure.schemes


def telling_first(
    reasons: list[Reason], scheme: str | None, measures: dict[str, tuple[Measure, int | None]]
) -> list[Reason]:
    """Reasons that are evidence of the named scheme before the others; among these, conduct before size and
    findings; each part in the order it has."""

    def order(reason: Reason) -> tuple[bool, bool]:
        measure = _measure_of(reason, measures)
        if measure is None:
            return True, False
        general = measure.evidence_weight <= CONTEXT or measure.family == RULES
        return not _is_sign(measure, scheme), general

    return sorted(reasons, key=order) if isinstance(scheme, str) else reasons


def worth_telling(
    reasons: list[Reason], scheme: str | None, measures: dict[str, tuple[Measure, int | None]]
) -> list[Reason]:
    """Reasons without those that say nothing beside the others: size, which is no evidence, and with a named
    scheme whatever is weak and no sign of it; the reasons as they are where nothing else remains."""

    def tells(reason: Reason) -> bool:
        measure = _measure_of(reason, measures)
        if measure is None or _is_sign(measure, scheme):
            return True
        weak = isinstance(scheme, str) and is_weak(reason)
        return not weak and (measure.family in _SAID or measure.evidence_weight > CONTEXT)

    return [reason for reason in reasons if tells(reason)] or reasons


def is_weak(reason: Reason) -> bool:
    """Is a reason marked as one that the next training may not give again?"""
    return str(reason["text_zh"]).endswith(WEAK[0])


def exceeds_median(entry: Measure, value: float, median: float | None, side: int = 1) -> bool:
    """Does a value lie on the suspicious side of the peers' median (or of what is expected), and read so?

    Args:
        side: 1 for the suspicious side, -1 for the other.
    """
    if median is None or pd.isna(median):
        return side > 0
    away = side * entry.direction * (value - median) > 0
    return away and measure_value(entry, value, "zh") != measure_value(entry, median, "zh")


def is_material(entry: Measure, value: float, median: float | None) -> bool:
    """Does a value lie on the suspicious side of the peers' median by as much as an inspector would care
    about?"""
    if median is None or pd.isna(median):
        return True
    return entry.direction * (value - median) >= entry.materiality


@dataclass(frozen=True)
class _Subject:
    """What is known of a subject.

    Attributes:
        contributions, values, usual: by column.
        families: family → its columns with a known value, those of the measure that contributes most over all
            its windows first, of a measure the largest contribution first.
        sums: family → its contribution.
        exceeding: columns of measures that raise the score whose value exceeds the peers' median and what the
            subject's mix leads one to expect, in a window that the claims cover.
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

    def is_material(self, family: str) -> bool:
        """Does a family have a measure that differs by as much as an inspector would care about?"""
        return not self.material.isdisjoint(self.families[family])

    def representative(self, family: str) -> str:
        """The column that stands for a family: that of most contribution, but the material ones first."""
        columns = self.families[family]
        return next(c for kept in (self.material, self.exceeding) for c in columns if c in kept)

    def signs_of(self, scheme: str, measures: dict[str, tuple[Measure, int | None]]) -> list[str]:
        """The columns that are evidence of a scheme and differ by as much as an inspector would care about,
        that of most contribution first."""
        signs = [
            c
            for c in self.material
            if _is_sign(measures[c][0], scheme) and measures[c][0].evidence_weight > CONTEXT
        ]
        return sorted(signs, key=lambda c: (-self.contributions[c], c))


def _shown(measures: dict[str, tuple[Measure, int | None]], days_of_claims: int | None) -> frozenset[str]:
    """Columns whose window the claims cover; of a measure without any, that of the shortest window."""
    if days_of_claims is None:
        return frozenset(measures)
    return frozenset(
        column
        for column, (entry, days) in measures.items()
        if days is None or is_covered(days, days_of_claims) or days == min(entry.windows)
    )


def _subject(
    contributions: Mapping[str, float],
    values: Mapping[str, float],
    usual: Mapping[str, float],
    measures: dict[str, tuple[Measure, int | None]],
    shown: frozenset[str],
) -> _Subject:
    # A measure that came after the model was trained adds nothing to its score.
    known = [column for column in measures if column in contributions and pd.notna(values[column])]
    totals = _totals(known, contributions, measures)
    families: dict[str, list[str]] = {}

    def order(column: str) -> tuple[bool, float, float]:
        entry, days = measures[column]
        # The rules that found most are told of a year, and so is how much they found.
        return entry.family == RULES and days != YEAR, -totals[entry.name], -contributions[column]

    for column in sorted(known, key=order):
        families.setdefault(measures[column][0].family, []).append(column)
    # What is usual among the peers or for the subject's mix, or better, is no reason, however little it adds
    # up to.
    norms = {c: (usual[c], expected_of(values, c)) for c in known if c in shown}
    raising = _raising(known, totals, contributions, measures)
    exceeding = frozenset(
        c
        for c, norm in norms.items()
        if c in raising and all(exceeds_median(measures[c][0], values[c], n) for n in norm)
    )
    material = frozenset(
        c for c in exceeding if all(is_material(measures[c][0], values[c], n) for n in norms[c])
    )
    subject = _Subject(contributions, values, usual, families, {}, exceeding, material)
    sums = {family: subject.sum_of(family, contributions) for family in sorted(families)}
    return _Subject(contributions, values, usual, families, sums, exceeding, material)


def _totals(
    known: list[str], contributions: Mapping[str, float], measures: dict[str, tuple[Measure, int | None]]
) -> dict[str, float]:
    """The contribution of each measure over all its windows, by name."""
    totals: dict[str, float] = {}
    for column in known:
        name = measures[column][0].name
        totals[name] = totals.get(name, 0.0) + contributions[column]
    return totals


def _raising(
    known: list[str],
    totals: Mapping[str, float],
    contributions: Mapping[str, float],
    measures: dict[str, tuple[Measure, int | None]],
) -> frozenset[str]:
    """Columns of the measures that raise the score over all their windows; where findings do, of all that
    count them."""
    rule = contributions.get("rule", 0.0) > 0
    return frozenset(
        c for c in known if totals[measures[c][0].name] > 0 or (rule and measures[c][0].family == RULES)
    )


def _ordered(subject: _Subject) -> list[str]:
    """Families that raise the score by a measure which exceeds the peers' median: those with a material one
    first, each part by contribution."""
    order = sorted(subject.sums, key=lambda family: -subject.sums[family])
    counting = [
        family
        for family in order
        if subject.sums[family] > LEAST_CONTRIBUTION
        and not subject.exceeding.isdisjoint(subject.families[family])
    ]
    return sorted(counting, key=lambda family: not subject.is_material(family))


def _rows(measure: tuple[Measure, int | None], values: Mapping[str, float]) -> float | None:
    """How many rows a measure is taken of, where another one counts them."""
    entry, days = measure
    column = entry.support_column(days)
    return values.get(column) if column else None


def is_unusual(reason: Reason, side: int, usual_range: Range = _USUAL) -> bool:
    """Does a value stand above (HIGH) or below (LOW) a range of its peers (shares of them), where that is
    known?"""
    share, (low, high) = reason["peer_percentile"], usual_range
    return share is None or (share > high if side == HIGH else share < low)


def _is_first(position: PercentileRank, side: int) -> bool:
    """Does nobody of at least two other peers stand as high (HIGH) or as low (LOW)? Of three, the first is
    above two thirds of all, which would be usual."""
    return position.of >= FEWEST_COMPARED and (position.highest if side == HIGH else position.lowest)


def _parts(subject: _Subject, found: list[Reason], link: str) -> list[Reason]:
    """Reasons for the parts of a score that no measure explains: links to others, and findings."""
    parts = []
    graph, rule = (float(subject.contributions.get(part, 0.0)) for part in ("graph", "rule"))
    if graph > LEAST_CONTRIBUTION:
        parts.append(plain_reason(GRAPH_REASON, LINKS[link], graph))
    has_findings = any(reason["code"].startswith("RULES.") for reason in found)
    if rule > LEAST_CONTRIBUTION and not has_findings:
        parts.append(plain_reason(RULE_REASON, FINDINGS, rule))
    return parts


def _marked(reason: Reason, repeated: float, contribution: float) -> Reason:
    """A reason, marked as weak where another training would repeat less than half of it."""
    if repeated < contribution / 2:
        reason["text_zh"] += WEAK[0]
        reason["text_en"] += WEAK[1]
    return reason
