"""One measure of a subject in words: value, peers' median and where the subject stands among its peers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypedDict

from features.comparison.peer_groups import PEER_WORDS
from features.comparison.peers import PercentileRank
from features.measures.catalogue import CATALOGUE, FAMILIES, HIGH, UNITS, Measure, expected_column
from reports.contradictions import contradiction
from reports.formatting import measure_value, period, share_of_peers
from reports.languages import LANGUAGES
from reports.number_texts import expected_text, is_missing

FAMILY_CODES = {name: name.upper() for name in FAMILIES}
# With fewer peers (the subject among them) a place among them says nothing.
TOO_FEW_PEERS = 5
_TOO_FEW = ("同类过少,仅供参考", "too few peers, for reference only")
# Up to so many peers their number is said instead of a share of them.
FEW_PEERS = 20
# A share is rounded to six decimals (`features.rounding`), so that a count may be off by so much a row. Of
# more rows than make it off by a thousandth, shares of money come that near to a count by chance too often.
_ROUNDED, _MOST_OFF = 5.1e-7, 0.001
# Shares of yuan, days or pairs, which of few visits may happen to be a whole number of them, and of visits
# whose independent rows are patients.
OF_NO_ROWS = {
    "cash_share", "december_share", "pooled_share", "exam_share", "outpatient_exam_share",
    "treatment_share", "bed_care_share", "consumables_share", "over_ceiling_share", "other_goods_share",
    "off_price_share", "oversupply_share", "top_person_share", "price_excess", "drg_cost_excess",
    "idle_share", "village_concentration", "prescriber_concentration", "pharmacy_concentration",
    "amount_concentration", "early_refill_share", "co_oversupplied_share",
}  # fmt: skip
NOTHING_STANDS_OUT = (
    "没有单独一项明显高于同类,而是多项略高于同类累计而成",
    "No single measure stands out from the peers; the score adds up several slight differences",
)
FINDINGS = ("被审核规则查出疑点", "Has findings of the audit rules")
_TOGETHER_EN = "far more often than the number of visitors there explains"
_CLIENTS = (
    "有一批固定人员反复在相近时间一同来此就诊购药,次数远超客流可以解释的程度",
    f"The same people come again and again close in time, {_TOGETHER_EN}",
)
# What the graph part says of a subject: its kind or, of a group, what links the members.
LINKS = {
    "patient": (
        "与固定人员反复在同一机构相近时间就诊,次数远超机构客流可以解释的程度",
        f"Comes again and again close in time with the same people, {_TOGETHER_EN}",
    ),
    "visit": (
        "同时在场的是反复一同就诊的固定人员,次数远超机构客流可以解释的程度",
        f"Was made close in time with people who come together again and again, {_TOGETHER_EN}",
    ),
    "hospital": _CLIENTS,
    "pharmacy": _CLIENTS,
    "prescriber": _CLIENTS,
    "co_visit": (
        "成员反复在同一机构相近时间一同就诊购药,次数远超机构客流可以解释的程度",
        f"Members come again and again close in time, {_TOGETHER_EN}",
    ),
    "drug_resale": (
        "成员反复经同一医师或药店超量购药,或由人成批取药,人数远超该医师或药店的客流可以解释的程度",
        "Members buy in excess, or have their medicine fetched in batches, again and again through the same "
        "doctors or shops, far more of them than the volume of these explains",
    ),
}


def most_found(rules: Sequence[tuple[str, str, int]], counted: bool) -> tuple[str, str]:
    """The rules with most findings, in words that follow a reason about findings.

    Args:
        rules: Chinese name, English name, number of findings.
        counted: say how many.
    """
    if not counted:
        zh, en = "、".join(f"“{name}”" for name, _en, _n in rules), ", ".join(name for _zh, name, _n in rules)
        return f":{zh}", f" ({en})"
    zh = "、".join(f"“{name}”{n:,}条" for name, _en, n in rules)
    en = ", ".join(f"{name} ({n:,})" for _zh, name, n in rules)
    return f";一年来最多的是{zh}", f"; most in the last year: {en}"


def together_with(people: int, most: int, expected: float) -> tuple[str, str]:
    """With how many people somebody comes beyond chance, in words that follow the reason about company.

    Args:
        most, expected: visits with the one met most, and as many as chance explains.
    """
    if people == 1:
        whom_zh, whom_en = "与1人", "1 person"
    else:
        whom_zh, whom_en = f"共{people:,}人,与其中一人", f"{people:,} people, one of them"
    return (
        f";{whom_zh}同去{most:,}次(按客流估计{expected_text(expected, 'zh')}次)",
        f"; {whom_en} {most:,} times where chance explains {expected_text(expected, 'en')}",
    )


class Reason(TypedDict):
    """A reason as the contract spells it."""

    code: str
    text_zh: str
    text_en: str
    value: float | None
    peer_median: float | None
    peer_percentile: float | None
    contribution: float


class PercentileRankOf(Protocol):
    """Where a value stands among the peers (`features.comparison.peers.PeerReference.percentile_rank`)."""

    def __call__(
        self, column: str, value: float, group: str, expected: float | None = None, /
    ) -> PercentileRank:
        """Of a value of a column in a peer group, against what the subject's mix leads one to expect."""


