"""Part of the step that explains: the dossiers of the first suspects of each kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from claims.as_of import CLEARED, CONFIRMED, last_cases
from features.graphs.group_profiles import LEGITIMATE_REASONS as GROUP_EXPLANATIONS
from features.measures.catalogue import measures_of
from pipelines.explain.dossier_sources import BUSY, DossierSources, by_subject
from pipelines.explain.favourable import favourable
from pipelines.explain.institutions import name_and_code
from pipelines.explain.similar_cases import SimilarCases
from pipelines.explain.stories import counted_from, first_visits
from pipelines.score import Scored, Scores
from pipelines.select.worklist import Judged, disputes_since, still_open
from pipelines.snapshot import Measured, Snapshot
from pipelines.train import decided
from pipelines.typed_frames import records, tuples
from reports.dossier import EVIDENCE_ROWS, RUNS, Dossier
from reports.last_case import LastCase
from reports.network_chart import Hub, network
from reports.reason_texts import TOO_FEW_PEERS, expected_of
from reports.subject_charts import MOST_LANES, Strip, calendar, is_compared, strip_of, weeks
from reports.subject_words import PENDING

# Ranks and scores in earlier runs, oldest first: (subject_type, subject_id) → as-of date, rank, score.
History = dict[tuple[str, str], list[tuple[str, int, float]]]
# A row of the suspects' table.
Row = Any


@dataclass(frozen=True)
class DossierInput:
    """What the dossiers of all kinds are made from.

    Attributes:
        chosen, evidence: as the contract's tables, the evidence with ``why_en`` and ``nth``.
        disputes: `pipelines.score.Scores.disputes`.
        records: `pipelines.explain.supporting_records.supporting_records`.
        judged: `pipelines.select.worklist.judged_of`.
        names: of institutions, by code.
        past_runs: folders of earlier runs, oldest first.
        sampled: (subject_type, subject_id) of those drawn at random.
        origin: run, as_of, claims: what every page states.
    """

    chosen: pd.DataFrame
    evidence: pd.DataFrame
    disputes: pd.DataFrame
    records: pd.DataFrame
    judged: Judged
    names: pd.Series
    past_runs: list[Path]
    sampled: frozenset[tuple[str, str]]
    origin: dict[str, str]


def dossiers(snapshot: Snapshot, scores: Scores, given: DossierInput) -> Iterator[Dossier]:
    """The dossiers of the chosen suspects, kind by kind, in order of rank."""
    history, cases = rank_history(given.past_runs), last_cases(snapshot.claims)
    for subject, scored in scores.subjects.items():
        listed = given.chosen[given.chosen.subject_type == subject].sort_values("rank")
        if len(listed):
            kind = _Kind(snapshot, subject, scored, listed, given, cases)
            for row in tuples(listed):
                yield kind.dossier(row, history.get((subject, row.subject_id), []))


class _Kind:
    """The dossiers of one kind of subject."""

    def __init__(
        self,
        snapshot: Snapshot,
        subject: str,
        scored: Scored,
        listed: pd.DataFrame,
        given: DossierInput,
        cases: pd.DataFrame,
    ):
        self.network, self.subject, self.scored, self.given = snapshot.network, subject, scored, given
        self.names, self.days_of_claims = given.names, snapshot.days_of_claims
        self.measured: Measured = snapshot.subjects[subject]
        evidence, records = (
            frame[(frame.subject_type == subject) & frame.subject_id.isin(listed.subject_id)]
            for frame in (given.evidence, given.records)
        )
        disputes = given.disputes[given.disputes.subject_type == subject]
        self.money = _money(disputes)
        listed_disputes = disputes[disputes.subject_id.isin(listed.subject_id)]
        self.disputes = {str(key): list(tuples(rows)) for key, rows in listed_disputes.groupby("subject_id")}
        self.since = counted_from(snapshot.claims.as_of)
        self.last_cases = _last_cases(cases[cases.subject_type == subject], disputes, given.judged)
        self.sources = DossierSources(snapshot, subject, listed, evidence, listed_disputes)
        self.doctors = self.sources.doctors()
        # Rows of all subjects at once: a frame costs the same for one row as for a thousand.
        first = evidence[evidence.nth.isna()].groupby("subject_id").head(EVIDENCE_ROWS)
        self.evidence, self.records = (
            by_subject(self._with_visits(rows, disputes)) for rows in (first, records)
        )
        self.evidence_counts = counts_beside_reasons(evidence, listed_disputes)
        self.similar = SimilarCases(decided(snapshot.claims, subject), self.measured.z_scores)

    def dossier(self, row: Row, history: list[tuple[str, int, float]]) -> Dossier:
        """The dossier of a row of the suspects' table."""
        subject_id = row.subject_id
        peers = self.measured.peers[subject_id]
        members = self.network.members[self.network.members.group_id == subject_id]
        hub, scheme = _central_member(members), row.scheme if isinstance(row.scheme, str) else None
        return Dossier(
            subject=self.subject, subject_id=subject_id, name=str(self.names.get(subject_id, "")),
            peers=peers, peers_count=int(self.measured.reference.size[peers]), rank=row.rank,
            of=len(self.scored.ranked), score=row.score, amount=row.amount_at_risk,
            scheme=scheme, ward=self._has_ward(subject_id, peers),
            random_sample=(self.subject, subject_id) in self.given.sampled, history=history,
            last_case=self.last_cases.get(subject_id),
            reasons=row.reasons,
            favourable=favourable(
                self.measured,
                self.subject,
                subject_id,
                scheme or self._most_disputed(subject_id),
                self.days_of_claims,
            ),
            strips=self._strips(subject_id, row.reasons, peers),
            pictures=self._pictures(subject_id, members, hub), lanes_left=self._lanes_left(subject_id),
            hub=hub, through=self._shared(subject_id),
            link_kind=self.network.kinds.get(subject_id),
            story=(row.story_zh or "", row.story_en or ""),
            profile=self._profile(subject_id), money=self.money.get(subject_id, []),
            doctors=self.doctors.get(subject_id, []),
            supporting_records=self._records(subject_id),
            first_visits=self._first_visits(subject_id, scheme),
            members=sorted(members.psn_no),
            evidence=_rows(self.evidence.get(subject_id)),
            evidence_count=self.evidence_counts.get(subject_id, 0),
            findings=self._findings(subject_id), innocent=self._explanations(subject_id, members),
            similar=self.similar.of(subject_id), origin=self.given.origin | {"model": self.scored.champion},
        )  # fmt: skip

    def _has_ward(self, subject_id: str, peers: str) -> bool:
        """Has an institution or a doctor patients who stay?"""
        if self.subject == "hospital":
            return bool(self.measured.values["stays_1095d"].gt(0)[subject_id])
        return peers != "clinic"

    def _pictures(self, subject_id: str, members: pd.DataFrame, hub: str | None) -> dict[str, Any]:
        events, found = self.sources.events.get(subject_id), {}
        if len(members):
            inside = self.network.inside[self.network.inside.group_id == subject_id]
            pairs = inside.groupby(["a", "b"])["neg_log10_fdr"].sum().reset_index()
            hubs = self._hubs(subject_id, members.psn_no)
            found["network"] = network(pairs, list(members.psn_no), hub, hubs)
        if events is not None and self.subject in BUSY:
            found["weeks"] = weeks(events.week, events.total, events.marked)
        elif events is not None:
            found["calendar"] = calendar(events.day, self._lanes(events), events.marked)
        return found

    def _lanes(self, events: pd.DataFrame) -> pd.Series:
        """The rows of a calendar that events belong to: members, or institutions by name."""
        lanes: pd.Series = events.lane
        return lanes if self.subject == "group" else lanes.map(lambda code: self.names.get(code) or code)

    def _lanes_left(self, subject_id: str) -> int:
        """How many rows a calendar has no room for."""
        events = self.sources.events.get(subject_id)
        if events is None or self.subject in BUSY:
            return 0
        return max(self._lanes(events).nunique() - MOST_LANES, 0)

    def _hubs(self, subject_id: str, members: pd.Series) -> list[Hub]:
        """The doctors and institutions that members of a group are oversupplied through, and who goes through
        each."""
        hubs, edges = self.network.hubs, self.network.edges
        mine = hubs[hubs.group_id == subject_id].sort_values(["weight", "member_id"], ascending=[False, True])
        to_hubs = edges[edges.b.isin(mine.member_id) & edges.a.isin(members) & (edges.a_type == "patient")]
        through = to_hubs.groupby("b")["a"].agg(frozenset)
        return [Hub(self.names.get(code) or code, through.get(code, frozenset())) for code in mine.member_id]

    def _shared(self, subject_id: str) -> list[tuple[str, str, float]]:
        """Doctors and institutions that many members of a group share."""
        hubs = self.network.hubs
        mine = hubs[hubs.group_id == subject_id].sort_values(["weight", "member_id"], ascending=[False, True])
        return [(row.member_type, self._place(row.member_id), row.weight) for row in tuples(mine)]

    def _strips(self, subject_id: str, reasons: list[dict[str, Any]], peers: str) -> list[Strip]:
        values: Any = self.measured.values.loc[subject_id]
        usual, measures = self.measured.reference.quantiles, measures_of(self.subject)
        known = self.measured.reference.known
        placed = [(n, r["code"].partition(".")[2], r) for n, r in enumerate(reasons, 1)]
        return [
            strip_of(
                n, measures[column], usual[peers, column], r["value"], r["peer_median"], self.days_of_claims
            )
            for n, column, r in placed
            # A flag, and a record that contradicts itself, have been told in words; where something else is
            # expected of the subject, its place among the peers misleads.
            if r["value"] is not None
            and known.get((peers, column), 0) >= TOO_FEW_PEERS
            and is_compared(measures[column][0])
            and expected_of(values, column) is None
        ]

    def _profile(self, subject_id: str) -> dict[str, Any]:
        """What is known of a subject, institutions with their names."""
        known = dict(self.sources.profiles.get(subject_id, {}))
        if isinstance(code := known.get("fixmedins_code"), str):
            known["fixmedins_code"] = name_and_code(self.names, code)
        if posts := known.get("registered_at"):
            known["registered_at"] = [name_and_code(self.names, code) for code in posts]
        return known

    def _records(self, subject_id: str) -> dict[int, list[dict[str, Any]]]:
        """The supporting records of each reason, by its number; what was said before is not said again (a
        visit is its own record, whatever the reason)."""
        found: dict[int, list[dict[str, Any]]] = {}
        said: set[tuple[str, str]] = set()
        for row in sorted(_rows(self.records.get(subject_id)), key=lambda row: int(row["nth"])):
            if (row["mdtrt_id"], row["why"]) not in said:
                found.setdefault(int(row["nth"]), []).append(row)
            said.add((row["mdtrt_id"], row["why"]))
        return found

    def _first_visits(self, subject_id: str, scheme: str | None) -> list[dict[str, Any]]:
        """The visits that the story tells to begin with, most in dispute first; none of a visit."""
        if self.subject == "visit":
            return []
        begin = first_visits(
            self.disputes.get(subject_id, []),
            self.subject,
            scheme,
            self.since,
            self.given.judged.get((self.subject, subject_id), frozenset()),
        )
        return [
            {
                "mdtrt_id": visit.mdtrt_id,
                "day": str(visit.day)[:10],
                "place": self._place(visit.fixmedins_code),
                "person": visit.psn_no,
                "disputed": visit.disputed,
                "amount": visit.amount,
            }
            for visit in sorted(begin, key=lambda visit: -visit.disputed)
        ]

    def _place(self, code: str) -> str:
        """A code with the name of the institution, where it is one's."""
        return f"{code} {self.names.get(code, '')}".strip()

    def _with_visits(self, rows: pd.DataFrame, disputes: pd.DataFrame) -> pd.DataFrame:
        """Rows with the day, place and person of their visit, and the yuan in dispute in it."""
        key = ["subject_id", "mdtrt_id"]
        disputed = disputes.drop_duplicates(key, keep="last").set_index(key)["disputed"]
        details = self.sources.details.reindex(rows.mdtrt_id)
        return rows.assign(
            day=[str(day)[:10] for day in details.day],
            place=[self._place(code) for code in details.fixmedins_code],
            person=details.psn_no.to_numpy(),
            disputed=disputed.reindex(pd.MultiIndex.from_frame(rows[key])).fillna(0.0).to_numpy(float),
        )

    def _findings(self, subject_id: str) -> list[dict[str, Any]]:
        found = self.sources.findings.get(subject_id)
        return [] if found is None else records(found)

    def _most_disputed(self, subject_id: str) -> str | None:
        """The scheme that most of a subject's money is in dispute for; None where it is for none."""
        return next((scheme for scheme, *_figures in self.money.get(subject_id, [])), None)

    def _explanations(self, subject_id: str, members: pd.DataFrame) -> list[tuple[Any, ...]]:
        """Honest explanations: those of visits with counts, those of a group judged as a whole."""
        found = self.sources.explanations(subject_id, self._most_disputed(subject_id))
        if len(members):
            reason = self.network.excused.get(subject_id)
            found += [(*words, int(reason == kind), 0) for kind, words in GROUP_EXPLANATIONS.items()]
        return found


