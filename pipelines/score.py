"""The step that scores: champions on the night's measures, ranked, with evidence and money at stake."""

from dataclasses import dataclass, replace

import ibis
import pandas as pd
from ibis import _

from features.graphs.group_profiles import linked
from features.measures.aggregation import of_subjects
from models.registry import Champion, Registry, RegistryError
from models.subject_model import SubjectModel
from pipelines.measure import Measured, Snapshot, lacking
from pipelines.settings import Settings

# A visit with this much evidence against it goes into the file of whoever took part: one telling family at one in
# a hundred, or a proof.
FLAGGED = 3.0
# The scratch database's table of what speaks against each visit: mdtrt_id, evidence, scheme.
MARKS = "visit_marks"


@dataclass(frozen=True)
class Scored:
    """One kind of subject, scored.

    Attributes:
        ranked: index subject_id in order of rank; score, parts, scheme, amount_at_risk (yuan).
        contributions: of the subjects down to the explained depth: columns of the catalogue, graph, rule, base.
        steady: that part of them that no random seed touches, by column of the catalogue.
    """

    model: SubjectModel
    champion: str
    ranked: pd.DataFrame
    contributions: pd.DataFrame
    deterministic_contributions: pd.DataFrame


def score(snapshot: Snapshot, models: Registry, settings: Settings) -> tuple[dict[str, Scored], pd.DataFrame]:
    """Score and rank every kind of subject.

    Returns:
        Scored by kind of subject, and the evidence: subject_type, subject_id, scheme, mdtrt_id, amount (yuan),
        visit_score, largest first within a subject.

    Raises:
        RegistryError: a kind of subject has no champion, or one that needs measures the night does not take.
    """
    champions = {subject: models.champion(subject) for subject in snapshot.subjects}
    for subject, champion in champions.items():
        _require_schema(champion, snapshot.subjects[subject])
    parts = {
        subject: _parts(champions[subject].model, snapshot.subjects[subject]) for subject in snapshot.subjects
    }
    _mark_visits(snapshot, parts["visit"])
    flagged = _flagged(snapshot)
    scored, evidence = {}, []
    for subject, measured in snapshot.subjects.items():
        found = champions[subject].model.score(parts[subject])
        money = _money_at_stake(flagged, subject, settings)
        found["amount_at_risk"] = money.reindex(found.index).fillna(0.0)
        ranked = _rank(found)
        scored[subject] = _explain(champions[subject], measured, parts[subject], ranked, settings)
        evidence.append(
            _evidence(snapshot, flagged, subject, ranked.head(settings.explained_depth), settings)
        )
    return scored, pd.concat(evidence, ignore_index=True)


def explain(
    snapshot: Snapshot, scored: dict[str, Scored], chosen: pd.DataFrame, settings: Settings
) -> tuple[dict[str, Scored], pd.DataFrame]:
    """Explain chosen subjects that stand below the explained depth.

    Args:
        scored: as `score` gave it.
        chosen: subject_type, subject_id.

    Returns:
        Of the kinds with such subjects a Scored of them alone, and their evidence as in `score`.
    """
    found, evidence = {}, []
    for subject, rows in chosen.groupby("subject_type"):
        old, measured = scored[subject], snapshot.subjects[subject]
        ids = rows.subject_id[~rows.subject_id.isin(old.contributions.index)]
        if len(ids):
            differences, peers = measured.differences.loc[ids], measured.peers.loc[ids]
            parts = old.model.parts(differences, peers, measured.graph, measured.rules)
            contributions, deterministic_contributions = old.model.explain(differences, peers, parts)
            ranked = old.ranked.loc[ids]
            found[subject] = replace(
                old,
                ranked=ranked,
                contributions=contributions,
                deterministic_contributions=deterministic_contributions,
            )
            evidence.append(_evidence(snapshot, _flagged(snapshot), subject, ranked, settings))
    return found, pd.concat(evidence, ignore_index=True) if evidence else pd.DataFrame()


def _require_schema(champion: Champion, measured: Measured) -> None:
    absent = lacking(champion.model.spec, measured)
    if absent:
        raise RegistryError(
            f"{champion.name} version {champion.version} needs measures that are no longer taken "
            f"({', '.join(absent[:3])}{', …' if absent[3:] else ''}): run 'fundguard train' first"
        )


