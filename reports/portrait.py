"""The portrait of an institution (机构画像): a grade from its findings, its peers and its past outcomes.

Each hospital and pharmacy starts from 100 points and loses some by four components; the arithmetic is shown,
so that everyone can recompute the sum. All constants are our own starting values, to be set with a bureau: no
source publishes any.
"""

from typing import Any

import ibis
import pandas as pd
from ibis import _

from claims.as_of import CLEARED, CONFIRMED
from features.comparison.peer_groups import PEER_WORDS
from features.windows import YEAR
from reports.languages import text_in

FULL = 100.0
# Grades and the least points of each; below them all the last.
GRADES = (("优秀", "excellent", 90.0), ("良好", "good", 75.0), ("合格", "passing", 60.0))
FAILED = ("不达标", "failing")
# Points for each visit in doubt in a hundred above the peers' median, and at most.
RATE_POINTS, RATE_MOST = 2.0, 30.0
# Points for each per cent of the fund's payment in dispute above the peers' median, and at most.
SHARE_POINTS, SHARE_MOST = 2.0, 20.0
# A score above so large a share of the peers costs points, rising evenly to the most for the highest.
SCORE_FROM, SCORE_MOST = 0.75, 20.0
# Points for each confirmed case, and at most; each cleared case gives back some of what the score cost.
CONFIRMED_POINTS, CONFIRMED_MOST = 15.0, 30.0
CLEARED_POINTS, CLEARED_MOST = 3.0, 6.0
# With fewer visits than this in a year an institution is never graded as failing.
FEW_VISITS = 50
# Institutions of smaller peer groups are compared with each other.
FEW_PEERS = 5
COLUMNS = ("fixmedins_code", "grade", "points", "arithmetic_zh", "arithmetic_en")
_KINDS = {
    "hospital": (f"合并比较的医疗机构(各自同类不足{FEW_PEERS}家)", "hospitals of small peer groups"),
    "pharmacy": (f"合并比较的药店(各自同类不足{FEW_PEERS}家)", "pharmacies of small peer groups"),
}

SHEET_NAMES = {"zh": "机构画像", "en": "Portraits"}
SHEET_HEADS = {
    "zh": ("编号", "名称", "等级", "得分", "扣分明细"),
    "en": ("Id", "Name", "Grade", "Points", "Arithmetic"),
}
SHEET_WIDTHS = (18, 24, 10, 10, 90)


def sheet_rows(graded: pd.DataFrame, names: pd.Series, language: str = "zh") -> list[tuple[str, ...]]:
    """Rows for a workbook sheet under SHEET_HEADS, fewest points first.

    Args:
        graded: `portraits`.
        names: of institutions, by code.
    """
    columns = ["fixmedins_code", "grade", "points", f"arithmetic_{language}"]
    rows = graded[columns].itertuples(index=False, name=None)
    grades = {zh: text_in(language, (zh, en)) for zh, en in (*(grade[:2] for grade in GRADES), FAILED)}
    return [
        (code, names.get(code, ""), grades[grade], f"{points:.1f}", text)
        for code, grade, points, text in rows
    ]


def findings_of(facts: ibis.Table, disputed: ibis.Table, days: int = YEAR) -> pd.DataFrame:
    """Visits and money in dispute of each institution in the days before the as-of date.

    Args:
        facts: visits: mdtrt_id, fixmedins_code, days_ago, fund_pay_sumamt, findings, findings_amount.
        disputed: visits that suspects have in dispute (`reports.disputed_visits.disputed_table`).

    Returns:
        fixmedins_code, visits, fund (yuan), visits_in_doubt (with findings or in dispute), amount (yuan of
        fund payment in dispute, by rules or by conduct, whichever is more; each visit once).
    """
    visits = facts.filter(_.days_ago <= days).select(
        "mdtrt_id", "fixmedins_code", "findings", "findings_amount", fund=_.fund_pay_sumamt
    )
    rows = visits.left_join(disputed.select("mdtrt_id", "disputed"), "mdtrt_id").drop("mdtrt_id_right")
    doubted = (rows.findings.fill_null(0) > 0) | rows.disputed.notnull()
    yuan = ibis.greatest(rows.findings_amount.fill_null(0.0), rows.disputed.fill_null(0.0))
    rows = rows.select("fixmedins_code", "fund", doubted=doubted, yuan=yuan)
    counts = rows.group_by("fixmedins_code").aggregate(
        visits=_.count(), fund=_.fund.sum(), visits_in_doubt=_.doubted.sum(), amount=_.yuan.sum()
    )
    found: pd.DataFrame = counts.order_by("fixmedins_code").to_pandas()
    return found


