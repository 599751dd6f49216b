"""Part of the step that explains: the numbers of each suspect's story, and the story."""

from collections import Counter
from collections.abc import Mapping, Set
from datetime import date, timedelta
from math import fsum
from typing import Any

import ibis
import pandas as pd
from ibis import _

from features.disputed_amounts import ON_RECORD
from features.graphs.group_profiles import LEGITIMATE_REASONS
from features.measures.catalogue import CONTEXT, Measure, measures_of
from features.windows import YEAR
from pipelines.explain.institutions import name_and_code
from pipelines.explain.record_lines import strongest_findings
from pipelines.flagged_visits import MARKS, visits_by_subject
from pipelines.select.worklist import Judged
from pipelines.snapshot import Snapshot
from pipelines.typed_frames import fetch_by, records_by, tuples
from reports.languages import Texts
from reports.reason_texts import expected_of
from reports.record_texts import KINDS
from reports.scheme_conduct import shown_as
from reports.story_texts import Conduct, story

# So many other schemes that visits are in dispute for are told, and more, up to so many, as long as what
# remains is more money than the last one told.
OTHERS, MOST_OTHERS = 2, 5
# Of each kind of subject, what its visits may have in common: the other end of a flow, or who is behind it.
_OTHER_ENDS = {
    "hospital": ("dr_code",), "pharmacy": ("dr_code",), "prescriber": ("fixmedins_code",),
    "patient": ("fixmedins_code", "dr_code"), "group": ("fixmedins_code", "dr_code"),
}  # fmt: skip
# It is told where all visits in doubt have it in common, or this share of them and so many.
SHARED_FROM, SHARED_VISITS = 0.5, 3
# A phantom bed stay shows in what the patient does elsewhere meanwhile, which this rule finds.
_PHANTOM_STAY, _DURING_STAY = "M10", "R089"
Row = Any


def stories(
    snapshot: Snapshot, suspects: pd.DataFrame, disputes: pd.DataFrame, names: pd.Series, judged: Judged
) -> pd.DataFrame:
    """The stories of explained suspects of one kind.

    Args:
        suspects: rows of the contract's table with reasons and nearest_schemes, all of one subject_type.
        disputes: `pipelines.score.Scores.disputes`, of that kind.
        names: of institutions, by code.
        judged: `pipelines.select.worklist.judged_of`.

    Returns:
        story_zh, story_en, by the index of ``suspects``.
    """
    subject = str(suspects.subject_type.iloc[0])
    totals = _totals(snapshot, subject, suspects.subject_id)
    if subject == "group":
        for group_id, kind in snapshot.network.excused.dropna().items():
            totals.setdefault(str(group_id), {})["excuse"] = LEGITIMATE_REASONS[str(kind)]
    doubted: dict[str, list[Row]] = {}
    for visit in tuples(disputes):
        doubted.setdefault(visit.subject_id, []).append(visit)
    since = counted_from(snapshot.claims.as_of)
    beds = _beds(snapshot, disputes)
    for found in totals.values():
        code = found.get("fixmedins_code")
        found["place"] = (names.get(code, "") or code) if isinstance(code, str) else ""
    measured = snapshot.subjects[subject]
    texts = [
        story(
            _conduct(
                row,
                totals.get(row.subject_id, {}),
                doubted.get(row.subject_id, []),
                measured.peers[row.subject_id],
                dict(measured.values.loc[row.subject_id]),
                names,
                since,
                judged.get((subject, row.subject_id), frozenset()),
                beds,
                snapshot.days_of_claims,
            )
        )
        for row in tuples(suspects)
    ]
    return pd.DataFrame(texts, suspects.index, columns=["story_zh", "story_en"])


def counted_from(as_of: date) -> str:
    """ISO day from which a story counts: a year before the as-of date."""
    return (as_of - timedelta(days=YEAR)).isoformat()


