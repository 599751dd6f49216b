"""Evidence against visits and money in dispute: who is flagged, what is in doubt, and the floors of both.

Marking takes seconds to compile, so all cases stand in one table and are kept apart by their kind of visit.
"""

from types import SimpleNamespace

import ibis
import pandas as pd
import pytest

from claims.as_of import PHARMACY
from features.disputed_amounts import ACCUMULATING, ON_RECORD
from features.rules.declaration import RULES
from pipelines import flagged_visits
from pipelines.flagged_visits import (
    DISPUTES,
    FLAGGED,
    MARKS,
    STANDS_ALONE,
    STRONGEST,
    amounts_at_risk,
    disputes_of,
    evidence_against,
    mark_visits,
    store_disputes,
    visits_in_dispute,
)
from tests.in_memory import engine

TEXTS = ("mdtrt_id", "psn_no", "dr_code", "fixmedins_code", "kind")
# A plain stay for which the fund paid 100 of 200 yuan; rows say in what they differ.
STAY = {
    "psn_no": "anna", "dr_code": "D1", "fixmedins_code": "H1", "kind": "stay", "is_pharmacy": False,
    "days_ago": 10.0, "fund_pay_sumamt": 100.0, "medfee_sumamt": 200.0, "findings_amount": 0.0,
}  # fmt: skip
RULE = next(rule_id for rule_id, rule in sorted(RULES.items()) if rule.schemes)


def visits(name: str, n: int = 1, **differing) -> list[dict]:
    """Visits NAME-0, NAME-1, … of a patient of that name.

    Visits are compared with those of their kind, so that one kind a case keeps the cases apart.
    """
    usual = STAY | {"evidence": 0.0, "scheme": None, "psn_no": name, "kind": name}
    return [usual | {"mdtrt_id": f"{name}-{number}"} | differing for number in range(n)]


def marked(rows: list[dict], hits: list[tuple]) -> SimpleNamespace:
    """A snapshot whose visits are marked.

    Args:
        rows: `visits`.
        hits: mdtrt_id, rule_id, vola_amt.
    """
    con = engine()
    frame = pd.DataFrame(rows).reindex(columns=[*flagged_visits._FACTS, "evidence", "scheme"])
    frame["day"] = pd.Timestamp("2024-12-22")
    types = {name: "string" if name in TEXTS else "float64" for name in flagged_visits._FACTS}
    types |= {"is_pharmacy": "boolean", "day": "date"}
    facts = con.create_table("facts", ibis.memtable(frame[list(types)], schema=ibis.schema(types)))
    found = pd.DataFrame(hits, columns=["mdtrt_id", "rule_id", "vola_amt"])
    found["jr_id"] = [f"j{n}" for n in range(len(found))]
    schema = {"mdtrt_id": "string", "rule_id": "string", "vola_amt": "float64", "jr_id": "string"}
    rules = SimpleNamespace(hits=con.create_table("hits", ibis.memtable(found, schema=ibis.schema(schema))))
    snapshot = SimpleNamespace(claims=SimpleNamespace(con=con), facts=facts, rules=rules)
    mark_visits(snapshot, frame.set_index("mdtrt_id")[["evidence", "scheme"]])
    return snapshot


def one_of_many(name: str, evidence: float) -> list[dict]:
    """One stay in ten is flagged, and as many at another hospital."""
    guilty = visits(name, evidence=evidence, scheme="M01")
    elsewhere = visits(f"{name} elsewhere", kind=name, fixmedins_code="H2", evidence=FLAGGED, scheme="M01")
    same = [visits(f"{name} {place}", 9, kind=name, fixmedins_code=place) for place in ("H1", "H2")]
    return [*guilty, *elsewhere, *same[0], *same[1]]


def many(name: str, evidence: float) -> list[dict]:
    """Twenty flagged stays of twenty; one of eighty elsewhere."""
    honest = visits(f"{name} honest", 79, kind=name, fixmedins_code="H2")
    one = visits(f"{name} one", kind=name, fixmedins_code="H2", evidence=FLAGGED, scheme="M01")
    return [*visits(name, 20, evidence=evidence, scheme="M01"), *honest, *one]


