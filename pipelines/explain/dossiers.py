"""The step that gathers what a dossier shows, for the first suspects of each kind."""

from collections.abc import Iterator
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
from ibis import _

from features.graphs.group_profiles import INNOCENT as COMPANY
from features.graphs.group_profiles import linked
from features.measures.aggregation import KEYS, MEMBERS, of_subjects
from features.measures.catalogue import HINT, measures_of
from features.rules.declaration import RULES
from pipelines.measure import Measured, Snapshot
from pipelines.score import Scored
from pipelines.train import decided
from reports.dossier import Dossier
from reports.network_chart import Hub, network
from reports.reason_texts import TOO_FEW_PEERS, expected_of, measure_reason
from reports.reasons import exceeds_median
from reports.subject_charts import Strip, calendar, strip_of, weeks

YEAR = 365
EVIDENCE_ROWS, FINDING_ROWS, SIMILAR, NIGHTS = 15, 12, 3, 10
# Places and doctors are seen by the week; people by the day.
BUSY = ("hospital", "pharmacy", "prescriber")
# A difference this far on the honest side of the peers speaks for a subject.
FAVOURABLE, MOST_FAVOURABLE = -1.0, 3
_LIKENESS_BOUND = 6.0

# Honest explanations that the claims can show (domain/schemes.md §6): (Chinese, English, which visits they fit).
INNOCENT = (
    ("透析、放化疗等固定疗程", "a course of dialysis or chemotherapy", lambda v: v.course),
    ("上级或下级转诊、转院", "a referral or transfer", lambda v: v.refl_old_mdtrt_id.notnull() | (v.dscg_way == "2")),
    ("分娩及计划生育", "childbirth and family planning", lambda v: v.med_type.left(2).isin(["51", "52", "53"])),
    ("急诊", "an emergency", lambda v: v.med_type.left(2).isin(["13", "22"])),
    ("医疗救助对象(免自付)", "a person of the rescue groups, who pays nothing", lambda v: v.poor),
)  # fmt: skip


def dossiers(
    snapshot: Snapshot,
    scored: dict[str, Scored],
    chosen: pd.DataFrame,
    evidence: pd.DataFrame,
    pulled: pd.DataFrame,
    names: pd.Series,
    past_runs: list[Path],
    random_sample: frozenset[tuple[str, str]],
    origin: dict[str, str],
) -> Iterator[Dossier]:
    """Dossiers of chosen suspects, kind by kind.

    Args:
        chosen, evidence: as the contract's tables, the evidence with ``why_en``, ``nth`` and ``at_stake``.
        pulled: `pipelines.explain.supporting_records.supporting_records`.
        names: of institutions, by code.
        nights: folders of earlier runs, oldest first.
        drawn: who was drawn at random, as (subject_type, subject_id).
        origin: run, load: what every page states.
    """
    history = _history(past_runs)
    for subject, found in scored.items():
        listed = chosen[chosen.subject_type == subject].sort_values("rank")
        if len(listed):
            mine = (frame[frame.subject_type == subject] for frame in (evidence, pulled))
            kind = _Kind(snapshot, subject, found, listed, *mine)
            for row in listed.itertuples():
                by_lot = (subject, row.subject_id) in random_sample
                yield kind.dossier(row, names, history, by_lot, origin | {"model": found.champion})


