"""Whom to visit first: expected money without counting a visit twice, and who is left alone."""

from dataclasses import dataclass
from datetime import date

import ibis
import pandas as pd
import pytest

from claims.as_of import last_cases
from pipelines.select.worklist import judged_of, still_open, worklist

AS_OF = date(2025, 1, 1)


@dataclass
class Snapshot:
    """As much of a snapshot as the worklist looks at."""

    claims: dict
    facts: ibis.Table


def suspects(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["subject_type", "subject_id", "rank", "score", "amount_at_risk"])
    return frame.assign(scheme="M10", explained_by=None)


def disputes(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["subject_type", "subject_id", "mdtrt_id", "disputed"])
    days = pd.to_datetime(frame.mdtrt_id.map(DAYS))
    return frame.assign(day=days, fixmedins_code="H9", scheme="M10")


def snapshot(cases: list[tuple], days: dict[str, str]) -> Snapshot:
    frame = pd.DataFrame(cases, columns=["case_id", "subject_type", "subject_id", "clue_stas", "close_date"])
    frame["close_date"] = pd.to_datetime(frame.close_date)
    types = dict.fromkeys(["case_id", "subject_type", "subject_id", "clue_stas", "scheme"], "string")
    types |= {"cfm_amt": "float64", "enddate": "timestamp(6)", "close_date": "timestamp(6)"}
    schema = ibis.schema(types)
    frame = frame.reindex(columns=list(schema)).astype({"enddate": "datetime64[us]", "cfm_amt": float})
    facts = pd.DataFrame({"mdtrt_id": list(days), "day": pd.to_datetime(list(days.values()))})
    return Snapshot({"insp_case_d": ibis.memtable(frame, schema=schema)}, ibis.memtable(facts))


SEEN = suspects(
    ("hospital", "H1", 1, 0.9, 1000.0), ("hospital", "H2", 2, 0.8, 900.0), ("patient", "p1", 1, 0.9, 600.0),
    ("patient", "p2", 2, 0.5, 500.0),
)  # fmt: skip
DAYS = {"a": "2024-03-01", "b": "2024-09-01", "c": "2024-03-01", "d": "2024-03-01"}
PULLED = disputes(
    ("hospital", "H1", "a", 600.0), ("hospital", "H1", "b", 400.0), ("hospital", "H2", "c", 900.0),
    ("patient", "p1", "a", 600.0), ("patient", "p2", "d", 500.0),
)  # fmt: skip


def test_a_visit_is_expected_back_once():
    listed = worklist(snapshot([], DAYS), SEEN, PULLED, [], AS_OF, 180).set_index("subject_id")
    assert listed.place.dropna().to_dict() == {"H1": 1, "H2": 2, "p2": 3}
    assert listed.expected.dropna().to_dict() == {"H1": 900.0, "H2": 720.0, "p2": 250.0}
    assert (listed.status == "new").all()
    p1 = listed.loc["p1"]  # whose visit the hospital's list holds
    assert pd.isna(p1.place) and (p1.why_not, p1.covered_type, p1.covered_id) == ("covered", "hospital", "H1")


def test_the_cleared_are_left_alone_until_they_do_something_new():
    cases = [
        ("1", "hospital", "H1", "3", "2024-08-01"),  # visit b came later
        ("2", "hospital", "H2", "3", "2024-10-01"),
        ("3", "patient", "p1", "1", "2024-10-01"),  # being looked into
        ("4", "patient", "p2", "2", "2023-10-01"),
    ]
    listed = worklist(snapshot(cases, DAYS), SEEN, PULLED, [], AS_OF, 180).set_index("subject_id")
    assert listed.status.to_dict() == {"H1": "again", "H2": "cleared", "p1": "inspected", "p2": "relapsed"}
    assert set(listed.index[listed.place.notna()]) == {"H1", "p2"}
    assert listed.expected["H1"] == 0.9 * 400.0  # what was judged is not expected back again
    assert listed.why_not["H2"] == "cleared" and listed.until["H2"] == date(2025, 3, 30)
    assert listed.why_not["p1"] == "inspected" and listed.until.drop("H2").isna().all()
    old = worklist(snapshot(cases, DAYS), SEEN, PULLED, [], AS_OF, 30).set_index("subject_id")
    assert old.status["H2"] == "new"  # cleared longer ago than the cool-down


def test_the_confirmed_come_back_for_what_they_did_since_and_stay_in_sight():
    cases = [("1", "hospital", "H1", "2", "2024-08-01"), ("2", "hospital", "H2", "4", "2024-12-28")]
    listed = worklist(snapshot(cases, DAYS), SEEN, PULLED, [], AS_OF, 180).set_index("subject_id")
    assert listed.status["H1"] == "relapsed" and listed.expected["H1"] == 0.9 * 400.0
    assert listed.status["H2"] == "confirmed" and pd.isna(listed.place["H2"])
    assert listed.why_not["H2"] == "confirmed" and listed.disputed["H1"] == 400.0
    # What the first hospital was held to account for is open to others: the patient's part in it is not yet
    # judged.
    assert listed.expected["p1"] == 0.9 * 600.0 and listed.place["p1"] == 1


