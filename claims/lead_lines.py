"""The claims behind a lead: the fee lines of the visits that a run names as evidence against a subject."""

from pathlib import Path

import ibis
import pandas as pd

from claims.errors import StoreError

COLUMNS = (
    "mdtrt_id", "setl_id", "bkkp_sn", "psn_no", "fixmedins_code", "fee_ocur_time", "hilist_code",
    "hilist_name", "cnt", "pric", "det_item_fee_sumamt",
)  # fmt: skip


def evidence_visits(run: Path, subject_id: str, subject_type: str | None = None) -> list[str]:
    """Visits in evidence against a subject, in the order of the run.

    Args:
        run: folder of the run.
        subject_type: needed only where an id belongs to several kinds of subject.

    Raises:
        StoreError: the run names no evidence against the subject.
    """
    filters = [("subject_id", "==", subject_id)]
    if subject_type:
        filters.append(("subject_type", "==", subject_type))
    rows = pd.read_parquet(run / "evidence.parquet", columns=["mdtrt_id"], filters=filters)
    if rows.empty:
        raise StoreError(f"the run of {run.name} names no evidence against {subject_id}")
    return list(dict.fromkeys(rows.mdtrt_id))


def lines_of_visits(tables: dict[str, ibis.Table], visits: list[str]) -> pd.DataFrame:
    """The fee lines of some visits with the names of their items: COLUMNS, in order of visit and time."""
    if "fee_list_d" not in tables:
        return pd.DataFrame(columns=list(COLUMNS))
    fee_lines = tables["fee_list_d"]
    rows = fee_lines.filter(fee_lines.mdtrt_id.isin(visits))
    if "hilist_b" in tables:
        items = tables["hilist_b"].select("hilist_code", "hilist_name")
        rows = rows.left_join(items, "hilist_code").drop("hilist_code_right")
    else:
        rows = rows.mutate(hilist_name=ibis.null("string"))
    frame: pd.DataFrame = rows.select(*COLUMNS).to_pandas()
    return frame.sort_values(["mdtrt_id", "fee_ocur_time", "bkkp_sn"], ignore_index=True)