def counts_beside_reasons(evidence: pd.DataFrame, disputes: pd.DataFrame) -> dict[str, int]:
    """How many visits in doubt of each subject serve no reason: all that are in dispute, for the evidence has
    only the largest, and those suspicious by themselves.

    Args:
        evidence: subject_id, mdtrt_id, nth (of the reason that the visit serves; missing without one).
        disputes: subject_id, mdtrt_id.
    """
    key = ["subject_id", "mdtrt_id"]
    served = pd.MultiIndex.from_frame(evidence.loc[evidence.nth.notna(), key])
    doubted = pd.concat([evidence[key], disputes[key]]).drop_duplicates()
    beside = doubted[~pd.MultiIndex.from_frame(doubted).isin(served)]
    return {str(subject_id): int(n) for subject_id, n in beside.subject_id.value_counts().items()}


def _rows(rows: pd.DataFrame | None) -> list[dict[str, Any]]:
    """The rows of one subject; none where it has none."""
    return [] if rows is None else records(rows)


def _central_member(members: pd.DataFrame) -> str | None:
    """The member with the largest weight; None where there are none."""
    order = members.sort_values(["weight", "psn_no"], ascending=[False, True])
    return None if order.empty else str(order.psn_no.iloc[0])


def _money(disputes: pd.DataFrame) -> dict[str, list[tuple[Any, ...]]]:
    """Money in dispute by subject and scheme: scheme, visits, yuan in dispute, yuan paid for the visits; most
    in dispute first."""
    key = ["subject_id", "scheme"]
    sums = disputes.assign(scheme=disputes.scheme.fillna("")).groupby(key, sort=False)
    rows = sums.agg(n=("mdtrt_id", "size"), disputed=("disputed", "sum"), amount=("amount", "sum"))
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in tuples(rows.sort_values("disputed", ascending=False, kind="stable").reset_index()):
        dispute = (row.scheme or None, int(row.n), float(row.disputed), float(row.amount))
        found.setdefault(row.subject_id, []).append(dispute)
    return found


