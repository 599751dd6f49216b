"""Part of the step that explains: what each measure adds to a score, and the reasons in words that follow
from it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from features.measures.catalogue import measures_of
from pipelines.explain.item_excess_table import item_texts
from pipelines.explain.reason_details import companions, explained_company, most_found_rules
from pipelines.explain.stories import stories
from pipelines.score import Scored, Scores, ranked_lists
from pipelines.select.worklist import Judged
from pipelines.settings import Settings
from pipelines.snapshot import Snapshot
from pipelines.typed_frames import records_by
from reports.languages import Texts
from reports.reason_texts import FAMILY_CODES, Reason
from reports.reasons import GRAPH_REASON, reasons_of, telling_first, worth_telling

_REASON = pa.struct(
    [
        ("code", pa.string()), ("text_zh", pa.string()), ("text_en", pa.string()), ("value", pa.float64()),
        ("peer_median", pa.float64()), ("peer_percentile", pa.float64()), ("contribution", pa.float64()),
    ]
)  # fmt: skip
SUSPECTS = pa.schema(
    [
        ("subject_type", pa.string()), ("subject_id", pa.string()), ("rank", pa.int64()),
        ("score", pa.float64()), ("amount_at_risk", pa.float64()), ("scheme", pa.string()),
        ("model_score", pa.float64()), ("anomaly_score", pa.float64()), ("rule_score", pa.float64()),
        ("graph_score", pa.float64()), ("reasons", pa.list_(_REASON)), ("story_zh", pa.string()),
        ("story_en", pa.string()), ("explained_by", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Named:
    """Display names of institutions, and items billed in excess, for reasons and stories.

    Attributes:
        items: `pipelines.explain.item_excess_table.item_excess_table`.
        places: names of institutions, by code.
    """

    items: pd.DataFrame
    places: pd.Series


@dataclass(frozen=True)
class Contributions:
    """What each column adds to the raw score of explained subjects of one kind.

    Attributes:
        whole: subjects × (columns of the catalogue, graph, rule, base).
        deterministic: that part of them that depends on no random seed, by column of the catalogue.
    """

    whole: pd.DataFrame
    deterministic: pd.DataFrame


def contributions_of(snapshot: Snapshot, subject: str, scored: Scored, ids: pd.Index) -> Contributions:
    """Explain the scores of chosen subjects of one kind."""
    measured = snapshot.subjects[subject]
    rows = measured.z_scores.loc[ids]
    return Contributions(*scored.model.explain(rows, scored.parts.loc[ids]))


def suspects_table(
    snapshot: Snapshot,
    scores: Scores,
    explained: dict[str, Contributions],
    named: Named,
    judged: Judged,
    settings: Settings,
) -> pd.DataFrame:
    """The ranked lists with the reasons of the explained: columns of SUSPECTS; arguments as of
    `with_reasons`."""
    table = ranked_lists(scores, settings)
    empty: pd.Series = pd.Series([[] for _row in range(len(table))], table.index, dtype=object)
    table = table.assign(reasons=empty, story_zh=None, story_en=None)
    return with_reasons(table, snapshot, explained, scores.disputes, named, judged)


def with_reasons(
    suspects: pd.DataFrame,
    snapshot: Snapshot,
    explained: dict[str, Contributions],
    disputes: pd.DataFrame,
    named: Named,
    judged: Judged,
) -> pd.DataFrame:
    """Suspects with the reasons and stories of the explained filled in: columns of SUSPECTS, nearest_schemes.

    Args:
        disputes: `pipelines.score.Scores.disputes`, of the explained.
        judged: `pipelines.select.worklist.judged_of`.
    """
    schemes = {
        str(subject): rows.set_index("subject_id").scheme
        for subject, rows in suspects.groupby("subject_type")
    }
    found = {
        (subject, subject_id): reasons
        for subject, contributions in explained.items()
        for subject_id, reasons in _reasons(
            snapshot, subject, contributions, schemes[subject], item_texts(named.items, subject)
        ).items()
    }
    keys = zip(suspects.subject_type, suspects.subject_id, strict=True)
    reasons = [found.get(key, old) for key, old in zip(keys, suspects.reasons, strict=True)]
    filled = suspects.assign(reasons=pd.Series(reasons, suspects.index, dtype=object))
    for subject, contributions in explained.items():
        mine = filled[(filled.subject_type == subject) & filled.subject_id.isin(contributions.whole.index)]
        if len(mine):
            of_kind = disputes[disputes.subject_type == subject]
            texts = stories(snapshot, mine, of_kind, named.places, judged)
            filled.loc[texts.index, ["story_zh", "story_en"]] = texts
    return filled[[*SUSPECTS.names, "nearest_schemes"]]


def _reasons(
    snapshot: Snapshot,
    subject: str,
    explained: Contributions,
    schemes: pd.Series,
    items: Mapping[tuple[str, str], Texts],
) -> dict[str, list[Reason]]:
    measured, measures = snapshot.subjects[subject], measures_of(subject)
    ids = explained.whole.index
    # Dictionaries, for a hundred lookups a subject are slow in a frame.
    whole, part, values, usual = map(
        records_by,
        (explained.whole, explained.deterministic, measured.values.loc[ids], measured.reference.median),
    )
    kinds = snapshot.network.kinds if subject == "group" else pd.Series(dtype=object)
    rules = most_found_rules(snapshot, subject, ids)
    company = companions(snapshot.network.edges) if subject == "patient" else {}
    company = explained_company(snapshot.network.excused) if subject == "group" else company
    found = {}
    for subject_id in map(str, ids):
        peers, scheme = measured.peers[subject_id], schemes[subject_id]
        reasons = reasons_of(
            whole[subject_id],
            values[subject_id],
            measures,
            peers,
            usual[peers],
            measured.reference.percentile_rank,
            part[subject_id],
            kinds.get(subject_id, subject),
            snapshot.days_of_claims,
            scheme,
        )
        detailed = [_detailed(reason, subject_id, items, rules, company) for reason in reasons]
        found[subject_id] = telling_first(worth_telling(detailed, scheme, measures), scheme, measures)
    return found


def _detailed(
    reason: Reason,
    subject_id: str,
    items: Mapping[tuple[str, str], Texts],
    rules: Mapping[str, Texts],
    company: Mapping[str, Texts],
) -> Reason:
    """A reason with what it is mostly about: the item in excess, the rules, the companions."""
    family, _sep, column = reason["code"].partition(".")
    zh, en = items.get((subject_id, column), ("", ""))
    if family == FAMILY_CODES["rules"]:
        zh, en = rules.get(subject_id, ("", ""))
    elif reason["code"] == GRAPH_REASON:
        zh, en = company.get(subject_id, ("", ""))
    return {**reason, "text_zh": reason["text_zh"] + zh, "text_en": reason["text_en"] + en}
