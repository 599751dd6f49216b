"""Which scheme a subject's list entry is named after: the one whose own signature stands.

A scheme with many measures adds up more evidence than one with few, so the name is not the largest sum: it
goes to a scheme whose signature (`spec`'s column of that name) is significant in itself, and among those to
the one with most evidence.
"""

import numpy as np
import pandas as pd

# A signature stands where it is at least this significant: one in forty, beyond an even chance. Own starting
# value.
MIN_SIGNATURE = 1.3
# Signatures with this share of the strongest one's significance stand as well. Own starting value.
CLOSE_SIGNATURE = 0.5
# So many schemes are named as the nearest where none stands.
NEAREST = 2
# A scheme that is the means, or a by-product, of another gives way where the other's signature stands at
# all: a prescription used twice fetches the medicine that is hoarded or resold, many visits to pharmacies
# likewise, one card at two places is borrowed or in a collector's drawer, a patient of an invented stay is
# seen elsewhere, the fetched lie in made-up stays, a dealer's circle has one doctor and one shop, members
# filled up in December have a surplus, and what costs or sells too much does so by something.
MEANS_OF: dict[str, tuple[str, ...]] = {
    "M06": ("M05", "M19"),
    "M02": ("M34",),
    "M10": ("M01", "M02"),
    "M11": ("M01", "M04", "M34"),
    "M17": ("M14", "M15"),
    "M21": ("M05", "M19"),
    "M05": ("M47",),
    "M19": ("M47",),
    "M25": ("M24", "M28", "M29", "M33", "M45"),
    "M40": ("M19", "M22"),
    "M43": ("M16", "M18", "M20", "M40", "M47", "M50"),
}


def named_scheme(signatures: pd.DataFrame, by_scheme: pd.DataFrame) -> pd.Series:
    """The scheme of each subject; missing where no signature stands.

    Args:
        signatures: significance of each scheme's signature (`models.anomaly.PeerEvidence.signatures`).
        by_scheme: evidence of each scheme (`PeerEvidence.by_scheme`), with the columns of the signatures.
    """
    stands = signatures.ge(MIN_SIGNATURE)
    strongest = signatures.where(stands & ~_gives_way(stands)).max(axis=1)
    close = stands & ~_gives_way(stands) & signatures.ge(CLOSE_SIGNATURE * strongest, axis=0)
    evidence = by_scheme[signatures.columns].where(close, -1.0)
    return evidence.idxmax(axis=1).where(strongest.notna())


def nearest_schemes(signatures: pd.DataFrame) -> pd.Series:
    """The two schemes with the most significant signatures, as ``"M05 M10"``, for subjects that none
    names."""
    order = np.argsort(-signatures.to_numpy(dtype=float), axis=1, kind="stable")[:, :NEAREST]
    # Each combination is spelled once, not once a subject: there are millions of visits.
    combinations, which = np.unique(order, axis=0, return_inverse=True)
    spelled = [" ".join(signatures.columns[row]) for row in combinations]
    return pd.Series(np.array(spelled, dtype=object)[which.ravel()], signatures.index, dtype=object)


def _gives_way(stands: pd.DataFrame) -> pd.DataFrame:
    """Where a standing scheme is only the means of another that stands."""
    out = pd.DataFrame(False, stands.index, stands.columns)
    for means, ends in MEANS_OF.items():
        if means in stands:
            out[means] = stands[[end for end in ends if end in stands]].any(axis=1)
    return out
