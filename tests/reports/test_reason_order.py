"""Which reasons are given, and in which order."""

import pytest

from features.measures.catalogue import (
    FAMILIES,
    measures_of,
)
from reports.reasons import MOST_REASONS, WEAK, worth_telling
from tests.reports.test_reasons import codes, reasons_for


def test_the_strongest_come_first_one_a_family_five_at_most():
    by_family = {}
    for column, (entry, _days) in measures_of("patient").items():
        by_family.setdefault(entry.family, []).append(column)
    assert len(by_family) > MOST_REASONS
    contributions = {}
    for number, columns in enumerate(by_family.values(), 1):
        contributions |= {column: 0.1 * number / (place + 1) for place, column in enumerate(columns)}
    found = reasons_for("patient", contributions)
    assert len(found) == MOST_REASONS
    sizes = [reason["contribution"] for reason in found]
    assert sizes == sorted(sizes, reverse=True)
    families = [reason["code"].partition(".")[0] for reason in found]
    assert len(set(families)) == MOST_REASONS and set(families) <= {name.upper() for name in FAMILIES}
    for reason in found:
        family, _dot, column = reason["code"].partition(".")
        inside = {c: contributions[c] for c in by_family[family.lower()]}
        # A family is stated by its strongest measure and counts for all of them.
        assert column == max(inside, key=inside.get) and reason["contribution"] == pytest.approx(
            sum(inside.values())
        )


def test_co_visits_are_a_reason_of_its_own():
    found = reasons_for("patient", {"stays_365d": 0.5}, graph=0.8)
    assert [reason["code"] for reason in found] == ["CO_VISIT.graph", "FREQUENCY.stays_365d"]
    assert (
        "反复" in found[0]["text_zh"]
        and "again and again" in found[0]["text_en"]
        and found[0]["value"] is None
    )


def test_what_is_usual_among_the_peers_is_no_reason_beside_one_that_is_not():
    family = {column: entry.family for column, (entry, _days) in measures_of("patient").items()}
    stay, other = "stays_365d", next(c for c in family if family[c] != family["stays_365d"])
    middle = {column: 2.0 for column in family} | {stay: 1.0}
    found = reasons_for("patient", {stay: 0.5, other: 0.9}, values=middle | {stay: 9.0}, usual=middle)
    assert [reason["code"].split(".")[1] for reason in found] == [stay]


def test_what_an_inspector_would_not_care_about_only_fills_up():
    columns = {}
    for column, (entry, _days) in measures_of("hospital").items():
        columns.setdefault(entry.family, column)
    first, *others = list(columns.values())[:6]
    little = {c: 1.0 + 0.5 * e.direction * e.materiality for c, (e, _days) in measures_of("hospital").items()}
    far = measures_of("hospital")[first][0]
    found = reasons_for(
        "hospital",
        {first: 0.1} | dict.fromkeys(others, 0.5),
        values=little | {first: 1 + 9 * far.direction * far.materiality},
    )
    named = [reason["code"].split(".")[1] for reason in found]
    assert len(named) == 3 and named[-1] == first


def test_a_family_is_told_by_a_measure_beyond_the_peers():
    family = {column: entry.family for column, (entry, _days) in measures_of("patient").items()}
    large, small = [c for c in family if family[c] == family["stays_365d"]][:2]
    middle = {column: 2.0 for column in family}
    found = reasons_for("patient", {large: 0.9, small: 0.4}, values=middle | {small: 99.0}, usual=middle)
    assert [reason["code"].split(".")[1] for reason in found] == [small]


PATIENT = measures_of("patient")


def named(*columns: str, weak: str = "") -> list[dict]:
    """Reasons of a patient by column, one of them marked as weak."""
    found = reasons_for("patient", dict.fromkeys(columns, 1.0))
    assert {reason["code"].partition(".")[2] for reason in found} == set(columns)
    return [
        reason | {"text_zh": reason["text_zh"] + WEAK[0] * reason["code"].endswith(f".{weak}")}
        for reason in found
    ]


@pytest.mark.parametrize(
    ("scheme", "columns", "weak", "kept"),
    [
        # Size is no evidence, but the number of findings is told, and what belongs to the named scheme.
        ("M09", ["uses_after_death_365d", "drug_amount_365d"], "", {"uses_after_death_365d"}),
        ("M09", ["uses_after_death_365d", "findings_365d"], "", {"uses_after_death_365d", "findings_365d"}),
        ("M05", ["stays_365d", "drug_amount_365d"], "", {"stays_365d", "drug_amount_365d"}),
        (None, ["uses_after_death_365d", "drug_amount_365d"], "", {"uses_after_death_365d"}),
        # What another training would not repeat is told only of the named scheme, or where none is named.
        ("M09", ["uses_after_death_365d", "stays_365d"], "stays_365d", {"uses_after_death_365d"}),
        ("M09", ["uses_after_death_365d", "stays_365d"], "", {"uses_after_death_365d", "stays_365d"}),
        (
            "M30",
            ["uses_after_death_365d", "stays_365d"],
            "stays_365d",
            {"uses_after_death_365d", "stays_365d"},
        ),
        (
            None,
            ["uses_after_death_365d", "stays_365d"],
            "stays_365d",
            {"uses_after_death_365d", "stays_365d"},
        ),
        # Nobody is left without a reason.
        ("M09", ["drug_amount_365d"], "", {"drug_amount_365d"}),
    ],
)
def test_reasons_that_say_nothing_beside_the_others_are_left_out(scheme, columns, weak, kept):
    found = worth_telling(named(*columns, weak=weak), scheme, PATIENT)
    assert {reason["code"].partition(".")[2] for reason in found} == kept


@pytest.mark.parametrize("scheme, added", [("M28", True), ("M02", False), (None, False)])
def test_the_named_scheme_has_a_reason_however_little_it_adds(scheme, added):
    """A score is that of one scheme and a small share of the others; where the name goes to another, as its
    own evidence is the rarer, what it is named for is told all the same."""
    given = {"co_visit_share_365d": 1.8, "off_schedule_share_365d": 0.02}
    found = reasons_for("hospital", given, scheme=scheme)
    assert codes(found) == ["co_visit_share_365d"] + ["off_schedule_share_365d"] * added
    # Not what is usual among the peers, nor what speaks for the subject.
    usual = {"co_visit_share_365d": 1.0, "off_schedule_share_365d": 1.0}
    values = {"co_visit_share_365d": 9.0, "off_schedule_share_365d": 1.0}
    assert (
        codes(reasons_for("hospital", given, values=values, usual=usual, scheme=scheme)) == codes(found)[:1]
    )


@pytest.mark.parametrize("share, told", [(0.76, True), (0.74, False)])
def test_the_only_sign_of_the_named_scheme_need_not_exceed_four_fifths_of_the_peers(share, told):
    """What is merely above most is no reason beside others, but says at least what the name rests on."""
    given = {"off_schedule_share_365d": 0.5}
    assert codes(reasons_for("hospital", given, share=share, scheme="M28")) == (
        ["off_schedule_share_365d"] if told else ["slight"]
    )
    assert codes(reasons_for("hospital", given, share=share, scheme="M02")) == ["slight"]
