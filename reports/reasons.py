"""Contributions → reasons in words: what, how much, against whom, over which period."""

from collections.abc import Callable, Mapping

import pandas as pd

from features.comparison.peers import PEER_WORDS, Standing
from features.measures.catalogue import FAMILIES, HIGH, UNITS, Measure, expected_column

FEWEST_REASONS, MOST_REASONS = 3, 5
# Contributions below this (log-odds) are no reason to visit anybody.
LEAST_CONTRIBUTION = 0.05
# Up to so many peers their number is said instead of a share of them.
FEW_PEERS = 20
# Said of a reason that the next training may not give again.
WEAK = ("(较弱)", " (weak)")
_PERIODS = {
    30: ("近30天", "in the last 30 days"),
    90: ("近90天", "in the last 90 days"),
    365: ("近一年", "in the last year"),
    1095: ("近三年", "in the last three years"),
}


def reasons_of(
    contributions: pd.Series,
    values: pd.Series,
    measures: dict[str, tuple[Measure, int | None]],
    peers: str,
    usual: pd.Series,
    standing: Callable[[str, float, str, float | None], Standing],
    deterministic_contributions: pd.Series | None = None,
    link: str = "co_visit",
) -> list[dict]:
    """The few reasons that raise a subject's score most, one a family.

    Args:
        contributions: by column of the catalogue, and ``graph``, ``rule``, ``base``.
        values, usual: the subject's values (and what its mix leads one to expect) and its peers' medians, by column.
        measures: column → measure and window.
        peers: key of PEER_WORDS.
        standing: (column, value, peer group, expected) → where the value stands among the peers.
        steady: that part of the contributions that another training would repeat; a reason that owes it less than
            half is marked as weak.
        link: what the graph says of the subject: key of LINKS.

    Returns:
        Reasons as the contract spells them, largest contribution first; at least one.
    """
    # Plain dictionaries: a hundred lookups a subject are slow in a Series.
    given, values, usual = contributions.to_dict(), values.to_dict(), usual.to_dict()
    known = [column for column in measures if pd.notna(values[column])]
    families: dict[str, list[str]] = {}
    for column in sorted(known, key=lambda c: -given[c]):
        families.setdefault(measures[column][0].family, []).append(column)
    sums = {name: sum(given[c] for c in families[name]) for name in sorted(families)}
    if "rules" in sums:
        # Findings count by themselves and through the measures that count them; it is one story.
        sums["rules"] += given.get("rule", 0.0)
    mix = {c: expected_of(values, c) for c in known}
    norm = {c: usual[c] if mix[c] is None else mix[c] for c in known}
    # What is usual among the peers or for the subject's mix, or better, is no reason, however little it adds up to.
    beyond = {c for c in known if _beyond(measures[c][0], values[c], norm[c])}
    far = {c for c in beyond if matters(measures[c][0], values[c], norm[c])}
    order = sorted(sums, key=lambda name: -sums[name])
    evidence_weight = [n for n in order if sums[n] > LEAST_CONTRIBUTION and far.intersection(families[n])]
    # Where few stand out by what an inspector would care about, others may say something.
    more = [n for n in order if sums[n] > LEAST_CONTRIBUTION and beyond.intersection(families[n])]
    evidence_weight += [n for n in more if n not in evidence_weight][
        : max(FEWEST_REASONS - len(evidence_weight), 0)
    ]
    found = []
    for name in evidence_weight[:MOST_REASONS] or order[:1]:
        # Who says most speaks for a family, but first those far from the peers' median.
        said = (c for kept in (far, beyond, known) for c in families[name] if c in kept)
        column = next(said)
        reason = worded(
            column,
            measures[column],
            values[column],
            usual[column],
            standing,
            peers,
            float(sums[name]),
            mix[column],
        )
        same = (
            sum(deterministic_contributions[c] for c in families[name])
            if deterministic_contributions is not None
            else sums[name]
        )
        if name == "rules":
            same += given.get("rule", 0.0)
        if same < sums[name] / 2:
            reason |= {"text_zh": reason["text_zh"] + WEAK[0], "text_en": reason["text_en"] + WEAK[1]}
        found.append(reason)
    graph = float(contributions.get("graph", 0.0))
    if graph > LEAST_CONTRIBUTION:
        found.append(_graph_reason(graph, link))
    return sorted(found, key=lambda reason: -reason["contribution"])[:MOST_REASONS]


def worded(
    column: str,
    measure: tuple[Measure, int | None],
    value: float,
    middle: float,
    standing: Callable[[str, float, str, float | None], Standing],
    peers: str,
    contribution: float,
    expected: float | None = None,
) -> dict:
    """One measure of a subject as the contract spells a reason, for suspicion or, where the contribution is
    negative, against it.

    Args:
        expected: what the subject's mix leads one to expect; its distance from that is then what is compared.
    """
    entry, days = measure
    value, middle = float(value), _plain(middle)
    found = standing(column, value, peers, expected)
    side = entry.direction if contribution >= 0 else -entry.direction
    zh, en = _words(entry, days, value, middle, found, peers, side, expected)
    return {
        "code": f"{FAMILY_CODES[entry.family]}.{column}",
        "text_zh": zh,
        "text_en": en,
        "value": value,
        "peer_median": middle,
        "peer_percentile": found.share,
        "contribution": contribution,
    }


