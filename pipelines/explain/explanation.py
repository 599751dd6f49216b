"""The step that explains: reasons, evidence, dossiers, notices and portraits, everything that a run says in
words.

Nothing is written here; `pipelines.publish.run_folder.publish` writes what this step gives and asks for
nothing more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa

from claims.as_of import judged_visits, last_cases
from features.rules.findings_table import HITS
from pipelines.explain.dossiers import DossierInput, dossiers
from pipelines.explain.evidence_table import evidence_table
from pipelines.explain.group_tables import groups_table, members_table
from pipelines.explain.identifiers import identifiers
from pipelines.explain.institutions import institution_names, portrait_table
from pipelines.explain.item_excess_table import item_excess_table
from pipelines.explain.notices import notices
from pipelines.explain.subject_directory import directory_table
from pipelines.explain.supporting_records import supporting_records
from pipelines.explain.suspect_reasons import (
    Contributions,
    Named,
    contributions_of,
    suspects_table,
    with_reasons,
)
from pipelines.score import Scores, visits_against
from pipelines.select.selection import Selection
from pipelines.select.worklist import FLOOR, Judged, judged_of
from pipelines.settings import Settings
from pipelines.snapshot import SUBJECT, Snapshot
from pipelines.step_log import Figure, logged_step
from reports import monthly_findings
from reports.disputed_visits import disputed_table, largest_by_visit
from reports.dossier import Dossier
from reports.masking import Mask
from reports.worklist_sheet import BELOW

RULE_HITS = pa.schema(
    [(name, pa.float64() if kind == "float64" else pa.string()) for name, kind in HITS.items()]
)


@dataclass(frozen=True)
class Explanation:
    """What a run says.

    Attributes:
        suspects: columns of SUSPECTS; reasons down to the explained depth.
        shown: the same, with the reasons of the audit sample too, however far down it stands.
        contributions: kind of subject → of those down to the explained depth.
        evidence: `pipelines.explain.evidence_table.evidence_table`.
        rule_hits: all findings, in the contract's columns.
        members, groups, edges: columns of GROUP_MEMBERS, GROUPS and EDGES.
        item_excess: columns of ITEM_EXCESS.
        portraits: the grade of every hospital and pharmacy.
        directory: columns of DIRECTORY.
        names: of institutions, by code; pseudonyms where names are masked.
        disputed: visits in dispute of those whose score reaches the floor of the worklist, each once
            (`reports.disputed_visits.largest_by_visit`).
        to_fetch: visits in dispute of whoever has a place on the sheet of the worklist, as of
            `reports.disputed_sheet.sheet_rows`.
        judged_visits: ids of visits that a decided case of their own has judged.
        monthly: money in dispute by month, cause and institution (`reports.monthly_findings.monthly`).
        dossiers, notices: of the first suspects of each kind and of the audit sample; notices of
            institutions.
        identifiers: what is masked in what people read; empty where nothing is.
    """

    suspects: pd.DataFrame
    shown: pd.DataFrame
    sampled: pd.MultiIndex
    contributions: dict[str, Contributions]
    evidence: pd.DataFrame
    rule_hits: pa.Table
    members: pd.DataFrame
    groups: pd.DataFrame
    edges: pd.DataFrame
    item_excess: pd.DataFrame
    portraits: pd.DataFrame
    directory: pd.DataFrame
    names: pd.Series
    disputed: pd.DataFrame
    to_fetch: pd.DataFrame
    judged_visits: frozenset[str]
    monthly: pd.DataFrame
    dossiers: tuple[Dossier, ...]
    notices: tuple[tuple[str, pd.DataFrame], ...]
    identifiers: frozenset[str]

    @cached_property
    def sample(self) -> pd.DataFrame:
        """The rows of the audit sample in ``shown``."""
        return self.shown[keys_of(self.shown).isin(self.sampled)]

    def counts(self) -> Mapping[str, Figure]:
        """Explained suspects, rows of evidence, findings, dossiers and notices."""
        return {
            "explained": sum(len(found.whole) for found in self.contributions.values()),
            "evidence": len(self.evidence),
            "rule_hits": self.rule_hits.num_rows,
            "dossiers": len(self.dossiers),
            "notices": len(self.notices),
        }


@dataclass(frozen=True)
class _Reasons:
    """Suspects with reasons, and their evidence.

    Attributes:
        cases: of `claims.as_of.last_cases`, decided.
    """

    suspects: pd.DataFrame
    shown: pd.DataFrame
    contributions: dict[str, Contributions]
    records: pd.DataFrame
    evidence: pd.DataFrame
    disputes: pd.DataFrame
    named: Named
    cases: pd.DataFrame
    judged: Judged


@logged_step("explain")
def explain(
    snapshot: Snapshot,
    scores: Scores,
    selection: Selection,
    past_runs: list[Path],
    settings: Settings,
    origin: dict[str, str],
) -> Explanation:
    """Explain the first of each list and the audit sample.

    Args:
        past_runs: folders of earlier runs, oldest first.
        origin: run, as_of, claims: what every dossier states.
    """
    found = _explained(snapshot, scores, selection, settings)
    sampled = keys_of(selection.audit_sample)
    chosen = _with_dossier(found.shown, sampled.append(keys_of(_placed(selection, settings))), settings)
    masked: frozenset[str] = frozenset()
    if settings.mask:
        masked = identifiers(snapshot, found.shown, found.evidence, found.records, found.disputes)
    # Dossiers are masked as a whole when they are written, but a name is no identifier: it is replaced here.
    names = Mask(masked, origin["run"]).names(found.named.places)
    given = DossierInput(
        chosen, found.evidence, found.disputes, found.records, found.judged, names, past_runs,
        frozenset(sampled), origin,
    )  # fmt: skip
    suspected = found.shown.loc[found.shown.score >= FLOOR, SUBJECT]
    disputed = largest_by_visit(found.disputes.merge(suspected, on=SUBJECT))
    in_dispute = disputed_table(disputed)
    return Explanation(
        suspects=found.suspects, shown=found.shown, sampled=sampled, contributions=found.contributions,
        evidence=found.evidence, disputed=disputed,
        to_fetch=_to_fetch(selection, found.disputes, settings),
        judged_visits=frozenset(judged_visits(found.cases).index),
        rule_hits=snapshot.rules.hits.order_by("rule_id", "jr_id").to_pyarrow().cast(RULE_HITS),
        members=members_table(snapshot.network), groups=groups_table(snapshot.network, found.suspects),
        edges=snapshot.network.edges, item_excess=found.named.items,
        portraits=portrait_table(snapshot, found.suspects, in_dispute), names=names,
        directory=directory_table(snapshot, found.suspects, names),
        monthly=monthly_findings.monthly(snapshot.rules.hits, snapshot.facts, in_dispute),
        dossiers=tuple(dossiers(snapshot, scores, given)),
        notices=tuple(
            notices(snapshot, _institutions(chosen), found.named.places, settings.notice_least, found.cases)
        ),
        identifiers=masked,
    )  # fmt: skip


def _explained(snapshot: Snapshot, scores: Scores, selection: Selection, settings: Settings) -> _Reasons:
    depth = settings.explained_depth
    contributions = {
        subject: contributions_of(snapshot, subject, scored, scored.ranked.index[:depth])
        for subject, scored in scores.subjects.items()
    }
    named = Named(item_excess_table(snapshot), institution_names(snapshot))
    cases = last_cases(snapshot.claims, decided=True)
    below = _sampled_below(scores, selection.audit_sample, depth)
    more = {
        subject: contributions_of(snapshot, subject, scores.subjects[subject], ids)
        for subject, ids in below.items()
    }
    suspicious, disputes = scores.evidence, scores.disputes
    if below:
        more_suspicious, more_disputes = visits_against(snapshot, below, settings)
        suspicious = pd.concat([suspicious, more_suspicious], ignore_index=True)
        disputes = pd.concat([disputes, more_disputes], ignore_index=True)
    judged = judged_of(disputes, cases)
    suspects = suspects_table(snapshot, scores, contributions, named, judged, settings)
    shown = with_reasons(suspects, snapshot, more, disputes, named, judged)
    records = supporting_records(snapshot, scores, shown, disputes, named, judged)
    evidence = evidence_table(snapshot, scores, suspicious, records, disputes, named.places)
    return _Reasons(suspects, shown, contributions, records, evidence, disputes, named, cases, judged)


def _sampled_below(scores: Scores, audit_sample: pd.DataFrame, depth: int) -> dict[str, pd.Index]:
    """The audit sample below the explained depth, by kind of subject."""
    found = {}
    for subject, rows in audit_sample.groupby("subject_type"):
        explained = scores.subjects[str(subject)].ranked.index[:depth]
        ids = rows.subject_id[~rows.subject_id.isin(explained)]
        if len(ids):
            found[str(subject)] = pd.Index(ids)
    return found


def _placed(selection: Selection, settings: Settings) -> pd.DataFrame:
    """The rows of the worklist that have a place on its sheet."""
    listed = selection.worklist
    return listed[listed.place <= settings.capacity + BELOW]


def _to_fetch(selection: Selection, disputes: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The disputes of whoever has a place on the sheet of the worklist, in its order."""
    placed = _placed(selection, settings)[[*SUBJECT, "place"]]
    rows = disputes[disputes.disputed > 0].merge(placed, on=SUBJECT)
    return rows.sort_values(["place", "disputed", "mdtrt_id"], ascending=[True, False, True])


def _with_dossier(shown: pd.DataFrame, to_visit: pd.MultiIndex, settings: Settings) -> pd.DataFrame:
    """The suspects with a dossier: the first of each kind and whoever is to be visited; nobody where the
    depth is 0."""
    if not settings.dossier_depth:
        return shown.head(0)
    return shown[(shown["rank"] <= settings.dossier_depth) | keys_of(shown).isin(to_visit)]


def _institutions(chosen: pd.DataFrame) -> list[str]:
    return list(chosen.subject_id[chosen.subject_type.isin(["hospital", "pharmacy"])])


def keys_of(rows: pd.DataFrame) -> pd.MultiIndex:
    """(subject_type, subject_id) of each row."""
    return pd.MultiIndex.from_frame(rows[SUBJECT])
