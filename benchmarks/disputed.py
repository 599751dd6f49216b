"""Money planted against money disputed, by scheme, on a synthetic city that was run before:

    python benchmarks/disputed.py CITY STORE AS_OF

Planted is what `features.disputed_amounts` disputes of exactly the visits of `truth.parquet` (where a
scheme names none, of all visits of its patients but those of whom a kindred scheme names visits; of a doctor
and a pharmacy, of the visits that both have to do with); disputed is what the subjects that reach the floor
of the worklist have in dispute, each visit once.
"""

import sys
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
from ibis import _

from claims.store import Store, scratch
from features.disputed_amounts import disputed_amount, with_shares
from models.scheme_naming import SCHEME_FAMILY
from pipelines.champions import registry
from pipelines.measure import measure
from pipelines.score import score
from pipelines.select.worklist import FLOOR
from pipelines.settings import settings_of
from pipelines.snapshot import Snapshot


def planted(snapshot: Snapshot, truth: pd.DataFrame) -> pd.DataFrame:
    """Visits of the truth: mdtrt_id, scheme, disputed (yuan)."""
    facts, parts = snapshot.facts, []
    named = facts.filter(_.mdtrt_id.isin(list(truth.subject_id[truth.subject_type == "visit"])))
    named = named.select("mdtrt_id", "psn_no").to_pandas()
    named = named.merge(truth, left_on="mdtrt_id", right_on="subject_id")
    family = named.scheme.replace(SCHEME_FAMILY)
    for scheme, rows in truth.groupby("scheme"):
        ids = {kind: list(part.subject_id) for kind, part in rows.groupby("subject_type")}
        if "visit" in ids:
            mine = facts.filter(_.mdtrt_id.isin(ids["visit"]))
        elif "patient" in ids:
            known = named.psn_no[family == SCHEME_FAMILY.get(str(scheme), scheme)]
            mine = facts.filter(_.psn_no.isin(ids["patient"]), _.psn_no.notin(list(known)))
        elif "prescriber" in ids and "pharmacy" in ids:
            mine = facts.filter(_.dr_code.isin(ids["prescriber"]), _.fixmedins_code.isin(ids["pharmacy"]))
        else:
            continue
        mine = with_shares(mine)
        amount = disputed_amount(mine, ibis.literal(scheme), ibis.literal(1.0))
        parts.append(mine.select("mdtrt_id", disputed=amount).to_pandas().assign(scheme=scheme))
    return pd.concat(parts)


def compared(snapshot: Snapshot, disputes: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Yuan planted and disputed by scheme (of a family of schemes, its first), and their ratio."""
    both = {"planted": planted(snapshot, truth), "disputed": disputes}
    sums = {}
    for name, rows in both.items():
        once = rows.sort_values("disputed", ascending=False).drop_duplicates("mdtrt_id")
        sums[name] = once.groupby(once.scheme.fillna("none").replace(SCHEME_FAMILY)).disputed.sum()
    table = pd.DataFrame(sums).fillna(0.0)
    table.loc["all"] = table.sum()
    return table.assign(ratio=table.disputed / table.planted).round(2)


def main(city: Path, store: Path, as_of: date) -> None:
    """Print the comparison."""
    held, settings = Store(store), settings_of(store)
    with scratch() as work:
        snapshot = measure(held, as_of, work)
        scores = score(snapshot, registry(held, settings), settings)
        reach = [found.ranked.assign(subject_type=kind) for kind, found in scores.subjects.items()]
        ranked = pd.concat(reach).rename_axis("subject_id").reset_index()
        suspected = ranked.loc[ranked.score >= FLOOR, ["subject_type", "subject_id"]]
        truth = pd.read_parquet(city / "truth.parquet")
        print(compared(snapshot, scores.disputes.merge(suspected), truth).to_string())
        snapshot.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
