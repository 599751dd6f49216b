"""What each bill holds of the items that its place or its doctor bills beyond what others do (M07, M24, M25,
M29, M33, M43, M46, M50)."""

from functools import reduce

import ibis
import pandas as pd
from ibis import _

from claims.as_of import PHARMACY, ClaimsAsOf
from features.comparison.item_excess import (
    CLASSES,
    HIGH_COST,
    billed_items,
    billed_visits,
    item_excess,
    items_of_visits,
    with_patient_weights,
)
from features.leave_one_out import sum_elsewhere
from features.visits.codelists import REHAB
from features.visits.registers import signed_days
from features.visits.visit_base import planned_course
from features.windows import YEAR

# Who chooses what a visit is billed for → the column of the facts that names it.
BILLERS = {"place": "fixmedins_code", "doctor": "dr_code"}
# Fact of a visit: yuan of the medicines beyond what is expected of its doctor. Where another test confirms
# the excess (a flow of prescriptions), chance need not be left out of it once more.
UNUSUAL_DRUGS = "doctor_unusual_drugs"
# What fewer than so large a share of the patients of a disease have elsewhere is seldom, where so many visits
# are to be compared with. Own starting values.
SELDOM_SHARE, MIN_COMPARABLE_VISITS = 0.1, 20
# Scratch table of all items in excess, with the biller (key of BILLERS).
TABLE = "item_excess"


def excess_column(biller: str, item_class: str) -> str:
    """Fact of a visit: yuan of the items of a class beyond what is expected of its place or doctor."""
    return f"{biller}_excess_{item_class}"


def excess_items(claims: ClaimsAsOf, base: ibis.Table, days: ibis.Table, content: ibis.Table) -> ibis.Table:
    """Items in excess on each bill of the last year: mdtrt_id and an `excess_column` for each biller and
    class, null where there are none.

    Physiotherapy that the patient signed in for took place and is no excess: a ward for rehabilitation gives
    more of it than its mix of diseases tells. Medicine that a pharmacy sells on a prescription is its
    doctor's choice: the pharmacy for special drugs of many hospitals sells what hardly another one does. One
    doctor's prescriptions at one pharmacy are a flow (`features.graphs.referral_flows`).

    Args:
        base: `features.visits.visit_base.visit_base`.
        days, content: `features.visits.bill_lines.item_days` and `bill_content`.
    """
    con = claims.con
    visits = con.create_table("billed_visits", with_patient_weights(_visits(base, content)))
    items = items_of_visits(_without_attended(claims, visits, days))
    volume = con.create_table("visit_cells", billed_visits(visits))
    counts = con.create_table("item_cells", billed_items(visits, items))
    found = pd.concat([item_excess(volume, counts, biller).assign(biller=biller) for biller in BILLERS])
    excess = con.create_table(TABLE, ibis.memtable(found.reset_index(drop=True), schema=_SCHEMA))
    rows = [_of_biller(visits, items, excess, biller) for biller in BILLERS]
    return reduce(_either, [*rows, _seldom_exams(visits, items, volume, counts)])


def _seldom_exams(
    visits: ibis.Table, items: ibis.Table, volume: ibis.Table, counts: ibis.Table
) -> ibis.Table:
    """How many of the examinations of a visit the patients of other places seldom have for the same disease:
    mdtrt_id, seldom_exams; above 0.

    One is a question of the case; several at once, whatever the disease, are a package (M33)."""
    cells = ["disease", "place"]
    n = volume.group_by(*cells).aggregate(n=_.n.sum())
    n = n.mutate(others=sum_elsewhere(n.n, "place", "disease")).filter(_.others >= MIN_COMPARABLE_VISITS)
    exams = counts.filter(counts["class"] == "exam", counts.item != HIGH_COST)
    k = exams.group_by(*cells, "item").aggregate(k=_.k.sum())
    k = k.mutate(others_with=sum_elsewhere(k.k, "place", "disease", "item"))
    seldom = k.inner_join(n, cells).filter(_.others_with < SELDOM_SHARE * _.others)
    rows = items.filter(items["class"] == "exam").inner_join(visits, "mdtrt_id")
    rows = rows.semi_join(seldom, [*cells, "item"])
    return rows.group_by("mdtrt_id").aggregate(seldom_exams=_.count())