@dataclass(frozen=True)
class Compared:
    """A value of a measure compared with those of the peers.

    Attributes:
        measure: with its window in days.
        median: of the peers.
        expected: what the subject's mix of cases leads one to expect, which is then what is compared, and
            not what is usual among the peers; None where that is not asked or not known.
        percentile_rank: where the value (or its distance from what is expected) stands among the peers.
        peers: key of PEER_WORDS.
        days_of_claims: how many days the claims go back, where that is known.
        rows: how many rows a share is of, where that is known.
    """

    measure: tuple[Measure, int | None]
    value: float
    median: float | None
    expected: float | None
    percentile_rank: PercentileRank
    peers: str
    days_of_claims: int | None = None
    rows: float | None = None

    def text(self, value: float, language: str) -> str:
        """A value of the measure in words."""
        return measure_value(self.measure[0], value, language)


def measure_reason(
    column: str,
    measure: tuple[Measure, int | None],
    value: float,
    median: float | None,
    percentile_rank: PercentileRankOf,
    peers: str,
    contribution: float,
    expected: float | None = None,
    days_of_claims: int | None = None,
    rows: float | None = None,
) -> Reason:
    """One measure of a subject as the contract spells a reason; for suspicion or, where the contribution is
    negative, against it.

    Args:
        median: of the peers.
        expected: what the subject's mix leads one to expect; its distance from that is then what is compared.
        days_of_claims: how many days the claims go back, where that is known.
        rows: how many rows a share is of, where that is known.
    """
    entry, _days = measure
    value, median = float(value), known(median)
    found = percentile_rank(column, value, peers, expected)
    zh, en = _texts(
        Compared(measure, value, median, expected, found, peers, days_of_claims, known(rows)),
        entry.direction if contribution >= 0 else -entry.direction,
    )
    return {
        "code": f"{FAMILY_CODES[entry.family]}.{column}",
        "text_zh": zh,
        "text_en": en,
        "value": value,
        "peer_median": median,
        "peer_percentile": found.share,
        "contribution": contribution,
    }


def plain_reason(code: str, texts: tuple[str, str], contribution: float) -> Reason:
    """A reason without a number of its own."""
    return {
        "code": code,
        "text_zh": texts[0],
        "text_en": texts[1],
        "value": None,
        "peer_median": None,
        "peer_percentile": None,
        "contribution": contribution,
    }


def expected_of(values: Mapping[str, float], column: str) -> float | None:
    """What a subject's mix leads one to expect of a measure; None where that is not asked or not known."""
    return known(values.get(expected_column(column)))


def known(value: float | None) -> float | None:
    """A number, or None where it is missing."""
    return None if value is None or is_missing(float(value)) else float(value)


def _texts(compared: Compared, side: int) -> tuple[str, str]:
    entry, _days = compared.measure
    sentence = contradiction(entry, compared.value, compared.peers)
    if sentence:
        zh, en = sentence
        return zh, f"{en[0].upper()}{en[1:]}"
    parts = [_own(compared), _expected(compared), *_against_peers(compared, side)]
    return "".join(zh for zh, _en in parts), "".join(en for _zh, en in parts)


