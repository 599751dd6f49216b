"""What of the fund's payment for a visit is in dispute: what rules found in it, and what its conduct puts in
doubt.

The whole payment is in dispute only where the whole visit is in doubt, for instance an invented stay. Where
a visit took place but cost too much, the excess over what is expected is in dispute; where a scheme costs
the fund nothing by itself (steering of patients, co-visits), nothing but the findings.
"""

from collections.abc import Callable
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
# Schemes that providers or rings commit, of which a patient need not know.
OF_PROVIDERS = (
    "M03", "M11", "M12", "M13", "M15", "M20", "M22", "M24", "M25", "M28", "M29", "M31", "M32", "M33", "M34",
    "M40", "M42", "M44", "M45", "M46", "M48", "M49", "M50",
)  # fmt: skip
# So many standard deviations above the number expected by chance are no excess.
_CHANCE = 2.0


def with_shares(visits: ibis.Table) -> ibis.Table:
    """Visits with the share of the payment that each kind of conduct puts in dispute, 0 to 1; 0 where the
    claims cannot say.

    Args:
        visits: facts of visits (`features.visits.facts.visit_facts`).

    Returns:
        The visits with a column for each of _SHARES, and for those of a whole class of items one more
        (`_of_items`), which are 0 where no item of the class is billed in excess.
    """
    shares = {name: share(visits) for name, (_schemes, share) in _SHARES.items()}
    shares |= {_of_items(name): share(visits) for name, share in _ITEMS_ALONE.items()}
    return visits.mutate(
        **{f"share_{name}": share.fill_null(0.0).clip(0.0, 1.0) for name, share in shares.items()}
    )


def _materials(visits: ibis.Table, otherwise: ibis.Value | None = None) -> ibis.Value:
    """Consumables beyond what is usual for the operation; where nobody else does it, the items that others
    bill less often; else another amount."""
    of_operation = (visits.material_amount - visits.usual_material).clip(0.0)
    beyond = ibis.coalesce(of_operation, _beyond(visits, "material", otherwise))
    return _part(beyond, visits.medfee_sumamt)


def _exams(visits: ibis.Table, otherwise: ibis.Value | None = None) -> ibis.Value:
    return _part(_beyond(visits, "exam", otherwise), visits.medfee_sumamt)


def _drugs(visits: ibis.Table) -> ibis.Value:
    return _part(_beyond(visits, "drug"), visits.medfee_sumamt)


def _surplus(visits: ibis.Table) -> ibis.Value:
    return _part(visits.oversupply_amount, visits.medfee_sumamt)


def _fetched(visits: ibis.Table) -> ibis.Value:
    """Medicine collected time and again for the same set of people: the whole payment is in dispute."""
    return ibis.greatest((visits.co_fillers > 0).ifelse(1.0, 0.0), _surplus(visits))


def _overpriced(visits: ibis.Table) -> ibis.Value:
    of_price = _above(_part(visits.benchmarked_amount, visits.amount_at_median_price))
    return ibis.greatest(of_price.fill_null(0.0), _drugs(visits).fill_null(0.0))


# Kind of conduct → the schemes that it is, and the share of a visit that it puts in dispute.
_SHARES: dict[str, tuple[tuple[str, ...], Callable[[ibis.Table], ibis.Value]]] = {
    "whole": (WHOLE_VISIT, lambda _visits: ibis.literal(1.0)),
    # The days without any treatment, and no more of the stay.
    "idle": (("M10",), lambda visits: _part(visits.idle_days, visits.los)),
    "surplus": (("M05", "M06"), _surplus),
    "fetched": (("M19",), _fetched),
    "repeated": (("M20",), lambda visits: _part(visits.repeat_codes, visits.boxes)),
    "upcoded": (
        ("M24",),
        lambda visits: _above(ibis.greatest(visits.charge_to_intensity_ratio, visits.drg_cost_ratio)),
    ),
    "costly": (("M25", "M44"), lambda visits: _above(visits.cost_ratio)),
    "no_sign_in": (("M28",), lambda visits: _part(visits.no_sign_in, visits.dialysis)),
    "materials": (("M29",), lambda visits: _materials(visits, visits.material_amount)),
    "exams": (("M33", "M46"), lambda visits: _exams(visits, visits.exam_amount)),
    "drugs": (("M07", "M43", "M50"), _drugs),
    "overpriced": (("M40",), _overpriced),
}
# Those of a whole class of items, without what is in dispute where no item is billed in excess.
_ITEMS_ALONE: dict[str, Callable[[ibis.Table], ibis.Value]] = {"materials": _materials, "exams": _exams}


def _of_items(name: str) -> str:
    return f"{name}_of_items"


def disputed_amount(visits: ibis.Table, scheme: ibis.Value, doubt: ibis.Value) -> ibis.Value:
    """Yuan of the fund in dispute in a visit, never more than was paid: a line that a rule found and the
    conduct puts in doubt counts once.

    Args:
        visits: facts of visits with the shares of `with_shares`.
        scheme: id of the scheme that puts the visit in doubt, a column of the same table or a literal.
        doubt: how far its conduct is in doubt, 0 to 1 (`excess_shares`).
    """
    found = visits.findings_amount.fill_null(0.0)
    return ibis.least(ibis.greatest(conduct_amount(visits, scheme, doubt), found), _paid(visits)).round(2)


def conduct_amount(
    visits: ibis.Table, scheme: ibis.Value, doubt: ibis.Value, whole_class: bool = True
) -> ibis.Value:
    """Yuan of the fund in dispute in a visit by its conduct alone (arguments as of `disputed_amount`).

    Args:
        whole_class: where no item of a class (examinations, consumables) is billed in excess, all of the
            class is in dispute; else nothing.
    """
    shares = [
        (scheme.isin(list(schemes)), visits[f"share_{_column(name, whole_class)}"])
        for name, (schemes, _share) in _SHARES.items()
    ]
    return (doubt.fill_null(0.0) * ibis.cases(*shares, else_=0.0) * _paid(visits)).round(2)


def _column(name: str, whole_class: bool) -> str:
    return _of_items(name) if name in _ITEMS_ALONE and not whole_class else name


def _paid(visits: ibis.Table) -> ibis.Value:
    return visits.fund_pay_sumamt.fill_null(0.0).clip(0.0)


def excess_shares(flagged: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """How much of the flagged visits of each institution is beyond what other institutions lead to expect.

    A large hospital has some stays that look odd by chance. As many as the rate of the others explains are
    not in dispute, and none are unless there are two standard deviations of a Poisson count more.

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
    expect, 0 to 1; none of them unless there are two standard deviations of a Poisson count more.

    Args:
        observed, expected: share of the rows that show the signature, the subject's and the peers'.
        n: rows of the subject.
    """
    return _excess(observed * n, expected * n)


def _excess(observed: pd.Series, expected: pd.Series) -> pd.Series:
    """Share of counts beyond what is expected, 0 to 1; 0 where they do not exceed it by _CHANCE standard
    deviations of a Poisson count.

    The excess itself is what is disputed, not its lower bound: of a few visits that would be hardly any.
    """
    # A surplus over a price, which is no count, may lie below nothing.
    observed, expected = observed.clip(lower=0.0), expected.clip(lower=0.0)
    significant = observed > expected + _CHANCE * expected.map(sqrt)
    return ((observed - expected) / observed).where(significant, 0.0).clip(0.0, 1.0).fillna(0.0).round(6)


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
