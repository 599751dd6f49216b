"""Part of the step that explains: the items that each place and doctor bills beyond what others do."""

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from claims.as_of import PHARMACY
from features.comparison.item_excess import HIGH_COST
from features.measures.billing_and_flows import EXCESS_COLUMNS
from features.visits.excess_items import TABLE
from pipelines.snapshot import Snapshot
from reports.item_excess_texts import UNPRESCRIBED, ItemInExcess, item_text

# Added to the contract's tables.
ITEM_EXCESS = pa.schema(
    [
        ("subject_type", pa.string()), ("subject_id", pa.string()), ("kind", pa.string()),
        ("class", pa.string()), ("item", pa.string()), ("item_name", pa.string()), ("observed", pa.int64()),
        ("n", pa.int64()), ("expected", pa.float64()), ("money", pa.float64()), ("billed", pa.float64()),
        ("neg_log10_fdr", pa.float64()),
    ]
)  # fmt: skip


# A single item tells more than the costly ones together where it has so much of their money. Own starting
# value.
SINGLE_SHARE = 0.5


def item_excess_table(snapshot: Snapshot) -> pd.DataFrame:
    """Columns of ITEM_EXCESS, most money first within a subject."""
    con = snapshot.claims.con
    items = snapshot.claims["hilist_b"].select(item="hilist_code", item_name="hilist_name")
    found: pd.DataFrame = con.table(TABLE).left_join(items, "item").drop("item_right").to_pandas()
    place = (found["kind"] == PHARMACY).map({True: "pharmacy", False: "hospital"})
    found["subject_type"] = place.where(found["biller"] == "place", "prescriber").astype(object)
    order = ["subject_type", "subject_id", "money", "kind", "item"]
    rows = found.sort_values(order, ascending=[True, True, False, True, True], ignore_index=True)
    return rows[list(ITEM_EXCESS.names)]


def item_texts(found: pd.DataFrame, subject: str) -> Mapping[tuple[str, str], tuple[str, str]]:
    """(subject_id, column of the catalogue) → what names the item of most money, in Chinese and English.

    Args:
        found: `item_excess_table`.
        subject: kind of subject.
    """
    return {
        (row["subject_id"], EXCESS_COLUMNS[row["class"]]): item_text(
            ItemInExcess(
                UNPRESCRIBED if subject == "pharmacy" else row["kind"],
                row["class"], None if row["together"] else row["name"],
                row["observed"], row["n"], row["expected"], row["money"],
            )
        )
        for row in leading_items(found, subject).to_dict("records")
    }  # fmt: skip


def leading_items(found: pd.DataFrame, subject: str) -> pd.DataFrame:
    """The item of most money in each class of each subject of a kind: rows of ``found`` with ``name`` and
    ``together`` (the high-cost items of the class, which come first where a single item has less than
    SINGLE_SHARE of their money).

    Args:
        found: `item_excess_table`.
    """
    rows = found[found["subject_type"] == subject]
    name = rows["item_name"].fillna(rows["item"]).astype(object)
    rows = rows.assign(together=rows["item"] == HIGH_COST, name=name)
    weight = rows["money"].where(~rows["together"], SINGLE_SHARE * rows["money"])
    order = weight.sort_values(ascending=False, kind="stable").index
    return rows.loc[order].drop_duplicates(["subject_id", "class"])
