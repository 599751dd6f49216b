"""Visits with money in dispute, each counted once, as every report that adds up money takes them."""

import ibis
import pandas as pd

COLUMNS = {
    "mdtrt_id": "string",
    "fixmedins_code": "string",
    "scheme": "string",
    "disputed": "float64",
    "amount": "float64",
}


def largest_by_visit(disputes: pd.DataFrame) -> pd.DataFrame:
    """Columns of COLUMNS, a row a visit: that with the largest sum, however many subjects it is evidence
    against.

    Args:
        disputes: visits of subjects with money in dispute: COLUMNS; disputed and amount (paid by the fund) in
            yuan.
    """
    largest = disputes.sort_values(["disputed", "mdtrt_id"], ascending=[False, True], kind="stable")
    return largest.drop_duplicates("mdtrt_id")[list(COLUMNS)]


def disputed_table(disputes: pd.DataFrame) -> ibis.Table:
    """Disputed visits as a table of the engine.

    Args:
        disputes: `largest_by_visit`.
    """
    rows = disputes[list(COLUMNS)].astype(object)
    return ibis.memtable(rows.where(rows.notna(), None), schema=ibis.schema(COLUMNS))
