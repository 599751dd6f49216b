"""The step that gathers what an institution may be shown of its own findings."""

import re
from collections.abc import Iterator

import ibis
import pandas as pd
from ibis import _

from pipelines.measure import Snapshot

# What stands in a sentence in place of another institution's code.
OTHERS = "其他机构"


def notices(snapshot: Snapshot, codes: list[str], names: pd.Series) -> Iterator[tuple[str, pd.DataFrame]]:
    """Findings of each of some institutions, latest first, without a word about others.

    Args:
        codes: institutions.
        names: of all institutions, by code.

    Yields:
        Code, and rule_id, rule_name, sev_deg, day, mdtrt_id, bkkp_sn, vola_amt, vola_cont, vola_evid; institutions
        without findings are left out.
    """
    hits = snapshot.rules.hits.filter(_.fixmedins_code.isin(codes))
    days = snapshot.facts.select("mdtrt_id", day=_.day.strftime("%Y-%m-%d"))
    rows = hits.inner_join(days, "mdtrt_id").order_by("fixmedins_code", ibis.desc("day"), "rule_id", "jr_id")
    columns = [
        "rule_id",
        "rule_name",
        "sev_deg",
        "day",
        "mdtrt_id",
        "bkkp_sn",
        "vola_amt",
        "vola_cont",
        "vola_evid",
    ]
    found = rows.select("fixmedins_code", *columns).to_pandas()
    # Longest first, for one code may begin another.
    known = re.compile("|".join(re.escape(code) for code in sorted(names.index, key=len, reverse=True)))
    for code, mine in found.groupby("fixmedins_code"):
        said = mine.vola_cont.str.replace(
            known, lambda m, own=code: m[0] if m[0] == own else OTHERS, regex=True
        )
        yield str(code), mine.assign(vola_cont=said)[columns]
