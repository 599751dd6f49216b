"""The graph part of a score, 0 to 1: how strongly a subject is linked to others beyond chance.

The links are those of the network (`neg_log10_fdr` is -log10 of the false discovery rate of an edge); here
they are put on the scale of a score. All scales saturate: x / (x + half), with `half` where the part is one
half.
"""

import pandas as pd

# Co-visitors at which the graph part of a visit is one half. A couple is no group; from three members on it
# is one (the smallest group of `features.graphs.communities`).
HALF_CO_VISITORS = 3
# Linked visits at which the graph part of a patient is one half: three joint stays make a group (M02,
# docs/schemes.md).
HALF_LINKED_VISITS = 3
# Median neg_log10_fdr of the pairs of a group at which its graph part is one half: one false edge in 10**10.
# Own starting value.
HALF_STRENGTH = 10
# A group with a known honest reason (household, employer, nursing home) keeps this share of its graph part:
# it stays on the list, further down. Own starting value.
EXCUSED_SHARE = 0.1


def visit_graph_part(others: pd.Series) -> pd.Series:
    """The graph part of visits.

    Args:
        others: number of people each visit links its patient to.
    """
    return _saturating(others, HALF_CO_VISITORS)


def patient_graph_part(linked_visits: pd.Series) -> pd.Series:
    """The graph part of patients: once with others may be an accident, and a share of all visits would be
    highest for whoever came once.

    Args:
        linked_visits: number of visits that link each patient to others.
    """
    return _saturating(linked_visits, HALF_LINKED_VISITS)


def group_graph_part(inside: pd.DataFrame, excused: pd.Series) -> pd.Series:
    """The graph part of groups: strength of the median pair, lowered where the group has an honest reason.

    Args:
        inside: group_id, a, b, neg_log10_fdr of the edges between members; a pair may have edges of several
            kinds.
        excused: group_id → the honest reason; missing where there is none.
    """
    pairs = inside.groupby(["group_id", "a", "b"])["neg_log10_fdr"].sum()
    part = _saturating(pairs.groupby("group_id").median(), HALF_STRENGTH)
    return part.where(excused.reindex(part.index).isna(), EXCUSED_SHARE * part)


def _saturating(x: pd.Series, half: float) -> pd.Series:
    return x / (x + half)
