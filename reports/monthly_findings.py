"""Findings of the audit rules by month: institutions, visits, lines, their money, and the change month by
month.

A line that breaks three rules costs the fund once, and a visit never more than was paid for it: sums over
rules would count it three times, so `monthly` carries a row for all rules together (rule id ALL) beside those
of each rule, and every total is taken from those.
"""

from datetime import date

import ibis
import pandas as pd
import pyarrow as pa
from ibis import _

# Rule id of the rows that count each visit and line once however many rules it breaks.
ALL = "ALL"
ALL_WORDS = {"zh": "全部规则(每条明细只计一次)", "en": "All rules (each line counted once)"}
MONTHLY = pa.schema(
    [
        ("month", pa.string()), ("fixmedins_code", pa.string()), ("rule_id", pa.string()),
        ("rule_name", pa.string()), ("sev_deg", pa.string()), ("cases", pa.int64()), ("lines", pa.int64()),
        ("amount", pa.float64()),
    ]
)  # fmt: skip
COUNTS = ["institutions", "cases", "lines", "amount"]
_KEYS = ("month", "fixmedins_code", "rule_id", "rule_name", "sev_deg")


def monthly(hits: ibis.Table, facts: ibis.Table) -> pd.DataFrame:
    """Findings by month of the visit, institution and rule, and of all rules together.

    Args:
        hits: findings, as table ``rule_hits`` of the contract.
        facts: visits: mdtrt_id, begntime, fund_pay_sumamt.

    Returns:
        Columns of MONTHLY, in order of month, institution and rule. ``cases`` are visits, ``lines`` are what
        the findings name (a line, a settlement or the visit), ``amount`` is yuan of fund payment.
    """
    visits = facts.select("mdtrt_id", month=_.begntime.strftime("%Y-%m"), _paid=_.fund_pay_sumamt)
    rows = hits.inner_join(visits, "mdtrt_id")
    by_rule = rows.mutate(_line=_line(rows)).select(*_KEYS, "mdtrt_id", "_line", "_paid", "vola_amt")
    together = by_rule.mutate(
        rule_id=ibis.literal(ALL), rule_name=ibis.literal(ALL_WORDS["zh"]), sev_deg=ibis.null("string")
    )
    both = ibis.union(_counted(by_rule), _counted(together.select(by_rule.columns)))
    frame: pd.DataFrame = both.to_pandas()
    frame = frame.sort_values(["month", "fixmedins_code", "rule_id"], ignore_index=True)
    counts: pd.DataFrame = frame[list(MONTHLY.names)].astype({"cases": "int64", "lines": "int64"})
    return counts


def _line(rows: ibis.Table) -> ibis.Value:
    return rows.setl_id.fill_null("") + "|" + rows.bkkp_sn.fill_null("")


def _counted(rows: ibis.Table) -> ibis.Table:
    """Visits, lines and money by _KEYS: a line costs its dearest finding, a visit at most what was paid for
    it."""
    lines = rows.group_by(*_KEYS, "mdtrt_id", "_line").aggregate(
        _amount=_.vola_amt.max(), _paid=_._paid.max()
    )
    visits = lines.group_by(*_KEYS, "mdtrt_id").aggregate(
        _lines=_.count(), _amount=_._amount.sum(), _paid=_._paid.max()
    )
    capped = ibis.greatest(ibis.least(visits._amount, visits._paid), 0)
    return (
        visits.mutate(_capped=capped.fill_null(0))
        .group_by(*_KEYS)
        .aggregate(cases=_.count(), lines=_._lines.sum(), amount=_._capped.sum().round(2))
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
        cases=("cases", "sum"),
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
