"""Part of the step that explains: the fee lines and findings that a supporting record names."""

from collections import defaultdict
from typing import Any

import ibis
import pandas as pd
from ibis import _

from features.rules.declaration import CLEAR, RULES
from features.visits.facts import LINES
from pipelines.explain.visit_signs import id_table, records_by_visit
from pipelines.snapshot import Snapshot
from pipelines.typed_frames import fetch, tuples
from reports.record_texts import FindingTold

# So many lines of a visit are named.
LINES_SHOWN = 3


# (mdtrt_id, key of LINES, item code or None) → bkkp_sn, item (its name), amount (yuan) of each line.
LinesShown = dict[tuple[str, str, str | None], list[dict[str, Any]]]


def costliest_lines(snapshot: Snapshot, found: pd.DataFrame) -> LinesShown:
    """The lines with the largest amounts among those that a measure points at.

    Args:
        found: mdtrt_id, lines (key of `features.visits.facts.LINES`; null where the measure points at none),
            item (code of the only item asked for; else null).
    """
    asked = found[["mdtrt_id", "lines", "item"]].dropna(subset=["lines"]).drop_duplicates()
    asked = asked.astype(object).where(asked.notna(), None).rename(columns={"item": "asked"})
    schema = ibis.schema(dict.fromkeys(("mdtrt_id", "lines", "asked"), "string"))
    rows = snapshot.claims.con.table("item_days").inner_join(ibis.memtable(asked, schema=schema), "mdtrt_id")
    chosen = [(rows.lines == key, test(rows)) for key, test in LINES.items()]
    rows = rows.filter(
        ibis.cases(*chosen, else_=False), rows.asked.isnull() | (rows.asked == rows.hilist_code)
    )
    key = ["mdtrt_id", "lines", "asked"]
    order = ibis.window(group_by=key, order_by=[ibis.desc("amount"), "bkkp_sn"])
    first = rows.mutate(place=ibis.row_number().over(order)).filter(_.place < LINES_SHOWN)
    named = first.left_join(_item_names(snapshot), "hilist_code").order_by(*key, "place")
    lines: LinesShown = defaultdict(list)
    for row in tuples(fetch(named.select(*key, "bkkp_sn", "item", "amount"))):
        line = {"bkkp_sn": row.bkkp_sn, "item": row.item, "amount": row.amount}
        lines[row.mdtrt_id, row.lines, row.asked if isinstance(row.asked, str) else None].append(line)
    return lines


def strongest_findings(
    snapshot: Snapshot, visits: pd.Series, rules: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """The most serious finding of some rules in each visit, the largest amount first among equals.

    Returns:
        mdtrt_id → rule_id, setl_id, bkkp_sn, vola_cont, vola_cont_en, vola_amt (the fund's yuan in question),
        amount (yuan of the line), item.
    """
    hits = snapshot.rules.hits.semi_join(id_table(snapshot, visits, "visits_found"), "mdtrt_id")
    hits = hits.filter(hits.rule_id.isin(rules))
    weight = [ibis.desc(hits.sev_deg == CLEAR), ibis.desc("vola_amt"), "jr_id"]
    order = ibis.window(group_by="mdtrt_id", order_by=weight)
    first = hits.mutate(place=ibis.row_number().over(order)).filter(_.place == 0)
    lines = snapshot.claims.con.table("item_days").group_by("bkkp_sn")
    items = lines.aggregate(hilist_code=_.hilist_code.min(), amount=_.amount.sum())
    named = first.left_join(items, "bkkp_sn").drop("bkkp_sn_right")
    named = named.left_join(_item_names(snapshot), "hilist_code")
    texts = ["vola_cont", "vola_cont_en"]
    columns = ["mdtrt_id", "rule_id", "setl_id", "bkkp_sn", *texts, "vola_amt", "amount", "item"]
    return records_by_visit(named.select(*columns))


def finding_told(finding: dict[str, Any] | None) -> FindingTold | None:
    """A row of `strongest_findings` in words; None without one."""
    if finding is None:
        return None
    rule = RULES[finding["rule_id"]]
    return FindingTold(rule.rule_id, (rule.zh, rule.en), (finding["vola_cont"], finding["vola_cont_en"]))


def _item_names(snapshot: Snapshot) -> ibis.Table:
    return snapshot.claims["hilist_b"].select("hilist_code", item=_.hilist_name)
