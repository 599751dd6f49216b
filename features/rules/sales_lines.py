"""Pharmacy sale lines that belong to a standing settlement, and what was billed for them."""

import ibis

from features.rules.billed_lines import purchased_drugs
from features.rules.rule_context import RuleContext


def paid_sales(context: RuleContext) -> ibis.Table:
    """Sales and returns of a settlement that stands, with their visit."""
    return context.claims.sales.inner_join(
        context.claims.settlements.select("setl_id", "mdtrt_id"), "setl_id"
    )


def with_unit_price(context: RuleContext, sold: ibis.Table) -> ibis.Table:
    """Sales with the price of one pack on the bill of their visit."""
    bill = purchased_drugs(context).select("mdtrt_id", "hilist_code", "unit")
    sold = sold.left_join(bill, ["mdtrt_id", "hilist_code"]).drop("mdtrt_id_right", "hilist_code_right")
    return sold.mutate(unit=sold.unit.fill_null(0))


def with_billed_amount(context: RuleContext, rows: ibis.Table) -> ibis.Table:
    """Findings about a drug of a purchase, with what was billed for it."""
    bill = purchased_drugs(context).select("mdtrt_id", "hilist_code", "amount")
    rows = rows.left_join(bill, ["mdtrt_id", "hilist_code"]).drop("mdtrt_id_right", "hilist_code_right")
    return rows.mutate(amount_in_question=rows.amount.fill_null(0))
