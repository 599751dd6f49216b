"""Where a subject belongs: the console shows an investigator only what lies in his area."""

from types import SimpleNamespace

import ibis
import pandas as pd
import pytest

from pipelines.explain.subject_directory import DIRECTORY, directory_table

LISTED = [
    ("hospital", "H1"), ("pharmacy", "P1"), ("prescriber", "D1"), ("prescriber", "D9"), ("patient", "p1"),
    ("visit", "V1"), ("group", "G1"), ("hospital", "H3"),
]  # fmt: skip


def table(columns: list[str], *rows: tuple) -> ibis.Table:
    return ibis.memtable(pd.DataFrame(rows, columns=columns))


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    claims = {
        "fixmedins_b": table(
            ["fixmedins_code", "admdvs", "hosp_lv"],
            ("H1", "420801", "02"), ("H2", "420802", "05"), ("P1", "420802", None), ("H3", None, "11"),
        ),
        "psn_info_b": table(
            ["psn_no", "live_admdvs"],
            ("p1", "420801100001"), ("p2", "420802100001"), ("p3", "420802100001"),
        ),
    }  # fmt: skip
    facts = table(["mdtrt_id", "fixmedins_code"], ("V1", "H2"), ("V2", "H2"), ("V3", "H1"), ("V4", "H1"))
    doctors = SimpleNamespace(places=pd.Series({"D1": "H2"}))
    members = pd.DataFrame({"group_id": "G1", "psn_no": ["p1", "p2", "p3"], "weight": 1.0})
    snapshot = SimpleNamespace(
        claims=claims, facts=facts, network=SimpleNamespace(members=members), subjects={"prescriber": doctors}
    )
    suspects = pd.DataFrame(LISTED, columns=["subject_type", "subject_id"])
    names = pd.Series({"H1": "一院", "H2": "二院", "P1": "", "p1": "no institution"})
    return directory_table(snapshot, suspects, names)


def test_every_listed_subject_has_its_row(found):
    assert list(found.columns) == list(DIRECTORY.names)
    assert sorted(zip(found.subject_type, found.subject_id, strict=True)) == sorted(LISTED)


@pytest.mark.parametrize(
    "kind, subject_id, area",
    [
        ("hospital", "H1", "420801"),
        ("pharmacy", "P1", "420802"),
        # The doctor belongs to H2; two of the three members live there.
        ("prescriber", "D1", "420802"),
        ("group", "G1", "420802100001"),
        ("patient", "p1", "420801100001"),
        ("visit", "V1", "420802"),
        # Nobody said where.
        ("hospital", "H3", None),
        ("prescriber", "D9", None),
    ],
)
def test_a_subject_belongs_where_it_is_or_is_most_often(found, kind, subject_id, area):
    row = found[(found.subject_type == kind) & (found.subject_id == subject_id)].iloc[0]
    assert row.area == area if area else pd.isna(row.area)


def test_only_institutions_have_names(found):
    names = found.set_index("subject_id").name
    assert names["H1"] == "一院" and names.drop("H1").isna().all()