def _own(compared: Compared) -> tuple[str, str]:
    """Name, period and value; of a flag the name says it all, unless it is not set."""
    entry, days = compared.measure
    period_zh, period_en = period(days, compared.days_of_claims)
    zh, en = f"{period_zh}{entry.zh}", f"{entry.en[0].upper()}{entry.en[1:]} {period_en}".rstrip()
    if entry.unit == "flag":
        return (zh, en) if compared.value >= 0.5 else (f"无“{zh}”的情况", f"Not so: {entry.en}")
    of_zh, of_en = n_of_rows(compared.measure, compared.value, compared.rows)
    return (
        f"{zh} {compared.text(compared.value, 'zh')}{of_zh}",
        f"{en}: {compared.text(compared.value, 'en')}{of_en}",
    )


def n_of_rows(measure: tuple[Measure, int | None], value: float, rows: float | None) -> tuple[str, str]:
    """Numerator and denominator of a share, Chinese and English; empty where it is none of counted rows."""
    entry, _days = measure
    if entry.unit != "share" or entry.statistic != "proportion" or entry.support is None or not rows:
        return "", ""
    if entry.name in OF_NO_ROWS:
        return "", ""
    n, off = round(value * rows), _ROUNDED * rows
    if off > _MOST_OFF or abs(value * rows - n) > off or n > rows:
        return "", ""
    unit = UNITS[CATALOGUE[entry.subject, entry.support].unit][0]
    return f"({rows:,.0f}{unit}中{n:,}{unit})", f" ({n:,} of {rows:,.0f})"


def _expected(compared: Compared) -> tuple[str, str]:
    if compared.expected is None:
        return "", ""
    return by_mix(compared.measure[0], compared.expected)


def by_mix(entry: Measure, expected: float) -> tuple[str, str]:
    """What a subject's mix of cases leads one to expect, in words that follow its value."""
    zh, en = (measure_value(entry, expected, language) for language in LANGUAGES)
    return (
        f",按其病种、年龄和就诊类别应为 {zh}",
        f"; its diseases, ages and kinds of visit lead one to expect {en}",
    )


def _against_peers(compared: Compared, side: int) -> list[tuple[str, str]]:
    """Median of the peers and place among them; with too few peers no place."""
    peers_zh, peers_en = PEER_WORDS[compared.peers]
    of, share = compared.percentile_rank.of, compared.percentile_rank.share
    if of == 1:
        return [
            (f",没有其他{peers_zh}可比({_TOO_FEW[0]})", f"; there is no other of {peers_en} ({_TOO_FEW[1]})")
        ]
    told = compared.median if compared.expected is None else None
    found = [] if told is None else [_median(compared, told)]
    if of < TOO_FEW_PEERS:
        return [*found, (f"({_TOO_FEW[0]})", f" ({_TOO_FEW[1]})")]
    # Of a flag it has been said whether it is usual.
    if share is not None and compared.measure[0].unit != "flag":
        zh, en = _place(compared.percentile_rank, share, side)
        if compared.expected is not None:
            zh, en = f"与应有水平之差{zh}({peers_zh})", f"distance from that {en} ({peers_en})"
        found.append((f",{zh}", f", {en}"))
    return found


def _median(compared: Compared, median: float) -> tuple[str, str]:
    peers_zh, peers_en = PEER_WORDS[compared.peers]
    unit, zh, en = compared.measure[0].unit, compared.text(median, "zh"), compared.text(median, "en")
    if unit == "flag":
        usual = median >= 0.5
        return (
            f",同类({peers_zh})通常{'也如此' if usual else '没有此情况'}",
            f"; {'usual' if usual else 'unusual'} among {peers_en}",
        )
    return f",同类({peers_zh})通常为 {zh}", f"; median of {peers_en}: {en}"


def _place(found: PercentileRank, share: float, side: int) -> tuple[str, str]:
    """How many of the peers lie below, or above where low values are suspicious; of a few their number is
    said, for then a share says little."""
    beaten = share if side == HIGH else 1 - share
    side_zh, side_en = ("高于", "above") if side == HIGH else ("低于", "below")
    if found.of > FEW_PEERS:
        return f"{side_zh} {share_of_peers(beaten)} 的同类", f"{side_en} {share_of_peers(beaten)} of them"
    if found.highest and side == HIGH:
        return f"{found.of} 个同类中最高", f"the highest of {found.of}"
    if found.lowest and side != HIGH:
        return f"{found.of} 个同类中最低", f"the lowest of {found.of}"
    others = found.of - 1
    below = min(round(beaten * others), others)
    return f"{side_zh}其他 {others} 个同类中的 {below} 个", f"{side_en} {below} of the {others} others"
