"""The table of items in excess, and what names the item of a reason."""

from types import SimpleNamespace

import ibis
import pandas as pd
import pytest

from features.comparison.item_excess import HIGH_COST
from features.measures.billing_and_flows import EXCESS_COLUMNS
from features.visits.excess_items import TABLE
from pipelines.explain.item_excess_table import ITEM_EXCESS, item_excess_table, item_texts
from pipelines.explain.suspect_reasons import _detailed
from tests.in_memory import engine

FOUND = [
    ("H1", "outpatient", "exam", HIGH_COST, 90, 100, 5.0, 9000.0, "place"),
    ("H1", "outpatient", "exam", "ct", 80, 100, 2.0, 8000.0, "place"),
    ("H1", "stay", "exam", "mr", 20, 30, 2.0, 100.0, "place"),
    ("P1", "pharmacy", "drug", "gone", 40, 90, 2.0, 700.0, "place"),
    ("D1", "pharmacy", "drug", HIGH_COST, 40, 90, 2.0, 700.0, "doctor"),
]


@pytest.fixture(scope="module")
def snapshot() -> SimpleNamespace:
    names = ["subject_id", "kind", "class", "item", "observed", "n", "expected", "money", "biller"]
    frame = pd.DataFrame(FOUND, columns=names).assign(billed=20_000.0, neg_log10_fdr=9.0)
    items = pd.DataFrame({"hilist_code": ["ct", "mr"], "hilist_name": ["头颅CT", "磁共振"]})
    con = engine()
    con.create_table(TABLE, ibis.memtable(frame))
    catalogue = con.create_table("hilist_b", ibis.memtable(items))
    claims = type("Claims", (dict,), {"con": con})({"hilist_b": catalogue})
    return SimpleNamespace(claims=claims)


def test_places_are_hospitals_or_pharmacies_by_what_they_bill(snapshot):
    found = item_excess_table(snapshot)
    assert list(found.columns) == ITEM_EXCESS.names
    rows = found[["subject_type", "subject_id", "item", "item_name"]].astype(object)
    assert rows.where(rows.notna(), None).to_numpy().tolist() == [
        ["hospital", "H1", HIGH_COST, None],
        ["hospital", "H1", "ct", "头颅CT"],
        ["hospital", "H1", "mr", "磁共振"],
        ["pharmacy", "P1", "gone", None],
        ["prescriber", "D1", HIGH_COST, None],
    ]


def test_the_item_of_most_money_is_named_before_the_dear_ones_together(snapshot):
    found = item_excess_table(snapshot)
    texts = item_texts(found, "hospital")
    assert set(texts) == {("H1", EXCESS_COLUMNS["exam"])}
    zh, en = texts["H1", EXCESS_COLUMNS["exam"]]
    assert "头颅CT" in zh and "100次门诊中有80次" in zh and "80 of 100" in en
    assert "gone" in item_texts(found, "pharmacy")["P1", EXCESS_COLUMNS["drug"]][0]
    assert "高价药品" in item_texts(found, "prescriber")["D1", EXCESS_COLUMNS["drug"]][0]
    assert item_texts(found, "patient") == {}


def test_a_cheap_item_does_not_stand_for_the_costly_ones(snapshot):
    """A bag of saline is in excess as well; it is not what the bills are made of."""
    found = item_excess_table(snapshot)
    for yuan, named in ((4499.0, "高价检查"), (4501.0, "头颅CT")):
        rows = found.assign(money=found["money"].mask(found["item"] == "ct", yuan))
        assert named in item_texts(rows, "hospital")["H1", EXCESS_COLUMNS["exam"]][0]


def test_only_the_reason_about_the_item_names_it(snapshot):
    texts = item_texts(item_excess_table(snapshot), "hospital")
    reason = {"code": f"CONTENT.{EXCESS_COLUMNS['exam']}", "text_zh": "高", "text_en": "High", "value": 1.0}
    named = _detailed(reason, "H1", texts, {}, {})
    assert named["text_zh"].startswith("高;主要是“头颅CT”") and named["text_en"].startswith("High; mainly")
    assert named["value"] == 1.0
    for other, subject in ((reason | {"code": "CONTENT.exam_share_365d"}, "H1"), (reason, "H2")):
        assert _detailed(other, subject, texts, {}, {}) == other