def on_record(scheme: str, evidence: float, name: str) -> list[dict]:
    others = visits(f"{name} others", 5, kind=name, fixmedins_code="H2", evidence=FLAGGED, scheme=scheme)
    return [*visits(name, evidence=evidence, scheme=scheme), *others]


ROWS = [
    *one_of_many("alone", STANDS_ALONE),
    *one_of_many("not alone", STANDS_ALONE - 0.01),
    *many("many", FLAGGED),
    *many("many below", FLAGGED - 0.01),
    *[row for scheme in ON_RECORD for row in on_record(scheme, FLAGGED, f"{scheme} proved")],
    *[row for scheme in ON_RECORD for row in on_record(scheme, FLAGGED - 0.01, f"{scheme} weak")],
    *visits("found", findings_amount=40.0),
    *visits("found too much", findings_amount=400.0),
    # Flagged for a surplus of half its bill; a rule finds as much, or more, and all of it.
    *[
        row
        for name, found in (("as much", 50.0), ("more", 60.0), ("all", 100.0))
        for row in visits(
            name, evidence=FLAGGED, scheme="M05", oversupply_amount=100.0, findings_amount=found
        )
    ],
    *visits("not flagged", oversupply_amount=100.0, findings_amount=50.0),
    *visits("split", oversupply_amount=100.0, findings_amount=60.0),
    # One of two purchases in company: its patient is oversupplied together with others on another day.
    *visits("ring", evidence=FLAGGED / 2, scheme="M15", kind=PHARMACY, co_visitors=9.0),
    *visits("ring elsewhere", kind=PHARMACY, psn_no="ring", co_oversupplied=4.0),
    # As well of one whose prescriptions are filled in batches.
    *visits("fetched", evidence=FLAGGED / 2, scheme="M15", kind=PHARMACY, co_visitors=9.0),
    *visits("fetched elsewhere", kind=PHARMACY, psn_no="fetched", co_fillers=4.0),
    *visits("cards", evidence=FLAGGED / 2, scheme="M15", kind=PHARMACY, co_visitors=9.0),
    *visits("refund", fund_pay_sumamt=-5.0, findings_amount=3.0),
    *visits("ruled", findings_amount=40.0),
    *visits("tied", findings_amount=40.0),
    *visits("equal", findings_amount=40.0),
    *visits("full ward", findings_amount=40.0),
    *visits("split on a full ward", findings_amount=40.0),
    *visits("free", fund_pay_sumamt=0.0, evidence=FLAGGED, scheme="M09"),
    *visits("free stay", fund_pay_sumamt=0.0, evidence=FLAGGED, scheme="M01"),
    *visits("free below", fund_pay_sumamt=0.0, evidence=1.0, scheme="M09"),
    *visits("hoarder", oversupply_amount=100.0),
    *visits("other hoarder", oversupply_amount=100.0),
    *visits("small", findings_amount=10.0, psn_no="several", dr_code="D8"),
    *visits("large", findings_amount=30.0, psn_no="several", dr_code="D8"),
    *visits("second small", findings_amount=10.0, psn_no="several", dr_code="D9"),
    *[row for n in range(5) for row in visits(f"flagged {n}", psn_no="flagged", evidence=FLAGGED + n)],
    *visits("feeble", psn_no="weak", evidence=1.0),
    *visits("nothing", psn_no="weak", evidence=0.0),
    *visits("weak", STRONGEST, evidence=2.0),
    *visits("proof", psn_no="proven", evidence=STANDS_ALONE, scheme="M27"),
    *visits("slight", psn_no="proven", evidence=1.0),
    *visits("ruled as well", psn_no="proven", evidence=0.5, findings_amount=9.0),
    *visits("floor", 5, evidence=FLAGGED),
    *visits("below floor", psn_no="floor", evidence=FLAGGED - 0.01),
]
HITS = [
    ("ruled-0", RULE, 40.0),
    ("ruled-0", "R000", 90.0),
    *[(f"{name}-0", "R111", 50.0) for name in ("as much", "more", "all", "not flagged")],
    ("split-0", "R084", 60.0),
    # As costly as each other, whichever was found first: M28 has two findings, then M03 is before M28.
    *[("tied-0", rule_id, 20.0) for rule_id in ("R084", "R101", "R101")],
    *[("equal-0", rule_id, 20.0) for rule_id in ("R101", "R084")],
    ("full ward-0", "R092", 40.0),
    ("split on a full ward-0", "R092", 30.0),
    ("split on a full ward-0", "R084", 10.0),
]


