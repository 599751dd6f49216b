"""Items in excess on each bill: of its place and of its doctor, of the last year, outside courses."""

from datetime import date, datetime, time

import ibis
import pandas as pd
import pytest

from claims.as_of import PHARMACY, ClaimsAsOf
from features.comparison.item_excess import COLUMNS
from features.visits.codelists import DIALYSIS, REHAB
from features.visits.excess_items import (
    SELDOM_SHARE,
    TABLE,
    UNUSUAL_DRUGS,
    excess_column,
    excess_items,
)
from tests.in_memory import engine

BASE = dict.fromkeys(
    (
        "mdtrt_id",
        "psn_no",
        "kind",
        "fixmedins_code",
        "dr_code",
        "med_type",
        "level",
        "dx_group",
        "dx3",
        "dept_code",
    ),
    "string",
) | {"days_ago": "float64"}
CONTENT = {"mdtrt_id": "string", "dialysis": "float64", "billed": "float64"}
DAYS = dict.fromkeys(("mdtrt_id", "hilist_code", "charge", "serv_type"), "string")
DAYS |= {"amount": "float64", "day": "date"}
SIGNS = dict.fromkeys(("psn_no", "fixmedins_code", "serv_type"), "string") | {"sign_in_time": "timestamp"}
DAY = date(2024, 9, 1)
PLACE, DOCTOR = excess_column("place", "exam"), excess_column("doctor", "exam")


def town() -> list[dict]:
    """Outpatients of ten hospitals, two doctors each; at H0 one doctor has nearly everybody scanned."""
    rows = []
    for number in range(800):
        hospital, doctor = number % 10, number // 10 % 2
        guilty = (hospital, doctor) == (0, 0)
        scanned = number % 200 < 180 if guilty else number // 20 % 10 == (hospital + doctor) % 10
        rows.append(
            {"place": f"H{hospital}", "doctor": f"D{hospital}-{doctor}", "scan": scanned, "guilty": guilty}
        )
    return rows


