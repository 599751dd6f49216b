"""Outcomes passed on: what had come of inspections of those whom a visit has to do with (its patient, doctor and
institution, other visits, and the people it links to).

Only what is known on the night counts, and of a subject that was inspected itself only what was known before its own
outcome: otherwise it would explain itself, for one inspection often closes the cases of a ring together. None of this is
evidence against anybody; it speaks as far as outcomes themselves have taught it to.
"""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import CONFIRMED, ClaimsAsOf, last_cases
from features.measures.catalogue import LEARNT, YEAR, measure
from features.visits.facts import NEIGHBOUR_OUTCOME_COLUMNS

# End of a visit → the kind of subject it is in the cases, and the column of the facts that names it.
_KEYS = {
    "patient": ("patient", "psn_no"),
    "doctor": ("prescriber", "dr_code"),
    "place": ("institution", "fixmedins_code"),
    "visit": ("visit", "mdtrt_id"),
}
_CASES = ibis.schema({"kind": "string", "subject_id": "string", "closed": "float64", "guilty": "boolean"})


def neighbour_outcomes(claims: ClaimsAsOf, facts: ibis.Table, ties: ibis.Table) -> ibis.Table:
    """When outcomes of each visit's patient, doctor and institution, of itself and of those it links to became known.

    Args:
        ties: mdtrt_id, other: whom a visit links to (`features.graphs.network`).

    Returns:
        mdtrt_id, for each end confirmed_END and closed_END (any outcome), and confirmed_linked (the first of them): seconds
        since 1970, 0 where there is none; only visits with any.
    """
    cases = claims.con.create_table("decided_cases", ibis.memtable(_decided(claims), schema=_CASES))
    found = facts.select(*[key for _kind, key in _KEYS.values()])
    for end, (kind, key) in _KEYS.items():
        told = {f"closed_{end}": cases.closed, f"confirmed_{end}": cases.guilty.ifelse(cases.closed, 0.0)}
        mine = cases.filter(cases.kind == kind).select(_id=cases.subject_id, **told)
        found = found.left_join(mine, found[key] == mine._id).drop("_id")
    guilty = cases.filter(cases.kind == "patient", cases.guilty).select(other="subject_id", closed="closed")
    linked = ties.inner_join(guilty, "other").group_by("mdtrt_id").aggregate(confirmed_linked=_.closed.min())
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
        guilty=cases["clue_stas"].isin(CONFIRMED),
    )
    kinds = [kind for kind, _key in _KEYS.values()]
    return frame[frame["kind"].isin(kinds)].drop_duplicates(["kind", "subject_id"])[list(_CASES.names)]


def _before(v: ibis.Table, other: str, own: str | None) -> ibis.Value:
    """Was the other end of each visit confirmed before the subject's own outcome was known?"""
    first = v[f"confirmed_{other}"]
    if own is None:
        return first > 0
    return (first > 0) & ((v[f"closed_{own}"] == 0) | (first < v[f"closed_{own}"]))


# Other end → what is said of a share of visits, and of one visit.
_WORDS = {
    "place": ("在已查实机构就诊占比", "share of visits at institutions confirmed before", "就诊机构此前已查实", "institution confirmed before"),
    "doctor": ("由已查实医师接诊占比", "share of visits with doctors confirmed before", "医师此前已查实", "doctor confirmed before"),
    "patient": ("已查实参保人就诊占比", "share of visits by patients confirmed before", "参保人此前已查实", "patient confirmed before"),
    "visit": ("已查实的就诊占比", "share of visits confirmed before", "", ""),
    "linked": ("与已查实人员有关联的就诊占比", "share of visits linked to people confirmed before", "关联人员此前已查实", "linked to a person confirmed before"),
}  # fmt: skip
# Kind of subject → its own end, and the others.
_OTHERS = {
    "patient": ("patient", ("place", "doctor", "visit", "linked")),
    "prescriber": ("doctor", ("place", "patient", "visit")),
    "pharmacy": ("place", ("doctor", "patient", "visit", "linked")),
    "hospital": ("place", ("doctor", "patient", "visit", "linked")),
    "group": (None, ("place", "doctor", "patient", "visit")),
}
_SCHEMES = "M01 M15 M19"


def _declare(subject: str, own: str | None, other: str) -> None:
    zh, en, _zh, _en = _WORDS[other]

    def confirmed_share(v, w):
        return _before(v, other, own).fill_null(False).mean(where=w)

    confirmed_share.__name__ = f"{other}_confirmed_share"
    measure(
        subject,
        zh,
        en,
        "share",
        _SCHEMES,
        materiality=0.05,
        family="outcomes",
        windows=(YEAR,),
        evidence_weight=LEARNT,
    )(confirmed_share)


def _declare_of_visit(other: str) -> None:
    _zh, _en, zh, en = _WORDS[other]

    def confirmed(v, w):
        return _before(v, other, "visit").fill_null(False).cast("int8")

    confirmed.__name__ = f"{other}_confirmed"
    measure("visit", zh, en, "flag", _SCHEMES, materiality=0.5, family="outcomes", evidence_weight=LEARNT)(
        confirmed
    )


for _subject, (_own, _others) in _OTHERS.items():
    for _other in _others:
        _declare(_subject, _own, _other)
for _other in ("place", "doctor", "patient", "linked"):
    _declare_of_visit(_other)