def _totals(snapshot: Snapshot, subject: str, ids: pd.Series) -> dict[str, dict[str, Any]]:
    """By subject: visits, persons, places of the last year; of a visit its kind and day."""
    con, frame = snapshot.claims.con, pd.DataFrame({"subject_id": list(ids)})
    wanted = con.create_table(
        f"story_subjects_{subject}",
        ibis.memtable(frame, schema=ibis.schema({"subject_id": "string"})),
        overwrite=True,
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
    if subject == "prescriber":
        found = found.join(snapshot.subjects[subject].places.rename("fixmedins_code"))
    totals = records_by(found)
    if subject == "group":
        for group_id, members in snapshot.network.members.group_id.value_counts().items():
            totals.setdefault(str(group_id), {})["persons"] = members
    return totals


def _conduct(
    row: Row,
    total: dict[str, Any],
    disputes: list[Row],
    peers: str,
    values: Mapping[str, float],
    names: pd.Series,
    since: str,
    judged: Set[str],
    beds: Mapping[str, Texts],
    days_of_claims: int,
) -> Conduct:
    """The facts that a suspect's story states.

    Args:
        disputes: the visits of the suspect in dispute.
        names: of institutions, by code.
        since: ISO day from which a story counts.
        judged: mdtrt_id of the visits that a decided case has judged (`pipelines.select.worklist.judged_of`).
        beds: `_beds`.
    """
    telling, expected = _telling(row.subject_type, list(row.reasons), values)
    scheme = row.scheme if isinstance(row.scheme, str) else None
    named, for_scheme = _for_scheme(disputes, row.subject_type, scheme)
    # A visit is told by what it shows itself, whatever rule disputes its money.
    for_scheme |= row.subject_type == "visit"
    lately = _lately(named, since)
    days = _days(lately)
    counts = sorted(Counter(days).items())
    begin = first_visits(disputes, row.subject_type, scheme, since, judged)
    only = total.get("day")
    disputed, paid = _yuan(disputes)
    return Conduct(
        subject=row.subject_type,
        scheme=scheme,
        nearest=tuple(row.nearest_schemes.split()),
        visits=int(total.get("visits", 0)),
        persons=int(total.get("persons", 0)),
        places=int(total.get("places", 0)),
        doubted=len(days),
        doubted_persons=len({visit.psn_no for visit in lately}),
        doubted_days=len(counts),
        # What is broken down is what was counted.
        others=_others(disputes, named) if for_scheme else _others(lately, []),
        first=only or (counts[0][0] if counts else None),
        last=only or (counts[-1][0] if counts else None),
        disputed=disputed,
        paid=paid,
        begin_with=(_days(begin)[0], len(begin)) if begin else None,
        telling=telling,
        expected=expected,
        peers=peers,
        visit_words=KINDS[total["kind"]] if only else ("", ""),
        excuse=total.get("excuse", ("", "")),
        person=total.get("psn_no", ""),
        place=total.get("place", ""),
        days_of_claims=days_of_claims,
        for_scheme=for_scheme,
        unpaid=disputed > 0 and not any(_yuan(lately)),
        during_stay=_during_stay(lately if scheme == _PHANTOM_STAY else [], beds),
        shared=_shared(row.subject_type, lately, total.get("fixmedins_code"), names),
        judged=fsum(visit.disputed for visit in disputes if visit.mdtrt_id in judged),
        before=(len(named) - len(lately), fsum(v.disputed for v in named) - fsum(v.disputed for v in lately)),
    )


def _beds(snapshot: Snapshot, disputes: pd.DataFrame) -> dict[str, Texts]:
    """Of visits disputed for a phantom bed stay elsewhere, where and when the patient lay, in words."""
    visits = disputes.mdtrt_id[disputes.scheme == _PHANTOM_STAY]
    found = strongest_findings(snapshot, visits, (_DURING_STAY,))
    return {visit: (finding["vola_cont"], finding["vola_cont_en"]) for visit, finding in found.items()}


def _during_stay(visits: list[Row], beds: Mapping[str, Texts]) -> tuple[int, Texts]:
    """`Conduct.during_stay`, of the visits in doubt."""
    outside = [visit for visit in visits if visit.mdtrt_id in beds]
    if not outside:
        return 0, ("", "")
    dearest = max(outside, key=lambda visit: visit.disputed)
    return len(outside), beds[dearest.mdtrt_id]


def _yuan(visits: list[Row]) -> tuple[float, float]:
    """Of visits, the yuan in dispute and those paid."""
    return fsum(visit.disputed for visit in visits), fsum(visit.amount for visit in visits)


def _for_scheme(disputes: list[Row], subject: str, scheme: str | None) -> tuple[list[Row], bool]:
    """The visits that the named scheme puts in dispute, whatever it shows as on one of them, and that they
    are its; all of them where none is named or none is for it."""
    schemes = (scheme, *shown_as(subject, scheme))
    found = [visit for visit in disputes if scheme is not None and visit.scheme in schemes]
    return (found, True) if found else (disputes, False)


def _shared(
    subject: str, visits: list[Row], own: str | None, names: pd.Series
) -> tuple[tuple[str, str, int], ...]:
    """`Conduct.shared`; where a doctor practises himself (``own``) is known without it."""
    found = []
    for column in _OTHER_ENDS.get(subject, ()):
        codes = [getattr(visit, column) for visit in visits]
        counts = Counter(code for code in codes if isinstance(code, str) and code != own)
        for code, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:1]:
            if n == len(visits) or (n >= SHARED_VISITS and n >= SHARED_FROM * len(visits)):
                found.append((column, name_and_code(names, code), n))
    return tuple(found)