def test_a_visit_that_its_own_case_has_judged_is_not_expected_back_from_whom_it_speaks_against():
    cases = [("1", "visit", "a", "2", "2024-12-31"), ("2", "visit", "c", "0", None)]
    cases.append(("3", "visit", "d", "1", "2024-12-31"))  # still looked into, whatever its date
    listed = worklist(snapshot(cases, DAYS), SEEN, PULLED, [], AS_OF, 180).set_index("subject_id")
    assert listed.disputed.fillna(0).to_dict() == {"H1": 400.0, "H2": 900.0, "p1": 0.0, "p2": 500.0}
    assert listed.why_not["p1"] == "nothing" and listed.place["H2"] == 1  # whose case is still open


@pytest.mark.parametrize("outcome, left", [("2", 70.0), ("3", 70.0), ("1", 100.0)])
def test_what_a_doctor_signed_before_a_closed_case_of_his_hospital_is_judged(outcome, left):
    """Visit a (March) was billed before the case closed in June, b (September) after; what he signed for
    others is his own matter, and so is what patients did."""
    seen = suspects(("prescriber", "D", 1, 0.9, 0.0), ("patient", "p", 1, 0.9, 0.0))
    rows = [(who, one, visit, yuan) for who, one in (("prescriber", "D"), ("patient", "p"))
            for visit, yuan in (("a", 30.0), ("b", 50.0), ("c", 20.0))]  # fmt: skip
    pulled = disputes(*rows)
    pulled["fixmedins_code"] = pulled.mdtrt_id.map({"a": "H1", "b": "H1", "c": "H2"})
    cases = [("k", "hospital", "H1", outcome, "2024-06-01")]
    listed = worklist(snapshot(cases, DAYS), seen, pulled, [], AS_OF, 180).set_index("subject_id")
    assert listed.disputed.to_dict() == {"D": left, "p": 100.0}


@pytest.mark.parametrize("scheme, left", [("M03", 50.0), ("M28", 50.0), ("M05", 80.0), (None, 80.0)])
def test_what_is_no_deed_of_the_patient_is_judged_with_the_institution(scheme, left):
    """Who split a stay or padded dialysis (visit a, March) was the hospital, whose case closed in June; who
    hoards medicine is the patient, and so is whatever no scheme is named for."""
    pulled = disputes(("patient", "p", "a", 30.0), ("patient", "p", "b", 50.0))
    pulled["fixmedins_code"], pulled["scheme"] = "H1", scheme
    cases = [("k", "hospital", "H1", "2", "2024-06-01")]
    seen = suspects(("patient", "p", 1, 0.9, 0.0))
    listed = worklist(snapshot(cases, DAYS), seen, pulled, [], AS_OF, 180)
    assert listed.disputed.tolist() == [left]


@pytest.mark.parametrize("outcome, left", [("2", 70.0), ("4", 70.0), ("3", 100.0), ("1", 100.0)])
def test_what_a_group_did_is_judged_where_the_case_of_its_pharmacy_was_confirmed(outcome, left):
    """What the ring bought there until June (visit a) is demanded back from the pharmacy; what it bought
    later (b) or elsewhere (c) is open, and so is everything where the pharmacy was cleared."""
    rows = [("group", "G", visit, yuan) for visit, yuan in (("a", 30.0), ("b", 50.0), ("c", 20.0))]
    pulled = disputes(*rows)
    pulled["fixmedins_code"] = pulled.mdtrt_id.map({"a": "P1", "b": "P1", "c": "P2"})
    cases = [("k", "pharmacy", "P1", outcome, "2024-06-01")]
    seen = suspects(("group", "G", 1, 0.9, 0.0))
    listed = worklist(snapshot(cases, DAYS), seen, pulled, [], AS_OF, 180)
    assert listed.disputed.tolist() == [left]


def test_a_case_opened_again_unsettles_nothing_that_was_decided_before():
    """A new case is about what comes now: what the hospital's and the visit's decided cases have judged stays
    judged, as in notices and dossiers."""
    seen = suspects(("prescriber", "D", 1, 0.9, 0.0), ("hospital", "H2", 1, 0.9, 0.0))
    pulled = disputes(
        ("prescriber", "D", "a", 30.0), ("prescriber", "D", "b", 50.0), ("hospital", "H2", "c", 20.0)
    )  # fmt: skip
    pulled["fixmedins_code"] = pulled.mdtrt_id.map({"a": "H1", "b": "H1", "c": "H2"})
    cases = [("k", "hospital", "H1", "2", "2024-06-01"), ("l", "hospital", "H1", "1", None)]
    cases += [("m", "visit", "c", "3", "2024-06-01"), ("n", "visit", "c", "0", None)]
    listed = worklist(snapshot(cases, DAYS), seen, pulled, [], AS_OF, 180).set_index("subject_id")
    assert listed.disputed.fillna(0).to_dict() == {"D": 50.0, "H2": 0.0}


