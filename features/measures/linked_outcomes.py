"""Measures of outcomes of others: which share of a subject's visits had to do with somebody confirmed before.

None of this is evidence against anybody; it carries weight only as far as outcomes of inspections have given
it some.
"""

from ibis import Table, Value

from features.graphs.neighbour_outcomes import confirmed_before
from features.measures.catalogue import CONTEXT, SharedMeasure, declare, shared
from features.windows import YEAR

# Other end of a visit → the meaning of a share of visits.
_SHARES = {
    "place": ("在此前已查实的机构就诊的占比", "share of visits at institutions confirmed before"),
    "doctor": ("由此前已查实的医师接诊的占比", "share of visits with doctors confirmed before"),
    "patient": ("此前已查实的参保人就诊的占比", "share of visits by patients confirmed before"),
    "visit": ("此前已被查实的就诊占比", "share of visits confirmed before"),
    "linked": ("与此前已查实的人员有关联的就诊占比", "share of visits linked to people confirmed before"),
}
# Other end of a visit → the meaning for that one visit.
_FLAGS = {
    "place": ("就诊机构此前已查实", "institution confirmed before"),
    "doctor": ("医师此前已查实", "doctor confirmed before"),
    "patient": ("参保人此前已查实", "patient confirmed before"),
    "linked": ("关联人员此前已查实", "linked to a person confirmed before"),
}
# Kind of subject → its own end, and the others.
_ENDS = {
    "patient": ("patient", ("place", "doctor", "visit", "linked")),
    "prescriber": ("doctor", ("place", "patient", "visit")),
    "pharmacy": ("place", ("doctor", "patient", "visit", "linked")),
    "hospital": ("place", ("doctor", "patient", "visit", "linked")),
    "group": (None, ("place", "doctor", "patient", "visit")),
}
_SCHEMES = "M01 M15 M19"


def _share_of_visits(other: str, own: str | None) -> SharedMeasure:
    def confirmed_share(v: Table, w: Value) -> Value:
        """Visits whose other end had a confirmed case before the subject's own outcome ÷ visits
        (`confirmed_before`)."""
        return confirmed_before(v, other, own).fill_null(False).mean(where=w)

    confirmed_share.__name__ = f"{other}_confirmed_share"
    zh, en = _SHARES[other]
    return shared(zh, en, "share", "outcomes", evidence_weight=CONTEXT, windows=(YEAR,))(confirmed_share)


def _of_visit(other: str) -> SharedMeasure:
    def confirmed(v: Table, w: Value) -> Value:
        """1 where the other end had a confirmed case before the visit's own outcome, else 0."""
        return confirmed_before(v, other, "visit").fill_null(False).cast("int8")

    confirmed.__name__ = f"{other}_confirmed"
    zh, en = _FLAGS[other]
    return shared(zh, en, "flag", "outcomes", evidence_weight=CONTEXT)(confirmed)


for _subject, (_own, _others) in _ENDS.items():
    for _other in _others:
        declare(_subject, _share_of_visits(_other, _own), _SCHEMES, materiality=0.05)
for _other in _FLAGS:
    declare("visit", _of_visit(_other), _SCHEMES, materiality=0.5)
