"""Intensive care and anaesthesia against the records of their time (R055, R056)."""

import ibis
from ibis import _

from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.finding_text import figure, iso_date, item_name, line_finding, sentence
from features.rules.rule_context import RuleContext

# Values of `hilist_b.serv_type`, as in features/visits/codelists.py: intensive care, anaesthesia.
INTENSIVE = "4"
ANAESTHESIA = "5"


@rule(
    "R055", "重症监护收费越界", "Intensive care outside the unit", "place", SUSPECT, "38(三)/40(三)",
    needs="fee_list_d hilist_b scs_cutd_d", filled="hilist_b.serv_type",
)  # fmt: skip
def intensive_care_outside(context: RuleContext) -> ibis.Table:
    """Intensive care charged on days without a record in an intensive care unit."""
    units = context.claims["scs_cutd_d"].select(
        "mdtrt_id", entered=_.scs_cutd_inpool_time.date(), left=_.scs_cutd_exit_time.date()
    )
    # Places that send records of their units at all; both edge days count as days in the unit.
    sending = context.facts.semi_join(units, "mdtrt_id").select("fixmedins_code").distinct()
    visits = context.facts.semi_join(sending, "fixmedins_code").select("mdtrt_id")
    rows = context.item_days.filter(_.serv_type == INTENSIVE, _.cnt > 0).semi_join(visits, "mdtrt_id")
    inside = rows.inner_join(units, ["mdtrt_id", rows.day >= units.entered])
    inside = inside.filter((inside.day <= inside.left).fill_null(True))
    rows = rows.anti_join(inside.select("mdtrt_id", "day"), ["mdtrt_id", "day"])
    message = sentence(
        "重症监护项目{item}于{day}收费,当日无监护病房在室记录",
        "intensive care {item} charged on {day}, without a record of an intensive care unit that day",
        item=item_name(rows.hilist_code), day=iso_date(rows.day),
    )  # fmt: skip
    return line_finding(rows, rows.amount, message)


def _recorded_anaesthesia(context: RuleContext) -> ibis.Table:
    """Minutes of anaesthesia on record by visit: mdtrt_id, took."""
    records = context.claims["oprn_d"].filter(_.anst_begntime.notnull(), _.anst_endtime.notnull())
    # The surgeons of one operation bring one record each; the anaesthesia is the same.
    records = records.select("mdtrt_id", "anst_begntime", "anst_endtime").distinct()
    return records.group_by("mdtrt_id").aggregate(
        took=((_.anst_endtime.epoch_seconds() - _.anst_begntime.epoch_seconds()) / 60).sum()
    )


@rule(
    "R056", "麻醉时长虚计", "Anaesthesia billed beyond its record", "place", SUSPECT, "38(三)/40(三)",
    needs="fee_list_d hilist_b oprn_d", filled="hilist_b.serv_mins oprn_d.anst_endtime",
    grace_minutes=Parameter(60, "minutes", "own starting value: an hour begun is charged in full"),
)  # fmt: skip
def anaesthesia_too_long(context: RuleContext, grace_minutes: float) -> ibis.Table:
    """Anaesthesia charged for longer than its records say."""
    took = _recorded_anaesthesia(context)
    items = context.claims["hilist_b"].filter(_.serv_type == ANAESTHESIA, _.serv_mins > 0)
    rows = context.item_days.inner_join(items.select("hilist_code", "serv_mins"), "hilist_code")
    sums = rows.group_by("mdtrt_id").aggregate(
        billed=(_.cnt * _.serv_mins).sum(),
        amount=_.amount.sum(),
        bkkp_sn=_.bkkp_sn.max(),
        setl_id=_.setl_id.max(),
    )
    sums = sums.inner_join(took, "mdtrt_id").mutate(_over=_.billed - _.took).filter(_._over > grace_minutes)
    return line_finding(
        sums,
        sums._over * sums.amount / sums.billed,
        sentence(
            "麻醉计费{billed}分钟,记录{took}分钟",
            "{billed} minutes of anaesthesia charged, {took} on record",
            billed=figure(sums.billed), took=figure(sums.took),
        ),
    )  # fmt: skip
