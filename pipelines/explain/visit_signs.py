"""Part of the step that explains: what a visit is and what is unusual about it by itself."""

from typing import Any

import ibis
import pandas as pd
from ibis import _

from claims.as_of import judged_visits, last_cases
from features.measures.catalogue import Measure, measures_of
from pipelines.flagged_visits import MARKS
from pipelines.score import Scored
from pipelines.snapshot import Snapshot
from pipelines.typed_frames import fetch_by, records_by, tuples
from reports.reasons import is_material

# So many signs of a visit are named.
SIGNS = 2
# Evidence of a measure below this is not worth a word.
MIN_EVIDENCE = 0.5
# (measure, value, median of the peers)
Sign = tuple[Measure, float, float]


def visits_of(snapshot: Snapshot, ids: pd.Series) -> dict[str, dict[str, Any]]:
    """Visits by mdtrt_id: kind, fund_pay_sumamt (yuan), co_visitors, co_oversupplied, co_fillers, scheme,
    setl_id (the last), judged (clue_stas and ISO day of its own closed case; None without one)."""
    wanted = id_table(snapshot, ids, "visits_asked")
    columns = ["mdtrt_id", "kind", "fund_pay_sumamt", "co_visitors", "co_oversupplied", "co_fillers"]
    facts = snapshot.facts.select(*columns).semi_join(wanted, "mdtrt_id")
    marks = snapshot.claims.con.table(MARKS).select("mdtrt_id", "scheme")
    settled = snapshot.claims.settlements.group_by("mdtrt_id").aggregate(setl_id=_.setl_id.max())
    rows = facts.left_join(marks, "mdtrt_id").drop("mdtrt_id_right")
    rows = rows.left_join(settled, "mdtrt_id").drop("mdtrt_id_right")
    cases = tuples(judged_visits(last_cases(snapshot.claims, decided=True)))
    judged = {case.Index: (case.clue_stas, str(case.close_date)[:10]) for case in cases}
    return {key: row | {"judged": judged.get(key)} for key, row in records_by_visit(rows).items()}


def id_table(snapshot: Snapshot, ids: pd.Series, name: str) -> ibis.Table:
    """A table of the scratch database with each id once: mdtrt_id."""
    frame = pd.DataFrame({"mdtrt_id": list(dict.fromkeys(ids))})
    schema = ibis.schema({"mdtrt_id": "string"})
    return snapshot.claims.con.create_table(name, ibis.memtable(frame, schema=schema), overwrite=True)


def records_by_visit(rows: ibis.Table) -> dict[str, dict[str, Any]]:
    """Rows as dicts by mdtrt_id; null is None."""
    frame = fetch_by(rows, "mdtrt_id").astype(object)
    return records_by(frame.where(frame.notna(), None))


def signs_of(snapshot: Snapshot, visit_model: Scored, visits: list[str]) -> dict[str, tuple[Sign, ...]]:
    """The measures that are the strongest evidence against each visit: at most SIGNS, strongest first.

    Args:
        visit_model: the scored visits.
        visits: mdtrt_id.
    """
    measured, measures = snapshot.subjects["visit"], measures_of("visit")
    model, peers = visit_model.model, measured.peers.loc[visits]
    columns = list(model.spec.index)
    evidence = model.evidence.by_column(measured.z_scores.loc[visits]).to_numpy()
    values = measured.values.loc[visits, columns].to_numpy()
    usual = measured.reference.median.loc[peers, columns].to_numpy()
    found = {}
    for row, visit in enumerate(visits):
        strongest = evidence[row].argsort(kind="stable")[::-1][: 2 * SIGNS]
        signs = [
            (measures[columns[c]][0], float(values[row, c]), float(usual[row, c]))
            for c in strongest
            if evidence[row, c] > MIN_EVIDENCE
        ]
        found[visit] = tuple(sign for sign in signs if is_material(*sign))[:SIGNS]
    return found
