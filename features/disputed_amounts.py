"""What of the fund's payment for a visit is in dispute: what rules found in it, and what its conduct puts in
doubt.

The whole payment is in dispute only where the whole visit is in doubt, for instance an invented stay. Where
a visit took place but cost too much, the excess over what is expected is in dispute; where a scheme costs
the fund nothing by itself (steering of patients, co-visits), nothing but the findings.
"""

from math import sqrt

import ibis
import pandas as pd

from features.visits.excess_items import BILLERS, excess_column

# Schemes that put a whole visit in doubt: it did not take place, was not needed, or was not the person's own.
WHOLE_VISIT = (
    "M01", "M02", "M03", "M04", "M09", "M11", "M12", "M13", "M14", "M15", "M16", "M17", "M18", "M22", "M27",
    "M30", "M34", "M36",
)  # fmt: skip
# Schemes whose excess over a norm is known of each visit, so that it adds up over all visits of a subject.
ACCUMULATING = ("M05", "M06", "M07", "M19", "M20", "M28", "M29", "M33", "M40", "M43", "M46", "M50")
# Schemes of which a register or another record is the proof.
ON_RECORD = ("M09", "M27", "M36")
# So many standard deviations above the number expected by chance are no excess.
_CHANCE = 2.0


def conduct_share(visits: ibis.Table, scheme: ibis.Value, whole_class: bool = True) -> ibis.Value:
    """Share of the payment for a visit that a scheme puts in dispute, 0 to 1; 0 where the claims cannot say.

    Args:
        visits: facts of visits (`features.visits.facts.visit_facts`).
        scheme: id of the scheme, a column of the same table or a literal.
        whole_class: where no item of a class (examinations, consumables) is billed in excess, all of the
            class is in dispute; else nothing.
    """
    materials, exams = (
        amount if whole_class else None for amount in (visits.material_amount, visits.exam_amount)
    )
    of_operation = (visits.material_amount - visits.usual_material).clip(0.0)
    beyond_items = _beyond(visits, "material", materials)
    surplus = _part(visits.surplus_spent, visits.medfee_sumamt)
    shares = (
        (WHOLE_VISIT, ibis.literal(1.0)),
        # The days without any treatment, and no more of the stay.
        (("M10",), _part(visits.idle_days, visits.los)),
        (("M05", "M06"), surplus),
        # What a runner fetches for ever the same people is not theirs to use.
        (("M19",), ibis.greatest((visits.co_fillers > 0).ifelse(1.0, 0.0), surplus)),
        (("M20",), _part(visits.repeat_codes, visits.boxes)),
        (("M24",), _above(ibis.greatest(visits.paid_per_content, visits.group_weight))),
        (("M25", "M44"), _above(visits.cost_ratio)),
        (("M28",), _part(visits.unsigned, visits.dialysis)),
        # What is beyond the operation's usual; where nobody else does it, the items that others bill less
        # often; else the whole of their class.
        (("M29",), _part(ibis.coalesce(of_operation, beyond_items), visits.medfee_sumamt)),
        (("M33", "M46"), _part(_beyond(visits, "exam", exams), visits.medfee_sumamt)),
        (("M07", "M43", "M50"), _part(_beyond(visits, "drug"), visits.medfee_sumamt)),
        (
            ("M40",),
            ibis.greatest(
                _above(_part(visits.priced, visits.usual_price)).fill_null(0.0),
                _part(_beyond(visits, "drug"), visits.medfee_sumamt).fill_null(0.0),
            ),
        ),
    )
    chosen = [(scheme.isin(list(schemes)), share) for schemes, share in shares]
    return ibis.cases(*chosen, else_=0.0).fill_null(0.0).clip(0.0, 1.0)


def disputed_amount(visits: ibis.Table, scheme: ibis.Value, doubt: ibis.Value) -> ibis.Value:
    """Yuan of the fund in dispute in a visit, never more than was paid: a line that a rule found and the
    conduct puts in doubt counts once.

    Args:
        visits: facts of visits.
        scheme: id of the scheme that puts the visit in doubt.
        doubt: how far its conduct is in doubt, 0 to 1 (`excess_shares`).
    """
    found = visits.findings_amount.fill_null(0.0)
    return ibis.least(ibis.greatest(conduct_amount(visits, scheme, doubt), found), _paid(visits)).round(2)


def conduct_amount(
    visits: ibis.Table, scheme: ibis.Value, doubt: ibis.Value, whole_class: bool = True
) -> ibis.Value:
    """Yuan of the fund in dispute in a visit by its conduct alone (arguments as of `disputed_amount` and
    `conduct_share`)."""
    return (doubt.fill_null(0.0) * conduct_share(visits, scheme, whole_class) * _paid(visits)).round(2)


def _paid(visits: ibis.Table) -> ibis.Value:
    return visits.fund_pay_sumamt.fill_null(0.0).clip(0.0)


def excess_shares(flagged: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """How much of the flagged visits of each institution is beyond what other institutions lead to expect.

    A large hospital has some stays that look odd by chance. As many as the rate of the others explains, with
    two standard deviations of a Poisson count, are not in dispute.

    Args:
        flagged: fixmedins_code, kind (of visit), scheme, n.
        visits: fixmedins_code, kind, total.

    Returns:
        fixmedins_code, kind, scheme, excess (0 to 1).
    """
    rows = flagged.merge(visits, on=["fixmedins_code", "kind"])
    everywhere = rows.groupby(["kind", "scheme"]).n.transform("sum")
    of_kind = rows.kind.map(visits.groupby("kind").total.sum()).astype(float)
    elsewhere = (of_kind - rows.total).clip(lower=1)
    expected = rows.total * (everywhere - rows.n) / elsewhere
    return rows[["fixmedins_code", "kind", "scheme"]].assign(excess=_excess(rows.n, expected))


def signature_excess(observed: pd.Series, expected: pd.Series, n: pd.Series) -> pd.Series:
    """How much of the visits that a subject's signature is made of is beyond what its peers lead one to
    expect, 0 to 1: as many as they have, with two standard deviations of a Poisson count, are not in dispute.

    Args:
        observed, expected: share of the rows that show the signature, the subject's and the peers'.
        n: rows of the subject.
    """
    return _excess(observed * n, expected * n)


def _excess(observed: pd.Series, expected: pd.Series) -> pd.Series:
    """Share of counts beyond what is expected and _CHANCE standard deviations of a Poisson count, 0 to 1."""
    # A surplus over a price, which is no count, may lie below nothing.
    observed, expected = observed.clip(lower=0.0), expected.clip(lower=0.0)
    chance = expected + _CHANCE * expected.map(sqrt)
    return ((observed - chance) / observed).clip(0.0, 1.0).fillna(0.0).round(6)


def _beyond(visits: ibis.Table, item_class: str, otherwise: ibis.Value | None = None) -> ibis.Value:
    """Yuan of the items of a class that the place or the doctor bills beyond what others do; where there are
    none, another amount."""
    place, doctor = (visits[excess_column(biller, item_class)].fill_null(0.0) for biller in BILLERS)
    return ibis.coalesce(ibis.greatest(place, doctor).nullif(0.0), otherwise)


def _part(of_it: ibis.Value, whole: ibis.Value) -> ibis.Value:
    return of_it / whole.cast("float64").nullif(0)


def _above(ratio: ibis.Value) -> ibis.Value:
    """The share of an amount that lies above the usual, given how many times the usual it is."""
    return (1 - 1 / ratio.nullif(0)).clip(0.0)