class _Kind:
    """What the dossiers of one kind of subject need, asked of the engine once for all of them."""

    def __init__(
        self,
        snapshot: Snapshot,
        subject: str,
        found: Scored,
        listed: pd.DataFrame,
        evidence: pd.DataFrame,
        supporting_records: pd.DataFrame,
    ):
        self.snapshot, self.subject, self.found = snapshot, subject, found
        self.measured: Measured = snapshot.subjects[subject]
        self.count = len(found.ranked)
        self.evidence = evidence[evidence.subject_id.isin(listed.subject_id)]
        self.supporting_records = _by_subject(
            supporting_records[supporting_records.subject_id.isin(listed.subject_id)]
        )
        con = snapshot.claims.con
        ids = ibis.memtable(
            {"subject_id": list(listed.subject_id)}, schema=ibis.schema({"subject_id": "string"})
        )
        con.create_table(f"dossier_{subject}", ids, overwrite=True)
        pulled = self.evidence[["subject_id", "mdtrt_id"]].astype("str")
        schema = ibis.schema({"subject_id": "string", "mdtrt_id": "string"})
        con.create_table(f"pulled_{subject}", ibis.memtable(pulled, schema=schema), overwrite=True)
        self.ids, self.pulled = con.table(f"dossier_{subject}"), con.table(f"pulled_{subject}")
        self.visits = self._visits()
        self.events = self._weeks() if subject in BUSY else self._days()
        self.details, self.innocent, self.findings = self._details(), self._innocent(), self._findings()
        self.cases = self._cases()
        self.case_directions = _directions(self.measured.differences.loc[self.cases.index])
        own = self.measured.differences.loc[listed.subject_id]
        self.directions = pd.DataFrame(_directions(own), own.index)

    def _visits(self) -> ibis.Table:
        """Visits of the last year of the listed, with subject_id; of a visit, those of its patient."""
        facts = self.snapshot.facts.filter(_.days_ago <= YEAR)
        if self.subject == "visit":
            whose = self.snapshot.facts.select("psn_no", subject_id=_.mdtrt_id).semi_join(
                self.ids, "subject_id"
            )
            return facts.inner_join(whose, "psn_no")
        return of_subjects(facts, self.subject).semi_join(self.ids, "subject_id")

    def _weeks(self) -> dict[str, pd.DataFrame]:
        marked = self.visits.left_join(self.pulled, ["subject_id", "mdtrt_id"])
        weeks = marked.group_by("subject_id", "week").aggregate(
            total=_.count(), marked=_.mdtrt_id_right.notnull().sum()
        )
        return _by_subject(weeks.order_by("subject_id", "week").to_pandas())

    def _days(self) -> dict[str, pd.DataFrame]:
        rows = self.visits.left_join(self.pulled, ["subject_id", "mdtrt_id"])
        lane = rows.psn_no if self.subject == "group" else rows.fixmedins_code
        told = linked(rows) if self.subject == "group" else rows.mdtrt_id_right.notnull()
        if self.subject == "visit":
            told = rows.mdtrt_id == rows.subject_id
        days = rows.select(subject_id=rows.subject_id, day=rows.day, lane=lane, marked=told)
        return _by_subject(days.order_by("subject_id", "day", "lane").to_pandas())

    def _details(self) -> pd.DataFrame:
        facts = self.snapshot.facts.select("mdtrt_id", "day", "fixmedins_code", "psn_no")
        wanted = self.pulled.select("mdtrt_id").distinct()
        return facts.semi_join(wanted, "mdtrt_id").to_pandas().set_index("mdtrt_id")

    def _innocent(self) -> pd.DataFrame:
        rows = self.pulled.inner_join(self.snapshot.facts, "mdtrt_id")
        fits = {f"fits_{n}": test(rows).fill_null(False).sum() for n, (_z, _e, test) in enumerate(INNOCENT)}
        return rows.group_by("subject_id").aggregate(of=_.count(), **fits).to_pandas().set_index("subject_id")

    def _findings(self) -> dict[str, pd.DataFrame]:
        hits = self.snapshot.rules.hits
        if self.subject == "group":
            members = self.snapshot.claims.con.table(MEMBERS).select("psn_no", whose=_.group_id)
            hits = hits.inner_join(members, "psn_no")
        else:
            key = "mdtrt_id" if self.subject == "visit" else KEYS[self.subject][0]
            hits = hits.mutate(whose=_[key])
        hits = hits.semi_join(self.ids, hits.whose == self.ids.subject_id)
        order = [ibis.desc("vola_amt"), "jr_id"]
        rules = hits.group_by(subject_id=_.whose, rule_id=_.rule_id).aggregate(
            rule_name=_.rule_name.max(), sev_deg=_.sev_deg.max(), n=_.count(), amount=_.vola_amt.sum(),
            example=_.vola_cont.first(order_by=order), basis=_.vola_evid.max(),
        )  # fmt: skip
        found = rules.order_by("subject_id", ibis.desc("amount"), "rule_id").to_pandas()
        return _by_subject(found.assign(rule_en=[RULES[rule_id].en for rule_id in found.rule_id]))

    def _cases(self) -> pd.DataFrame:
        """The last outcome of each inspected subject of the kind that is measured."""
        mine = decided(self.snapshot.claims, self.subject)
        return mine[mine.index.isin(self.measured.differences.index)]

    def dossier(
        self, row, names: pd.Series, history: dict, random_sample: bool, origin: dict[str, str]
    ) -> Dossier:
        """The dossier of a row of the suspects' table."""
        mine = self.evidence[self.evidence.subject_id == row.subject_id]
        peers = self.measured.peers[row.subject_id]
        members = self.snapshot.company.members[self.snapshot.company.members.group_id == row.subject_id]
        hub = (
            members.sort_values(["weight", "psn_no"], ascending=[False, True]).psn_no.iloc[0]
            if len(members)
            else None
        )
        pictures = self._pictures(row.subject_id, members, hub, names)
        scheme = row.scheme if isinstance(row.scheme, str) else None
        return Dossier(
            subject=self.subject, subject_id=row.subject_id, name=str(names.get(row.subject_id, "")),
            peers=peers, peers_count=int(self.measured.usual.size[peers]), rank=row.rank, of=self.count,
            score=row.score, amount=row.amount_at_risk, scheme=scheme, random_sample=random_sample,
            history=history.get((self.subject, row.subject_id), []), reasons=row.reasons,
            favourable=self._favourable(row.subject_id, peers), strips=self._strips(row.reasons, peers),
            pictures=pictures, hub=hub, through=self._through(row.subject_id, names),
            company=self.snapshot.company.kinds.get(row.subject_id), money=_money(mine[mine.at_stake]), supporting_records=self._papers(row.subject_id, names),
            evidence=self._rows(mine[mine.nth.isna()].head(EVIDENCE_ROWS), names), evidence_count=len(mine), findings=_records(self.findings, row.subject_id, FINDING_ROWS),
            innocent=self._explanations(row.subject_id, members), similar=self._similar(row.subject_id),
            origin=origin,
        )  # fmt: skip

    def _pictures(self, subject_id: str, members: pd.DataFrame, hub: str | None, names: pd.Series) -> dict:
        events = self.events.get(subject_id)
        found = {}
        if len(members):
            inside = self.snapshot.company.inside
            inside = (
                inside[inside.group_id == subject_id]
                .groupby(["a", "b"], as_index=False)["neg_log10_fdr"]
                .sum()
            )
            found["network"] = network(
                inside, list(members.psn_no), hub, self._hubs(subject_id, members.psn_no, names)
            )
        if events is not None and self.subject in BUSY:
            found["weeks"] = weeks(events.week, events.total, events.marked)
        elif events is not None:
            lanes = (
                events.lane
                if self.subject == "group"
                else events.lane.map(lambda code: names.get(code) or code)
            )
            found["calendar"] = calendar(events.day, lanes, events.marked)
        return found

    def _hubs(self, subject_id: str, members: pd.Series, names: pd.Series) -> list[Hub]:
        """The doctors and institutions that members of a group are oversupplied through, and who goes through each."""
        hubs, edges = self.snapshot.company.hubs, self.snapshot.company.edges
        mine = hubs[hubs.group_id == subject_id].sort_values(["weight", "member_id"], ascending=[False, True])
        to_hubs = edges[edges.b.isin(mine.member_id) & edges.a.isin(members) & (edges.a_type == "patient")]
        through = to_hubs.groupby("b")["a"].agg(frozenset)
        return [Hub(names.get(code) or code, through.get(code, frozenset())) for code in mine.member_id]

    def _through(self, subject_id: str, names: pd.Series) -> list[tuple[str, str, float]]:
        """Doctors and institutions that much of a group goes through."""
        hubs = self.snapshot.company.hubs
        mine = hubs[hubs.group_id == subject_id].sort_values(["weight", "member_id"], ascending=[False, True])
        return [
            (row.member_type, f"{row.member_id} {names.get(row.member_id, '')}".strip(), row.weight)
            for row in mine.itertuples()
        ]

    def _strips(self, reasons: list[dict], peers: str) -> list[Strip]:
        usual, measures = self.measured.usual.quantiles, measures_of(self.subject)
        if self.measured.usual.size[peers] < TOO_FEW_PEERS:
            return []
        told = [(n, r["code"].partition(".")[2], r) for n, r in enumerate(reasons, 1)]
        return [
            strip_of(n, measures[column], usual[peers, column], r["value"], r["peer_median"])
            for n, column, r in told
            if r["value"] is not None and (peers, column) in usual
        ]

    def _favourable(self, subject_id: str, peers: str) -> list[dict]:
        """The measures farthest on the honest side, one a family."""
        measures = measures_of(self.subject)
        away = self.measured.differences.loc[subject_id].dropna().sort_values(kind="stable")
        columns = [c for c in away[away < FAVOURABLE].index if measures[c][0].evidence_weight >= HINT]
        values, usual = self.measured.values.loc[subject_id], self.measured.usual.usual.loc[peers]
        # What reads as usual among the peers speaks for nobody.
        columns = [c for c in columns if exceeds_median(measures[c][0], values[c], usual[c], side=-1)]
        families = pd.Series({c: measures[c][0].family for c in columns}, dtype=object)
        return [
            measure_reason(
                c,
                measures[c],
                values[c],
                usual[c],
                self.measured.usual.standing,
                peers,
                float(away[c]),
                expected_of(values, c),
            )
            for c in families.drop_duplicates().index[:MOST_FAVOURABLE]
        ]

    def _papers(self, subject_id: str, names: pd.Series) -> dict[int, list[dict]]:
        """The papers of each reason, by its number."""
        mine = self.supporting_records.get(subject_id)
        if mine is None:
            return {}
        return {nth: self._rows(rows, names) for nth, rows in mine.groupby("nth", sort=True)}

    def _rows(self, rows: pd.DataFrame, names: pd.Series) -> list[dict]:
        details = self.details.reindex(rows.mdtrt_id)
        places = [f"{code} {names.get(code, '')}".strip() for code in details.fixmedins_code]
        shown = rows.assign(
            day=[str(day)[:10] for day in details.day], place=places, person=details.psn_no.to_numpy()
        )
        return shown.to_dict("records")

    def _explanations(self, subject_id: str, members: pd.DataFrame) -> list[tuple]:
        if subject_id in self.innocent.index:
            counted = self.innocent.loc[subject_id]
            found = [
                (zh, en, int(counted[f"fits_{n}"]), int(counted["of"]))
                for n, (zh, en, _t) in enumerate(INNOCENT)
            ]
        else:
            found = []
        if len(members):
            reason = self.snapshot.company.excused.get(subject_id)
            # Judged of the group as a whole, not visit by visit.
            found += [(*words, int(reason == kind), 0) for kind, words in COMPANY.items()]
        return found

    def _similar(self, subject_id: str) -> list[dict]:
        """Past cases that differ from their peers in the same directions (cosine of the differences)."""
        others = self.cases.drop(index=subject_id, errors="ignore")
        if others.empty:
            return []
        own = self.directions.loc[subject_id].to_numpy()
        likeness = pd.Series(self.case_directions @ own, self.cases.index).drop(subject_id, errors="ignore")
        best = likeness.sort_values(ascending=False, kind="stable").head(SIMILAR)
        rows = others.loc[best.index].assign(likeness=best.clip(lower=0)).reset_index()
        return rows.assign(close_date=rows.close_date.astype(str).str[:10]).to_dict("records")


