"""Workload and hit rates: what counts as an alert, as open, as decided and as a hit."""

from decimal import Decimal
from math import sqrt

import pytest

from console.clock import now
from console.models import Inspection, State, User
from console.workload import Line, by_model, by_person, by_scheme

ANNA, BERT = User(username="anna"), User(username="bert")


def inspection(state: State = State.PENDING, **more) -> Inspection:
    """One of a patient that a list named M10; closed where it has an outcome."""
    given = {"kind": "patient", "scheme_listed": "M10", "model": "patient v1", "amount_at_risk": 100.0}
    ended = state not in (State.PENDING, State.CHECKING)
    return Inspection(state=state, closed_at=now() if ended else None, **given | more)


def test_every_state_counts_once_and_what_was_withdrawn_neither_as_open_nor_as_decided():
    (line,) = by_scheme([inspection(state) for state in State])
    assert (line.alerts, line.open, line.decided, line.confirmed) == (6, 2, 3, 2)
    assert line.of_alerts == "33%" and line.rate.startswith("67% (")


def test_money_is_that_of_the_decided_and_unknown_money_is_none():
    paid = {"amount_found": Decimal("70.25"), "amount_recovered": Decimal(20)}
    (line,) = by_scheme([
        inspection(State.CONFIRMED, **paid),
        inspection(State.PARTLY, amount_found=Decimal(5)),
        # Proposed and not yet approved: found by nobody.
        inspection(State.CHECKING, proposed=State.CONFIRMED, amount_found=Decimal(9_999)),
        inspection(State.CLEARED),
    ])  # fmt: skip
    assert (line.found, line.recovered) == (75.25, 20.0)


def test_the_drawn_are_work_and_no_alerts():
    drawn = inspection(State.CLEARED, drawn=True, assignee=ANNA)
    listed = inspection(State.CONFIRMED, assignee=ANNA)
    (person,) = by_person([drawn, listed])
    assert (person.label, person.alerts, person.confirmed) == ("anna", 2, 1)
    for lines in (by_scheme([drawn, listed]), by_model([drawn, listed])):
        assert [(line.alerts, line.confirmed) for line in lines] == [(1, 1)]
    assert by_scheme([drawn]) == by_model([drawn]) == []


def test_lines_are_by_label_the_longest_first_and_equal_ones_by_name():
    work = [
        *(inspection(assignee=BERT, scheme_listed="M03") for _n in range(2)),
        *(inspection(assignee=ANNA, scheme_listed="M11", model="") for _n in range(2)),
        inspection(kind="hospital", scheme_listed=""),
    ]
    assert [(line.label, line.alerts) for line in by_person(work)] == [("anna", 2), ("bert", 2), ("", 1)]
    assert [line.label for line in by_scheme(work)] == ["M03", "M11", ""]
    assert [line.label for line in by_model(work)] == [
        "patient",
        "patient patient v1",
        "hospital patient v1",
    ]


@pytest.mark.parametrize("confirmed, decided", [(0, 1), (1, 1), (3, 10), (50, 100), (0, 40), (199, 200)])
def test_the_interval_is_wilsons(confirmed, decided):
    share, z = confirmed / decided, 1.959964
    middle = (share + z**2 / (2 * decided)) / (1 + z**2 / decided)
    half = z / (1 + z**2 / decided) * sqrt(share * (1 - share) / decided + z**2 / (4 * decided**2))
    low, high = max(middle - half, 0), min(middle + half, 1)
    line = Line("", decided + 7, 7, decided, confirmed, 0.0, 0.0)
    assert line.rate == f"{share:.0%} ({low:.0%}–{high:.0%})"


def test_before_anything_is_decided_there_is_no_rate():
    (line,) = by_person([inspection(), inspection(State.WITHDRAWN)])
    assert line.rate == "" and line.of_alerts == "0%" and line.label == ""
