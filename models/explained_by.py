"""Subjects whose evidence is the conduct of the place they belong to: they are listed under it."""

import pandas as pd

# Evidence against its peers from which a subject would be suspicious: strong conduct at one in a thousand.
# Own starting value.
MIN_EVIDENCE = 4.0
# A subject that keeps less than this share of its evidence against the rest of its place shows no more than
# the place does. Own starting value.
OWN_SHARE = 0.5


def explained_by(against_peers: pd.Series, own: pd.Series, places: pd.Series) -> pd.Series:
    """The place whose conduct explains each subject's; missing where none does.

    Args:
        against_peers: evidence against the peers alone.
        own: evidence that remains against the rest of the own place.
        places: where each subject belongs; missing for none.
    """
    shared = (against_peers >= MIN_EVIDENCE) & (own < OWN_SHARE * against_peers)
    return places.reindex(own.index).where(shared).astype(object)
