"""What people may fill in: amounts, verdicts and versions at their bounds, and to whom work can be given."""

from decimal import Decimal

import pytest

from console.forms import AmountForm, AssignForm, CommentForm, ReturnForm, VerdictForm
from console.models import Inspection
from tests.console.made_run import NORTH, SOUTH

CONFIRMED = {"version": "1", "state": "2", "amount_found": "10"}
CLEARED = {"version": "1", "state": "3", "reason": "an error of the register"}


def faults(form) -> set[str]:
    """The fields in which something is wrong."""
    return set(form.errors)


@pytest.mark.parametrize(
    "amount, wrong",
    [
        ("0", False), ("0.01", False), ("0.001", True), ("-0.01", True), ("999999999999.99", False),
        ("1000000000000", True), ("", True), ("many", True), ("NaN", True), ("Infinity", True),
        ("1e3", False), ("12,5", True),
    ],
)  # fmt: skip
def test_an_amount_is_yuan_and_cents_that_the_database_can_hold(amount, wrong):
    recovered = AmountForm({"version": "1", "amount_recovered": amount})
    assert faults(recovered) == ({"amount_recovered"} if wrong else set())
    found = VerdictForm(CONFIRMED | {"amount_found": amount})
    assert faults(found) == ({"amount_found"} if wrong else set())


@pytest.mark.parametrize(
    "change, wrong",
    [
        ({}, set()),
        ({"amount_recovered": "5", "scheme": "M10"}, set()),
        ({"scheme": "M99"}, {"scheme"}),
        ({"version": "-1"}, {"version"}),
        ({"version": ""}, {"version"}),
        ({"state": "4"}, set()),
        ({"state": "off"}, {"state"}),  # withdrawing is no verdict
        ({"state": "checking"}, {"state"}),
        ({"reason": "x" * 2000}, set()),
        ({"reason": "x" * 2001}, {"reason"}),
        ({"amount_found": "", "state": "4"}, {"amount_found"}),
    ],
)
def test_a_verdict_that_confirms_says_how_much(change, wrong):
    assert faults(VerdictForm(CONFIRMED | change)) == wrong


@pytest.mark.parametrize(
    "change, wrong",
    [
        ({}, set()),
        ({"amount_found": "0", "amount_recovered": "0"}, set()),
        ({"amount_found": "1"}, {"amount_found"}),
        ({"amount_recovered": "1"}, {"amount_found"}),
        ({"reason": ""}, {"reason"}),
        ({"reason": "  "}, {"reason"}),
    ],
)
def test_a_verdict_that_clears_says_why_and_no_amount(change, wrong):
    form = VerdictForm(CLEARED | change)
    assert faults(form) == wrong
    if not wrong:
        assert form.cleaned_data["amount_found"] is form.cleaned_data["amount_recovered"] is None


def test_what_was_filled_in_arrives_as_it_was_meant():
    form = VerdictForm(CONFIRMED | {"amount_found": "1234.50", "reason": " counted ", "version": "7"})
    assert form.is_valid() and form.cleaned_data["amount_found"] == Decimal("1234.50")
    assert (form.cleaned_data["reason"], form.cleaned_data["version"]) == ("counted", 7)


@pytest.mark.parametrize("form, longest", [(CommentForm, 4000), (ReturnForm, 2000)])
def test_a_text_is_said_and_ends_somewhere(form, longest):
    assert not faults(form({"version": "1", "text": "x" * longest}))
    for text in ("x" * (longest + 1), "", "   "):
        assert faults(form({"version": "1", "text": text})) == {"text"}


def test_work_can_be_given_to_those_who_may_do_it_in_the_area(user):
    north, south = user("investigator", "north", NORTH), user("investigator", "south", SOUTH)
    boss, auditor = user("supervisor", "boss", ""), user("auditor")
    away = user("investigator", "away", NORTH)
    away.is_active = False
    away.save()
    inspection = Inspection(area=f"{NORTH}100001")
    able = AssignForm(inspection=inspection).fields["to"].queryset
    assert list(able) == [boss, north], "by name; a supervisor sees every area"
    for who, wrong in ((north, set()), (boss, set()), (south, {"to"}), (auditor, {"to"}), (away, {"to"})):
        form = AssignForm({"version": "1", "to": str(who.pk)}, inspection=inspection)
        assert faults(form) == wrong, who.username
