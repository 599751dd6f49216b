"""Part of the step that explains: what reasons about findings and company add, which rules and how many
people."""

from collections.abc import Mapping

import ibis
import pandas as pd
from ibis import _

from features.graphs.group_profiles import LEGITIMATE_REASONS
from features.measures.aggregation import KEYS, MEMBERS
from features.rules.declaration import RULES
from features.windows import YEAR
from pipelines.snapshot import Snapshot
from pipelines.typed_frames import fetch, tuples
from reports.languages import Texts
from reports.reason_texts import most_found, together_with

# So many rules are named.
NAMED = 2
# Kind of link whose meetings are counted.
_MEETINGS = "co_visit"


def findings_by_subject(snapshot: Snapshot, subject: str) -> ibis.Table:
    """Findings with ``whose``: the subject of a kind whom they concern."""
    hits = snapshot.rules.hits
    if subject == "group":
        members = snapshot.claims.con.table(MEMBERS).select("psn_no", whose=_.group_id)
        return hits.inner_join(members, "psn_no")
    return hits.mutate(whose=_["mdtrt_id" if subject == "visit" else KEYS[subject][0]])


def most_found_rules(snapshot: Snapshot, subject: str, ids: pd.Index) -> Mapping[str, Texts]:
    """Subject → the rules with most findings of the last year, in words that follow a reason."""
    con, schema = snapshot.claims.con, ibis.schema({"whose": "string"})
    listed = pd.DataFrame({"whose": list(ids)})
    wanted = con.create_table(f"reasons_{subject}", ibis.memtable(listed, schema=schema), overwrite=True)
    lately = snapshot.facts.filter(_.days_ago <= YEAR).select("mdtrt_id")
    hits = findings_by_subject(snapshot, subject).semi_join(wanted, "whose").semi_join(lately, "mdtrt_id")
    counts = fetch(hits.group_by("whose", "rule_id").aggregate(n=_.count()))
    first = counts.sort_values(["whose", "n", "rule_id"], ascending=[True, False, True])
    return {
        str(whose): most_found(
            [(RULES[row.rule_id].zh, RULES[row.rule_id].en, int(row.n)) for row in tuples(rows.head(NAMED))],
            counted=subject != "visit",
        )
        for whose, rows in first.groupby("whose")
    }


def companions(edges: pd.DataFrame) -> Mapping[str, Texts]:
    """Patient → with how many people he comes beyond chance, and how often with the one he meets most.

    Args:
        edges: `pipelines.snapshot.NetworkResult.edges`.
    """
    met = edges[(edges.kind == _MEETINGS) & (edges.a_type == "patient") & (edges.b_type == "patient")]
    ends = [met.rename(columns={end: "who"})[["who", "observed", "expected"]] for end in ("a", "b")]
    most = pd.concat(ends).sort_values("observed", ascending=False, kind="stable").groupby("who")
    first, people = most.first(), most.size()
    return {
        str(row.Index): together_with(int(people[row.Index]), int(row.observed), float(row.expected))
        for row in tuples(first)
    }


def explained_company(excused: pd.Series) -> Mapping[str, Texts]:
    """Group → its honest reason, in words that follow the reason about company.

    Args:
        excused: `pipelines.snapshot.NetworkResult.excused`.
    """
    return {
        str(group_id): (
            f";正常解释成立:{LEGITIMATE_REASONS[kind][0]}",
            f"; an honest explanation fits: {LEGITIMATE_REASONS[kind][1]}",
        )
        for group_id, kind in excused.dropna().items()
    }
