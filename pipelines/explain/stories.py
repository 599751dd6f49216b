"""Part of the step that explains: the numbers of each suspect's story, and the story."""

from collections import Counter
from datetime import timedelta
from typing import Any

import ibis
import pandas as pd
from ibis import _

from features.measures.catalogue import CONTEXT, measures_of
from features.windows import YEAR
from pipelines.flagged_visits import MARKS, visits_by_subject
from pipelines.snapshot import Snapshot
from pipelines.typed_frames import fetch_by, records_by, tuples
from reports.record_texts import KINDS
from reports.story_texts import Conduct, story

# So many other schemes that visits are in dispute for.
OTHERS = 2
Row = Any


def stories(
    snapshot: Snapshot, suspects: pd.DataFrame, disputes: pd.DataFrame, names: pd.Series
) -> pd.DataFrame:
    """The stories of explained suspects of one kind.

    Args:
        suspects: rows of the contract's table with reasons and nearest_schemes, all of one subject_type.
        disputes: `pipelines.score.Scores.disputes`, of that kind.
        names: of institutions, by code.

    Returns:
        story_zh, story_en, by the index of ``suspects``.
    """
    subject = str(suspects.subject_type.iloc[0])
    totals = _totals(snapshot, subject, suspects.subject_id)
    doubted = {str(subject_id): rows for subject_id, rows in disputes.groupby("subject_id")}
    since = (snapshot.claims.as_of - timedelta(days=YEAR)).isoformat()
    for found in totals.values():
        code = found.get("fixmedins_code", "")
        found["place"] = names.get(code, "") or code
    measured = snapshot.subjects[subject]
    told = [
        story(
            _conduct(
                row,
                totals.get(row.subject_id, {}),
                doubted.get(row.subject_id),
                measured.peers[row.subject_id],
                measured.values.loc[row.subject_id],
                since,
            )
        )
        for row in tuples(suspects)
    ]
    return pd.DataFrame(told, suspects.index, columns=["story_zh", "story_en"])


def _totals(snapshot: Snapshot, subject: str, ids: pd.Series) -> dict[str, dict[str, Any]]:
    """By subject: visits, persons, places of the last year; of a visit its kind and day."""
    con, frame = snapshot.claims.con, pd.DataFrame({"subject_id": list(ids)})
    wanted = con.create_table(
        f"told_{subject}", ibis.memtable(frame, schema=ibis.schema({"subject_id": "string"})), overwrite=True
    )
    facts = con.table(MARKS)
    if subject == "visit":
        rows = facts.select(
            "kind", "psn_no", "fixmedins_code", day=_.day.strftime("%Y-%m-%d"), subject_id=_.mdtrt_id
        )
        found = fetch_by(rows.semi_join(wanted, "subject_id"), "subject_id")
    else:
        rows = visits_by_subject(facts.filter(_.days_ago <= YEAR), subject).semi_join(wanted, "subject_id")
        counts = rows.group_by("subject_id").aggregate(
            visits=_.count(), persons=_.psn_no.nunique(), places=_.fixmedins_code.nunique()
        )
        found = fetch_by(counts, "subject_id")
    totals = records_by(found)
    if subject == "group":
        for group_id, members in snapshot.network.members.group_id.value_counts().items():
            totals.setdefault(str(group_id), {})["persons"] = members
    return totals


def _conduct(
    row: Row, total: dict[str, Any], disputes: pd.DataFrame | None, peers: str, values: pd.Series, since: str
) -> Conduct:
    reasons = list(row.reasons)
    named = _for_scheme(disputes, row.scheme)
    lately = None if named is None else _lately(named, since)
    days = [] if lately is None else _days(lately)
    counts = sorted(Counter(days).items())
    busiest, on_busiest = max(counts, key=lambda day: day[1]) if counts else (None, 0)
    only = total.get("day")
    return Conduct(
        subject=row.subject_type,
        scheme=row.scheme if isinstance(row.scheme, str) else None,
        nearest=tuple(row.nearest_schemes.split()),
        visits=int(total.get("visits", 0)),
        persons=int(total.get("persons", 0)),
        places=int(total.get("places", 0)),
        doubted=len(days),
        doubted_persons=0 if lately is None else int(lately.psn_no.nunique()),
        doubted_days=len(counts),
        others=_others(disputes, named),
        first=only or (counts[0][0] if counts else None),
        last=only or (counts[-1][0] if counts else None),
        disputed=0.0 if disputes is None else float(disputes.disputed.sum()),
        paid=0.0 if disputes is None else float(disputes.amount.sum()),
        busiest=busiest,
        on_busiest=on_busiest,
        telling=_telling(row.subject_type, reasons, values),
        peers=peers,
        visit_words=KINDS[total["kind"]] if only else ("", ""),
        person=total.get("psn_no", ""),
        place=total.get("place", ""),
    )


def _for_scheme(disputes: pd.DataFrame | None, scheme: str | None) -> pd.DataFrame | None:
    """The visits that the named scheme puts in dispute; all of them where it puts none."""
    if disputes is None:
        return None
    named = disputes[disputes.scheme == scheme]
    return named if len(named) else disputes


def _lately(named: pd.DataFrame, since: str) -> pd.DataFrame:
    """The visits of the year that a story counts; all of them where they are older."""
    recent = named[[day >= since for day in _days(named)]]
    return recent if len(recent) else named


def _days(visits: pd.DataFrame) -> list[str]:
    return [str(day)[:10] for day in visits.day]


def _others(disputes: pd.DataFrame | None, named: pd.DataFrame | None) -> tuple[tuple[str, int], ...]:
    """Schemes of the other visits in dispute, most money first, with the number of visits."""
    if disputes is None or named is None or len(named) == len(disputes):
        return ()
    rest = disputes.drop(index=named.index)
    sums = rest.groupby("scheme").agg(n=("mdtrt_id", "size"), yuan=("disputed", "sum"))
    first = sums.sort_values("yuan", ascending=False, kind="stable").head(OTHERS)
    return tuple((str(scheme), int(n)) for scheme, n in first.n.items())


def _telling(subject: str, reasons: list[dict[str, Any]], values: pd.Series) -> tuple[Any, ...] | None:
    """The measure of the first reason that has one, with its rows; size and findings only where there is no
    other."""
    measures, found = measures_of(subject), []
    for reason in reasons:
        column = reason["code"].partition(".")[2]
        if column in measures and reason["value"] is not None:
            entry, days = measures[column]
            rows = values.get(entry.support_column(days) or "")
            found.append((entry, days, reason["value"], reason["peer_median"], rows))
    told = sorted(found, key=lambda one: one[0].evidence_weight <= CONTEXT or one[0].family == "rules")
    return told[0] if told else None