def outcomes_of(cases: ibis.Table) -> pd.DataFrame:
    """Confirmed (also in part) and cleared cases of each institution: fixmedins_code, confirmed, cleared.

    Args:
        cases: ``insp_case_d`` as known at the as-of instant.
    """
    rows = cases.filter(_.subject_type.isin(list(_KINDS)))
    counts = rows.group_by(fixmedins_code=_.subject_id).aggregate(
        confirmed=_.clue_stas.isin(CONFIRMED).sum(), cleared=_.clue_stas.isin(CLEARED).sum()
    )
    found: pd.DataFrame = counts.order_by("fixmedins_code").to_pandas()
    return found


def portraits(
    suspects: pd.DataFrame, findings: pd.DataFrame, outcomes: pd.DataFrame, peers: pd.Series
) -> pd.DataFrame:
    """Grade every hospital and pharmacy.

    Args:
        suspects: subject_type, subject_id, score; other kinds of subject are left out.
        findings: `findings_of`.
        outcomes: `outcomes_of`.
        peers: peer group (key of PEER_WORDS) by fixmedins_code.

    Returns:
        COLUMNS, fewest points first: ``grade`` is Chinese, ``points`` out of 100, the arithmetic has one line
        for each component and one for the sum.
    """
    rows = _compared(suspects, findings, outcomes, peers)
    found = pd.DataFrame([_portrait(row) for row in rows.itertuples()], columns=list(COLUMNS))
    return found.sort_values(["points", "fixmedins_code"], ignore_index=True)


def _compared(
    suspects: pd.DataFrame, findings: pd.DataFrame, outcomes: pd.DataFrame, peers: pd.Series
) -> pd.DataFrame:
    """A row an institution with its rates and, of its peers, the median of each and the place of the
    score."""
    rows = suspects[suspects.subject_type.isin(list(_KINDS))]
    rows = rows[["subject_type", "subject_id", "score"]].rename(columns={"subject_id": "fixmedins_code"})
    rows = rows.merge(findings, "left", on="fixmedins_code").merge(outcomes, "left", on="fixmedins_code")
    counts = ["visits", "fund", "visits_in_doubt", "amount", "confirmed", "cleared"]
    rows[counts] = rows[counts].astype("float64").fillna(0)
    rows["rate"] = (100 * rows.visits_in_doubt / rows.visits.where(rows.visits > 0)).fillna(0)
    rows["share"] = (100 * rows.amount / rows.fund.where(rows.fund > 0)).fillna(0)
    rows["peers"] = _peers(rows, peers)
    grouped = rows.groupby("peers")
    for name in ("rate", "share"):
        rows[f"usual_{name}"] = grouped[name].transform("median")
    rows["size"] = grouped["score"].transform("size")
    rows["above"] = ((grouped["score"].rank(method="min") - 1) / (rows["size"] - 1).clip(lower=1)).fillna(0)
    return rows


def _peers(rows: pd.DataFrame, peers: pd.Series) -> pd.Series:
    """Peer group of each institution; its kind where the group is small or unknown."""
    group = rows["fixmedins_code"].map(peers)
    size = group.map(group.value_counts()).fillna(0)
    return group.where(size >= FEW_PEERS, rows["subject_type"])


def _portrait(row: Any) -> tuple[str, str, float, str, str]:
    parts = [_rate(row), _share(row), _score(row), _outcomes(row)]
    points = round(max(FULL - sum(lost for lost, _zh, _en in parts), 0.0), 1)
    zh, en = _grade(points)
    few = zh == FAILED[0] and row.visits < FEW_VISITS
    if few:
        zh, en = GRADES[-1][:2]
    lines_zh = [f"满分 {FULL:.0f} 分", *[part[1] for part in parts], f"合计 {points:.1f} 分,{zh}"]
    lines_en = [f"Out of {FULL:.0f} points", *[part[2] for part in parts], f"Sum {points:.1f} points: {en}"]
    if few:
        lines_zh.append(f"近一年就诊仅 {row.visits:.0f} 次(少于 {FEW_VISITS} 次),依据不足,不评为{FAILED[0]}")
        lines_en.append(
            f"Only {row.visits:.0f} visits in a year (fewer than {FEW_VISITS}), too few to be {FAILED[1]}"
        )
    return row.fixmedins_code, zh, points, "\n".join(lines_zh), "\n".join(lines_en)


def _grade(points: float) -> tuple[str, str]:
    return next(((zh, en) for zh, en, least in GRADES if points >= least), FAILED)


