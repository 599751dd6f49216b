"""The claims as known at an as-of date, refunds netted. Nothing later passes this module.

Every measure, rule, edge and training row takes its claims from here, so a row of the as-of date or later
cannot reach any of them, and no other module filters by the time at which a row became known.
"""

from dataclasses import dataclass
from datetime import date, datetime

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandas as pd
from ibis import _

from claims.merge import valid_settlements
from claims.tables import TABLES

STAY, PHARMACY, OUTPATIENT = "stay", "pharmacy", "outpatient"
# clue_stas of `insp_case_d`: 2 confirmed, 4 partly confirmed, 3 cleared; any other is not decided.
CONFIRMED, CLEARED = ("2", "4"), ("3",)

# Kind of subject → the column that names it in facts about visits and in findings.
NAMED_BY = {
    "patient": "psn_no",
    "prescriber": "dr_code",
    "pharmacy": "fixmedins_code",
    "hospital": "fixmedins_code",
    "visit": "mdtrt_id",
}

# Tables of events with the time of the event; the other tables describe and are known throughout.
EVENTS = {
    "mdtrt_d": "begntime",
    "setl_d": "setl_time",
    "fee_list_d": "fee_ocur_time",
    "drug_sel_d": "sel_retn_time",
    "rx_d": "prsc_time",
    "psn_die_regn_d": "die_date",
    "ltci_trt_d": "trt_begndate",
    "acdt_rec_d": "acdt_time",
    "psn_sign_d": "sign_in_time",
    "insp_case_d": "close_date",
    "inv_chg_d": "inv_chg_time",
    "psn_insu_d": "crt_insu_date",
    "exam_rpt_d": "rpt_time",
    "scs_cutd_d": "scs_cutd_inpool_time",
    "oprn_d": "anst_begntime",
}
_ENDS = {
    "mdtrt_d": "endtime",
    "ltci_trt_d": "trt_enddate",
    "psn_sign_d": "sign_out_time",
    "psn_insu_d": "paus_insu_date",
    "scs_cutd_d": "scs_cutd_exit_time",
    "oprn_d": "anst_endtime",
}


def _as_of_time_arguments() -> ir.Value: ...


# 00:00 of the as-of date of a connection's claims; a function, so that statements are equal every night
# (`claims.statement_cache`).
as_of_time = ibis.udf.scalar.builtin(_as_of_time_arguments, name="as_of_time", signature=((), dt.timestamp))


@dataclass(frozen=True)
class ClaimsAsOf:
    """Claims as of a date.

    Attributes:
        as_of: 00:00 of the as-of date; rows of this time or later are not here.
        tables: every table of the contract; an absent optional one is empty.
        present: names of the tables that the bureau delivers.
        visits: visits that count, one row each, with their settlements summed: columns of `mdtrt_d`,
            ``kind`` (stay, pharmacy, outpatient), ``setl_time`` (first), ``medfee_sumamt``,
            ``fund_pay_sumamt``, ``hifp_pay``, ``acct_pay``, ``cash_payamt`` in yuan.
        lines: fee lines of those visits and of settlements that stand.
        sales: pharmacy sales that stand.
    """

    con: ibis.BaseBackend
    as_of: datetime
    tables: dict[str, ibis.Table]
    present: frozenset[str]
    visits: ibis.Table
    settlements: ibis.Table
    lines: ibis.Table
    sales: ibis.Table

    def __getitem__(self, name: str) -> ibis.Table:
        """A table of the contract as it was known."""
        return self.tables[name]


def claims_as_of(con: ibis.BaseBackend, tables: dict[str, ibis.Table], as_of: date) -> ClaimsAsOf:
    """The claims as known at 00:00 of a date.

    Args:
        con: scratch connection; receives the tables ``visits``, ``settlements`` and ``lines``.
        tables: the store's tables on that connection.
        as_of: the as-of date; what was settled before it counts.
    """
    instant = datetime(as_of.year, as_of.month, as_of.day)
    con.set_as_of(instant)
    known = {name: _until(name, tables[name] if name in tables else _empty(con, name)) for name in TABLES}
    standing = _net_settlements(known["setl_d"])
    visits = con.create_table("visits", _visits(known["mdtrt_d"], standing))
    standing = con.create_table("settlements", standing.semi_join(visits, "mdtrt_id"))
    # A settlement that was void, refunded, counted twice or made later takes its lines and sales with it.
    lines = _settled(known["fee_list_d"].semi_join(visits, "mdtrt_id"), standing)
    sales = _settled(known["drug_sel_d"], standing)
    return ClaimsAsOf(con, instant, known, frozenset(tables), visits, standing, lines, sales)


