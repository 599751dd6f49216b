"""Long-term care during stays, and disability grades against visits (R095, R098)."""

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, as_of_time
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.finding_text import figure, sentence
from features.rules.rule_context import RuleContext


@rule(
    "R095", "住院与长护重叠", "Long-term care during a stay", "patient", SUSPECT, "41(二)", schemes="M08",
    needs="ltci_trt_d", filled="ltci_trt_d.serv_begntime",
)  # fmt: skip
def care_during_stay(context: RuleContext) -> ibis.Table:
    """Stays with long-term care services on their inner days."""
    # Services on inner days of a stay; on the days of admission and discharge the person was at home as well.
    stays = context.facts.filter(_.long_term_care_days > 0)
    services = context.claims["ltci_trt_d"].filter(_.serv_begntime.notnull(), _.serv_begntime < as_of_time())
    services = services.select("psn_no", "fund_payamt", serv_day=_.serv_begntime.date())
    met = stays.inner_join(
        services,
        ["psn_no", services.serv_day > stays.day, services.serv_day < stays.endtime.date()],
    )
    sums = met.group_by("mdtrt_id", "long_term_care_days", "medfee_sumamt", "fund_pay_sumamt").aggregate(
        paid=_.fund_payamt.sum().fill_null(0)
    )
    return sums.select(
        "mdtrt_id",
        # The care was paid by its own fund; the engine takes the stay's share of this, so undo it.
        amount_in_question=(sums.paid * sums.medfee_sumamt / sums.fund_pay_sumamt.nullif(0)).fill_null(0),
        message=sentence(
            "住院期间仍有{days}天长期护理服务记录,长护基金支付{yuan}元",
            "days of long-term care on record during the stay: {days}; its fund paid {yuan} yuan",
            days=sums.long_term_care_days, yuan=figure(sums.paid),
        ),
    )  # fmt: skip


def _visits_of_graded(context: RuleContext, minimum_level: float) -> ibis.Table:
    """Outpatient visits of persons with a disability grade of at least the minimum on that day."""
    graded = context.claims["ltci_trt_d"].filter(_.dsabasmt_lv.try_cast("float64") >= minimum_level)
    graded = graded.select("psn_no", since=_.trt_begndate, until=_.trt_enddate, grade=_.dsabasmt_lv)
    graded = graded.distinct()
    # Somebody else may fetch medicine; dialysis patients are brought.
    seen = context.facts.filter(_.kind == OUTPATIENT, ~_.course)
    met = seen.inner_join(graded, ["psn_no", seen.begntime >= graded.since])
    met = met.filter((met.begntime <= met.until).fill_null(True))
    return met.group_by("mdtrt_id", "psn_no", "month", "second", "medfee_sumamt").aggregate(
        grade=_.grade.max()
    )


@rule(
    "R098", "失能等级可疑", "Disability contradicted", "patient", SUSPECT, "41", schemes="M08",
    filled="ltci_trt_d.dsabasmt_lv",
    minimum_level=Parameter(4, "level", "own starting value: level>=4 of 0-5"),
    minimum_visits=Parameter(3, "visits a month", "own starting value: >=3 self visits/month"),
)  # fmt: skip
def disability_contradicted(context: RuleContext, minimum_level: float, minimum_visits: float) -> ibis.Table:
    """Outpatient visits on foot of persons graded as severely disabled."""
    met = _visits_of_graded(context, minimum_level)
    order = ibis.window(group_by=["psn_no", "month"], order_by=["second", "mdtrt_id"])
    met = met.mutate(_nth=ibis.row_number().over(order) + 1).filter(_._nth >= minimum_visits)
    return met.select(
        "mdtrt_id",
        # What contradicts the grade is no loss of its own.
        amount_in_question=ibis.literal(0.0),
        message=sentence(
            "失能等级{grade}级,当月第{nth}次自行门诊就医",
            "disability of grade {grade}; outpatient visit no. {nth} of the month",
            grade=met.grade,
            nth=met._nth,
        ),
    )
