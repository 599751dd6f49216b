"""Which step of an inspection is possible in which situation, and that its events tell all that was done."""

import random
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Value
from django.db.models.functions import Concat

from console.audit import faults
from console.case_work import (
    NotNowError,
    StaleError,
    approved,
    assigned,
    commented,
    decided,
    opened,
    recovered,
    returned,
    taken,
    withdrawn,
)
from console.models import Inspection, State, User
from console.run_reader import last_run
from console.subject_lists import rows_of
from tests.console.made_run import FIRST, SOUTH

SMALL = {"state": State.CONFIRMED, "scheme": "M10", "amount_found": Decimal(500), "amount_recovered": None,
         "reason": "counted"}  # fmt: skip
LARGE = SMALL | {"amount_found": Decimal("10000.01")}
NOTHING = SMALL | {"state": State.CLEARED, "amount_found": None, "reason": "an error of the register"}
CHANGED = ("state", "assignee", "proposed", "scheme", "amount_found", "amount_recovered", "reason",
           "decided_by", "approved_by", "closed_at")  # fmt: skip
# Step → how a user takes it on an inspection as he sees it.
STEPS: dict[str, Callable[[Inspection, User], Inspection]] = {
    "assign": lambda i, who: assigned(i, i.version, who, who),
    "take": lambda i, who: taken(i, i.version, who),
    "decide": lambda i, who: decided(i, i.version, who, SMALL),
    "approve": lambda i, who: approved(i, i.version, who),
    "return": lambda i, who: returned(i, i.version, who, "look again"),
    "withdraw": lambda i, who: withdrawn(i, i.version, who, "twice on the list"),
    "recover": lambda i, who: recovered(i, i.version, who, Decimal(20)),
}
# Situation → for each step in the order of STEPS why it is refused; nothing where it is not.
POSSIBLE = {
    "nobody's": ("", "", "is_anothers", "nothing_proposed", "nothing_proposed", "", "not_confirmed"),
    "mine": ("", "", "", "nothing_proposed", "nothing_proposed", "", "not_confirmed"),
    "another's": (
        "", "is_anothers", "is_anothers", "nothing_proposed", "nothing_proposed", "", "not_confirmed",
    ),
    "drawn": (
        "", "", "is_anothers", "nothing_proposed", "nothing_proposed", "drawn_stays", "not_confirmed",
    ),
    "proposed by me": (
        "", "", "waits_for_second", "own_proposal", "own_proposal", "waits_for_second", "not_confirmed",
    ),
    "proposed by another": (
        "", "is_anothers", "is_anothers", "", "", "waits_for_second", "not_confirmed",
    ),
    "confirmed": (
        "is_closed", "is_closed", "is_closed", "nothing_proposed", "nothing_proposed", "is_closed", "",
    ),
    "cleared": (
        "is_closed", "is_closed", "is_closed", "nothing_proposed", "nothing_proposed", "is_closed",
        "not_confirmed",
    ),
    "withdrawn": (
        "is_closed", "is_closed", "is_closed", "nothing_proposed", "nothing_proposed", "is_closed",
        "not_confirmed",
    ),
}  # fmt: skip


def new(drawn: bool = False, subject_id: str = "42080000000000003") -> Inspection:
    """An inspection that nobody has; little is in dispute."""
    run = last_run()
    return opened(run, rows_of(run, [("patient", subject_id)])["patient", subject_id], None, drawn)


def brought_to(situation: str, me: User, other: User) -> Inspection:
    """An inspection in a situation, as seen by me."""
    found = new(drawn=situation == "drawn")
    if situation in ("nobody's", "drawn"):
        return found
    if situation == "withdrawn":
        return withdrawn(found, found.version, me, "twice on the list")
    who = other if situation in ("another's", "proposed by another") else me
    found = taken(found, found.version, who)
    if situation in ("mine", "another's"):
        return found
    verdict = {"confirmed": SMALL, "cleared": NOTHING}.get(situation, LARGE)
    return decided(found, found.version, who, verdict)


@pytest.fixture
def two(user) -> tuple[User, User]:
    return user("supervisor", "me"), user("supervisor", "other")


@pytest.mark.parametrize("situation", POSSIBLE)
def test_what_can_be_done_in_a_situation(situation, two):
    refused = {}
    for step, take in STEPS.items():
        # A step that is possible would change the situation of the next.
        Inspection.objects.update(subject_id=Concat("subject_id", Value(f" before {step}")))
        found = brought_to(situation, *two)
        before = (found.version, found.events.count())
        try:
            take(found, two[0])
            refused[step] = ""
        except NotNowError as error:
            refused[step] = str(error)
        found.refresh_from_db()
        done = (found.version - before[0], found.events.count() - before[1])
        assert done == ((0, 0) if refused[step] else (1, 1)), (situation, step)
    assert refused == dict(zip(STEPS, POSSIBLE[situation], strict=True))


def test_a_verdict_that_comes_back_may_be_taken_up_again(two):
    me, other = two
    found = brought_to("proposed by another", me, other)
    found = returned(found, found.version, me, "look again")
    assert (found.is_open, found.proposed, found.decided_by) == (True, "", None)
    found = decided(found, found.version, other, SMALL)
    assert (found.is_open, found.state, found.approved_by) == (False, State.CONFIRMED, None)


def test_an_approved_verdict_says_who_proposed_and_who_approved_it(two):
    me, other = two
    found = brought_to("proposed by another", me, other)
    found = approved(found, found.version, me)
    assert (found.state, found.decided_by, found.approved_by, found.proposed) == ("2", other, me, "")
    assert found.closed_at is not None and found.amount_found == LARGE["amount_found"]


def test_a_subject_is_opened_once_a_list_and_only_while_it_is_open(two):
    first, again = new(), new()
    assert first.pk == again.pk and Inspection.objects.count() == 1
    withdrawn(first, first.version, two[0], "no matter")
    with pytest.raises(NotNowError, match="closed_already"):
        new()
    assert new(subject_id=FIRST).pk != first.pk


def test_work_goes_to_nobody_outside_of_his_area(user, two):
    found = new()
    for who in (user("investigator", "south", SOUTH), user("auditor")):
        with pytest.raises(PermissionDenied):
            assigned(found, found.version, two[0], who)
    assert assigned(found, found.version, two[0], user("investigator", "north")).assignee.username == "north"


def state_of(inspection: Inspection) -> dict[str, str | None]:
    """What an inspection is, in the words of its events."""
    values = {name: getattr(inspection, name) for name in CHANGED}
    return {name: None if value is None else str(value) for name, value in values.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_events_tell_every_change_and_in_their_order(two, seed):
    """Replayed from its opening, the events of an inspection give what it is; what was refused left none."""
    draw, done = random.Random(seed), 0
    found = new()
    told = state_of(found)
    more = STEPS | {
        "propose": lambda i, who: decided(i, i.version, who, LARGE),
        "stale": lambda i, who: taken(i, i.version - 1, who),
    }
    # Few of the steps that end it.
    often = {"decide": 1, "withdraw": 1}
    for step in draw.choices(list(more), [often.get(name, 6) for name in more], k=30):
        try:
            more[step](Inspection.objects.get(pk=found.pk), draw.choice(two))
            done += 1
        except (NotNowError, StaleError):
            pass
    commented(found, two[0], "contradicts nobody")
    found.refresh_from_db()
    for event in found.events.exclude(action="commented"):
        for name, (old, value) in event.changes.items():
            assert told[name] == old, (event.action, name)
            told[name] = value
    assert told == state_of(found)
    assert found.version == 1 + done and found.events.count() == 2 + done and done > 3
    assert not faults()