def facts_of(rows: list[dict]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Facts by visit, and the items in excess; who has ``signs`` signs in for such a service."""
    base, content, days, signs = [], [], [], []
    for number, row in enumerate(rows):
        name = f"M{number:04}"
        base.append(
            {"mdtrt_id": name, "psn_no": name, "kind": row.get("kind", "outpatient"),
             "fixmedins_code": row["place"], "dr_code": row["doctor"],
             "med_type": "11", "level": "2", "dx_group": row.get("dx_group", "J06"),
             "dx3": row.get("dx3", "J06"),
             "dept_code": None, "days_ago": row.get("days_ago", 100.0)}
        )  # fmt: skip
        item = ("scan", row.get("charge", "03"), 200.0, row.get("serv_type"))
        lines = [("lab", "04", 50.0, None)] + [item] * row["scan"]
        if "signs" in row:
            signed = datetime.combine(DAY, time(9))
            signs.append(
                {"psn_no": name, "fixmedins_code": row["place"], "serv_type": row["signs"],
                 "sign_in_time": signed}
            )  # fmt: skip
        content.append(
            {"mdtrt_id": name, "dialysis": row.get("dialysis"), "billed": sum(x[2] for x in lines)}
        )
        days += [
            {"mdtrt_id": name, "hilist_code": i, "charge": c, "amount": a, "serv_type": s, "day": DAY}
            for i, c, a, s in lines
        ]
    con = engine()
    tables = [
        con.create_table(name, ibis.memtable(pd.DataFrame(rows, columns=list(schema)), schema=schema))
        for name, rows, schema in (
            ("base", base, BASE), ("days", days, DAYS), ("content", content, CONTENT), ("signs", signs, SIGNS)
        )
    ]  # fmt: skip
    as_of, registers = datetime(2025, 1, 1), {"psn_sign_d": tables.pop()}
    claims = ClaimsAsOf(con, as_of, registers, frozenset(registers), *[tables[0]] * 4)
    found = excess_items(claims, *tables).to_pandas().set_index("mdtrt_id")
    return found, con.table(TABLE).to_pandas()


def test_a_bill_holds_the_part_of_its_item_that_is_beyond_what_honest_billers_reach():
    rows = town()
    found, excess = facts_of(rows)
    assert list(excess.columns) == [*COLUMNS, "biller"]
    scan = excess[excess["item"] == "scan"].set_index("biller")
    assert scan.subject_id.to_dict() == {"place": "H0", "doctor": "D0-0"}
    names = [f"M{number:04}" for number, row in enumerate(rows) if row["place"] == "H0" and row["scan"]]
    mine = [f"M{number:04}" for number, row in enumerate(rows) if row["guilty"] and row["scan"]]
    assert sorted(found.index[found[PLACE].notna()]) == names
    assert sorted(found.index[found[DOCTOR].notna()]) == mine
    for column, biller in ((PLACE, "place"), (DOCTOR, "doctor")):
        part = 1 - scan.upper_limit[biller] / scan.observed[biller]
        assert found[column].dropna().to_numpy() == pytest.approx(200 * part, abs=0.006)
        assert found[column].sum() == pytest.approx(200 * (scan.observed - scan.upper_limit)[biller], abs=1)


def pharmacies() -> list[dict]:
    """Purchases at ten pharmacies; at H0 nearly everybody gets a costly medicine, elsewhere one in ten."""
    rows = [row | {"kind": PHARMACY, "charge": "09", "doctor": None} for row in town()]
    return [
        row | {"scan": row["scan"] or (row["place"] == "H0" and n % 200 < 180)} for n, row in enumerate(rows)
    ]


def test_a_pharmacy_chooses_what_it_sells_without_a_prescription():
    """Medicine that eighteen doctors of the town prescribe is sold where it is kept."""
    chosen = facts_of(pharmacies())[1]
    assert set(chosen.subject_id[chosen.biller == "place"]) == {"H0"}
    kept = [
        row | {"doctor": f"D{number % 18}" if row["scan"] else None}
        for number, row in enumerate(pharmacies())
    ]
    assert set(facts_of(kept)[1].biller) == {"doctor"}


def test_a_flow_looks_at_all_the_medicine_beyond_what_is_expected_of_its_doctor():
    found, excess = facts_of([row | {"charge": "09"} for row in town()])
    dear = excess[excess["item"] == "scan"].set_index("biller").loc["doctor"]
    prescribed = found[[UNUSUAL_DRUGS, excess_column("doctor", "drug")]].dropna()
    part = [1 - explained / dear.observed for explained in (dear.expected, dear.upper_limit)]
    assert part[0] > part[1] + 0.1
    for column, beyond in zip(prescribed.columns, part, strict=True):
        assert prescribed[column].to_numpy() == pytest.approx(200 * beyond, abs=0.006)
    assert facts_of(town())[0][UNUSUAL_DRUGS].isna().all()


@pytest.mark.parametrize("more", [{"days_ago": 366.0}, {"dx3": "Z51"}, {"dialysis": 1.0}])
def test_old_visits_and_courses_of_treatment_are_nobodys_habit(more):
    rows = [row | (more if row["guilty"] else {}) for row in town()]
    found, excess = facts_of(rows)
    assert found.empty and excess.empty


def test_no_visits_no_excess():
    found, excess = facts_of([])
    assert found.empty and excess.empty


def therapy() -> list[dict]:
    """The town's scans are physiotherapy, signed in for but in one of four visits."""
    rows = [row | {"charge": "05", "serv_type": REHAB} for row in town()]
    return [row | {"signs": REHAB} if number // 20 % 4 else row for number, row in enumerate(rows)]


def of_the_guilty(rows: list[dict], **more: str | None) -> set[str]:
    """Who stands in excess where the rows of the guilty doctor say something else."""
    return set(facts_of([row | (more if row["guilty"] else {}) for row in rows])[1].subject_id)


def test_physiotherapy_that_was_signed_in_for_is_no_excess():
    """Nine of ten get it: on a ward for rehabilitation they sign in, at a phantom's they do not."""
    assert of_the_guilty(therapy(), signs=REHAB) == set()
    assert of_the_guilty(therapy(), signs=DIALYSIS) == {"H0", "D0-0"}


def test_physiotherapy_is_compared_where_sign_ins_are_kept():
    """Without any register all of it is; with one, that of a place without a device is not."""
    nowhere = [row | {"signs": DIALYSIS} for row in therapy()]
    assert of_the_guilty(nowhere) == {"H0", "D0-0"}
    no_device = [row | {"signs": DIALYSIS} if row["place"] == "H0" else row for row in therapy()]
    assert of_the_guilty(no_device) == set()


def test_examinations_that_few_have_elsewhere_for_the_disease_are_counted():
    """At H0 nearly all patients of one of two doctors are scanned, at H1 to H4 one in ten and nowhere else;
    the lab test is everybody's."""
    rows = [row | {"scan": row["scan"] and row["place"] < "H5"} for row in town()]
    scanned = {f"M{number:04}" for number, row in enumerate(rows) if row["place"] == "H0" and row["scan"]}
    elsewhere = sum(row["scan"] for row in rows if row["place"] != "H0")
    assert 0 < elsewhere < SELDOM_SHARE * 720
    seldom = facts_of(rows)[0].seldom_exams.dropna()
    assert set(seldom) == {1} and scanned <= set(seldom.index)
    # Of a disease that nobody else treats nothing is known.
    alone = [row | {"dx_group": "B18"} if row["place"] == "H0" else row for row in rows]
    assert not scanned & set(facts_of(alone)[0].seldom_exams.dropna().index)
