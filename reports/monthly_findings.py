"""Money in dispute by month: institutions, visits, lines, what rules found and what suspects' conduct puts in
doubt, and the change month by month.

A line that breaks three rules costs the fund once, and a visit never more than was paid for it: sums over
rules would count it three times, so `monthly` carries a row for all causes together (rule id ALL) besides
those of each rule and of each scheme, and every total is taken from it.
"""

from datetime import date

import ibis
import pandas as pd
import pyarrow as pa
from ibis import _

from reports.scheme_texts import SCHEMES
from reports.subject_words import CONDUCT

# Rule id of the rows that count each visit and line once however many rules it breaks.
ALL = "ALL"
ALL_WORDS = {"zh": "合计(每条明细只计一次)", "en": "All (each line counted once)"}
MONTHLY = pa.schema(
    [
        ("month", pa.string()), ("fixmedins_code", pa.string()), ("rule_id", pa.string()),
        ("rule_name", pa.string()), ("sev_deg", pa.string()), ("visits_in_doubt", pa.int64()),
        ("lines", pa.int64()), ("amount", pa.float64()),
    ]
)  # fmt: skip
COUNTS = ["institutions", "visits_in_doubt", "lines", "amount"]
_KEYS = ("month", "fixmedins_code", "rule_id", "rule_name", "sev_deg")
_TOGETHER = {
    "rule_id": ibis.literal(ALL), "rule_name": ibis.literal(ALL_WORDS["zh"]), "sev_deg": ibis.null("string"),
}  # fmt: skip
# Amounts that differ by less are the same.
_CENT = 0.01


def monthly(hits: ibis.Table, facts: ibis.Table, disputed: ibis.Table) -> pd.DataFrame:
    """Money in dispute by month of the visit, institution and cause (rule or scheme), and of all together.

    Args:
        hits: findings, as table ``rule_hits`` of the contract.
        facts: visits: mdtrt_id, fixmedins_code, begntime, fund_pay_sumamt.
        disputed: visits that suspects have in dispute (`reports.disputed_visits.disputed_table`).

    Returns:
        Columns of MONTHLY, in order of month, institution and cause: rule_id is that of the rule, or of
        the scheme where conduct disputes more than the rules found. ``lines`` are what the findings
        name (a line, a settlement or the visit), ``amount`` is yuan of fund payment in dispute.
    """
    visits = facts.select(
        "mdtrt_id", "fixmedins_code", month=_.begntime.strftime("%Y-%m"), _paid=_.fund_pay_sumamt
    )
    rows = hits.drop("fixmedins_code").inner_join(visits, "mdtrt_id")
    found = rows.mutate(_line=_line(rows)).select(*_KEYS, "mdtrt_id", "_line", "_paid", "vola_amt")
    by_rule = _by_visit(found)
    by_conduct = _conduct(disputed, visits, _by_visit(found, "month", "fixmedins_code"))
    causes = ibis.union(by_rule, by_conduct)
    once = _by_visit(found.mutate(**_TOGETHER)), by_conduct.mutate(**_TOGETHER)
    together = ibis.union(*(part.select(by_rule.columns) for part in once))
    together = together.group_by(*_KEYS, "mdtrt_id").aggregate(_lines=_._lines.max(), _yuan=_._yuan.max())
    frame: pd.DataFrame = ibis.union(_counted(causes), _counted(together)).to_pandas()
    frame = frame.sort_values(["month", "fixmedins_code", "rule_id"], ignore_index=True)
    counts: pd.DataFrame = frame[list(MONTHLY.names)].astype({"visits_in_doubt": "int64", "lines": "int64"})
    return counts


def _line(rows: ibis.Table) -> ibis.Value:
    return rows.setl_id.fill_null("") + "|" + rows.bkkp_sn.fill_null("")


def _by_visit(found: ibis.Table, *keys: str) -> ibis.Table:
    """Lines (_lines) and money (_yuan) of each visit by some keys (_KEYS unless given): a line costs its
    costliest finding, a visit at most what was paid for it."""
    by = (*(keys or _KEYS), "mdtrt_id")
    lines = found.group_by(*by, "_line").aggregate(_amount=_.vola_amt.max(), _paid=_._paid.max())
    visits = lines.group_by(*by).aggregate(_lines=_.count(), _amount=_._amount.sum(), _paid=_._paid.max())
    capped = ibis.greatest(ibis.least(visits._amount, visits._paid), 0).fill_null(0.0)
    return visits.mutate(_yuan=capped).select(*by, "_lines", "_yuan")


