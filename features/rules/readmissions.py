"""Stays that follow another one at the same hospital (R084, R085)."""

import ibis
from ibis import _

from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.dictionary_values import BIRTH, DAY_SURGERY, EMERGENCY, MOVED_ON, REFERRED
from features.rules.finding_text import figure, sentence, whole_number
from features.rules.rule_context import RuleContext
from features.rules.stay_days import stays_with_days
from features.windows import YEAR


def _not_planned(stays: ibis.Table, course_stays: float) -> tuple[ibis.Value, ...]:
    """What a stay must be to need an explanation for its return."""
    return (
        # Chemotherapy, radiotherapy and dialysis come back by plan, and so do the cycles of one tumour.
        ~stays.course,
        ~(stays._tumour & (stays._rounds >= course_stays)),
        # Upward referrals and the way back, emergencies, births, day surgery and bed-day schemes are exempt.
        ~stays._left.isin(MOVED_ON).fill_null(False),
        stays.refl_old_mdtrt_id.isnull(),
        ~stays.med_type.left(2).isin([REFERRED, EMERGENCY, BIRTH, DAY_SURGERY]),
        ~stays.bed_days,
    )


@rule(
    "R084", "分解住院", "Split stay", "place", SUSPECT, "38(一)", schemes="M03", official="GZ10000204001000",
    maximum_gap_days=Parameter(15, "days", "yingyan C-301, range 3-31"),
    course_stays=Parameter(3, "stays", "own starting value: cycles of one tumour"),
)  # fmt: skip
def split_stay(context: RuleContext, maximum_gap_days: float, course_stays: float) -> ibis.Table:
    """Stays soon after a stay at the same hospital for the same disease."""
    stays = stays_with_days(context)
    order = ibis.window(group_by="psn_no", order_by=["second", "mdtrt_id"])
    stays = stays.mutate(
        _left=stays.dscg_way.lag().over(order),
        _rounds=stays.mdtrt_id.count().over(ibis.window(group_by=["psn_no", "fixmedins_code", "dx3"])),
        _tumour=stays.dx3.between("C00", "C97").fill_null(False),
    )
    again = stays.filter(
        stays.days_since_discharge.between(-1, maximum_gap_days), stays.same_place, stays.same_disease
    )
    again = again.filter(*_not_planned(again, course_stays))
    message = sentence(
        "出院后{days}天内因同一疾病({disease})再次入住同一医院",
        "admitted to the same hospital again for the same disease ({disease}); days since discharge: {days}",
        days=whole_number(ibis.greatest(again.days_since_discharge, 0)), disease=again.dx3,
    )  # fmt: skip
    return again.select("mdtrt_id", amount_in_question=again.medfee_sumamt, message=message)


def _odd_places(stays: ibis.Table, maximum_rate: float, minimum_stays: float) -> ibis.Table:
    """Hospitals with a high rate of readmissions, and the median of their level: _rate, _usual."""
    places = stays.group_by("fixmedins_code", "level").aggregate(_n=_.count(), _rate=_._back.mean())
    places = places.filter(places._n >= minimum_stays)
    level = ibis.window(group_by="level")
    places = places.mutate(
        _top=places._rate.quantile(0.95).over(level), _usual=places._rate.median().over(level)
    )
    # Above nearly all peers, the maximum and twice the usual: among few peers one is always the highest.
    return places.filter(
        places._rate >= places._top, places._rate > maximum_rate, places._rate > 2 * places._usual
    )


@rule(
    "R085", "31天非计划再入院率异常", "31-day readmission", "place", SUSPECT, "38(一)", schemes="M03",
    official="ZB10000205008000",
    readmission_days=Parameter(31, "days", "official ZB10000205008000"),
    maximum_rate=Parameter(0.08, "share", "illustrative maximum, yingyan rule file (not official)"),
    minimum_stays=Parameter(30, "stays", "own starting value: smaller numbers are left to chance"),
)  # fmt: skip
def high_readmission_rate(
    context: RuleContext, readmission_days: float, maximum_rate: float, minimum_stays: float
) -> ibis.Table:
    """Readmissions at hospitals with a rate far above that of their level."""
    stays = stays_with_days(context).filter(~_.course, ~_.bed_days, _.days_ago <= YEAR)
    within = stays.days_since_discharge.between(-1, readmission_days) & stays.same_place
    stays = stays.mutate(_back=within.fill_null(False))
    odd = _odd_places(stays, maximum_rate, minimum_stays)
    back = stays.filter(_._back).inner_join(odd.drop("level"), "fixmedins_code")
    return back.select(
        "mdtrt_id",
        # The share of readmissions that peers do not have.
        amount_in_question=back.medfee_sumamt * (1 - back._usual / back._rate),
        message=sentence(
            "该院一年内31天再入院率{rate}%,同级中位{usual}%;本次为出院后{days}天再入院",
            "{rate}% of this hospital's stays of a year were followed by another within 31 days, the median "
            "of its level is {usual}%; days between discharge and this stay: {days}",
            rate=figure((back._rate * 100).round(1)), usual=figure((back._usual * 100).round(1)),
            days=whole_number(back.days_since_discharge),
        ),
    )  # fmt: skip
