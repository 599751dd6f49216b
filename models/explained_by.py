"""Subjects whose evidence is the conduct of the place they belong to: they are listed under it."""

import pandas as pd

# Evidence against its peers from which a subject would be suspicious: strong conduct at one in a thousand.
# Own starting value.
MIN_EVIDENCE = 4.0
# A subject that keeps less than this share of its evidence beside the rest of its place shows no more than
# the place does. Own starting value.
OWN_SHARE = 0.5


def explained_by(beside_peers: pd.Series, own: pd.Series, places: pd.Series) -> pd.Series:
    """The place whose conduct explains each subject's; missing where none does.

    Args:
        beside_peers: evidence against the peers alone.
        own: evidence that remains beside the rest of the own place.
        places: where each subject belongs; missing for none.
    """
    shared = (beside_peers >= MIN_EVIDENCE) & (own < OWN_SHARE * beside_peers)
    return places.reindex(own.index).where(shared).astype(object)