def expected_of(values: Mapping[str, float], column: str) -> float | None:
    """What a subject's mix leads one to expect of a measure; None where that is not asked or not known."""
    return _plain(values.get(expected_column(column)))


def _beyond(entry: Measure, value: float, middle: float) -> bool:
    """Does a value lie on the suspicious side of the peers' median, and read so?"""
    if pd.isna(middle):
        return True
    return entry.direction * (value - middle) > 0 and number(value, entry.unit) != number(middle, entry.unit)


def matters(entry: Measure, value: float, middle: float) -> bool:
    """Does a value lie on the suspicious side of the peers' median by as much as an inspector would care about?"""
    return pd.isna(middle) or entry.direction * (value - middle) >= entry.materiality


FAMILY_CODES = {name: name.upper() for name in FAMILIES}


def _words(
    entry: Measure,
    days: int | None,
    value: float,
    middle: float | None,
    found: Standing,
    peers: str,
    side: int,
    expected: float | None,
) -> tuple[str, str]:
    period_zh, period_en = period(days)
    zh = f"{period_zh}{entry.zh} {spell(value, entry.unit, 0)}"
    en = f"{entry.en[0].upper()}{entry.en[1:]} {period_en}: {spell(value, entry.unit, 1)}".replace(" :", ":")
    if expected is not None:
        zh += f",按其病种、年龄和就诊类别预期为 {spell(expected, entry.unit, 0)}"
        en += f"; its diseases, ages and kinds of visit lead one to expect {spell(expected, entry.unit, 1)}"
    peers_zh, peers_en = PEER_WORDS[peers]
    if found.of == 1:
        return f"{zh},没有同类可比", f"{en}; there is no other of {peers_en} to compare with"
    if middle is not None:
        zh += f",同类({peers_zh})中位数 {spell(middle, entry.unit, 0)}"
        en += f"; median of {peers_en}: {spell(middle, entry.unit, 1)}"
    if found.share is not None:
        told_zh, told_en = _stands(found, side)
        if expected is not None:
            told_zh, told_en = f"与预期之差{told_zh}", f"distance from what is expected {told_en}"
        zh, en = f"{zh},{told_zh}", f"{en}, {told_en}"
    return zh, en


def _stands(found: Standing, side: int) -> tuple[str, str]:
    """How many of the peers lie below, or above where that is the side; of a few their number is said, for then a share
    says little."""
    beaten = found.share if side == HIGH else 1 - found.share
    side_zh, side_en = ("高于", "above") if side == HIGH else ("低于", "below")
    if found.of > FEW_PEERS:
        return f"{side_zh} {_share(beaten)} 的同类", f"{side_en} {_share(beaten)} of them"
    if found.highest and side == HIGH:
        return f"{found.of} 个同类中最高", f"the highest of {found.of}"
    if found.lowest and side != HIGH:
        return f"{found.of} 个同类中最低", f"the lowest of {found.of}"
    others = found.of - 1
    below = min(round(beaten * others), others)
    return f"{side_zh}其他 {others} 个同类中的 {below} 个", f"{side_en} {below} of the {others} others"


# What a graph says of those it links, by what links them.
LINKS = {
    "co_visit": (
        "与固定人员反复在同一机构相近时间就诊,次数远超机构客流可以解释的程度",
        "Comes again and again close in time with the same people, far beyond what the places' volume explains",
    ),
    "drug_resale": (
        "成员经同一医师或药店反复超量购药,人数远超该医师或药店的客流可以解释的程度",
        "Members are oversupplied again and again through the same doctors or shops, far more of them than the volume of these explains",
    ),
}


def _graph_reason(contribution: float, link: str) -> dict:
    return {
        "code": "COMPANY.graph",
        "text_zh": LINKS[link][0],
        "text_en": LINKS[link][1],
        "value": None,
        "peer_median": None,
        "peer_percentile": None,
        "contribution": contribution,
    }


def period(days: int | None) -> tuple[str, str]:
    """A window in words, in Chinese and English; empty where there is none."""
    return _PERIODS.get(days, ("", ""))


def spell(value: float, unit: str, language: int) -> str:
    """A value with its unit; language 0 Chinese, 1 English."""
    if unit == "flag":
        return (("否", "no"), ("是", "yes"))[int(value >= 0.5)][language]
    words = UNITS[unit]
    if language:
        return f"{number(value, unit)} {words[1]}".strip()
    return f"{number(value, unit)}{words[0]}"


def number(value: float, unit: str) -> str:
    """A value as its unit is written, without the unit; whole days without decimals."""
    text = format(value, UNITS[unit][2]).removesuffix(".0")
    return text.removeprefix("-") if text in ("-0", "-0.0%") else text


def _share(share: float) -> str:
    """A share in per cent, never rounded up to all of them."""
    return f"{min(share * 100, 99.9):.1f}%"


def _plain(value: float | None) -> float | None:
    return None if pd.isna(value) else float(value)
