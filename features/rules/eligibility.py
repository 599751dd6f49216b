"""Entitlement to benefits: death, suspension, prison, double enrolment, third parties (R001-R006, R128)."""

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, STAY
from features.rules.declaration import CLEAR, SUSPECT, Parameter, rule
from features.rules.finding_text import figure, iso_date, sentence, word_of
from features.rules.rule_context import RuleContext

# Whereabouts (surv_stas) of people away: in prison, missing.
AWAY = {"3": ("服刑", "in prison"), "4": ("失踪", "missing")}
# Employees' and residents' insurance, old and new codes (insutype, code table 险种类型).
EMPLOYEES = ["310", "340", "350", "360"]
RESIDENTS = ["380", "390", "391"]


@rule(
    "R001", "死亡后就医购药", "Service after death", "patient", CLEAR, "40(一)/41", schemes="M09",
    needs="psn_die_regn_d",
    grace_days=Parameter(1, "days", "own starting value: 0-1 day for records of the day itself"),
)  # fmt: skip
def service_after_death(context: RuleContext, grace_days: float) -> ibis.Table:
    """Visits that began more than the days of grace after the registered death."""
    # The bill of the fatal stay is settled after death; what counts is when the visit began.
    dead = context.facts.filter(context.facts.days_since_death > grace_days)
    return dead.select(
        "mdtrt_id",
        amount_in_question=dead.medfee_sumamt,
        message=sentence(
            "死亡登记后第{days}天仍发生就医购药并结算",
            "care or medicine settled on day {days} after the registered death",
            days=dead.days_since_death.cast("int64"),
        ),
    )


@rule(
    "R002", "死亡后个人账户消费", "Account used after death", "patient", CLEAR, "40(一)/41", schemes="M09",
    needs="psn_die_regn_d", filled="setl_d.acct_pay",
    grace_days=Parameter(1, "days", "own starting value: 0-1 day for records of the day itself"),
)  # fmt: skip
def account_after_death(context: RuleContext, grace_days: float) -> ibis.Table:
    """Personal account payments of visits that began after the registered death."""
    # What heirs draw is a transfer, not a visit; the bill of the fatal stay is settled after death.
    dead = context.facts.filter(_.days_since_death > grace_days).select("mdtrt_id", "days_since_death")
    paid = context.claims.settlements.filter(_.acct_pay > 0).select("setl_id", "mdtrt_id", "acct_pay")
    spent = paid.inner_join(dead, "mdtrt_id")
    return spent.select(
        "mdtrt_id",
        "setl_id",
        amount_in_question=spent.acct_pay,
        message=sentence(
            "死亡登记后第{days}天个人账户支付{yuan}元",
            "{yuan} yuan paid from the personal account on day {days} after the registered death",
            days=spent.days_since_death.cast("int64"), yuan=figure(spent.acct_pay),
        ),
    )  # fmt: skip


@rule(
    "R003", "跨死亡日住院", "Stay past death", "place", SUSPECT, "40(一)/41", schemes="M09",
    needs="psn_die_regn_d",
    grace_days=Parameter(1, "days", "own starting value: die_date+1"),
)  # fmt: skip
def stay_past_death(context: RuleContext, grace_days: float) -> ibis.Table:
    """Stays that end after the death; what was charged for the days after it is in question."""
    deaths = context.claims["psn_die_regn_d"].group_by("psn_no").aggregate(die_date=_.die_date.min())
    # A stay that the hospital itself closed as a death was closed late; one begun after death is R001.
    stays = context.facts.filter(_.kind == STAY, _.endtime.notnull(), (_.dscg_way != "5").fill_null(True))
    stays = stays.inner_join(deaths, "psn_no")
    died = stays.die_date.date().epoch_days()
    stays = stays.mutate(_died=died, _past=stays.endtime.date().epoch_days() - died)
    stays = stays.filter(stays._past > grace_days, stays.day.epoch_days() <= stays._died + grace_days)
    late = context.item_days.inner_join(stays.select("mdtrt_id", "_died"), "mdtrt_id")
    late = late.filter(late.day.epoch_days() > late._died + grace_days)
    charged = late.group_by("mdtrt_id").aggregate(charged=_.amount.sum())
    stays = stays.left_join(charged, "mdtrt_id").drop("mdtrt_id_right")
    return stays.select(
        "mdtrt_id",
        # What was charged for the days after.
        amount_in_question=ibis.greatest(stays.charged.fill_null(0), 0),
        message=sentence(
            "死亡登记日期{died},出院登记晚{days}天,死亡后计费{yuan}元",
            "death registered on {died}, discharge {days} days later; {yuan} yuan charged after the death",
            died=iso_date(stays.die_date), days=stays._past, yuan=figure(stays.charged.fill_null(0)),
        ),
    )  # fmt: skip


