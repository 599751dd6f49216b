"""What of the visits that a named signature is made of is beyond the peers, on hand-made shares and stays."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from features.measures.aggregation import measure_subjects
from features.visits.facts import visit_facts
from models.scheme_naming import MIN_NEG_LOG10_P
from pipelines.signature_visits import _share_columns, excess_of_signatures, signature_visits
from significance.normal_tail import neg_log10_p
from tests.in_memory import claims_in, engine
from tests.tiny import World

COPIES = "template_share_365d"


def measured(shares: dict[str, float], z: float, usual: float = 0.1, stays: float = 20.0) -> SimpleNamespace:
    """Hospitals with a share of stays whose bills are alike; of all other signatures nothing stands out."""
    columns = _share_columns("hospital", "M01")
    ids = list(shares)
    values = pd.DataFrame(0.0, ids, columns).assign(
        **{COPIES: pd.Series(shares)}, non_surgical_stays_365d=stays, non_surgical_stays_1095d=stays
    )
    z_scores = pd.DataFrame(0.0, ids, columns).assign(**{COPIES: z})
    peers = SimpleNamespace(median=pd.DataFrame(usual, ["level2"], columns))
    return SimpleNamespace(values=values, z_scores=z_scores, reference=peers, peers=pd.Series("level2", ids))


def excess(shares: dict[str, float], z: float, **more: float) -> dict[str, float]:
    named = pd.Series(dict.fromkeys(shares, "M01"))
    found = excess_of_signatures(measured(shares, z, **more), "hospital", named)
    assert set(found["column"]) <= {COPIES}
    return found.set_index("subject_id").excess.to_dict()


def test_in_dispute_is_what_the_peers_and_chance_do_not_explain():
    """Of 16 copies the peers' tenth of twenty stays explains two; four of twenty are within two standard
    deviations (twice the root of two) of them, five are not."""
    found = excess({"guilty": 0.8, "usual": 0.1, "four": 0.2, "five": 0.25}, 6.0)
    assert found == {"guilty": pytest.approx(14 / 16, abs=1e-6), "five": pytest.approx(3 / 5, abs=1e-6)}
    # Where nobody has any, all is in dispute.
    assert excess({"guilty": 0.8}, 6.0, usual=0.0) == {"guilty": 1.0}


def test_peers_below_nothing_expect_nothing():
    """A surplus of prices over those of other pharmacies may lie below zero, of peers and of oneself."""
    assert excess({"guilty": 0.5, "cheap": -0.1}, 6.0, usual=-0.001) == {"guilty": 1.0}


def test_a_signature_that_does_not_stand_disputes_nothing():
    stands = next(z / 100 for z in range(500) if neg_log10_p(z / 100) - 0.30103 >= MIN_NEG_LOG10_P)
    assert excess({"H1": 0.8}, stands) and not excess({"H1": 0.8}, stands - 0.01)


@pytest.fixture(scope="module")
def ward():
    """H1 bills four of its five stays alike; H2 none of two."""
    world = World()
    items = [row["hilist_code"] for row in world.rows["hilist_b"]][:4]
    for code in ("H1", "H2"):
        world.hospital(code)
    alike = []
    for n in range(7):
        who = world.person(f"p{n}")
        where, own = ("H1", items[:2]) if n < 4 else ("H1", items[2:3]) if n == 4 else ("H2", [items[n - 5]])
        stay = world.stay(who, where, f"2024-0{2 + n}-01", 4, lines=[(item, 1, 50.0) for item in own])
        alike += [stay] if n < 4 else []
    claims = claims_in(engine(), world, date(2025, 1, 1))
    facts = visit_facts(claims)
    return SimpleNamespace(claims=claims, values=measure_subjects(facts, "hospital"), alike=alike)


def test_the_visits_that_carry_the_signature_are_those_in_dispute(ward):
    found = measured({"H1": 0.8, "H2": 0.0}, 6.0, stays=5.0)
    assert ward.values[COPIES].tolist() == [0.8, 0.0]
    snapshot = SimpleNamespace(claims=ward.claims, subjects={"hospital": found})
    named = pd.Series({"H1": "M01", "H2": None}, dtype=object)
    rows = signature_visits(snapshot, "hospital", named).to_pandas()
    assert sorted(rows.mdtrt_id) == sorted(ward.alike) and set(rows.subject_id) == {"H1"}
    part = (4 - 0.5) / 4
    assert rows.excess_share.tolist() == [pytest.approx(part, abs=1e-6)] * 4


def test_who_is_not_named_or_a_person_has_no_signature_visits(ward):
    snapshot = SimpleNamespace(claims=ward.claims, subjects={"hospital": measured({"H1": 0.8}, 6.0)})
    assert signature_visits(snapshot, "hospital", pd.Series({"H1": None}, dtype=object)) is None
    assert signature_visits(snapshot, "patient", pd.Series({"anna": "M05"})) is None
    unusual = SimpleNamespace(claims=ward.claims, subjects={"hospital": measured({"H1": 0.8}, 0.0)})
    assert signature_visits(unusual, "hospital", pd.Series({"H1": "M01"})) is None
