"""Rules about who may draw benefits at all: the dead, third parties, people in two places (R001-R006, R128)."""

import ibis
from ibis import _

from claims.known import STAY
from features.rules.engine import CLEAR, SUSPECT, Bench, Parameter, rule


@rule(
    "R001", "死亡后就医购药", "Service after death", "patient", CLEAR, "40(一)/41",
    needs="psn_die_regn_d",
    grace=Parameter(1, "days", "R001: 0-1 day for records of the day itself"),
)  # fmt: skip
def service_after_death(bench: Bench, grace: float) -> ibis.Table:
    # The bill of the fatal stay is settled after death; what counts is when the visit began.
    dead = bench.facts.filter(bench.facts.days_dead > grace)
    return dead.select(
        "mdtrt_id",
        offending=dead.medfee_sumamt,
        says=ibis.literal("死亡登记后第")
        + dead.days_dead.cast("int64").cast("string")
        + "天仍发生就医购药并结算",
    )


@rule(
    "R128", "第三方责任未报", "Third party not declared", "patient", SUSPECT, "41",
    needs="acdt_rec_d",
)  # fmt: skip
def hidden_third_party(bench: Bench) -> ibis.Table:
    hurt = bench.facts.filter(bench.facts.hidden_accident == 1)
    return hurt.select(
        "mdtrt_id",
        offending=hurt.medfee_sumamt,
        says=ibis.literal("事故登记后7日内因外伤住院,未申报第三方责任"),
    )