@pytest.fixture(scope="module")
def snapshot() -> SimpleNamespace:
    return marked(ROWS, HITS)


@pytest.fixture(scope="module")
def own(snapshot) -> dict[str, float]:
    """Yuan in dispute in each visit by itself."""
    return snapshot.claims.con.table(MARKS).to_pandas().set_index("mdtrt_id").own.to_dict()


@pytest.fixture(scope="module")
def disputed(snapshot) -> pd.DataFrame:
    """The disputes of patients of whom no scheme, or another than that of a visit, is suspected."""
    asked = dict.fromkeys(
        [
            "ruled",
            "tied",
            "equal",
            "full ward",
            "split on a full ward",
            "as much",
            "more",
            "all",
            "not flagged",
            "several",
            "free stay",
            "free below",
            "other hoarder",
        ]
    )
    return stored_disputes(snapshot, "patient", named(asked | {"free": "M09", "hoarder": "M05"}))


def named(schemes: dict[str, str | None]) -> pd.Series:
    return pd.Series(schemes, dtype=object)


def stored_disputes(snapshot: SimpleNamespace, subject: str, schemes: pd.Series) -> pd.DataFrame:
    store_disputes(snapshot, subject, schemes)
    return disputes_of(snapshot, subject, schemes.index)


def test_one_of_many_flagged_visits_of_a_place_is_in_doubt_if_it_stands_by_itself(own):
    """One stay in ten is what the other hospital shows, too."""
    assert own["alone-0"] == 100.0 and own["not alone-0"] == 0.0


def test_a_place_with_more_flagged_visits_than_chance_explains_has_the_excess_in_doubt(own):
    # Elsewhere 1 in 80 is flagged, so 0.25 of 20 are expected.
    assert own["many-0"] == pytest.approx(100 * (20 - 0.25) / 20, abs=0.01)
    assert own["many one-0"] == own["many honest-0"] == 0.0
    # Below the floor of evidence nothing is flagged, however often.
    assert own["many below-0"] == 0.0


@pytest.mark.parametrize("scheme", ON_RECORD)
def test_what_a_register_proves_is_in_doubt_from_the_floor_on(own, scheme):
    assert own[f"{scheme} proved-0"] == 100.0 and own[f"{scheme} weak-0"] == 0.0


def test_findings_are_in_dispute_whatever_the_conduct_and_never_more_than_was_paid(own):
    assert (own["found-0"], own["found too much-0"], own["refund-0"]) == (40.0, 100.0, 0.0)


def test_the_costliest_finding_names_the_scheme_where_it_disputes_as_much_as_the_conduct(disputed):
    """Of rules that are evidence of a scheme: R000 is none."""
    rows = disputed[disputed.subject_id == "ruled"]
    assert rows[["mdtrt_id", "scheme", "disputed", "amount"]].values.tolist() == [
        ["ruled-0", RULES[RULE].schemes[0], 40.0, 100.0]
    ]
    assert list(disputed.columns) == ["subject_type", *DISPUTES]


def test_of_equally_costly_findings_the_scheme_with_most_money_names_then_the_first(disputed):
    assert [RULES[rule_id].schemes[0] for rule_id in ("R084", "R101")] == ["M03", "M28"]
    assert disputed.set_index("mdtrt_id").scheme[["tied-0", "equal-0"]].tolist() == ["M28", "M03"]


def test_a_full_ward_makes_none_of_its_stays_an_invented_one(disputed):
    """R092 (more patients than beds) disputes a share of every stay; what the stay itself is, others say."""
    rows = disputed.set_index("mdtrt_id")
    assert rows.disputed[["full ward-0", "split on a full ward-0"]].tolist() == [40.0, 40.0]
    assert pd.isna(rows.scheme["full ward-0"]) and rows.scheme["split on a full ward-0"] == "M03"