def _directions(differences: pd.DataFrame) -> np.ndarray:
    bounded = np.clip(np.nan_to_num(differences.to_numpy(dtype=float)), -_LIKENESS_BOUND, _LIKENESS_BOUND)
    return bounded / np.maximum(np.linalg.norm(bounded, axis=1, keepdims=True), 1e-9)


def _money(mine: pd.DataFrame) -> list[tuple]:
    """Money in evidence by scheme: scheme, visits, yuan; each visit stands under the scheme it speaks for most."""
    sums = mine.groupby(mine.scheme.fillna(""), sort=False).amount.agg(["size", "sum"])
    sums = sums.sort_values("sum", ascending=False, kind="stable")
    return [(scheme or None, int(row["size"]), float(row["sum"])) for scheme, row in sums.iterrows()]


def _by_subject(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return dict(iter(frame.groupby("subject_id", sort=False)))


def _records(frames: dict[str, pd.DataFrame], subject_id: str, most: int) -> list[dict]:
    return frames[subject_id].head(most).to_dict("records") if subject_id in frames else []


def _history(past_runs: list[Path]) -> dict[tuple[str, str], list[tuple]]:
    """Ranks and scores on earlier nights: (subject_type, subject_id) → night, rank, score, oldest first."""
    found: dict[tuple[str, str], list[tuple]] = {}
    for folder in past_runs[-NIGHTS:]:
        columns = ["subject_type", "subject_id", "rank", "score"]
        for row in pd.read_parquet(folder / "suspects.parquet", columns=columns).itertuples(index=False):
            found.setdefault((row.subject_type, row.subject_id), []).append(
                (folder.name, row.rank, row.score)
            )
    return found
