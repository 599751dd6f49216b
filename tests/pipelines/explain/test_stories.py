"""Which visits in dispute a story counts as those of the named scheme."""

import pandas as pd
import pytest

from features.measures.catalogue import expected_column
from pipelines.explain.stories import (
    MOST_OTHERS,
    _during_stay,
    _for_scheme,
    _others,
    _shared,
    _telling,
    first_visits,
)
from pipelines.typed_frames import tuples

SCHEMES = ["M19", "M05", "M05", "M06", "M28", None]
DISPUTED = [1.0, 2.0, 2.0, 1.0, 9.0, 0.5]
VISITS = list(
    tuples(pd.DataFrame({"scheme": pd.Series(SCHEMES, dtype=object), "disputed": DISPUTED, "amount": 9.0}))
)


@pytest.mark.parametrize(
    "scheme, counted, is_its",
    [
        ("M19", ["M19", "M05", "M05", "M06"], True),  # a dealer's purchases are too much, each by itself
        ("M05", ["M05", "M05"], True),
        ("M01", SCHEMES, False),  # none is for it
        (None, SCHEMES, False),  # nor where none is named, though some show none themselves
    ],
)
def test_visits_that_a_scheme_shows_as_are_counted_as_its_own(scheme, counted, is_its):
    named, for_scheme = _for_scheme(VISITS, "pharmacy", scheme)
    assert [visit.scheme for visit in named] == counted and for_scheme is is_its


@pytest.mark.parametrize("subject, counted", [("group", ["M02", "M01"]), ("hospital", ["M02"])])
def test_the_invented_stays_of_a_group_admitted_together_are_told_as_its_own(subject, counted):
    frame = pd.DataFrame({"scheme": ["M02", "M01", "M28"], "disputed": 1.0, "amount": 9.0})
    named, for_scheme = _for_scheme(list(tuples(frame)), subject, "M02")
    assert [visit.scheme for visit in named] == counted and for_scheme


@pytest.mark.parametrize(
    "named, expected",
    [
        (["M19", "M05", "M06"], [("M28", 1, 9.0), (None, 1, 0.5)]),
        (["M28"], [("M05", 2, 4.0), ("M06", 1, 1.0), ("M19", 1, 1.0), (None, 1, 0.5)]),
        ([], [("M28", 1, 9.0), ("M05", 2, 4.0), (None, 3, 2.5)]),  # none is told, so all are
        (SCHEMES, []),
    ],
)
def test_what_else_is_in_dispute_accounts_for_every_visit_and_yuan(named, expected):
    told = _others(VISITS, [visit for visit in VISITS if visit.scheme in named])
    assert list(told) == expected and sum(scheme is not None for scheme, _n, _yuan in told) <= MOST_OTHERS


@pytest.mark.parametrize(
    "sums, remain, told",
    [
        ([], 9.0, 0),
        ([5.0], 9.0, 1),
        ([5.0, 4.0, 3.0], 0.5, 2),  # 3.5 remain: less than the last one told
        ([5.0, 4.0, 3.0], 1.5, 3),
        ([5.0, 4.0, 3.9, 3.8, 3.7, 3.6], 9.0, MOST_OTHERS),
    ],
)
def test_schemes_are_told_until_less_remains_than_the_last_one(sums, remain, told):
    """A hospital's 39,265 yuan of invented stays do not hide among others behind 39,705 of split ones."""
    visits = [(f"M{n:02}", yuan) for n, yuan in enumerate(sums, 1)] + [(None, remain)]
    frame = pd.DataFrame(visits, columns=["scheme", "disputed"]).assign(amount=0.0).astype({"scheme": object})
    found = _others(list(tuples(frame)), []) if sums else ()
    assert sum(scheme is not None for scheme, _n, _yuan in found) == told


def test_what_a_record_proves_is_told_however_little_money_it_is_about():
    """Four purchases of the dead for nine yuan are a reason to ask, and not among all others."""
    sums = [("M01", 900.0), ("M05", 800.0), ("M28", 700.0), ("M10", 600.0), ("M22", 5.0), ("M09", 1.0)]
    frame = pd.DataFrame(sums, columns=["scheme", "disputed"]).assign(amount=0.0)
    told = [scheme for scheme, _n, _yuan in _others(list(tuples(frame)), [])]
    assert "M09" in told and "M22" not in told and told[-1] is None