def _conduct(disputed: ibis.Table, visits: ibis.Table, found: ibis.Table) -> ibis.Table:
    """Visits whose conduct disputes more than the rules found in them, as `_by_visit`, the scheme as the
    rule."""
    rows = disputed.select("mdtrt_id", "scheme", "disputed").inner_join(visits, "mdtrt_id")
    rows = rows.left_join(found.select("mdtrt_id", "_yuan"), "mdtrt_id").drop("mdtrt_id_right")
    rows = rows.filter(rows.disputed > rows._yuan.fill_null(0.0) + _CENT, rows.scheme.notnull())
    named = rows.scheme.cases(*((scheme, zh) for scheme, (zh, _en) in SCHEMES.items()), else_=rows.scheme)
    return rows.select(
        "month", "fixmedins_code", "mdtrt_id",
        rule_id=rows.scheme, rule_name=named, sev_deg=ibis.literal(CONDUCT),
        _lines=ibis.literal(1, "int64"), _yuan=rows.disputed,
    )[[*_KEYS, "mdtrt_id", "_lines", "_yuan"]]  # fmt: skip


def _counted(visits: ibis.Table) -> ibis.Table:
    return visits.group_by(*_KEYS).aggregate(
        visits_in_doubt=_.count(), lines=_._lines.sum(), amount=_._yuan.sum().round(2)
    )


def totals(monthly: pd.DataFrame) -> pd.DataFrame:
    """Institutions with findings, visits, lines and money of each month, and the change against the last.

    Returns:
        month, COUNTS, ``X_change`` and ``X_change_pct`` for X in COUNTS; a month without findings between
        others has zeros. There is no change in the first month, and no percentage after a zero.
    """
    return _compared(_grouped(monthly, ALL, []), [], monthly)


def by_rule(monthly: pd.DataFrame) -> pd.DataFrame:
    """`totals` for each rule: with rule_id, rule_name, sev_deg; a rule that stopped has a row of zeros."""
    return _compared(_grouped(monthly, None, ["rule_id", "rule_name", "sev_deg"]), ["rule_id"], monthly)


def by_institution(monthly: pd.DataFrame) -> pd.DataFrame:
    """`totals` for each institution: with fixmedins_code."""
    return _compared(_grouped(monthly, ALL, ["fixmedins_code"]), ["fixmedins_code"], monthly)


def report_month(as_of: date) -> str:
    """The last month that was over on the morning of a day."""
    return str(pd.Period(as_of, "M") - 1)


def _grouped(monthly: pd.DataFrame, rule: str | None, keys: list[str]) -> pd.DataFrame:
    rows = monthly[(monthly.rule_id == ALL) == (rule == ALL)]
    return rows.groupby(["month", *keys], as_index=False).agg(
        institutions=("fixmedins_code", "nunique"),
        visits_in_doubt=("visits_in_doubt", "sum"),
        lines=("lines", "sum"),
        amount=("amount", "sum"),
    )


def _compared(counts: pd.DataFrame, key: list[str], monthly: pd.DataFrame) -> pd.DataFrame:
    """Add the changes; months without findings get zeros where the month before had some."""
    labels = [name for name in counts if name not in ("month", *key, *COUNTS)]
    changes = [f"{name}_{what}" for name in COUNTS for what in ("change", "change_pct")]
    order = ["month", *key, *labels, *COUNTS, *changes]
    if monthly.empty:
        return counts.reindex(columns=order)
    months = pd.Index(_months(monthly), name="month", dtype="str")
    both = _beside_month_before(counts, key, months)
    for name in labels:
        both[name] = both[name].fillna(both.pop(f"{name}_before"))
    _add_changes(both, first=both["month"] == months[0])
    return both[order].sort_values(["month", *key], ignore_index=True)


def _beside_month_before(counts: pd.DataFrame, key: list[str], months: pd.Index) -> pd.DataFrame:
    """Counts of each month, and those of the month before with suffix _before; missing where there were
    none."""
    if not key:
        counts = counts.set_index("month").reindex(months).reset_index()
    following = dict(zip(months, months[1:], strict=False))
    before = counts.assign(month=counts["month"].map(following).astype("str")).dropna(subset="month")
    return counts.merge(before, how="outer", on=["month", *key], suffixes=("", "_before"))


def _add_changes(both: pd.DataFrame, first: pd.Series) -> None:
    """Turn the columns X_before into X_change and X_change_pct; the first month has none."""
    for name in COUNTS:
        values = both[name].fillna(0).astype("float64").round(2)
        both[name] = values if name == "amount" else values.astype("int64")
        earlier = both.pop(f"{name}_before").fillna(0).astype("float64").mask(first)
        both[f"{name}_change"] = (both[name] - earlier).round(2)
        both[f"{name}_change_pct"] = ((both[name] / earlier.where(earlier > 0) - 1) * 100).round(1)


def _months(monthly: pd.DataFrame) -> list[str]:
    return list(pd.period_range(monthly.month.min(), monthly.month.max(), freq="M").astype(str))
