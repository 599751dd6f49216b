"""The step that writes a run: the contract's tables and the workbook, whole or not at all."""

import json
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from claims.store import Report, Store, replaced
from features.measures.catalogue import SUBJECTS, measures_of
from features.rules.findings_table import HITS
from pipelines.explain.dossiers import dossiers
from pipelines.explain.notices import notices
from pipelines.explain.supporting_records import evidence_of, supporting_records
from pipelines.measure import Snapshot
from pipelines.score import Scored, explain
from pipelines.select.audit_sample import AUDIT_SAMPLE, KEYS, draw, sampling_frame
from pipelines.select.worklist import WORKLIST, worklist
from pipelines.settings import Settings
from reports import dossier as dossier_page
from reports import (
    monthly_findings,
    notice,
    overview,
    portrait,
    supervision,
    supervision_sheet,
    worklist_sheet,
)
from reports.masking import Mask
from reports.reasons import reasons_of
from reports.workbook import write_workbook

_REASON = pa.struct(
    [
        ("code", pa.string()), ("text_zh", pa.string()), ("text_en", pa.string()), ("value", pa.float64()),
        ("peer_median", pa.float64()), ("peer_percentile", pa.float64()), ("contribution", pa.float64()),
    ]
)  # fmt: skip
SUSPECTS = pa.schema(
    [
        ("subject_type", pa.string()), ("subject_id", pa.string()), ("rank", pa.int64()), ("score", pa.float64()),
        ("amount_at_risk", pa.float64()), ("scheme", pa.string()), ("model_score", pa.float64()),
        ("anomaly_score", pa.float64()), ("rule_score", pa.float64()), ("graph_score", pa.float64()),
        ("reasons", pa.list_(_REASON)),
    ]
)  # fmt: skip
EVIDENCE = pa.schema(
    [
        ("subject_type", pa.string()), ("subject_id", pa.string()), ("scheme", pa.string()),
        ("mdtrt_id", pa.string()), ("setl_id", pa.string()), ("bkkp_sn", pa.string()), ("amount", pa.float64()),
        ("why", pa.string()), ("why_en", pa.string()), ("nth", pa.int64()), ("reason", pa.string()),
    ]
)  # fmt: skip
RULE_HITS = pa.schema(
    [(name, pa.float64() if kind == "float64" else pa.string()) for name, kind in HITS.items()]
)
MEMBERS = pa.schema(
    [
        ("group_id", pa.string()), ("kind", pa.string()), ("member_type", pa.string()), ("member_id", pa.string()),
        ("weight", pa.float64()),
    ]
)  # fmt: skip
# Added to the contract's tables: what each group is and did, and the links of every kind (`features.graphs.network`).
GROUPS = pa.schema(
    [
        ("group_id", pa.string()), ("rank", pa.int64()), ("score", pa.float64()), ("kind", pa.string()),
        ("scheme", pa.string()), ("innocent", pa.string()), ("members", pa.int64()), ("villages", pa.int64()),
        ("places", pa.int64()), ("visits", pa.int64()), ("days", pa.int64()), ("first_day", pa.string()),
        ("last_day", pa.string()), ("pair_days", pa.float64()), ("pair_days_by_chance", pa.float64()),
        ("fund", pa.float64()), ("oversupply", pa.float64()),
    ]
)  # fmt: skip
EDGES = pa.schema(
    [
        ("kind", pa.string()), ("a_type", pa.string()), ("a", pa.string()), ("b_type", pa.string()), ("b", pa.string()),
        ("observed", pa.float64()), ("expected", pa.float64()), ("neg_log10_fdr", pa.float64()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class RunInfo:
    """Where a run comes from: its id, the generation of the claims, what the load brought, seconds of its steps."""

    run_id: str
    claims: str
    load: Report
    seconds: dict[str, float]


def write_run(
    snapshot: Snapshot,
    scored: dict[str, Scored],
    evidence: pd.DataFrame,
    store: Store,
    settings: Settings,
    as_of: date,
    info: RunInfo,
) -> Path:
    """Write a night's run folder beside the others and put it in place in one step.

    Returns:
        ``STORE/runs/AS_OF``.
    """
    store.runs.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = store.runs / as_of.isoformat()
    with replaced(target) as building:
        (building / "dossiers").mkdir()
        _write(building, snapshot, scored, evidence, store, settings, as_of, info)
    return target


@dataclass(frozen=True)
class _Told:
    """What the tables of a run say, for the pages that are made from it.

    Attributes:
        suspects, evidence, members, graded, listed: as in the tables suspects (the drawn with reasons), evidence
            (with ``at_stake``), group_members, portraits and morning.
        drawn: rows of ``suspects`` of those who were drawn at random.
        pulled: `pipelines.explain.supporting_records.supporting_records`.
        nights: folders of earlier runs, oldest first.
        origin: run, as_of, claims: what every dossier states.
    """

    snapshot: Snapshot
    scored: dict[str, Scored]
    suspects: pd.DataFrame
    evidence: pd.DataFrame
    pulled: pd.DataFrame
    members: pd.DataFrame
    graded: pd.DataFrame
    listed: pd.DataFrame
    random_sample: pd.DataFrame
    past_runs: list[Path]
    settings: Settings
    as_of: date
    origin: dict[str, str]

    @property
    def chosen(self) -> pd.DataFrame:
        """The suspects with a dossier: the first of each kind and the drawn."""
        depth = self.settings.dossier_depth
        first = (self.suspects["rank"] <= depth) | self.suspects.index.isin(self.random_sample.index)
        return self.suspects[first] if depth else self.suspects.head(0)


def _write(folder: Path, snapshot, scored, flagged, store, settings, as_of, info) -> None:
    begin = time.perf_counter()
    suspects = pd.concat([_suspects(s, scored[s], snapshot, settings) for s in SUBJECTS if s in scored])
    past_runs = store.runs_before(as_of)
    # Money is at stake in flagged visits alone, so the list can do without papers.
    listed = worklist(snapshot, suspects, flagged, past_runs, as_of, settings.cool_down)
    frame = sampling_frame(snapshot, suspects, listed, past_runs, settings, as_of)
    audit_sample = draw(frame, settings, as_of)
    explained, more = explain(snapshot, scored, audit_sample, settings)
    shown = _with_reasons(suspects, explained, snapshot, settings)
    pulled = supporting_records(snapshot, scored, shown)
    evidence = evidence_of(snapshot, scored, pd.concat([flagged, more], ignore_index=True), pulled)
    members, graded = _members(snapshot), _portraits(snapshot, suspects)
    tables = {
        "suspects": pa.Table.from_pandas(suspects, SUSPECTS, preserve_index=False),
        "evidence": pa.Table.from_pandas(evidence, EVIDENCE, preserve_index=False),
        "rule_hits": snapshot.rules.hits.order_by("rule_id", "jr_id").to_pyarrow().cast(RULE_HITS),
        "group_members": pa.Table.from_pandas(members, MEMBERS, preserve_index=False),
        "groups": pa.Table.from_pandas(_groups(snapshot, suspects), GROUPS, preserve_index=False),
        "edges": pa.Table.from_pandas(snapshot.company.edges, EDGES, preserve_index=False),
        "portraits": pa.Table.from_pandas(graded, preserve_index=False),
        "worklist": pa.Table.from_pandas(listed, WORKLIST, preserve_index=False),
        "audit_sample": pa.Table.from_pandas(audit_sample, AUDIT_SAMPLE, preserve_index=False),
    }
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    origin = {"run": info.run_id, "as_of": as_of.isoformat(), "claims": info.claims}
    random_sample = shown[_keys(shown).isin(_keys(audit_sample))]
    told = _Told(
        snapshot, scored, shown, evidence, pulled, members, graded, listed, random_sample, past_runs, settings, as_of, origin,
    )  # fmt: skip
    _write_pages(folder, told, info.seconds)
    info.seconds["report"] = time.perf_counter() - begin
    text = json.dumps(_run_json(snapshot, scored, frame, settings, as_of, info), ensure_ascii=False, indent=1)
    (folder / "run.json").write_text(text, encoding="utf-8")


def _write_pages(folder: Path, told: _Told, seconds: dict[str, float]) -> None:
    """What people read: workbook, dossiers, notices, supervision report, overview; masked if so set."""
    snapshot, settings, as_of, language = told.snapshot, told.settings, told.as_of, told.settings.language
    mask = Mask(_identifiers(told) if settings.mask else (), told.origin["run"])
    names = snapshot.claims["fixmedins_b"].select("fixmedins_code", "fixmedins_name").to_pandas()
    names = mask.names(names.set_index("fixmedins_code")["fixmedins_name"].fillna(""))
    findings = monthly_findings.monthly(snapshot.rules.hits, snapshot.facts)
    totals = monthly_findings.totals(findings)
    supervision.write_supervision(folder, findings, totals, names, as_of, language, mask)
    text = _overview(told, names, mask)
    (folder / "overview.html").write_text(mask(text), encoding="utf-8")
    _write_notices(folder, told, names, mask)
    begin = time.perf_counter()
    written = _write_dossiers(folder, told, names, mask)
    seconds["dossiers"] = time.perf_counter() - begin
    findings, graded = (mask.columns(frame, "fixmedins_code") for frame in (findings, told.graded))
    listed, random_sample = (mask.columns(frame, "subject_id") for frame in (told.listed, told.random_sample))
    sheets = [
        (worklist_sheet.SHEET_NAMES, worklist_sheet.SHEET_HEADS, worklist_sheet.SHEET_WIDTHS,
         worklist_sheet.sheet_rows(listed, random_sample, names, settings.capacity, language)),
        (supervision_sheet.SHEET_NAMES, supervision_sheet.SHEET_HEADS, supervision_sheet.SHEET_WIDTHS,
         supervision_sheet.sheet_rows(totals, findings, names, as_of, language)),
        (portrait.SHEET_NAMES, portrait.SHEET_HEADS, portrait.SHEET_WIDTHS,
         portrait.sheet_rows(graded, names, language)),
    ]  # fmt: skip
    write_workbook(
        folder / "suspects.xlsx",
        mask.columns(told.suspects, "subject_id"),
        mask.texts(
            mask.columns(told.evidence, "subject_id", "mdtrt_id", "setl_id", "bkkp_sn"), "why", "why_en"
        ),
        mask.columns(told.members, "member_id"),
        names,
        as_of.isoformat(),
        language,
        sheets,
        dossiers=written,
        figures=worklist_sheet.figures(listed, len(random_sample), settings.capacity, language),
        random_sample=frozenset(_keys(random_sample)),
    )


def _identifiers(told: _Told) -> set[str]:
    """Whatever a page may show that points at somebody."""
    claims, facts, hits = told.snapshot.claims, told.snapshot.facts, told.snapshot.rules.hits
    persons, doctors = claims["psn_info_b"], claims["dr_info_b"]
    columns = [persons.psn_no, persons.certno, persons.tel, doctors.dr_code, doctors.certno, facts.dr_code]
    columns += [claims["fixmedins_b"].fixmedins_code, hits.mdtrt_id, hits.setl_id, hits.bkkp_sn]
    found = {value for column in columns for value in column.to_pandas().dropna()}
    found.update(line["bkkp_sn"] for lines in told.pulled.lines for line in lines)
    visits = told.suspects.subject_id[told.suspects.subject_type == "visit"]
    return found.union(visits, told.evidence.mdtrt_id, told.evidence.setl_id.dropna())


def _write_dossiers(folder: Path, told: _Told, names: pd.Series, mask: Mask) -> dict[tuple[str, str], str]:
    """Write the dossiers; returns where each is, from the run's folder."""
    written = {}
    settings = told.settings
    for found in dossiers(
        told.snapshot, told.scored, told.chosen, told.evidence, told.pulled, names, told.past_runs,
        frozenset(_keys(told.random_sample)), told.origin,
    ):  # fmt: skip
        dossier_page.write(folder / "dossiers", found, mask)
        shown = mask.one(found.subject_id)
        name = dossier_page.file_name(found.subject, shown, settings.language)
        written[found.subject, shown] = f"dossiers/{name}"
    return written


def _write_notices(folder: Path, told: _Told, names: pd.Series, mask: Mask) -> None:
    """A sheet for each institution with a dossier, which it can be shown."""
    settings = told.settings
    (folder / "notices").mkdir()
    first = told.chosen[told.chosen.subject_type.isin(["hospital", "pharmacy"])]
    for code, findings in notices(told.snapshot, list(first.subject_id), names):
        page = notice.page(
            code, names.get(code, ""), findings, len(findings), told.as_of.isoformat(), settings.appeal_days,
            settings.language,
        )  # fmt: skip
        name = dossier_page.file_name("notice", mask.one(code), settings.language)
        (folder / "notices" / name).write_text(mask(page), encoding="utf-8")


def _overview(told: _Told, names: pd.Series, mask: Mask) -> str:
    evidence = told.evidence[told.evidence.at_stake]
    driven = {}
    for subject, found in told.scored.items():
        families = {column: entry.family for column, (entry, _days) in measures_of(subject).items()}
        if len(found.contributions):
            driven[subject] = overview.drivers(found.contributions, families)
    wanted = told.snapshot.facts.select("mdtrt_id", "fixmedins_code")
    named = ibis.memtable(
        evidence[["mdtrt_id"]].drop_duplicates(), schema=ibis.schema({"mdtrt_id": "string"})
    )
    places = wanted.semi_join(named, "mdtrt_id").to_pandas().set_index("mdtrt_id")["fixmedins_code"]
    # Before a label is cut short, for what is left of an identifier is none that could be told.
    places = places.map(mask.one)
    return overview.page(
        driven, evidence, places, names, told.listed, told.random_sample, told.as_of, told.settings.language
    )


def _portraits(snapshot: Snapshot, suspects: pd.DataFrame) -> pd.DataFrame:
    """The grade of every hospital and pharmacy."""
    peers = pd.concat(
        [snapshot.subjects[s].peers for s in ("hospital", "pharmacy") if s in snapshot.subjects]
    )
    findings = portrait.findings_of(snapshot.rules.hits, snapshot.facts)
    return portrait.portraits(suspects, findings, portrait.outcomes_of(snapshot.claims["insp_case_d"]), peers)


def _suspects(subject: str, scored: Scored, snapshot: Snapshot, settings: Settings) -> pd.DataFrame:
    ranked = scored.ranked.head(settings.depth(subject) or len(scored.ranked))
    measured, measures = snapshot.subjects[subject], measures_of(subject)
    usual = measured.usual.usual
    days_of_claims = int(snapshot.facts.days_ago.max().to_pyarrow().as_py() or 0)
    found = {}
    for subject_id, contributions in scored.contributions.iterrows():
        peers = measured.peers[subject_id]
        found[subject_id] = reasons_of(
            contributions,
            measured.values.loc[subject_id],
            measures,
            peers,
            usual.loc[peers],
            measured.usual.standing,
            scored.deterministic_contributions.loc[subject_id],
            snapshot.company.kinds.get(subject_id, "co_visit") if subject == "group" else "co_visit",
            days_of_claims,
        )
    frame = ranked.rename_axis("subject_id").reset_index()
    frame["subject_type"] = subject
    frame["reasons"] = [found.get(subject_id, []) for subject_id in frame["subject_id"]]
    return frame[SUSPECTS.names]


def _with_reasons(
    suspects: pd.DataFrame, explained: dict[str, Scored], snapshot: Snapshot, settings: Settings
) -> pd.DataFrame:
    """The suspects, with the reasons of those explained below the explained depth; every row has its own label."""
    told = [_suspects(subject, found, snapshot, settings) for subject, found in explained.items()]
    kept = suspects[~_keys(suspects).isin(_keys(pd.concat(told)))] if told else suspects
    return pd.concat([kept, *told], ignore_index=True)


def _keys(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[KEYS])


def _members(snapshot: Snapshot) -> pd.DataFrame:
    patients = snapshot.company.members.rename(columns={"psn_no": "member_id"}).assign(member_type="patient")
    frame = pd.concat([patients, snapshot.company.hubs], ignore_index=True)
    frame = frame.assign(kind=frame["group_id"].map(snapshot.company.kinds))
    return frame.sort_values(["group_id", "member_type", "member_id"])[MEMBERS.names]


def _groups(snapshot: Snapshot, suspects: pd.DataFrame) -> pd.DataFrame:
    """What each group is: columns of GROUPS."""
    inside = snapshot.company.inside
    inside = inside[inside["kind"].isin(("co_visit", "co_return"))]
    met = inside.groupby("group_id").agg(
        pair_days=("observed", "sum"), pair_days_by_chance=("expected", "sum")
    )
    ranked = suspects[suspects["subject_type"] == "group"].set_index("subject_id")
    frame = (
        snapshot.company.described.set_index("group_id")
        .join(met)
        .fillna({"pair_days": 0.0, "pair_days_by_chance": 0.0})
    )
    frame = frame.assign(kind=snapshot.company.kinds, innocent=snapshot.company.excused)
    return frame.join(ranked[["rank", "score", "scheme"]]).sort_values("rank").reset_index()[GROUPS.names]


def _run_json(
    snapshot: Snapshot,
    scored: dict[str, Scored],
    frame: dict[str, list[str]],
    settings: Settings,
    as_of: date,
    info: RunInfo,
) -> dict:
    return {
        "run_id": info.run_id,
        "as_of": as_of.isoformat(),
        "tables": info.load.tables,
        "quarantine": info.load.quarantine,
        "extra_columns": {name: columns for name, columns in info.load.extra.items() if columns},
        "models": {s: scored[s].champion if s in scored else None for s in SUBJECTS},
        "checks_run": snapshot.rules.run,
        "checks_skipped": snapshot.rules.skipped,
        "checks_failed": snapshot.rules.failed,
        "explained_depth": {s: min(settings.explained_depth, len(scored[s].ranked)) for s in scored},
        "list_depth": {s: settings.depth(s) for s in scored if settings.depth(s)},
        "random_draw": {
            "share": settings.random_share,
            "capacity": settings.capacity,
            "frame": {kind: len(ids) for kind, ids in frame.items()},
        },
        "tables_absent": sorted(set(snapshot.claims.tables) - set(snapshot.claims.present)),
        "seconds": {step: round(seconds, 2) for step, seconds in info.seconds.items()},
    }