def _parts(model: SubjectModel, measured: Measured) -> pd.DataFrame:
    return model.parts(measured.differences, measured.peers, measured.graph, measured.rules)


def _rank(found: pd.DataFrame) -> pd.DataFrame:
    """Most suspect first; equal scores by money, then by id, so that ranks have no ties."""
    order = found.assign(_id=found.index).sort_values(
        ["score", "amount_at_risk", "_id"], ascending=[False, False, True], kind="stable"
    )
    return order.drop(columns="_id").assign(rank=range(1, len(order) + 1))


def _explain(
    champion: Champion, measured: Measured, parts: pd.DataFrame, ranked: pd.DataFrame, settings: Settings
) -> Scored:
    listed = ranked.index[: settings.explained_depth]
    rows, peers = measured.differences.loc[listed], measured.peers.loc[listed]
    contributions, deterministic_contributions = champion.model.explain(rows, peers, parts.loc[listed])
    return Scored(
        champion.model,
        f"{champion.name}/{champion.version}",
        ranked,
        contributions,
        deterministic_contributions,
    )


def _mark_visits(snapshot: Snapshot, parts: pd.DataFrame) -> None:
    """Store how much speaks against each visit, and for which scheme."""
    frame = parts[["evidence", "scheme"]].reset_index(names="mdtrt_id")
    schema = ibis.schema({"mdtrt_id": "string", "evidence": "float64", "scheme": "string"})
    snapshot.claims.con.create_table(MARKS, ibis.memtable(frame, schema=schema))


def _flagged(snapshot: Snapshot) -> ibis.Table:
    """Visits that something speaks against: facts with evidence and scheme."""
    marks = snapshot.claims.con.table(MARKS)
    keys = [
        "mdtrt_id",
        "psn_no",
        "dr_code",
        "fixmedins_code",
        "is_pharmacy",
        "fund_pay_sumamt",
        "companions",
        "co_oversupplied",
    ]
    return snapshot.facts.select(*keys).inner_join(marks, "mdtrt_id").filter(_.evidence > 0)


def _evidence_rows(flagged: ibis.Table, subject: str, settings: Settings) -> ibis.Table:
    """The visits that make a subject's evidence: those flagged, and the strongest three where none is."""
    met = flagged.filter(linked(flagged)) if subject == "group" else flagged
    rows = of_subjects(met, subject)
    order = ibis.window(group_by="subject_id", order_by=[ibis.desc("evidence"), "mdtrt_id"])
    rows = rows.mutate(place=ibis.row_number().over(order))
    evidence_weight = (rows.evidence >= FLAGGED) & (rows.place < settings.evidence_rows)
    return rows.filter(evidence_weight | (rows.place < 3))


def _money_at_stake(flagged: ibis.Table, subject: str, settings: Settings) -> pd.Series:
    """Fund payment in a subject's evidence, each visit once, never below nothing."""
    rows = _evidence_rows(flagged, subject, settings)
    sums = rows.group_by("subject_id").aggregate(amount=_.fund_pay_sumamt.sum().round(2)).to_pandas()
    return sums.set_index("subject_id")["amount"].clip(lower=0)


def _evidence(
    snapshot: Snapshot, flagged: ibis.Table, subject: str, listed: pd.DataFrame, settings: Settings
) -> pd.DataFrame:
    name = f"listed_{subject}"
    ids = pd.DataFrame({"subject_id": listed.index})
    wanted = snapshot.claims.con.create_table(
        name, ibis.memtable(ids, schema=ibis.schema({"subject_id": "string"})), overwrite=True
    )
    rows = _evidence_rows(flagged, subject, settings).semi_join(wanted, "subject_id")
    rows = rows.select(
        subject_type=ibis.literal(subject),
        subject_id=rows.subject_id,
        scheme=rows.scheme,
        mdtrt_id=rows.mdtrt_id,
        amount=rows.fund_pay_sumamt,
        visit_score=rows.evidence,
    )
    return rows.order_by("subject_id", ibis.desc("visit_score"), "mdtrt_id").to_pandas()
