"""Outcomes of neighbours: what had come of inspections of those whom a visit has to do with (its patient,
doctor and institution, the visit itself, and the people it links to).

Only outcomes known by the as-of date count, and of a subject that was inspected itself only those known
before its own outcome: the target would leak into its own features otherwise, for one inspection often closes
the cases of a ring together.
"""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import CONFIRMED, ClaimsAsOf, last_cases
from features.visits.facts import NEIGHBOUR_OUTCOME_COLUMNS

# End of a visit → the kind of subject it is in the cases, and the column of the facts that names it.
_KEYS = {
    "patient": ("patient", "psn_no"),
    "doctor": ("prescriber", "dr_code"),
    "place": ("institution", "fixmedins_code"),
    "visit": ("visit", "mdtrt_id"),
}
_CASES = ibis.schema({"kind": "string", "subject_id": "string", "closed": "float64", "confirmed": "boolean"})


def neighbour_outcomes(claims: ClaimsAsOf, facts: ibis.Table, linking_visits: ibis.Table) -> ibis.Table:
    """When outcomes of each visit's patient, doctor and institution, of itself and of those it links to
    became known.

    Args:
        linking_visits: mdtrt_id, other: whom a visit links to (`features.graphs.network`).

    Returns:
        mdtrt_id, for each end confirmed_END and closed_END (any outcome), and confirmed_linked (the first of
        them): seconds since 1970, 0 where there is none; only visits with any.
    """
    cases = claims.con.create_table("decided_cases", ibis.memtable(_decided(claims), schema=_CASES))
    found = facts.select(*[key for _kind, key in _KEYS.values()])
    for end, (kind, key) in _KEYS.items():
        outcomes = {
            f"closed_{end}": cases.closed,
            f"confirmed_{end}": cases.confirmed.ifelse(cases.closed, 0.0),
        }
        of_kind = cases.filter(cases.kind == kind).select(_id=cases.subject_id, **outcomes)
        found = found.left_join(of_kind, found[key] == of_kind._id).drop("_id")
    confirmed = cases.filter(cases.kind == "patient", cases.confirmed).select(
        other="subject_id", closed="closed"
    )
    linked = (
        linking_visits.inner_join(confirmed, "other")
        .group_by("mdtrt_id")
        .aggregate(confirmed_linked=_.closed.min())
    )
    found = found.left_join(linked, "mdtrt_id").drop("mdtrt_id_right")
    found = found.select(
        "mdtrt_id", **{column: found[column].fill_null(0.0) for column in NEIGHBOUR_OUTCOME_COLUMNS}
    )
    return found.filter(ibis.greatest(*[found[column] for column in NEIGHBOUR_OUTCOME_COLUMNS]) > 0)


def _decided(claims: ClaimsAsOf) -> pd.DataFrame:
    cases = last_cases(claims, decided=True)
    kind = cases["subject_type"].replace({"hospital": "institution", "pharmacy": "institution"})
    frame = cases.assign(
        kind=kind,
        closed=(pd.to_datetime(cases["close_date"]) - pd.Timestamp(0)) / pd.Timedelta(seconds=1),
        confirmed=cases["clue_stas"].isin(CONFIRMED),
    )
    kinds = [kind for kind, _key in _KEYS.values()]
    return frame[frame["kind"].isin(kinds)].drop_duplicates(["kind", "subject_id"])[list(_CASES.names)]


def confirmed_before(v: ibis.Table, other: str, own: str | None) -> ibis.Value:
    """Was the other end of each visit confirmed before the subject's own outcome was known?

    Args:
        v: facts with the columns of `neighbour_outcomes`.
        other: end of the visit: patient, doctor, place, visit or linked.
        own: end that the subject is; None for a group, which is none of them.
    """
    first = v[f"confirmed_{other}"]
    if own is None:
        return first > 0
    return (first > 0) & ((v[f"closed_{own}"] == 0) | (first < v[f"closed_{own}"]))
