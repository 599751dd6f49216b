"""A subject's dossier, live: what the night kept of it, or as much as the run's tables say of it."""

from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from claims.as_of import NAMED_BY
from claims.store_folder import runs_before
from console.identifier_view import Identifier, Link, Shown, known_in, rewritten
from console.options import options
from console.run_reader import Row, Run
from console.subject_lists import counts, subject_row
from pipelines.cause_names import cause_names, english_bases
from reports.dossier import EVIDENCE_ROWS, RUNS, Dossier, body
from reports.dossier_content import from_json

# Pictures whose labels are cut short, so that what is left of a name could not be recognised.
_LABELLED = ("calendar", "network")


def dossier_of(run: Run, kind: str, subject_id: str) -> tuple[Dossier, bool] | None:
    """The dossier of a subject, and whether the night drew one; None where the run does not list it."""
    sql = """SELECT content FROM read_parquet($contents)
        WHERE subject_type = $kind AND subject_id = $id"""
    kept = run.rows(sql, {"contents": run.table("dossier_contents"), "kind": kind, "id": subject_id})
    if kept:
        # A run of another version keeps other things; until the next night its tables have to do.
        with suppress(ValueError):
            return from_json(kept[0]["content"], run.info["run_id"]), True
    row = subject_row(run, kind, subject_id)
    return (_from_tables(run, row), False) if row else None


def shown_body(
    run: Run, found: Dossier, whole: bool, language: str, shown: Shown, link: Link, blind: bool
) -> str:
    """The dossier as HTML with identifiers as somebody may see them."""
    if shown is Shown.NONE:
        pictures = {name: drawn for name, drawn in found.pictures.items() if name not in _LABELLED}
        found = replace(found, pictures=pictures, profile={}, name="")
    text = body(found, language, blind=blind, partial=not whole)
    known = known_in(run, text)
    me = (found.subject, found.subject_id)

    def other(kind: str, word: str, area: str | None) -> str | None:
        return None if (kind, word) == me else link(kind, word, area)

    known[found.subject_id] = Identifier(found.subject, None, found.name or None)
    return rewritten(text, known, shown, other, _named(found))


def _named(found: Dossier) -> set[str]:
    """Identifiers that a dossier names under their own heads."""
    rows = [*found.evidence, *found.first_visits]
    rows += [row for rows in found.supporting_records.values() for row in rows]
    lines = [line for row in rows for line in row.get("lines") or []]
    values = [row.get(name) for row in rows for name in ("mdtrt_id", "setl_id", "bkkp_sn", "person")]
    values += [line.get("bkkp_sn") for line in lines]
    values += [
        *found.members,
        *(code for code, _visits, _yuan in found.doctors),
        *(row["subject_id"] for row in found.similar),
    ]
    return {value for value in values if isinstance(value, str) and value}


def _from_tables(run: Run, row: Row) -> Dossier:
    kind, subject_id = row["subject_type"], row["subject_id"]
    evidence = _evidence(run, kind, subject_id)
    return Dossier(
        subject=kind, subject_id=subject_id, name=row["name"] or "", peers=None, peers_count=0,
        rank=row["rank"], of=_sizes(run).get(kind, 0), score=row["score"], amount=row["amount_at_risk"],
        scheme=row["scheme"], ward=True, random_sample=False, history=_history(run, kind, subject_id),
        last_case=None, doctors=(), first_visits=(), members=(),
        reasons=row["reasons"], favourable=(), strips=(), pictures={}, lanes_left=0, hub=None,
        through=(), link_kind=None, profile={}, story=(row["story_zh"] or "", row["story_en"] or ""),
        money=(), supporting_records={}, evidence=evidence[:EVIDENCE_ROWS], evidence_count=len(evidence),
        findings=_findings(run, kind, subject_id), innocent=(), similar=(),
        origin={"run": run.info["run_id"], "as_of": run.as_of.isoformat(), "model": run.model(kind)},
    )  # fmt: skip


@lru_cache(maxsize=8)
def _sizes(run: Run) -> dict[str, int]:
    return counts(run)


def _evidence(run: Run, kind: str, subject_id: str) -> list[Row]:
    sql = """SELECT mdtrt_id, setl_id, bkkp_sn, amount, disputed, scheme, why, why_en, NULL AS day,
        '' AS place, '' AS person
        FROM read_parquet($evidence) WHERE subject_type = $kind AND subject_id = $id"""
    return run.rows(sql, {"evidence": run.table("evidence"), "kind": kind, "id": subject_id})


def _findings(run: Run, kind: str, subject_id: str) -> list[dict[str, Any]]:
    key = NAMED_BY.get(kind)
    if key is None:
        return []
    sql = f"""SELECT rule_id, max(rule_name) AS rule_name,
        max(sev_deg) AS sev_deg, count(*) AS n, sum(vola_amt) AS amount,
        arg_max(COLUMNS('^vola_cont(_en)?$'), vola_amt), max(vola_evid) AS basis
        FROM read_parquet($hits) WHERE {key} = $id GROUP BY rule_id ORDER BY amount DESC, rule_id"""
    names, bases = cause_names("en"), english_bases()
    # A run of an earlier version has no English sentences, and perhaps a rule that is no longer declared.
    return [
        row
        | {
            "rule_en": names.get(row["rule_id"], row["rule_id"]), "basis_en": bases.get(row["rule_id"], ""),
            "example": row["vola_cont"], "example_en": row.get("vola_cont_en") or "",
        }
        for row in run.rows(sql, {"hits": run.table("rule_hits"), "id": subject_id})
    ]  # fmt: skip


def _history(run: Run, kind: str, subject_id: str) -> list[tuple[str, int, float]]:
    """As-of date, rank and score in the runs before, oldest first; as many as a dossier of the night has."""
    files = [folder / "suspects.parquet" for folder in runs_before(options().store, run.as_of)[-RUNS:]]
    if not files:
        return []
    sql = """SELECT filename, rank, score FROM read_parquet($files::VARCHAR[], filename = true)
        WHERE subject_type = $kind AND subject_id = $id ORDER BY filename"""
    rows = run.rows(sql, {"files": [str(file) for file in files], "kind": kind, "id": subject_id})
    return [(Path(row["filename"]).parent.name, row["rank"], row["score"]) for row in rows]