def _rate(row: Any) -> tuple[float, str, str]:
    lost = _lost(row.rate, row.usual_rate, RATE_POINTS, RATE_MOST)
    peers_zh, peers_en = _peer_words(row.peers)
    return (
        lost,
        f"疑点就诊:每百次就诊 {row.rate:.1f} 次有疑点({row.visits_in_doubt:.0f}/{row.visits:.0f}),"
        f"{peers_zh}通常为 {row.usual_rate:.1f} 次;每高 1 次扣 {RATE_POINTS:.0f} 分,"
        f"最多 {RATE_MOST:.0f} 分:扣 {lost:.1f} 分",
        f"Visits in doubt: {row.rate:.1f} in a hundred ({row.visits_in_doubt:.0f} of {row.visits:.0f}),"
        f" median of {peers_en} {row.usual_rate:.1f}; {RATE_POINTS:.0f} points for each above, at most"
        f" {RATE_MOST:.0f}: {_minus(lost)}",
    )


def _share(row: Any) -> tuple[float, str, str]:
    lost = _lost(row.share, row.usual_share, SHARE_POINTS, SHARE_MOST)
    peers_zh, peers_en = _peer_words(row.peers)
    return (
        lost,
        f"争议基金:占基金支付 {row.share:.1f}%({row.amount:,.0f}/{row.fund:,.0f} 元),{peers_zh}通常为"
        f" {row.usual_share:.1f}%;每高 1 个百分点扣 {SHARE_POINTS:.0f} 分,最多 {SHARE_MOST:.0f} 分:"
        f"扣 {lost:.1f} 分",
        f"Money in dispute: {row.share:.1f}% of the fund's payment ({row.amount:,.0f} of {row.fund:,.0f}"
        f" yuan), median of {peers_en} {row.usual_share:.1f}%; {SHARE_POINTS:.0f} points for each per cent"
        f" above, at most {SHARE_MOST:.0f}: {_minus(lost)}",
    )


def _minus(lost: float) -> str:
    return f"−{lost:.1f}" if lost else "0"


def _lost(value: float, usual: float, points: float, most: float) -> float:
    return round(min(max(value - usual, 0.0) * points, most), 1)


def _score(row: Any) -> tuple[float, str, str]:
    lost, others = _score_lost(row), row.size - 1
    peers_zh, peers_en = _peer_words(row.peers)
    return (
        lost,
        f"可疑分数:{row.score:.2f},高于{peers_zh}中其他 {others:.0f} 家里的 {row.above * others:.0f} 家;超过"
        f" {SCORE_FROM:.0%} 起扣分,最多 {SCORE_MOST:.0f} 分:扣 {lost:.1f} 分",
        f"Score: {row.score:.2f}, above {row.above * others:.0f} of {others:.0f} others ({peers_en}); points"
        f" from {SCORE_FROM:.0%} on, at most {SCORE_MOST:.0f}: {_minus(lost)}",
    )


def _score_lost(row: Any) -> float:
    return round(max(float(row.above) - SCORE_FROM, 0.0) / (1 - SCORE_FROM) * SCORE_MOST, 1)


def _outcomes(row: Any) -> tuple[float, str, str]:
    confirmed = min(row.confirmed * CONFIRMED_POINTS, CONFIRMED_MOST)
    back = min(row.cleared * CLEARED_POINTS, CLEARED_MOST, _score_lost(row))
    lost = confirmed - back
    return (
        lost,
        f"以往核查:查实 {row.confirmed:.0f} 件,每件扣 {CONFIRMED_POINTS:.0f} 分,最多 {CONFIRMED_MOST:.0f} 分;"
        f"排除 {row.cleared:.0f} 件,每件从可疑分数所扣中退回 {CLEARED_POINTS:.0f} 分,"
        f"最多 {CLEARED_MOST:.0f} 分:" + (f"扣 {lost:.1f} 分" if lost >= 0 else f"退回 {-lost:.1f} 分"),
        f"Past outcomes: {row.confirmed:.0f} confirmed, {CONFIRMED_POINTS:.0f} points each, at most"
        f" {CONFIRMED_MOST:.0f}; {row.cleared:.0f} cleared, each gives back {CLEARED_POINTS:.0f} points of"
        f" the score's, at most {CLEARED_MOST:.0f}: " + (_minus(lost) if lost >= 0 else f"+{-lost:.1f}"),
    )


def _peer_words(peers: str) -> tuple[str, str]:
    return _KINDS.get(peers) or PEER_WORDS[peers]
