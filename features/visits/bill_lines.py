"""Fee lines summed once, in one scan, to visit, item and day; everything that looks at content starts from
there."""

from collections.abc import Callable
from functools import reduce
from operator import xor

import ibis
from ibis import _

from claims.as_of import ClaimsAsOf
from features.visits.codelists import (
    BED_NURSING_ROUNDS,
    DIALYSIS,
    DRUGS,
    EXAMS,
    LARGE_EXAM,
    MATERIALS,
    OPERATION,
    REHAB,
    TREATMENTS,
)

# So many least hashes make the template of a bill. Two bills agree in all six with a chance of J ** 6, J
# being the share of their items that both have (Jaccard index): .53 for nine in ten, .016 for half. Own
# starting value.
TEMPLATE_HASHES = 6
# Of a hash; sums of 9,000 such numbers are below 2 ** 63.
HASH_DIGITS = 15

# Amounts of a bill → which charge types they are of; counts → services.
_AMOUNTS: dict[str, Callable[[ibis.Value], ibis.Value]] = {
    "drug_amount": lambda charge: charge.isin(DRUGS),
    "exam_amount": lambda charge: charge.isin(EXAMS),
    "treat_amount": lambda charge: charge.isin(TREATMENTS),
    "material_amount": lambda charge: charge.isin(MATERIALS),
    "bed_care_amount": lambda charge: charge.isin(BED_NURSING_ROUNDS),
    "medical_amount": lambda charge: ~charge.isin(BED_NURSING_ROUNDS),
}
_COUNTS = {"dialysis": DIALYSIS, "large_exams": LARGE_EXAM, "rehab": REHAB}


def item_days(claims: ClaimsAsOf) -> ibis.Table:
    """Fee lines summed to visit, item and day, with the item's entry in the catalogue; stored as
    ``item_days``.

    Columns: mdtrt_id, hilist_code, day, cnt, amount (yuan), pric (highest), n_lines, bkkp_sn and setl_id
    (first), rx_no (order or prescription, first), own_code (of the institution's own catalogue, first), inscp
    (yuan), charge, list_type, serv_type, days_per_unit, ceiling.
    """
    items = claims["hilist_b"].select(
        "hilist_code",
        charge=_.med_chrgitm_type,
        list_type=_.list_type,
        serv_type=_.serv_type,
        days_per_unit=_.days_per_unit,
        ceiling=_.pric_uplmt_amt,
    )
    summed = _summed(claims.lines).left_join(items, "hilist_code").drop("hilist_code_right")
    return claims.con.create_table("item_days", summed)


def _summed(lines: ibis.Table) -> ibis.Table:
    dated = lines.mutate(day=_.fee_ocur_time.date())
    return dated.group_by("mdtrt_id", "hilist_code", "day").aggregate(
        cnt=_.cnt.sum(),
        amount=_.det_item_fee_sumamt.sum().round(2),
        pric=_.pric.max(),
        n_lines=_.count(),
        bkkp_sn=_.bkkp_sn.min(),
        setl_id=_.setl_id.min(),
        rx_no=_.rx_drord_no.min(),
        own_code=_.medins_list_codg.min(),
        # Within the fund's scope, yuan; no limit of payment applies to an item that the patient pays alone.
        inscp=_.inscp_amt.sum(),
    )


def bill_content(days: ibis.Table) -> ibis.Table:
    """What each bill is made of: mdtrt_id, billed, drug_amount, exam_amount, costliest_exam (of one
    examination on one day), treat_amount, material_amount, bed_care_amount, medical_amount (other than bed,
    round and nursing; all in yuan), operated (an operation is charged), dialysis (sessions), dialysis_days,
    large_exams, rehab (counts), rehab_days, over_ceiling (yuan above the price ceilings), billed_days,
    active_days (with more than bed, round and nursing).
    """
    # By day first: days are then rows to count, where different days among the lines would each be looked up.
    bills = _content_of_days(days).group_by("mdtrt_id")
    sums = {name: _[name].sum().fill_null(0) for name in (*_COUNTS, "over_ceiling")}
    amounts = {name: _[name].sum().fill_null(0).round(2) for name in ("billed", *_AMOUNTS)}
    counts = {f"{name}_days": _.day.count(where=_[name].notnull()) for name in ("dialysis", "rehab")}
    return bills.aggregate(
        **amounts,
        **sums,
        **counts,
        costliest_exam=ibis.greatest(_.costliest_exam.max(), 0).fill_null(0),
        operated=_.operated.any().fill_null(False),
        billed_days=_.day.count(),
        active_days=_.day.count(where=_.active),
    )


def _content_of_days(days: ibis.Table) -> ibis.Table:
    """What each day of a bill is made of, null where it has nothing of it; active: more than bed, round and
    nursing."""
    over = ibis.greatest(days.pric - days.ceiling, 0) * days.cnt
    amounts = {name: days.amount.sum(where=of(days.charge)) for name, of in _AMOUNTS.items()}
    counts = {name: days.cnt.sum(where=days.serv_type == service) for name, service in _COUNTS.items()}
    return days.group_by("mdtrt_id", "day").aggregate(
        billed=days.amount.sum(),
        **amounts,
        **counts,
        over_ceiling=over.sum(),
        costliest_exam=days.amount.max(where=days.charge.isin(EXAMS)),
        operated=(days.charge == OPERATION).any(),
        active=(~days.charge.isin(BED_NURSING_ROUNDS)).any(),
    )


def bill_templates(days: ibis.Table) -> ibis.Table:
    """Marks that bills with (nearly) the same items, those with the same examinations, and those with just
    the same items share (M01, M33): mdtrt_id, n_items (different), template, exam_set, item_set.

    Number, order and days of the items do not matter. A template is a set of TEMPLATE_HASHES least hashes
    (min-wise hashing, Broder 1997).
    """
    items = days.select("mdtrt_id", "hilist_code", "charge").distinct()
    hashes = item_hashes(days, TEMPLATE_HASHES)
    least = [hashes[column].min() for column in hashes.columns if column != "hilist_code"]
    rows = items.inner_join(hashes, "hilist_code").group_by("mdtrt_id")
    return rows.aggregate(
        template=reduce(xor, least),
        exam_set=_.hash_0.sum(where=_.charge.isin(EXAMS)),
        item_set=_.hash_0.sum(),
        n_items=_.count(),
    )


def item_hashes(days: ibis.Table, number: int) -> ibis.Table:
    """Independent hashes of the items on bills: hilist_code, hash_0 and so on.

    Whole numbers of HASH_DIGITS digits, the same in every engine: those of the MD5 digest, its letters taken
    for other digits. Their sum over a set of items is a hash of the set (Bellare, Micciancio 1997, doi
    10.1007/3-540-69053-0_13): two sets have the same one with a chance of less than 1e-12.
    """
    codes = days.select("hilist_code").distinct()
    return codes.mutate(
        **{
            f"hash_{n}": (codes.hilist_code + f"/{n}").hexdigest("md5").translate("abcdef", "012345")
            .left(HASH_DIGITS).cast("int64")
            for n in range(number)
        }
    )  # fmt: skip
