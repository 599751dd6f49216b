"""The step that scores: every subject by its champion model, ranked, with evidence and the money in it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from features.disputed_amounts import WHOLE_VISIT
from models.explained_by import explained_by
from models.registry import Champion, Registry, RegistryError
from models.scheme_naming import contradicted
from models.subject_model import SubjectModel
from pipelines.flagged_visits import (
    amounts_at_risk,
    disputes_of,
    evidence_against,
    mark_visits,
    store_disputes,
    visits_in_dispute,
)
from pipelines.settings import Settings
from pipelines.signature_visits import KINDS
from pipelines.snapshot import Measured, Snapshot, missing_measures
from pipelines.step_log import Figure, logged_step
from pipelines.train import measured_parts

# So many missing measures are named before the message is cut short.
_NAMED = 3


@dataclass(frozen=True)
class Scored:
    """One kind of subject, scored.

    Attributes:
        model, champion, trained: the model that scored, its name and version, and the as-of date of its
            training (ISO).
        parts: subjects × parts of the score before they are fused (`SubjectModel.parts`).
        ranked: index subject_id in order of rank; score, parts, scheme, explained_by, amount_at_risk
            (yuan).
    """

    model: SubjectModel
    champion: str
    parts: pd.DataFrame
    ranked: pd.DataFrame
    trained: str


@dataclass(frozen=True)
class Scores:
    """Every kind of subject, scored.

    Attributes:
        evidence: suspicious visits of the subjects down to the explained depth: subject_type, subject_id,
            scheme, mdtrt_id, amount (yuan paid by the fund), visit_score; strongest first within a subject.
        disputes: all visits of those subjects with money in dispute (`pipelines.flagged_visits.disputes_of`).
    """

    subjects: dict[str, Scored]
    evidence: pd.DataFrame
    disputes: pd.DataFrame

    def counts(self) -> Mapping[str, Figure]:
        """Ranked subjects by kind, and rows of evidence."""
        return {kind: len(found.ranked) for kind, found in self.subjects.items()} | {
            "evidence": len(self.evidence)
        }


@logged_step("score")
def score(snapshot: Snapshot, models: Registry, settings: Settings) -> Scores:
    """Score and rank every kind of subject.

    Raises:
        RegistryError: a kind of subject has no champion, or one that needs measures that are no longer taken.
    """
    champions = {subject: models.champion(subject) for subject in snapshot.subjects}
    for subject, champion in champions.items():
        require_measures(champion, snapshot.subjects[subject])
    parts = {
        subject: measured_parts(champions[subject].model, measured)
        for subject, measured in snapshot.subjects.items()
    }
    mark_visits(snapshot, parts["visit"])
    scored = {
        subject: _score_one(snapshot, subject, champion, parts[subject])
        for subject, champion in champions.items()
    }
    explained = {subject: found.ranked.index[: settings.explained_depth] for subject, found in scored.items()}
    return Scores(scored, *visits_against(snapshot, explained, settings))


def visits_against(
    snapshot: Snapshot, ids: dict[str, pd.Index], settings: Settings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`Scores.evidence` and `Scores.disputes` of some subjects.

    Args:
        ids: kind of subject → subject_id; one kind at least.
    """
    evidence = [
        evidence_against(snapshot, subject, chosen, settings.evidence_rows) for subject, chosen in ids.items()
    ]
    disputes = [disputes_of(snapshot, subject, chosen) for subject, chosen in ids.items()]
    return pd.concat(evidence, ignore_index=True), pd.concat(disputes, ignore_index=True)


def _score_one(snapshot: Snapshot, subject: str, champion: Champion, parts: pd.DataFrame) -> Scored:
    found = champion.model.score(parts)
    if subject in KINDS:
        found["scheme"] = _uncontradicted(snapshot, subject, found["scheme"], champion.model)
    found["explained_by"] = _explained_by(champion.model, snapshot.subjects[subject], parts)
    store_disputes(snapshot, subject, found["scheme"])
    amounts = amounts_at_risk(snapshot, subject)
    found["amount_at_risk"] = amounts.reindex(found.index).fillna(0.0)
    name = f"{champion.name}/{champion.version}"
    return Scored(champion.model, name, parts, ranked(found), champion.as_of)


def _uncontradicted(snapshot: Snapshot, subject: str, named: pd.Series, model: SubjectModel) -> pd.Series:
    """The names that the visits of hospitals, pharmacies and doctors do not contradict."""
    signatures = model.evidence.signatures(snapshot.subjects[subject].z_scores)
    visits = visits_in_dispute(snapshot, subject)
    return uncontradicted_schemes(named, signatures.reindex(named.index), visits)


def uncontradicted_schemes(named: pd.Series, signatures: pd.DataFrame, visits: pd.DataFrame) -> pd.Series:
    """The names that visits do not contradict (arguments as of `contradicted`). Only schemes that put a whole
    visit in doubt can be missing in the visits; others, as a price or a flow, need not show in any."""
    whole = named.where(named.isin(WHOLE_VISIT))
    return named.mask(contradicted(whole, signatures, visits))


def _explained_by(model: SubjectModel, measured: Measured, parts: pd.DataFrame) -> pd.Series:
    """The place whose conduct explains each subject's evidence; missing where none does."""
    if measured.places.empty:
        return pd.Series(None, index=parts.index, dtype=object)
    against_peers = model.evidence.total(measured.z_against_peers)
    return explained_by(against_peers, parts["evidence"], measured.places)


def ranked_lists(scores: Scores, settings: Settings) -> pd.DataFrame:
    """The lists of all kinds, each cut at its depth: subject_type, subject_id and the columns of
    `Scored.ranked`."""
    lists = [
        found.ranked.head(settings.depth(subject) or len(found.ranked))
        .rename_axis("subject_id")
        .reset_index()
        .assign(subject_type=subject)
        for subject, found in scores.subjects.items()
    ]
    return pd.concat(lists, ignore_index=True)


def require_measures(champion: Champion, measured: Measured) -> None:
    """Raise RegistryError where a champion's model needs measures that were not taken."""
    absent = missing_measures(champion.model.spec, measured)
    if absent:
        named = ", ".join(absent[:_NAMED]) + (", …" if len(absent) > _NAMED else "")
        raise RegistryError(
            f"{champion.name} version {champion.version} needs measures that are no longer taken ({named}): "
            "run 'fundguard train' first"
        )


def ranked(found: pd.DataFrame) -> pd.DataFrame:
    """Most suspect first; equal scores by money, then by id, so that ranks have no ties."""
    keys = ["score", "amount_at_risk", "_id"]
    order = found.assign(_id=found.index).sort_values(keys, ascending=[False, False, True], kind="stable")
    return order.drop(columns="_id").assign(rank=range(1, len(order) + 1))
