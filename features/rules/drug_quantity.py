"""How much medicine is prescribed (R031, R069, R070, R072)."""

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, STAY
from features.rules.billed_lines import DRUG, charged_lines, purchased_drugs
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.dictionary_values import PACKED
from features.rules.finding_text import item_name, sentence, whole_number
from features.rules.limit_checks import lines_with_limits
from features.rules.limits_table import limit_number, lowest_limit, with_limit
from features.rules.rule_context import RuleContext
from features.visits.codelists import DRUGS


@rule(
    "R031", "药品限最大开药天数/量", "More than the longest supply", "place", SUSPECT, "38(六)",
    schemes="M05 M19", official="GZ10000101009000", needs="fee_list_d hilist_b",
    filled="hilist_b.days_per_unit",
    maximum_days=Parameter(84, "days", "长期处方管理规范(试行): at most 12 weeks; supply_days goes first"),
)  # fmt: skip
def too_much_at_once(context: RuleContext, maximum_days: float) -> ibis.Table:
    """Drugs dispensed for more days at once than allowed; the excess is in question."""
    visits = context.facts.filter(context.facts.kind != STAY)
    rows = purchased_drugs(context).filter(_.days_per_unit > 0).semi_join(visits, "mdtrt_id")
    rows = rows.mutate(supply=rows.cnt * rows.days_per_unit)
    own = lines_with_limits(context, "supply_days").filter(_.goods == DRUG)
    own = own.group_by("mdtrt_id", "hilist_code").aggregate(own=limit_number(own).max())
    rows = rows.left_join(own, ["mdtrt_id", "hilist_code"]).drop("mdtrt_id_right", "hilist_code_right")
    rows = rows.mutate(most=rows.own.fill_null(maximum_days))
    bad = rows.filter(rows.supply > rows.most)
    message = sentence(
        "药品{item}一次开药{supply}天用量,上限{most}天",
        "days of supply of {item} dispensed at once: {supply}; allowed: {most}",
        item=item_name(bad.hilist_code), supply=whole_number(bad.supply), most=whole_number(bad.most),
    )  # fmt: skip
    return bad.mutate(amount_in_question=(bad.amount * (1 - bad.most / bad.supply)).round(2), message=message)


@rule(
    "R069", "药品种类超标", "Too many drugs", "prescriber", SUSPECT, "38(二)", official="GZ10000202004000",
    needs="fee_list_d",
    maximum_drugs=Parameter(5, "drugs a prescription", "yingyan: drug types per prescription <=5"),
)  # fmt: skip
def too_many_drugs(context: RuleContext, maximum_drugs: float) -> ibis.Table:
    """Packed drugs beyond the number allowed on one prescription."""
    kinds = context.facts.filter(context.facts.kind != STAY).select("mdtrt_id", "kind")
    lines = charged_lines(
        context, context.item_days.filter(_.charge.isin(PACKED)).inner_join(kinds, "mdtrt_id")
    )
    # What somebody takes off a pharmacy's shelf is no prescription.
    lines = lines.filter((lines.kind == OUTPATIENT) | lines.rx_no.notnull())
    lines = lines.mutate(rx=lines.rx_no.fill_null(""))
    many = lines.group_by("mdtrt_id", "day", "rx").aggregate(n=_.count()).filter(_.n > maximum_drugs)
    lines = lines.semi_join(many, ["mdtrt_id", "day", "rx"])
    order = ibis.window(group_by=["mdtrt_id", "day", "rx"], order_by=[ibis.desc("amount"), "hilist_code"])
    # The most expensive are taken as within the limit, so that the excess is never overstated.
    lines = lines.mutate(nth=ibis.row_number().over(order) + 1)
    bad = lines.filter(lines.nth > maximum_drugs).group_by("mdtrt_id", "day", "rx").aggregate(
        kinds=_.nth.max(), amount_in_question=_.amount.sum().round(2), setl_id=_.setl_id.min(),
        bkkp_sn=_.bkkp_sn.min(),
    )  # fmt: skip
    message = sentence(
        "一张处方{kinds}种西药和中成药,超过{most}种",
        "{kinds} packed drugs on one prescription, more than {most}",
        kinds=whole_number(bad.kinds), most=f"{maximum_drugs:g}",
    )  # fmt: skip
    return bad.mutate(message=message)


@rule(
    "R070", "超说明书用量", "Dose above label", "place", SUSPECT, "38(二)", schemes="M05",
    official="GZ10000301005000", needs="fee_list_d hilist_b",
    filled="hilist_b.max_day_cnt|hilist_lmt_b.lmt_type=max_day_cnt",
    maximum_dose_ratio=Parameter(2, "times the label's maximum", "bureau scripts: dose >200 %"),
)  # fmt: skip
def overdose(context: RuleContext, maximum_dose_ratio: float) -> ibis.Table:
    """Drugs of a stay far above the label's daily maximum; the excess is in question."""
    stays = context.facts.filter(context.facts.kind == STAY, context.facts.los.notnull())
    stays = stays.select("mdtrt_id", "los", out=stays.endtime.date())
    labelled = context.item_days.semi_join(lowest_limit(context, "max_day_cnt"), "hilist_code")
    lines = labelled.filter(_.charge.isin(DRUGS)).inner_join(stays, "mdtrt_id")
    # Over the whole stay, because bills gather days; medicine to take home leaves on the last day.
    lines = lines.filter((lines.day < lines.out) | (lines.los == 0))
    lines = with_limit(context, lines, "max_day_cnt").filter(_.max_day_cnt > 0)
    rows = lines.group_by("mdtrt_id", "hilist_code").aggregate(
        total=_.cnt.sum(), spent=_.amount.sum(), most=_.max_day_cnt.max() * (_.los.max() + 1),
        bkkp_sn=_.bkkp_sn.min(), setl_id=_.setl_id.min(),
    )  # fmt: skip
    bad = rows.filter(rows.total > maximum_dose_ratio * rows.most)
    message = sentence(
        "药品{item}住院期间计{total},说明书最大用量{most}",
        "{total} units of {item} charged during the stay; the label allows at most {most}",
        item=item_name(bad.hilist_code), total=whole_number(bad.total), most=whole_number(bad.most),
    )  # fmt: skip
    return bad.mutate(
        amount_in_question=((bad.total - bad.most) * bad.spent / bad.total).round(2), message=message
    )


@rule(
    "R072", "重复开药", "Duplicate therapy", "prescriber", SUSPECT, "38(二)", official="GZ10000301006000",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=drug_class",
)  # fmt: skip
def duplicate_therapy(context: RuleContext) -> ibis.Table:
    """Second and later drugs of one therapeutic group on a day."""
    rows = lines_with_limits(context, "drug_class").filter(_.goods == DRUG, _.kind != STAY)
    order = ibis.window(group_by=["mdtrt_id", "day", "value"], order_by=[ibis.desc("amount"), "hilist_code"])
    bad = rows.mutate(nth=ibis.row_number().over(order) + 1).filter(_.nth > 1)
    message = sentence(
        "同日开具同类({kind})药品{nth}种:“{item}”",
        "“{item}” is drug no. {nth} of one class ({kind}) on that day",
        kind=bad.value, nth=whole_number(bad.nth), item=bad.item,
    )  # fmt: skip
    return bad.mutate(amount_in_question=bad.amount, message=message)