def test_nobody_is_sent_where_less_is_expected_back_than_the_visit_costs():
    """Of p2 half of 500 yuan is expected back."""
    listed = worklist(snapshot([], DAYS), SEEN, PULLED, [], AS_OF, 180, 250.01).set_index("subject_id")
    assert listed.why_not["p2"] == "little" and listed.place.dropna().to_dict() == {"H1": 1, "H2": 2}
    assert worklist(snapshot([], DAYS), SEEN, PULLED, [], AS_OF, 180, 250.0).why_not.ne("little").all()


def test_new_risen_and_known_against_the_night_before(tmp_path):
    before = suspects(
        ("hospital", "H1", 40, 0.2, 0.0), ("hospital", "H2", 3, 0.8, 0.0), ("patient", "p1", 1, 0.9, 0.0)
    )
    (tmp_path / "2024-12-31").mkdir()
    before.to_parquet(tmp_path / "2024-12-31" / "suspects.parquet")
    listed = worklist(snapshot([], DAYS), SEEN, PULLED, [tmp_path / "2024-12-31"], AS_OF, 180)
    status = listed.set_index("subject_id").status.to_dict()
    assert status == {"H1": "risen", "H2": "known", "p1": "known", "p2": "new"}


@pytest.mark.parametrize("score, why", [(0.5, None), (0.49, "below")])
def test_who_is_more_likely_honest_than_not_has_no_place(score, why):
    seen = SEEN.assign(score=SEEN.score.where(SEEN.subject_id != "p2", score))
    listed = worklist(snapshot([], DAYS), seen, PULLED, [], AS_OF, 180).set_index("subject_id")
    assert (listed.why_not["p2"] == why) if why else pd.notna(listed.place["p2"])


@pytest.mark.parametrize("score, why", [(0.5, "explained"), (0.49, None)])
def test_whoever_a_suspected_hospital_explains_is_folded_under_it(score, why):
    seen = SEEN.assign(explained_by=[None, None, None, "H2"])
    seen.loc[seen.subject_id == "p2", "score"] = 0.9
    seen.loc[seen.subject_id == "H2", "score"] = score
    found = worklist(snapshot([], DAYS), seen, PULLED, [], AS_OF, 180).set_index("subject_id").loc["p2"]
    if why:
        assert (found.why_not, found.covered_type, found.covered_id) == (why, "hospital", "H2")
    else:
        assert pd.notna(found.place)


def test_who_has_nothing_in_dispute_has_no_place():
    pulled = PULLED[PULLED.subject_id != "p2"]
    listed = worklist(snapshot([], DAYS), SEEN, pulled, [], AS_OF, 180).set_index("subject_id")
    assert listed.why_not["p2"] == "nothing" and pd.isna(listed.place["p2"])


def test_whoever_has_no_place_stands_by_money_whatever_the_kind():
    seen = suspects(
        ("group", "g", 1, 0.4, 0.0), ("patient", "p1", 1, 0.3, 600.0), ("hospital", "H1", 9, 0.4, 400.0)
    )
    listed = worklist(snapshot([], DAYS), seen, PULLED, [], AS_OF, 180)
    assert listed.place.isna().all()
    assert list(listed.subject_id) == ["H1", "p1", "g"]  # 1,000 and 600 yuan in dispute, and none


def test_what_a_decided_case_judged_stays_judged_while_another_case_is_open():
    pulled = disputes(*[("hospital", one, visit, 9.0) for one in ("H1", "H2") for visit in "abcd"])
    cases = [("k", "hospital", "H1", "2", "2024-06-01"), ("l", "hospital", "H1", "1", "2024-12-31")]
    cases += [("m", "visit", "c", "3", "2024-12-31"), ("n", "visit", "d", "1", None)]
    judged = judged_of(pulled, last_cases(snapshot(cases, DAYS).claims, decided=True))
    before = {visit for visit in "abd" if DAYS[visit] <= "2024-06-01"}
    assert before and judged == {("hospital", "H1"): before | {"c"}, ("hospital", "H2"): {"c"}}
    left = still_open(pulled, judged)
    assert set(zip(left.subject_id, left.mdtrt_id, strict=True)) == {
        (one, visit) for one in ("H1", "H2") for visit in "abcd" if visit not in judged["hospital", one]
    }


def test_an_institution_inspected_as_hospital_and_as_pharmacy_is_judged_up_to_the_later_case():
    pulled = disputes(("prescriber", "D", "a", 30.0), ("prescriber", "D", "b", 50.0))
    cases = [("k", "hospital", "H9", "2", "2024-06-01"), ("l", "pharmacy", "H9", "3", "2024-01-01")]
    seen = suspects(("prescriber", "D", 1, 0.9, 0.0))
    assert worklist(snapshot(cases, DAYS), seen, pulled, [], AS_OF, 180).disputed.tolist() == [50.0]