def test_of_visits_during_a_stay_the_dearest_says_where_the_patient_lay():
    frame = pd.DataFrame({"mdtrt_id": ["a", "b", "stay"], "disputed": [10.0, 30.0, 900.0]})
    beds = {"a": ("甲医院", "A"), "b": ("乙医院", "B"), "other": ("丙医院", "C")}
    assert _during_stay(list(tuples(frame)), beds) == (2, ("乙医院", "B"))
    assert _during_stay(list(tuples(frame.tail(1))), beds) == (0, ("", ""))


def test_the_telling_measure_has_what_is_expected_of_it():
    columns = ["visits_365d", "exam_share_365d", "cash_share_365d"]
    reasons = [{"code": f"X.{column}", "value": 0.52, "peer_median": 0.2} for column in columns]
    values = {column: 0.52 for column in columns} | {expected_column("exam_share_365d"): 0.31}
    (entry, *_rest), expected = _telling("hospital", reasons, values)
    # Size is told only where there is nothing else.
    assert (entry.name, expected) == ("exam_share", 0.31)
    (entry, *_rest), expected = _telling("hospital", reasons[:1], values)
    assert (entry.name, expected) == ("visits", None)
    assert _telling("hospital", [], values) == (None, None)


def test_visits_without_any_scheme_are_not_broken_down():
    assert _others([visit for visit in VISITS if visit.scheme is None], []) == ()


@pytest.mark.parametrize(
    "judged, expected",
    [
        ("", ["d"]),  # one visit of much money before three of little
        ("abcd", ["f", "g"]),  # of what was not judged; as much money, more visits
        ("abcdefghxo", ["d"]),  # all was judged
    ],
)
def test_an_inspector_begins_where_most_money_is_and_with_what_no_case_has_judged(judged, expected):
    rows = [("a", "2024-03-01", 5.0), ("b", "2024-03-01", 5.0), ("c", "2024-03-01", 5.0)]
    rows += [("d", "2024-03-02", 90.0), ("e", "2024-04-01", 30.0), ("x", "2023-04-01", 900.0)]
    rows += [("f", "2024-05-01", 15.0), ("g", "2024-05-01", 15.0), ("h", "2024-05-01", 0.0)]
    frame = pd.DataFrame(rows, columns=["mdtrt_id", "day", "disputed"]).assign(scheme="M01", amount=99.0)
    other = pd.DataFrame(
        {"mdtrt_id": ["o"], "day": "2024-06-01", "disputed": 1e4, "scheme": "M28", "amount": 1e4}
    )
    visits = list(tuples(pd.concat([frame, other], ignore_index=True)))
    begin = first_visits(visits, "hospital", "M01", "2024-01-01", frozenset(judged))
    assert [visit.mdtrt_id for visit in begin] == expected
    # Only what another scheme puts in dispute is left.
    (other,) = first_visits(visits, "hospital", "M01", "2024-01-01", frozenset("abcdefghx"))
    assert other.scheme == "M28"
    assert first_visits([], "hospital", "M01", "2024-01-01", frozenset()) == []


@pytest.mark.parametrize(
    "subject, places, doctors, told",
    [
        ("prescriber", "PPPQH", "DDDDD", [("fixmedins_code", "药店 P", 3)]),
        ("prescriber", "PPQQH", "DDDDD", []),  # less than half lead anywhere
        ("prescriber", "HHHHH", "DDDDD", []),  # where he practises himself
        ("pharmacy", "PPPPP", "DDDEE", [("dr_code", "D", 3)]),
        ("hospital", "HHHHH", "DDD  ", [("dr_code", "D", 3)]),  # two without a doctor
        ("hospital", "HH", "DD", [("dr_code", "D", 2)]),
        ("hospital", "HHHH", "DDEE", []),  # two of four are no pattern
        ("patient", "P", "D", [("fixmedins_code", "药店 P", 1), ("dr_code", "D", 1)]),  # where to go
        ("group", "PPPPP", "DDDDE", [("fixmedins_code", "药店 P", 5), ("dr_code", "D", 4)]),
        ("visit", "PPPPP", "DDDDD", []),
    ],
)
def test_the_other_end_that_most_visits_share_is_told(subject, places, doctors, told):
    codes = {"fixmedins_code": list(places), "dr_code": [code.strip() or None for code in doctors]}
    visits = list(tuples(pd.DataFrame(codes, dtype=object)))
    assert list(_shared(subject, visits, "H", pd.Series({"P": "药店"}))) == told