_SCHEMA = ibis.schema(
    {
        **dict.fromkeys(("subject_id", "kind", "class", "item"), "string"),
        **dict.fromkeys(("observed", "n"), "int64"),
        **dict.fromkeys(("expected", "upper_limit", "money", "billed", "neg_log10_fdr"), "float64"),
        "biller": "string",
    }
)


def _visits(base: ibis.Table, content: ibis.Table) -> ibis.Table:
    """Bills of the last year outside courses of treatment, with what is comparable: the kind of care at this
    level of hospital, the disease group, the department."""
    rows = base.inner_join(content.select("mdtrt_id", "dialysis", "billed"), "mdtrt_id")
    rows = rows.filter(_.days_ago <= YEAR, ~planned_course(rows.dx3, rows.dialysis))
    setting = rows.med_type.left(2) + "/" + rows.level.fill_null("")
    disease = setting + "/" + rows.dx_group.fill_null("")
    return rows.select(
        "mdtrt_id",
        "psn_no",
        "kind",
        "billed",
        "fixmedins_code",
        place=((rows.kind == PHARMACY) & rows.dr_code.notnull()).ifelse(None, rows.fixmedins_code),
        doctor=rows.dr_code,
        setting=setting,
        disease=disease,
        department=disease + "/" + rows.dept_code.fill_null(""),
    )


def _without_attended(claims: ClaimsAsOf, visits: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Lines of the visits but for the physiotherapy that was signed in for, and, where such sign-ins are kept
    at all, that of places that keep none: nobody knows whether theirs took place (M45; R104)."""
    signs = signed_days(claims, REHAB)
    # Days and places, not visits, for the engine holds what is left out in memory beside all sums by item.
    keeping_none = visits.select("fixmedins_code").distinct().anti_join(signs, "fixmedins_code")
    unknown = keeping_none.cross_join(signs.select("serv_type").distinct())
    lines = days.inner_join(visits.select("mdtrt_id", "psn_no", "fixmedins_code"), "mdtrt_id")
    attended = ["psn_no", "fixmedins_code", "serv_type", "day"]
    return lines.anti_join(signs, attended).anti_join(unknown, ["fixmedins_code", "serv_type"])


def _of_biller(visits: ibis.Table, items: ibis.Table, excess: ibis.Table, biller: str) -> ibis.Table:
    """Items in excess of a biller by visit: mdtrt_id and an `excess_column` for each class. Of a bill counts
    the part of its item that is beyond what honest billers reach by chance."""
    beyond = excess.filter(excess.biller == biller).mutate(**{biller: excess.subject_id})
    rows = items.semi_join(beyond, ["class", "item"]).inner_join(visits, "mdtrt_id")
    rows = rows.inner_join(
        beyond.select(
            biller, "kind", "class", "item",
            excess=1 - _.upper_limit / _.observed, unusual=1 - _.expected / _.observed,
        ),
        [biller, "kind", "class", "item"],
    )  # fmt: skip

    def yuan(name: str, part: ibis.Value) -> ibis.Value:
        here, costly = rows["class"] == name, rows["item"] == HIGH_COST
        # A costly item may be in excess by itself and among the costly ones: it counts once.
        single, together = ((rows.money * part).sum(where=here & which) for which in (~costly, costly))
        return ibis.greatest(single.fill_null(0.0), together.fill_null(0.0)).round(2).nullif(0)

    sums = {excess_column(biller, name): yuan(name, rows.excess) for name in CLASSES}
    unusual = {UNUSUAL_DRUGS: yuan("drug", rows.unusual)} if biller == "doctor" else {}
    return rows.group_by("mdtrt_id").aggregate(**sums, **unusual)


def _either(left: ibis.Table, right: ibis.Table) -> ibis.Table:
    """Rows of visits that are in one of two tables or in both."""
    both = left.outer_join(right, "mdtrt_id")
    return both.mutate(mdtrt_id=ibis.coalesce(both.mdtrt_id, both.mdtrt_id_right)).drop("mdtrt_id_right")