def _last_cases(cases: pd.DataFrame, disputes: pd.DataFrame, judged: Judged) -> dict[str, LastCase]:
    """The last case of each inspected subject of a kind, and what is in dispute since it closed.

    Args:
        cases: of `claims.as_of.last_cases`, of the kind.
        disputes: `pipelines.score.Scores.disputes`, of the kind.
        judged: `pipelines.select.worklist.judged_of`.
    """
    later = disputes_since(still_open(disputes, judged), cases.rename(columns={"close_date": "last_closed"}))
    since = later.groupby("subject_id")["disputed"].agg(["size", "sum"])
    return {
        row.Index: LastCase(
            row.clue_stas if row.clue_stas in CONFIRMED + CLEARED else PENDING,
            "" if pd.isna(row.close_date) else str(row.close_date)[:10],
            row.scheme if isinstance(row.scheme, str) else None,
            int(since["size"].get(row.Index, 0)),
            float(since["sum"].get(row.Index, 0.0)),
        )
        for row in tuples(cases.set_index("subject_id"))
    }


def rank_history(past_runs: list[Path]) -> History:
    """Ranks and scores in the last RUNS runs."""
    found: History = {}
    columns = ["subject_type", "subject_id", "rank", "score"]
    for folder in past_runs[-RUNS:]:
        for row in tuples(pd.read_parquet(folder / "suspects.parquet", columns=columns)):
            found.setdefault((row.subject_type, row.subject_id), []).append(
                (folder.name, row.rank, row.score)
            )
    return found
