"""Patients against beds (R092, R093)."""

import ibis
from ibis import _

from features.distinct_counts import with_distinct
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.dictionary_values import BIRTH, DAY_SURGERY
from features.rules.finding_text import figure, iso_date, sentence, whole_number
from features.rules.rule_context import RuleContext
from features.rules.stay_days import stays_with_days


def _stays_in_beds(context: RuleContext) -> ibis.Table:
    """Stays that take an approved bed for a night: insured patients alone; day surgery takes none. A stay
    whose end is unknown is taken to end with its settlement."""
    stays = stays_with_days(context).filter(_.beds > 0, ~_.med_type.startswith(DAY_SURGERY))
    stays = stays.mutate(out=ibis.coalesce(stays["last"], stays.setl_time.date().epoch_days()))
    return stays.filter(stays.out > stays["first"])


def _census(stays: ibis.Table) -> ibis.Table:
    """Patients of an institution on days when it changes: a stay counts up to the day before discharge, so
    that a bed may change hands within a day."""
    steps = ibis.union(
        stays.select("fixmedins_code", at=stays["first"], step=1),
        stays.select("fixmedins_code", at=stays.out, step=-1),
    )
    daily = steps.group_by("fixmedins_code", "at").aggregate(step=_.step.sum())
    order = ibis.window(group_by="fixmedins_code", order_by="at", preceding=None, following=0)
    return daily.select("fixmedins_code", first=daily["at"], census=daily.step.sum().over(order))


@rule(
    "R092", "在院人数超床位", "More patients than beds", "place", SUSPECT, "40(三)", schemes="M01 M10",
    filled="fixmedins_b.aprv_bed_cnt",
    maximum_bed_ratio=Parameter(1.1, "times", "own starting value: daily census > beds x1.1"),
)  # fmt: skip
def more_patients_than_beds(context: RuleContext, maximum_bed_ratio: float) -> ibis.Table:
    """Stays that begin on a day with more patients than approved beds."""
    stays = _stays_in_beds(context)
    full = stays.inner_join(_census(stays), ["fixmedins_code", "first"])
    full = full.filter(full.census > full.beds * maximum_bed_ratio)
    return full.select(
        "mdtrt_id",
        # The share of the patients of that day who have no bed.
        amount_in_question=full.medfee_sumamt * (1 - full.beds * maximum_bed_ratio / full.census),
        message=sentence(
            "入院当日({day})在院参保患者{patients}人,批准床位{beds}张",
            "{patients} insured patients in hospital on the day of admission ({day}); approved beds: {beds}",
            day=iso_date(full.day), patients=whole_number(full.census), beds=whole_number(full.beds),
        ),
    )  # fmt: skip


def _bed_overlaps(context: RuleContext) -> ibis.Table:
    """Stays on numbered beds: _shared (days with an earlier stay on the bed, null for its first), _others
    (persons)."""
    bed = ["fixmedins_code", "dept_code", "adm_bed"]
    stays = stays_with_days(context).filter(_.adm_bed.notnull(), _.end_second.notnull())
    # Mother and child share a card, not a bed; extra beds in the corridor have no number of their own.
    stays = stays.filter(~stays.med_type.startswith(BIRTH), ~stays.adm_bed.contains("加"))
    stays = stays.mutate(dept_code=stays.dept_code.fill_null(""))
    order = ibis.window(group_by=bed, order_by=["second", "mdtrt_id"], preceding=(None, 1))
    stays = with_distinct(stays.mutate(_free=stays.end_second.max().over(order)), "psn_no", bed, "_others")
    # The first on a bed found it free (the least of a value and null is the value).
    shared = (ibis.least(stays.end_second, stays._free) - stays.second) / 86400
    return stays.mutate(_shared=ibis.ifelse(stays._free.notnull(), shared, None))


@rule(
    "R093", "床位重复占用", "One bed, two patients", "place", SUSPECT, "40(三)", schemes="M01 M10",
    filled="mdtrt_d.adm_bed",
    minimum_overlap_days=Parameter(2, "days", "own starting value: patients change beds within a stay"),
    maximum_shared_share=Parameter(0.05, "share", "own starting value: above it bed numbers are unreliable"),
)  # fmt: skip
def shared_bed(context: RuleContext, minimum_overlap_days: float, maximum_shared_share: float) -> ibis.Table:
    """Stays that begin on a bed on which another patient is still registered."""
    stays = _bed_overlaps(context)
    stays = stays.mutate(
        _met=((stays._shared >= minimum_overlap_days) & (stays._others > 1)).fill_null(False)
    )
    # Only the bed of admission is on record; where it is not kept up to date, many beds seem shared.
    place = ibis.window(group_by="fixmedins_code")
    met = stays.mutate(_share=stays._met.mean().over(place)).filter(_._met, _._share <= maximum_shared_share)
    return met.select(
        "mdtrt_id",
        amount_in_question=met.medfee_sumamt * ibis.least(met._shared / ibis.greatest(met.los, 1), 1),
        message=sentence(
            "床位{bed}在入院时仍登记有其他在院患者,重叠{days}天",
            "bed {bed} was still registered to another patient on admission; days in common: {days}",
            bed=met.adm_bed, days=figure(met._shared.round(1)),
        ),
    )  # fmt: skip