@rule(
    "R004", "停保期间统筹支付", "Paid while suspended", "patient", SUSPECT, "38(六)", needs="psn_insu_d",
    filled="psn_insu_d.paus_insu_date setl_d.hifp_pay",
)  # fmt: skip
def paid_while_suspended(context: RuleContext) -> ibis.Table:
    """Visits paid from the pooled fund while the enrolment was suspended."""
    periods = context.claims["psn_insu_d"]
    visits = context.facts.filter(_.hifp_pay > 0)
    # Whose enrolments we know, and when the last one before the visit ended.
    begun = visits.inner_join(
        periods.select("psn_no", "crt_insu_date", "paus_insu_date"),
        ["psn_no", visits.begntime >= periods.crt_insu_date],
    )
    last = begun.group_by("mdtrt_id").aggregate(
        # The day of suspension itself is still insured.
        covered=(_.paus_insu_date.isnull() | (_.paus_insu_date.date() >= _.day)).any(),
        paused=_.paus_insu_date.max(),
    )
    out = visits.inner_join(last.filter(~last.covered), "mdtrt_id")
    return out.select(
        "mdtrt_id",
        amount_in_question=out.medfee_sumamt,
        message=sentence(
            "参保关系于{day}暂停,未恢复,就诊时统筹基金支付{yuan}元",
            "insurance suspended on {day} and not resumed; the pooled fund paid {yuan} yuan for the visit",
            day=iso_date(out.paused), yuan=figure(out.hifp_pay),
        ),
    )  # fmt: skip


@rule(
    "R005", "服刑或失踪期间支付", "Paid while imprisoned or missing", "patient", SUSPECT, "41", schemes="M36",
    filled="psn_info_b.surv_stas psn_info_b.surv_stas_ocur_date",
    grace_days=Parameter(1, "days", "own starting value: the day itself"),
)  # fmt: skip
def paid_while_imprisoned(context: RuleContext, grace_days: float) -> ibis.Table:
    """Visits paid from the pooled fund while the person was registered as imprisoned or missing."""
    away = context.claims["psn_info_b"].filter(_.surv_stas.isin(list(AWAY)))
    away = away.select("psn_no", "surv_stas", since=_.surv_stas_ocur_date.date())
    visits = context.facts.filter(_.hifp_pay > 0).inner_join(away, "psn_no")
    visits = visits.filter(visits.day.epoch_days() > visits.since.epoch_days() + grace_days)
    return visits.select(
        "mdtrt_id",
        amount_in_question=visits.medfee_sumamt,
        message=sentence(
            "自{day}起登记为{away},其后仍由统筹基金支付",
            "registered as {away} since {day}; the pooled fund paid for a later visit",
            day=iso_date(visits.since), away=word_of(visits.surv_stas, AWAY, ("", "")),
        ),
    )  # fmt: skip


def _visits_by_fund(context: RuleContext) -> ibis.Table:
    """Visits paid by the employees' (1) or the residents' fund (2), by natural person (certificate number;
    one may hold several insurance numbers)."""
    persons = context.claims["psn_info_b"].select("psn_no", who=ibis.coalesce(_.certno, _.psn_no))
    visits = context.facts.filter(_.hifp_pay > 0, _.kind.isin([STAY, OUTPATIENT]))
    visits = visits.inner_join(persons, "psn_no")
    day = visits.day.epoch_days()
    visits = visits.mutate(
        family=ibis.cases((visits.insutype.isin(EMPLOYEES), "1"), (visits.insutype.isin(RESIDENTS), "2")),
        first=day,
        last=ibis.ifelse(visits.kind == STAY, visits.endtime.date().epoch_days(), day),
    )
    return visits.filter(_.family.notnull(), _["last"].notnull()).select(
        "who", "family", "fixmedins_code", "kind", "first", "last", "second", "medfee_sumamt", "mdtrt_id"
    )


@rule(
    "R006", "险种重复结算", "Two schemes, one service", "patient", SUSPECT, "41(二)", schemes="M37",
    filled="mdtrt_d.insutype setl_d.hifp_pay",
)  # fmt: skip
def paid_by_two_funds(context: RuleContext) -> ibis.Table:
    """The later of two visits for one service, paid by the employees' and by the residents' fund."""
    visits = _visits_by_fund(context)
    pairs = visits.inner_join(visits, ["who", "fixmedins_code", "kind"], rname="{name}_before")
    earlier = (pairs.second_before < pairs.second) | (
        (pairs.second_before == pairs.second) & (pairs.mdtrt_id_before < pairs.mdtrt_id)
    )
    # The same stay or the same day: stays share a night, a visit its day and its bill.
    same = ibis.ifelse(
        pairs.kind == STAY,
        ibis.least(pairs["last"], pairs.last_before) - pairs["first"] >= 1,
        (pairs["first"] == pairs.first_before) & (pairs.medfee_sumamt == pairs.medfee_sumamt_before),
    )
    pairs = pairs.filter(pairs.family != pairs.family_before, earlier, same)
    twice = pairs.group_by("mdtrt_id", "medfee_sumamt").aggregate(before=_.mdtrt_id_before.min())
    message = sentence(
        "同一服务由职工与居民两种险种的统筹基金重复支付,另一就诊{other}",
        "one service paid by the employees' and by the residents' fund; the other visit is {other}",
        other=twice.before,
    )
    return twice.select("mdtrt_id", amount_in_question=twice.medfee_sumamt, message=message)


@rule(
    "R128", "第三方责任未报", "Third party not declared", "patient", SUSPECT, "41", schemes="M27",
    needs="acdt_rec_d",
)  # fmt: skip
def hidden_third_party(context: RuleContext) -> ibis.Table:
    """Stays for an injury after a registered accident, without a third party declared."""
    hurt = context.facts.filter(context.facts.undeclared_accident == 1)
    return hurt.select(
        "mdtrt_id",
        amount_in_question=hurt.medfee_sumamt,
        message=sentence(
            "事故登记后7日内因外伤住院,未申报第三方责任",
            "a stay for an injury within 7 days of a registered accident, with no third party declared",
        ),
    )
