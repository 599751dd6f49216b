"""The facts of each visit, put together: one row a visit, the base of every measure, rule and edge."""

from collections.abc import Callable
from functools import partial

import ibis

from claims.as_of import ClaimsAsOf
from features.comparison.item_excess import CLASSES, in_class
from features.visits.bill_lines import bill_content, bill_templates, item_days
from features.visits.card_sequence import (
    amounts_of_other_goods,
    bill_amounts,
    card_gaps,
    card_travel,
    doctor_travel,
    followers,
    payment_gaps,
    repeated_amounts,
)
from features.visits.codelists import (
    BED_NURSING_ROUNDS,
    DIALYSIS,
    DRUGS,
    EXAMS,
    LARGE_EXAM,
    MATERIALS,
    OPERATION,
    REHAB,
)
from features.visits.concurrent_stays import copied_stays, village_batches
from features.visits.dialysis_schedules import off_schedule
from features.visits.excess_items import BILLERS, UNUSUAL_DRUGS, excess_column, excess_items
from features.visits.inpatient import (
    converted_admissions,
    expected_readmissions,
    idle_days,
    outpatient_rate,
    outside_excess,
    outside_visits,
    readmitted_31d,
    referred_admissions,
    same_doctor_readmission,
    split_stay,
    stay_sequence,
)
from features.visits.medicines import (
    chain_branches,
    drug_ledger,
    off_price_sales,
    prescription_use,
    trace_codes,
    usual_prices,
)
from features.visits.operations import operation_materials
from features.visits.prescription_steering import prescription_steering
from features.visits.registers import (
    days_after_death,
    dialysis_weeks,
    impossible_diagnoses,
    long_term_care_days,
    sessions_without_sign_in,
    undeclared_accidents,
)
from features.visits.stay_benchmarks import stay_benchmarks
from features.visits.treatment_plans import planned_stays
from features.visits.visit_base import planned_course, visit_base

# Who a visit has to do with; for each, when an outcome of an inspection became known, and a confirmed one
# (epoch seconds, 0 where there is none; `features.graphs.neighbour_outcomes`).
ENDS = ("patient", "doctor", "place", "visit")
NEIGHBOUR_OUTCOME_COLUMNS = (
    *[f"{what}_{end}" for end in ENDS for what in ("closed", "confirmed")],
    "confirmed_linked",
)
# Facts that need the others first: people who come along more often than chance explains, people oversupplied
# through the same doctor or pharmacy, people whose prescriptions are filled in the same batches; excess of
# referrals to a hospital from a doctor (of the outpatient visit, and of the stay that it led to), of
# admissions from a village, of a doctor's prescriptions at a pharmacy; boxes that came back to a pharmacy (of
# their first sale, and of the second); findings of the audit rules, how many of them clear violations, lines
# with medicine out of scope, and the fund's money in findings (yuan, each line once); outcomes of those the
# visit has to do with.
GRAPH_AND_RULE_COLUMNS = (
    *("co_visitors", "co_oversupplied", "co_fillers"),
    *("referral_excess", "received_referral_excess", "village_recruitment_excess"),
    *("prescription_flow", "resold", "sold_before"),
    *("findings", "clear_findings", "out_of_scope", "findings_amount"),
    *NEIGHBOUR_OUTCOME_COLUMNS,
)
# Fact of a visit → which of its lines, summed to item and day (`features.visits.bill_lines.item_days`), it is
# taken from.
LINES: dict[str, Callable[[ibis.Table], ibis.Value]] = {
    "drug_amount": lambda days: days.charge.isin(DRUGS),
    "supply_days": lambda days: days.days_per_unit.notnull(),
    "exam_amount": lambda days: days.charge.isin(EXAMS),
    "large_exams": lambda days: days.serv_type == LARGE_EXAM,
    "material_amount": lambda days: days.charge.isin(MATERIALS),
    "operated": lambda days: days.charge == OPERATION,
    "bed_care_amount": lambda days: days.charge.isin(BED_NURSING_ROUNDS),
    "over_ceiling": lambda days: days.pric > days.ceiling,
    "dialysis": lambda days: days.serv_type == DIALYSIS,
    "rehab": lambda days: days.serv_type == REHAB,
}
# Facts taken from the same lines as another.
LINES |= dict.fromkeys(("days_on_hand", "oversupply_amount", "n_drugs"), LINES["supply_days"])
LINES |= {excess_column(b, name): partial(in_class, name) for b in BILLERS for name in CLASSES}
LINES[UNUSUAL_DRUGS] = partial(in_class, "drug")
LINES["usual_material"] = LINES["material_amount"]
LINES |= dict.fromkeys(("costliest_exam", "seldom_exams"), LINES["exam_amount"])
LINES |= dict.fromkeys(
    ("no_sign_in", "no_sign_in_excess", "weekly_dialysis_sessions", "dialysis_days", "off_schedule"),
    LINES["dialysis"],
)
LINES |= dict.fromkeys(("no_sign_in_rehab", "rehab_days"), LINES["rehab"])


def visit_facts(claims: ClaimsAsOf) -> ibis.Table:
    """Everything the measures need of a visit, keyed by mdtrt_id; stored as table ``facts``.

    Facts whose source table is absent are null, never zero.
    """
    con = claims.con
    base = con.create_table("visit_base", visit_base(claims))
    parts = _parts(claims, base)
    stored = {name: con.create_table(f"fact_{name}", part) for name, part in parts.items()}
    # By themselves, for a window over all facts would sort their hundred columns.
    stays = con.create_table("fact_stays", _stay_facts(base, stored))
    seen = base.select("mdtrt_id", "psn_no", "fixmedins_code", "kind", "dx3", "los").inner_join(
        stays, "mdtrt_id"
    )
    con.create_table("fact_readmissions", expected_readmissions(seen))
    seen = seen.left_join(stored["outside_visits"], "mdtrt_id").drop("mdtrt_id_right")
    con.create_table("fact_outside_excess", outside_excess(seen))
    themes = [f"fact_{name}" for name in (*parts, "stays", "readmissions", "outside_excess")]
    # `with_counts` fills in the columns of graphs and rules.
    return con.create_joined("facts", "visit_base", themes, "mdtrt_id", zeros=GRAPH_AND_RULE_COLUMNS)