def _lately(named: list[Row], since: str) -> list[Row]:
    """The visits of the year that a story counts; all of them where they are older."""
    return [visit for visit, day in zip(named, _days(named), strict=True) if day >= since] or named


def first_visits(
    disputes: list[Row], subject: str, scheme: str | None, since: str, judged: Set[str]
) -> list[Row]:
    """The visits to begin with: those of the day with most money in dispute for the named scheme (of several
    days the one with most visits, the first), only such as no case has judged and with money in dispute,
    where there are any; where only other schemes have such, theirs.

    Args:
        disputes, since, judged: as of a suspect's story.
        subject: kind of subject.
    """
    named = _lately(_for_scheme(disputes, subject, scheme)[0], since)
    left, others = ([v for v in visits if v.mdtrt_id not in judged] for visits in (named, disputes))
    visits = left or others or named
    days: dict[str, list[Row]] = {}
    for visit in [v for v in visits if v.disputed > 0] or visits:
        days.setdefault(str(visit.day)[:10], []).append(visit)
    order = sorted(days, key=lambda day: (-_yuan(days[day])[0], -len(days[day]), day))
    return days[order[0]] if order else []


def _days(visits: list[Row]) -> list[str]:
    return [str(visit.day)[:10] for visit in visits]


def _others(disputes: list[Row], named: list[Row]) -> tuple[tuple[str | None, int, float], ...]:
    """Schemes of the other visits in dispute, most money first, with the number of visits and the yuan; the
    last is None for all that remain, unless there is nothing besides."""
    rest: dict[str, list[float]] = {}
    mine = {visit.Index for visit in named}
    others = [visit for visit in disputes if visit.Index not in mine]
    for visit in others:
        if isinstance(visit.scheme, str):
            rest.setdefault(visit.scheme, []).append(visit.disputed)
    order = sorted(rest, key=lambda scheme: (-fsum(rest[scheme]), scheme))
    told = _told([fsum(rest[scheme]) for scheme in order], _yuan(others)[0])
    # What a record proves is told however little money it is about.
    order = order[:told] + [scheme for scheme in order[told:] if scheme in ON_RECORD]
    if not named and not order:
        return ()
    remain = [v.disputed for v in others if v.scheme not in order]
    last = [(None, len(remain), fsum(remain))] if remain else []
    return (*((scheme, len(rest[scheme]), fsum(rest[scheme])) for scheme in order), *last)


def _told(sums: list[float], total: float) -> int:
    """How many of the schemes, in order of their money, are told by themselves."""
    n = min(OTHERS, len(sums))
    while n < min(MOST_OTHERS, len(sums)) and total - fsum(sums[:n]) > sums[n - 1]:
        n += 1
    return n


def _telling(
    subject: str, reasons: list[dict[str, Any]], values: Mapping[str, float]
) -> tuple[tuple[Any, ...] | None, float | None]:
    """`Conduct.telling` and `Conduct.expected`: the measure of the first reason that has one; size and
    findings only where there is no other."""
    measures, found = measures_of(subject), []
    for reason in reasons:
        column = reason["code"].partition(".")[2]
        if column in measures and reason["value"] is not None:
            entry, days = measures[column]
            rows = values.get(entry.support_column(days) or "")
            telling = entry, days, reason["value"], reason["peer_median"], rows
            found.append((telling, expected_of(values, column)))
    ordered = sorted(found, key=lambda one: _is_general(one[0][0]))
    return ordered[0] if ordered else (None, None)


def _is_general(entry: Measure) -> bool:
    """Does a measure say how large somebody is or how much was found, rather than what was done?"""
    return entry.evidence_weight <= CONTEXT or entry.family == "rules"
