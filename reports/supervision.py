"""The monthly supervision report: institutions, visits and lines with findings, their money, and the change.

A line that breaks three rules costs the fund once, and a visit never more than was paid for it: sums over
rules would count it three times, so `monthly` carries a row for all rules together (rule id ALL) beside those
of each rule, and every total is taken from those.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from ibis import _

from reports import charts
from reports.templates import render

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
# Months and institutions that the page lists; the Parquet table holds all.
MONTHS_SHOWN, PLACES_SHOWN, BARS = 24, 300, 12

SHEET_HEADS = {
    "zh": (
        "月份", "口径", "编号", "名称", "机构数", "就诊数", "明细数", "涉及基金(元)", "就诊数比上月",
        "金额比上月(元)", "金额比上月(%)",
    ),
    "en": (
        "Month", "By", "Id", "Name", "Institutions", "Visits", "Lines", "Fund (yuan)",
        "Visits against month before", "Fund against month before (yuan)", "Fund against month before (%)",
    ),
}  # fmt: skip
SHEET_WIDTHS = (10, 8, 14, 36, 10, 10, 10, 16, 14, 16, 14)
SHEET_NAMES = {"zh": "月度监管", "en": "Monthly supervision"}
_SCOPES = {"zh": ("合计", "规则", "机构"), "en": ("Total", "Rule", "Institution")}


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
    frame = ibis.union(_counted(by_rule), _counted(together.select(by_rule.columns))).to_pandas()
    frame = frame.sort_values(["month", "fixmedins_code", "rule_id"], ignore_index=True)
    return frame[MONTHLY.names].astype({"cases": "int64", "lines": "int64"})


_KEYS = ("month", "fixmedins_code", "rule_id", "rule_name", "sev_deg")


def _line(rows: ibis.Table) -> ibis.Value:
    return rows.setl_id.fill_null("") + "|" + rows.bkkp_sn.fill_null("")


def _counted(rows: ibis.Table) -> ibis.Table:
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
    if not key:
        counts = counts.set_index("month").reindex(months).reset_index()
    following = dict(zip(months, months[1:], strict=False))
    before = counts.assign(month=counts.month.map(following).astype("str")).dropna(subset="month")
    both = counts.merge(before, how="outer", on=["month", *key], suffixes=("", "_before"))
    for name in labels:
        both[name] = both[name].fillna(both.pop(f"{name}_before"))
    first = both.month == months[0]
    for name in COUNTS:
        kind = "float64" if name == "amount" else "int64"
        both[name] = both[name].fillna(0).astype("float64").round(2).astype(kind)
        earlier = both.pop(f"{name}_before").fillna(0).astype("float64").mask(first)
        both[f"{name}_change"] = (both[name] - earlier).round(2)
        both[f"{name}_change_pct"] = ((both[name] / earlier.where(earlier > 0) - 1) * 100).round(1)
    return both[order].sort_values(["month", *key], ignore_index=True)


def _months(monthly: pd.DataFrame) -> list[str]:
    return list(pd.period_range(monthly.month.min(), monthly.month.max(), freq="M").astype(str))


def sheet_rows(
    totals: pd.DataFrame,
    monthly: pd.DataFrame,
    names: pd.Series,
    as_of: date,
    language: str = "zh",
    most: int = 20_000,
) -> list[tuple]:
    """Rows for a workbook sheet under SHEET_HEADS: of each month the total, its rules, its institutions.

    Latest month first; of an unfinished month no change is stated.

    Args:
        names: what to call an institution (and a rule, where its Chinese name will not do), by id.
        most: rows at most.
    """
    total, rule, place = _SCOPES[language]
    rules, places = by_rule(monthly), by_institution(monthly)
    rows: list[tuple] = []
    for month in reversed(list(totals.month)):
        label, over = _label(month, as_of, language), month <= report_month(as_of)
        parts = (
            (total, totals, None, lambda row: ALL_WORDS[language]),
            (rule, rules, "rule_id", lambda row: _name(names, row.rule_id, row.rule_name)),
            (place, places, "fixmedins_code", lambda row: _name(names, row.fixmedins_code, "")),
        )
        for scope, frame, key, call in parts:
            found = frame[frame.month == month].sort_values("amount", ascending=False, kind="stable")
            for row in found.itertuples():
                rows.append(
                    (
                        label, scope, getattr(row, key) if key else "", call(row), int(row.institutions),
                        int(row.cases), int(row.lines), float(row.amount),
                        *(_changes(row) if over else (None, None, None)),
                    )
                )  # fmt: skip
        if len(rows) >= most:
            break
    return rows[:most]


def _changes(row) -> tuple[int | None, float | None, float | None]:
    """Change in visits, in money, and in money in per cent; none in the first month."""
    if pd.isna(row.cases_change):
        return None, None, None
    share = None if pd.isna(row.amount_change_pct) else float(row.amount_change_pct)
    return int(row.cases_change), float(row.amount_change), share


def _label(month: str, as_of: date, language: str) -> str:
    """A month, with a word when it was not over."""
    over = month <= report_month(as_of)
    return month if over else month + ("(未满)" if language == "zh" else " (unfinished)")


def _name(names: pd.Series, subject_id: str, otherwise: str) -> str:
    name = names.get(subject_id)
    return name if isinstance(name, str) and name else otherwise


def write_supervision(
    folder: Path,
    monthly: pd.DataFrame,
    totals: pd.DataFrame,
    names: pd.Series,
    as_of: date,
    language: str = "zh",
    shown: Callable[[str], str] = str,
) -> None:
    """Write `supervision.parquet` (the monthly table) and `supervision.html`, one file that loads nothing.

    Args:
        names: what to call an institution (and a rule, where its Chinese name will not do), by id.
        shown: what becomes of the page's text before it is written (a mask).
    """
    table = pa.Table.from_pandas(monthly, MONTHLY, preserve_index=False)
    pq.write_table(table, folder / "supervision.parquet")
    text = shown(page(monthly, totals, names, as_of, language))
    (folder / "supervision.html").write_text(text, encoding="utf-8")


def page(
    monthly: pd.DataFrame, totals: pd.DataFrame, names: pd.Series, as_of: date, language: str = "zh"
) -> str:
    """The report as HTML."""
    month = report_month(as_of)
    words, shown = _PAGE[language], totals.copy()
    shown.loc[shown.month > month, [name for name in shown if "_change" in name]] = None
    shown = shown.tail(MONTHS_SHOWN)
    rules, places = by_rule(monthly), by_institution(monthly)
    rules = rules[rules.month == month].sort_values("amount", ascending=False, kind="stable")
    places = places[places.month == month].sort_values("amount", ascending=False, kind="stable")
    rules["name"] = [_name(names, r.rule_id, r.rule_name) for r in rules.itertuples()]
    places["name"] = [_name(names, r.fixmedins_code, "") for r in places.itertuples()]
    now = totals[totals.month == month]
    pictures = {
        "money": charts.columns(
            list(shown.month), list(shown.amount.astype(float)), words["yuan"], key="money"
        ),
        "cases": charts.columns(
            list(shown.month), list(shown.cases.astype(float)), words["cases"], key="cases"
        ),
        "rules": charts.bars(_labels(rules, "rule_id"), rules.amount, words["yuan"], BARS, key="rules"),
        "places": charts.bars(
            _labels(places, "fixmedins_code"), places.amount, words["yuan"], BARS, key="places"
        ),
    }
    return render(
        "supervision.html.j2",
        language=language,
        words=words,
        as_of=as_of.isoformat(),
        month=month,
        now=None if now.empty else now.iloc[0].to_dict(),
        months=[
            row | {"label": _label(row["month"], as_of, language)}
            for row in reversed(shown.to_dict("records"))
        ],
        rules=rules.to_dict("records"),
        places=places.head(PLACES_SHOWN).to_dict("records"),
        more=max(len(places) - PLACES_SHOWN, 0),
        charts=pictures,
    )


def _labels(rows: pd.DataFrame, key: str) -> list[str]:
    return [f"{subject_id} {name}" for subject_id, name in zip(rows[key], rows["name"], strict=True)]


_PAGE = {
    "zh": {
        "title": "医保基金监管月报",
        "about": "按规则审核的疑点统计,截至 {as_of} 早晨;月份为就诊月份。疑点不是结论,须经核实。",
        "month_of": "{month} 月报",
        "nothing": "本月没有规则疑点。",
        "institutions": "机构数",
        "cases": "就诊数",
        "lines": "明细数",
        "yuan": "涉及基金(元)",
        "against": "比上月",
        "by_month": "按月",
        "by_rule": "按规则",
        "by_place": "按机构",
        "month": "月份",
        "rule": "规则",
        "severity": "程度",
        "place": "机构",
        "once": "一条明细违反几条规则,金额只计一次;一次就诊不超过其基金支付。各规则之和因此大于合计。",
        "unfinished": "未满的月份不与上月比较。",
        "more": "另有 {more} 家机构,见 supervision.parquet。",
    },
    "en": {
        "title": "Monthly supervision report",
        "about": "Findings of the audit rules as of the morning of {as_of}; months are those of the visits. "
        "A finding is a suspicion to be verified, no verdict.",
        "month_of": "Report for {month}",
        "nothing": "No findings in this month.",
        "institutions": "Institutions",
        "cases": "Visits",
        "lines": "Lines",
        "yuan": "Fund (yuan)",
        "against": "against month before",
        "by_month": "By month",
        "by_rule": "By rule",
        "by_place": "By institution",
        "month": "Month",
        "rule": "Rule",
        "severity": "Severity",
        "place": "Institution",
        "once": "A line that breaks several rules counts once in money, and a visit never more than the fund "
        "paid; the rules therefore add up to more than the total.",
        "unfinished": "An unfinished month is not compared.",
        "more": "{more} more institutions are in supervision.parquet.",
    },
}