def last_cases(claims: ClaimsAsOf, decided: bool = False) -> pd.DataFrame:
    """The last case of each inspected subject.

    Returns:
        One row a subject: subject_type, subject_id, clue_stas, scheme, enddate, cfm_amt (yuan), close_date.

    Args:
        decided: leave out cases that are neither confirmed nor cleared before the last is taken.
    """
    cases = claims["insp_case_d"]
    cases = cases.filter(_.clue_stas.isin(CONFIRMED + CLEARED)) if decided else cases
    subject = ["subject_type", "subject_id"]
    outcome = ["clue_stas", "scheme", "enddate", "cfm_amt", "close_date"]
    rows: pd.DataFrame = cases.order_by("close_date", "case_id").select(*subject, *outcome).to_pandas()
    return rows.drop_duplicates(subject, keep="last", ignore_index=True)


def judged_visits(cases: pd.DataFrame) -> pd.DataFrame:
    """The visits that a decided case of their own has judged: index mdtrt_id; clue_stas, close_date.

    Args:
        cases: of `last_cases`. One that has a date may still be looked into.
    """
    return decided_cases(cases, "visit").rename_axis("mdtrt_id")


def decided_cases(cases: pd.DataFrame, subject: str) -> pd.DataFrame:
    """Confirmed and cleared cases of a kind of subject that have a date: index subject_id; clue_stas,
    close_date.

    Args:
        cases: of `last_cases`.
    """
    decided = cases.clue_stas.isin(CONFIRMED + CLEARED) & cases.close_date.notna()
    rows = cases[decided & (cases.subject_type == subject)]
    return rows.set_index("subject_id")[["clue_stas", "close_date"]]


def institutions_closed(cases: pd.DataFrame, outcomes: tuple[str, ...] = CONFIRMED + CLEARED) -> pd.Series:
    """When the last case of each institution closed, by its code, whichever kind it was inspected as.

    Args:
        cases: of `last_cases`.
        outcomes: of the cases that count.
    """
    decided = pd.concat([decided_cases(cases, kind) for kind in ("hospital", "pharmacy")])
    closed = decided.close_date[decided.clue_stas.isin(outcomes)]
    last: pd.Series = pd.to_datetime(closed).groupby(level=0).max()
    return last


def visit_kind(med_type: ibis.Value) -> ibis.Value:
    """Stay, pharmacy purchase or outpatient visit, by the first two digits of `med_type` (contract §1)."""
    head = med_type.left(2)
    stays = ["21", "22", "23", "24", "25", "26", "27", "28", "52"]
    return ibis.cases((head.isin(stays), STAY), (head == "41", PHARMACY), else_=OUTPATIENT)


def _empty(con: ibis.BaseBackend, name: str) -> ibis.Table:
    types = {column: declared.dtype.type for column, declared in TABLES[name].columns.items()}
    return con.create_table(f"no_{name}", schema=ibis.schema(types))


def _until(name: str, table: ibis.Table) -> ibis.Table:
    """Rows before the as-of time; an end that lies after it has not happened yet."""
    if name in EVENTS:
        table = table.filter(table[EVENTS[name]] < as_of_time())
    if name in _ENDS:
        end = table[_ENDS[name]]
        table = table.mutate({_ENDS[name]: (end < as_of_time()).ifelse(end, None)})
    return table


def _net_settlements(settlements: ibis.Table) -> ibis.Table:
    """Valid settlements without the pairs of a payment and its full refund, oldest payment first."""
    valid = valid_settlements(settlements).mutate(
        _size=_.medfee_sumamt.abs().round(2), _refund=_.medfee_sumamt < 0
    )
    window = ibis.window(group_by=["mdtrt_id", "_size", "_refund"], order_by=["setl_time", "setl_id"])
    numbered = valid.mutate(_nth=ibis.row_number().over(window))
    pairs = numbered.group_by("mdtrt_id", "_size").aggregate(
        _pays=(~_._refund).sum(), _refunds=_._refund.sum()
    )
    pairs = pairs.mutate(_netted=ibis.least(pairs._pays, pairs._refunds))
    kept = numbered.left_join(pairs, ["mdtrt_id", "_size"])
    return kept.filter(kept._nth >= kept._netted).select(*settlements.columns)


def _settled(rows: ibis.Table, standing: ibis.Table) -> ibis.Table:
    """Rows of settlements that stand, and rows that name none (cash sales, lines of a stay not yet split)."""
    return rows.filter(rows.setl_id.isnull() | rows.setl_id.isin(standing.setl_id))


def _visits(visits: ibis.Table, standing: ibis.Table) -> ibis.Table:
    """Visits whose settlements leave something paid, with their sums."""
    amounts = ("medfee_sumamt", "fund_pay_sumamt", "hifp_pay", "acct_pay", "cash_payamt")
    sums = standing.group_by("mdtrt_id").aggregate(
        setl_time=standing.setl_time.min(), **{name: standing[name].sum().round(2) for name in amounts}
    )
    sums = sums.filter(sums.medfee_sumamt > 0)
    return visits.inner_join(sums, "mdtrt_id").mutate(kind=visit_kind(_.med_type))