def _parts(claims: ClaimsAsOf, base: ibis.Table) -> dict[str, ibis.Table]:
    """Facts by theme, each keyed by mdtrt_id, at most one row a visit."""
    days = item_days(claims)
    content = claims.con.create_table("bill_content", bill_content(days))
    sets = claims.con.create_table("bill_sets", bill_templates(days))
    return {
        "content": content.drop("billed_days", "medical_amount"),
        "templates": sets.drop("item_set"),
        "drug_ledger": drug_ledger(base, days),
        "idle_days": idle_days(base, content),
        "stay_sequence": stay_sequence(base),
        "card_gaps": card_gaps(base),
        "payment_gaps": payment_gaps(base),
        "amounts": bill_amounts(base),
        "other_goods": amounts_of_other_goods(base, sets),
        "repeated_amounts": repeated_amounts(base, sets),
        "outside_visits": outside_visits(base, content),
        "batches": village_batches(base),
        "copies": copied_stays(base, sets, content),
        "card_travel": card_travel(base),
        "followers": followers(base, content),
        "deaths": days_after_death(claims, base),
        "trace_codes": trace_codes(claims),
        "no_sign_in": sessions_without_sign_in(claims, base, days),
        "prescriptions": prescription_use(claims),
        "dialysis_weeks": dialysis_weeks(base, days),
        "schedules": off_schedule(base, days),
        "accidents": undeclared_accidents(claims, base),
        "long_term_care": long_term_care_days(claims, base),
        "benchmarks": stay_benchmarks(base, content, sets),
        "referrals": referred_admissions(base),
        "converted": converted_admissions(base),
        "outpatient_rate": outpatient_rate(base),
        "doctor_travel": doctor_travel(base),
        "steering": prescription_steering(base),
        "prices": usual_prices(base, days),
        "off_prices": off_price_sales(base, days),
        "impossible": impossible_diagnoses(base),
        "operations": operation_materials(base, days, content),
        "excess_items": excess_items(claims, base, days, content),
    }


# What facts of several themes are taken from: columns of the base, and of some themes.
_BASE_OF_STAYS = (
    "mdtrt_id", "psn_no", "fixmedins_code", "chain", "kind", "dx3", "second", "los", "days_ago",
)  # fmt: skip
_THEMES_OF_STAYS = {
    "content": ("dialysis",),
    "stay_sequence": ("days_since_discharge", "same_place", "same_disease", "same_doctor", "interim"),
    "drug_ledger": ("days_on_hand",),
    "card_gaps": ("burst",),
    "trace_codes": ("repeat_codes",),
    "prescriptions": ("rx_overused",),
}


def _stay_facts(base: ibis.Table, themes: dict[str, ibis.Table]) -> ibis.Table:
    """Facts that need several themes: mdtrt_id, course, chain_anomalies, split, readmitted_31d,
    same_doctor_readmission."""
    facts = base.select(*_BASE_OF_STAYS)
    for name, columns in _THEMES_OF_STAYS.items():
        part = themes[name].select("mdtrt_id", *columns)
        facts = facts.left_join(part, "mdtrt_id").drop("mdtrt_id_right")
    facts = base.get_backend().create_table("stay_inputs", facts)
    plans = planned_stays(facts).mutate(planned=True)
    known = facts.left_join(plans, "mdtrt_id").drop("mdtrt_id_right")
    by_code = planned_course(known.dx3, known.dialysis)
    known = known.mutate(course=by_code | known.planned.fill_null(False))
    known = known.left_join(chain_branches(known), "fixmedins_code").drop("fixmedins_code_right")
    return known.select(
        "mdtrt_id",
        "course",
        "chain_anomalies",
        split=split_stay(known),
        readmitted_31d=readmitted_31d(known),
        same_doctor_readmission=same_doctor_readmission(known),
    )


def with_counts(con: ibis.BaseBackend, facts: ibis.Table, counts: ibis.Table, name: str) -> ibis.Table:
    """Facts with some of GRAPH_AND_RULE_COLUMNS filled in from a graph or the rules, stored; visits without a
    row get 0.

    Args:
        counts: mdtrt_id and some of GRAPH_AND_RULE_COLUMNS.
        name: of the stored table.
    """
    return con.create_table(name, _counted(facts, counts))


def with_findings(con: ibis.BaseBackend, facts: ibis.Table, counts: ibis.Table) -> ibis.Table:
    """As `with_counts`, a view: few visits have findings, and the graphs, which come before the facts are
    stored again, look at few columns.

    Args:
        counts: of `features.rules.visit_findings.by_visit`.
    """
    found = con.create_table("findings_by_visit", counts)
    con.create_view("facts_ruled", _counted(facts, found), overwrite=True)
    return con.table("facts_ruled")


def _counted(facts: ibis.Table, counts: ibis.Table) -> ibis.Table:
    filled = [column for column in counts.columns if column != "mdtrt_id"]
    joined = facts.drop(*filled).left_join(counts, "mdtrt_id").drop("mdtrt_id_right")
    return joined.mutate(**{c: joined[c].cast("float64").fill_null(0.0) for c in filled})
