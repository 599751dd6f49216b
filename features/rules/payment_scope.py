"""Items that another insurance pays, that only a registered disease covers, or that nobody pays (R022, R023,
R032-R034)."""

import ibis
from ibis import _

from claims.as_of import STAY
from features.rules.billed_lines import DRUG, LINE, charged_lines
from features.rules.declaration import CLEAR, SUSPECT, rule
from features.rules.dictionary_values import INSURANCE
from features.rules.finding_text import item_name, kinds_of_visit, sentence, whole_line_finding, word_of
from features.rules.limit_checks import lines_breaking, lines_with_limits
from features.rules.limits_table import in_force, limits_of
from features.rules.rule_context import RuleContext
from features.visits.codelists import DRUGS


@rule(
    "R022", "药品/项目限工伤", "Work-injury-only item", "place", CLEAR, "38(六)", official="GZ10000101001000",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=wkinj_only mdtrt_d.insutype",
)  # fmt: skip
def work_injury_only(context: RuleContext) -> ibis.Table:
    """Items of work-injury insurance paid by basic medical insurance."""
    rows = lines_breaking(context, "wkinj_only")
    message = sentence(
        "“{item}”限工伤保险支付,由{fund}结算",
        "“{item}” is for work-injury insurance to pay; settled by {fund}",
        item=rows.item, fund=word_of(rows.insutype, INSURANCE, ("其他险种", "another insurance")),
    )  # fmt: skip
    return whole_line_finding(rows, message)


@rule(
    "R023", "药品/项目限生育", "Maternity-only item", "place", CLEAR, "38(六)", official="GZ10000101002000",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=matn_only",
)  # fmt: skip
def maternity_only(context: RuleContext) -> ibis.Table:
    """Items of maternity insurance paid for a visit without childbirth or family planning."""
    rows = lines_breaking(context, "matn_only")
    message = sentence(
        "“{item}”限生育保险支付,本次为{kind}",
        "“{item}” is for maternity insurance to pay; this visit is {kind}",
        item=rows.item, kind=kinds_of_visit(rows.med_type),
    )  # fmt: skip
    return whole_line_finding(rows, message)


@rule(
    "R032", "药品超病种目录", "Outside disease list", "place", SUSPECT, "38(六)", schemes="M07",
    official="GZ10000101011000", needs="fee_list_d hilist_lmt_b",
    filled="hilist_lmt_b.lmt_type=dise mdtrt_d.dise_no",
)  # fmt: skip
def outside_disease_list(context: RuleContext) -> ibis.Table:
    """Drugs outside the list of the registered chronic disease they were settled under."""
    lists = limits_of(context, "dise")
    # Only diseases that have a list; in stays the code is a DRG or DIP group, no registered disease.
    listed = lists.select(dise_no=_.value).distinct()
    visits = (
        context.facts.filter(context.facts.kind != STAY)
        .select("mdtrt_id", "dise_no", "level")
        .semi_join(listed, "dise_no")
    )
    lines = context.item_days.filter(_.charge.isin(DRUGS), (_.inscp > 0).fill_null(True))
    lines = charged_lines(context, lines.inner_join(visits, "mdtrt_id"))
    met = in_force(lines, lists)
    bad = lines.anti_join(met.filter(met.value == met.dise_no), LINE)
    message = sentence(
        "药品{item}不在门诊慢特病病种{disease}的用药目录内",
        "{item} is not on the list of the registered disease {disease}",
        item=item_name(bad.hilist_code), disease=bad.dise_no,
    )  # fmt: skip
    return whole_line_finding(bad, message)


@rule(
    "R033", "饮片单复方不予支付", "Herb never payable", "place", CLEAR, "38(六)", official="GZ10000101003000",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=nopay",
)  # fmt: skip
def herb_never(context: RuleContext) -> ibis.Table:
    """Herbs that are never paid."""
    rows = lines_breaking(context, "nopay", DRUG)
    message = sentence(
        "“{item}”单味或复方均不予支付,已由基金结算",
        "“{item}” is never paid, alone or in a compound; the fund paid it",
        item=rows.item,
    )  # fmt: skip
    return whole_line_finding(rows, message)


@rule(
    "R034", "饮片单方不予支付", "Herb not payable alone", "place", CLEAR, "38(六)",
    official="GZ10000101004000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=nopay_alone",
)  # fmt: skip
def herb_alone(context: RuleContext) -> ibis.Table:
    """Herbs that are not paid alone, without another herb on the day."""
    # A prescription is what was charged in a visit on a day; another herb with them makes it a compound.
    herbs = charged_lines(context).filter(_.charge == "10")
    alone = lines_with_limits(context, "nopay_alone").filter(_.goods == DRUG)
    others = herbs.anti_join(alone, LINE).select("mdtrt_id", "day").distinct()
    bad = alone.anti_join(others, ["mdtrt_id", "day"])
    message = sentence(
        "“{item}”单方使用不予支付,同方无其他饮片",
        "“{item}” is not paid alone, and the prescription holds no other herb",
        item=bad.item,
    )
    return whole_line_finding(bad, message)