def test_a_rule_names_only_what_no_conduct_disputes(snapshot, disputed):
    """R111 (a sale without a prescription) is evidence of M22, a surplus of M05."""
    rows = disputed.set_index("mdtrt_id")
    assert rows.scheme[["as much-0", "more-0", "all-0"]].tolist() == ["M05"] * 3
    assert rows.disputed[["as much-0", "more-0", "all-0"]].tolist() == [50.0, 60.0, 100.0]
    assert rows.scheme["not flagged-0"] == "M22"
    # Of who is suspected of it, a purchase with as much of a surplus is part of it; a rule may find more.
    of_hoarders = stored_disputes(snapshot, "patient", named({"not flagged": "M05", "split": "M05"}))
    assert of_hoarders[["scheme", "disputed"]].values.tolist() == [["M05", 50.0], ["M03", 60.0]]


def test_visits_in_dispute_are_counted_by_their_conduct_else_by_the_rule(snapshot):
    """What names are held against (`models.scheme_naming.contradicted`)."""
    counts = visits_in_dispute(snapshot, "patient")
    assert counts.loc["as much", ["M05", "M22"]].tolist() == [1, 0]
    assert counts.loc["not flagged", ["M05", "M22"]].tolist() == [0, 1]
    assert counts.loc["many", "M01"] == 20
    # A finding of a rule that is evidence of no scheme, and a visit that nothing disputes, count for none.
    assert "found" not in counts.index and "weak" not in counts.index


def test_company_at_the_till_of_who_is_oversupplied_together_is_no_stack_of_cards(own):
    assert own["cards-0"] == 100.0 and own["ring-0"] == own["ring elsewhere-0"] == 0.0


def test_visits_on_record_as_wrong_are_listed_though_the_fund_paid_nothing(disputed):
    rows = disputed[disputed.subject_id.str.startswith("free")]
    assert rows[["mdtrt_id", "disputed"]].values.tolist() == [["free-0", 0.0]]


def test_the_scheme_of_a_subject_that_accumulates_disputes_the_excess_of_all_its_visits(snapshot, disputed):
    """Half of the bill was for medicine of which a month was at hand."""
    assert "M05" in ACCUMULATING
    store_disputes(snapshot, "patient", named({"hoarder": "M05", "other hoarder": "M01"}))
    amounts = amounts_at_risk(snapshot, "patient")
    assert amounts["hoarder"] == 50.0 and "other hoarder" not in amounts
    rows = disputed[disputed.subject_id.str.contains("hoarder")]
    assert rows[["subject_id", "mdtrt_id", "scheme"]].values.tolist() == [["hoarder", "hoarder-0", "M05"]]


def test_disputes_are_of_those_asked_for_largest_first(snapshot, disputed):
    rows = disputed[disputed.subject_id == "several"]
    assert rows.mdtrt_id.tolist() == ["large-0", "second small-0", "small-0"]
    assert set(disputed.subject_type) == {"patient"} and "found" not in set(disputed.subject_id)
    of_doctors = stored_disputes(snapshot, "prescriber", named({"D9": None}))
    assert of_doctors.mdtrt_id.tolist() == ["second small-0"]


def shown(snapshot: SimpleNamespace, who: str, most: int) -> list[str]:
    return evidence_against(snapshot, "patient", pd.Index([who]), most).mdtrt_id.tolist()


def test_shown_are_the_flagged_visits_up_to_so_many_and_the_strongest_where_fewer_are(snapshot):
    assert shown(snapshot, "flagged", 4) == [f"flagged {n}-0" for n in (4, 3, 2, 1)]
    # Of equal evidence the first ids; nothing weaker than the strongest ones.
    assert shown(snapshot, "weak", 4) == ["weak-0", "weak-1", "weak-2"]
    assert shown(snapshot, "hoarder", 4) == []


def test_beside_a_proof_slight_differences_without_money_are_not_shown(snapshot):
    assert shown(snapshot, "proven", 9) == ["proof-0", "ruled as well-0"]


def test_at_the_floor_a_visit_is_shown_beyond_the_strongest_and_below_it_not(snapshot):
    assert shown(snapshot, "floor", 9) == [f"floor-{n}" for n in range(5)]
