"""Part of the step that explains: what a visit's record is about elsewhere: where the card or the doctor was
minutes before, and where the patient was admitted afterwards."""

from collections.abc import Mapping, Sequence

import ibis
import pandas as pd
from ibis import _

from features.measures.catalogue import Measure
from pipelines.explain.institutions import name_and_code
from pipelines.explain.visit_signs import Sign, id_table
from pipelines.snapshot import Snapshot
from pipelines.typed_frames import fetch, tuples
from reports.languages import Texts
from reports.other_place_texts import ADMITTED, CARD, DOCTOR, OTHER_PLACE_OF, other_place_text

# (mdtrt_id, kind of the other place: CARD, DOCTOR or ADMITTED) → the clause that names it.
OtherPlaces = Mapping[tuple[str, str], Texts]


def other_places(snapshot: Snapshot, ids: pd.Series, names: pd.Series) -> OtherPlaces:
    """What is known of elsewhere for each visit, in words.

    Args:
        ids: mdtrt_id of visits with a record.
        names: of institutions, by code.
    """
    visits = snapshot.facts.semi_join(id_table(snapshot, ids, "visits_elsewhere"), "mdtrt_id")
    rows = {
        CARD: _cards(visits),
        DOCTOR: _doctors(visits),
        ADMITTED: _stays(snapshot, visits),
    }
    return {
        (row.mdtrt_id, kind): other_place_text(kind, name_and_code(names, row.place), row.when)
        for kind, found in rows.items()
        for row in tuples(fetch(found.select("mdtrt_id", "place", "when")))
    }


def other_place(
    places: OtherPlaces, visit: str, measure: Measure | None, signs: Sequence[Sign]
) -> Texts | None:
    """The other place that a record names: that of its measure, or else of what the visit shows by itself."""
    told = [measure, *(entry for entry, _value, _usual in signs)]
    kinds = [OTHER_PLACE_OF[entry.name] for entry in told if entry and entry.name in OTHER_PLACE_OF]
    return next((places[visit, kind] for kind in kinds if (visit, kind) in places), None)


def _cards(visits: ibis.Table) -> ibis.Table:
    """Where the card was before, and how many minutes: mdtrt_id, place, when."""
    return visits.filter(_.two_places.fill_null(False)).mutate(
        place=_.moved_from, when=_minutes(_.moved_minutes)
    )


def _doctors(visits: ibis.Table) -> ibis.Table:
    """Where the doctor had his last patient before, and how many minutes: mdtrt_id, place, when."""
    return visits.filter(_.dr_two_sites.fill_null(False)).mutate(
        place=_.dr_moved_from, when=_minutes(_.dr_moved_minutes)
    )


def _stays(snapshot: Snapshot, visits: ibis.Table) -> ibis.Table:
    """Where and on which day the patient was admitted after the visit: mdtrt_id, place, when."""
    stays = snapshot.facts.select(referred_stay="mdtrt_id", when=_.day.strftime("%Y-%m-%d"))
    after = visits.filter(_.referred_to.notnull()).select("mdtrt_id", "referred_stay", place="referred_to")
    return after.inner_join(stays, "referred_stay")


def _minutes(minutes: ibis.Value) -> ibis.Value:
    return minutes.round().cast("int64").cast("string")
