"""A doctor against the rest of his hospital, a shop against the rest of its chain: what the subject does
beyond its own place.

Ward doctors of one guilty hospital all look guilty, though the hospital decides. So a subject is compared
with its peers and with the other subjects of its place (leave-one-out), whichever shows more: what remains is
the subject's own.
"""

import ibis
import numpy as np
import pandas as pd
from ibis import _
from numpy.typing import NDArray

from claims.as_of import PHARMACY
from features.comparison.null_distribution import NullDistribution, Sample
from features.comparison.peers import PeerReference
from significance.normal_tail import Array

# Kind of subject → the column of the facts that names where it belongs.
PLACES = {"prescriber": "fixmedins_code", "pharmacy": "chain"}
# The rest of a place is shrunk toward the peers as if so many subjects with the median number of rows had
# joined it from them. Own starting value.
PRIOR_SUBJECTS = 1


def affiliations(rows: ibis.Table, subject: str, key: str) -> pd.Series:
    """Where each subject belongs: of a doctor the institution of most of his own visits, of a shop its chain.

    Args:
        rows: facts about the kind of subject.
        subject: kind of subject.
        key: column of the facts that names the subject.

    Returns:
        Code of the place by subject_id; empty for kinds that belong nowhere.
    """
    if subject not in PLACES:
        return pd.Series(dtype=object)
    own = rows.filter(rows.kind != PHARMACY) if subject == "prescriber" else rows
    own = own.filter(own[PLACES[subject]].notnull())
    counts = own.group_by(subject_id=own[key], place=own[PLACES[subject]]).aggregate(n=_.count())
    order = ibis.window(group_by="subject_id", order_by=[ibis.desc("n"), "place"])
    first = counts.mutate(nth=ibis.row_number().over(order)).filter(_.nth == 0)
    found: pd.DataFrame = first.select("subject_id", "place").to_pandas()
    return found.set_index("subject_id")["place"]


def z_within_place(
    reference: PeerReference, values: pd.DataFrame, peers: pd.Series, places: pd.Series
) -> pd.DataFrame:
    """Differences from the peers or from the rest of the own place, whichever shows more of the measure.

    Args:
        reference: the peers of the kind of subject.
        values: subjects × measures, and expected values.
        peers: peer group of each subject.
        places: `affiliations`.

    Returns:
        z-values as of `PeerReference.z_scores`.
    """
    place, _names = pd.factorize(places.reindex(values.index))
    found = {
        name: reference.null[name].z(sample, centre_of_place(reference.null[name], sample, place))
        for name, sample in reference.samples(values, peers)
    }
    return pd.DataFrame(found, index=values.index)


def centre_of_place(null: NullDistribution, sample: Sample, place: NDArray[np.intp]) -> Array:
    """The centre of the peers, or of the other subjects of the own place where that is higher.

    Args:
        place: number of each subject's place; negative for none.
    """
    peers = null.centre[sample.group]
    known = ~np.isnan(sample.value) & (place >= 0)
    rows = np.where(known, sample.n, 0.0)
    # Counts are compared by exposure, all others by their distance from the expected value.
    amount = sample.value if null.statistic == "count" else sample.value - sample.expected
    part = np.where(known, amount if null.statistic == "count" else amount * rows, 0.0)
    code = np.where(place >= 0, place, place.max(initial=-1) + 1)
    rest_rows = np.bincount(code, rows)[code] - rows
    rest = np.bincount(code, part)[code] - part
    prior = PRIOR_SUBJECTS * float(np.median(sample.n))
    shrunk = (rest + prior * peers) / (rest_rows + prior)
    return np.where(place >= 0, np.maximum(peers, shrunk), peers)
