"""Which scheme a subject's list entry is named after: the one whose own signature is significant.

A scheme with many measures adds up more evidence than one with few, so the name is not the largest sum: it
goes to a scheme whose signature (`spec`'s column of that name) is significant in itself, and among those to
the one with most evidence.
"""

import numpy as np
import pandas as pd

# -log10 of the two-sided p-value below which a signature is significant: the customary level of 5 %.
MIN_NEG_LOG10_P = 1.3
# Signatures with this share of the strongest one's significance stand as well. Own starting value.
CLOSE_SIGNATURE = 0.5
# So many standard deviations above what it is compared with a count of visits is more.
_CHANCE = 2.0
# Schemes that an inspector would look into together, under the first of them: one case may bear any of the
# names.
SCHEME_FAMILY = {
    "M02": "M01", "M11": "M01", "M12": "M01", "M06": "M05", "M19": "M05", "M21": "M05", "M15": "M16",
    "M17": "M16", "M18": "M16", "M25": "M24",
}  # fmt: skip
# So many schemes are named as the nearest where none is significant.
NEAREST = 2
# A subordinate scheme yields to a superior one whose signature has this share of its significance: the record
# of a prescription used too often is as significant as anything can be, the surplus medicine it leaves is
# not. Own starting value.
SUPERSEDING_SHARE = 0.25
# Scheme → the schemes it yields to where their signature is significant, being a means or a by-product.
SUBORDINATE_TO: dict[str, tuple[str, ...]] = {
    "M01": ("M04",),  # check-ups for the same days as others' look like invented stays
    "M02": ("M04", "M34"),  # whoever comes for a check-up, or is sent by a payer, comes in company
    "M05": ("M47",),  # medicine to use up the year's budget is a surplus
    "M06": ("M05", "M19"),  # who hoards or resells visits many pharmacies
    "M10": ("M01", "M02"),  # the patient of an invented stay is seen elsewhere
    "M11": ("M01", "M04", "M34"),  # the recruited lie in made-up stays
    "M17": ("M06", "M14", "M15"),  # one card at two places is used too often, borrowed or collected
    "M19": ("M47",),
    "M21": ("M05", "M19"),  # the prescription used twice fetches what is hoarded or resold
    "M25": ("M24", "M28", "M29", "M33", "M45"),  # what costs too much does so by something
    "M40": ("M19", "M22"),  # a resellers' circle has one doctor and one shop
    "M43": ("M16", "M18", "M20", "M40", "M47", "M50"),  # what sells too much does so by something
}


def named_scheme(signatures: pd.DataFrame, by_scheme: pd.DataFrame) -> pd.Series:
    """The scheme of each subject; missing where no signature is significant.

    Args:
        signatures: -log10 p of each scheme's signature (`models.anomaly.PeerEvidence.signatures`).
        by_scheme: evidence of each scheme (`PeerEvidence.by_scheme`), with the columns of the signatures.
    """
    significant = signatures.where(signatures.ge(MIN_NEG_LOG10_P))
    candidates = significant.mask(_superseded(significant))
    strongest = candidates.max(axis=1)
    close = candidates.ge(CLOSE_SIGNATURE * strongest, axis=0)
    evidence = by_scheme[signatures.columns].where(close, -1.0)
    return evidence.idxmax(axis=1).where(strongest.notna())


def contradicted(named: pd.Series, signatures: pd.DataFrame, visits: pd.DataFrame) -> pd.Series:
    """Which names the subjects' own visits speak against.

    One of many signatures is significant by chance alone, so a name needs as much again as there are
    signatures (Bonferroni), or visits to show for it: it is contradicted where significantly more visits are
    in dispute for another scheme.

    Args:
        named: `named_scheme`.
        signatures: as of `named_scheme`.
        visits: number of visits in dispute by subject and scheme.

    Returns:
        A flag by subject.
    """
    family_wise = MIN_NEG_LOG10_P + np.log10(signatures.shape[1])
    weak = signatures.max(axis=1).where(named.notna(), np.inf) < family_wise
    counts = visits.reindex(named.index[weak]).fillna(0.0)
    flags = [
        _more_of_another(row, str(scheme))
        for (_id, row), scheme in zip(counts.iterrows(), named[weak], strict=True)
    ]
    return pd.Series(flags, named.index[weak], dtype=bool).reindex(named.index, fill_value=False)


def _more_of_another(counts: pd.Series, scheme: str) -> bool:
    """Are significantly more visits in dispute for another scheme than for this one and its like?"""
    like = np.array([_related(scheme, str(other)) for other in counts.index], dtype=bool)
    own, others = float(counts[like].sum()), float(counts[~like].max())
    return bool(others > own + _CHANCE * (own + others) ** 0.5)


def _related(one: str, other: str) -> bool:
    """Are two schemes of one family, or one subordinate to the other? Visits of one may be shown as the
    other's."""
    subordinate = other in SUBORDINATE_TO.get(one, ()) or one in SUBORDINATE_TO.get(other, ())
    return subordinate or SCHEME_FAMILY.get(one, one) == SCHEME_FAMILY.get(other, other)


def nearest_schemes(signatures: pd.DataFrame) -> pd.Series:
    """The two schemes with the most significant signatures, as ``"M05 M10"``, for subjects that none
    names."""
    order = np.argsort(-signatures.to_numpy(dtype=float), axis=1, kind="stable")[:, :NEAREST]
    # Each combination is spelled once, not once a subject: there are millions of visits.
    combinations, which = np.unique(order, axis=0, return_inverse=True)
    spelled = [" ".join(signatures.columns[row]) for row in combinations]
    return pd.Series(np.array(spelled, dtype=object)[which.ravel()], signatures.index, dtype=object)


def _superseded(significant: pd.DataFrame) -> pd.DataFrame:
    """Where a scheme is subordinate to another whose signature is significant.

    Args:
        significant: -log10 p of the significant signatures, others missing.
    """
    out = pd.DataFrame(False, significant.index, significant.columns)
    for scheme, superiors in SUBORDINATE_TO.items():
        if scheme in significant:
            strongest = significant[[one for one in superiors if one in significant]].max(axis=1)
            out[scheme] = strongest.ge(SUPERSEDING_SHARE * significant[scheme])
    return out
