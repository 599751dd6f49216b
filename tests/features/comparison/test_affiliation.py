"""Doctors against the rest of their hospital, shops against their chain: and a slow twin."""

from statistics import median

import ibis
import numpy as np
import pandas as pd
import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.comparison.affiliation import (
    PLACES,
    PRIOR_SUBJECTS,
    affiliations,
    centre_of_place,
    z_within_place,
)
from features.comparison.null_distribution import NullDistribution, Sample
from features.comparison.peers import fit_peers
from features.measures.catalogue import expected_column, measures_of
from tests.in_memory import engine

PEERS = 0.1


def null(statistic: str = "proportion", centre: tuple[float, ...] = (PEERS,)) -> NullDistribution:
    return NullDistribution(statistic, 0.02, np.array(centre), np.zeros(len(centre)), 0.0)


def sample(value, n, expected=None, group=None) -> Sample:
    size = len(value)
    return Sample(
        np.array(value, dtype=float),
        np.zeros(size) if expected is None else np.array(expected, dtype=float),
        np.array(n, dtype=float),
        np.zeros(size, dtype=np.intp) if group is None else np.array(group, dtype=np.intp),
    )


def places(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.intp)


def visits(rows: list[tuple]) -> ibis.Table:
    """doctor, institution, kind, chain."""
    names = ("dr_code", "fixmedins_code", "kind", "chain")
    schema = dict.fromkeys(names, "string")
    return engine().create_table("facts", ibis.memtable(pd.DataFrame(rows, columns=names), schema=schema))


def test_a_doctor_belongs_where_most_of_the_own_visits_are():
    found = affiliations(
        visits(
            [
                *[("ada", "H1", OUTPATIENT, None)] * 2,
                ("ada", "H2", STAY, None),
                # Prescriptions are filled where the doctor is not.
                *[("ada", "P1", PHARMACY, None)] * 5,
                *[("ben", "P1", PHARMACY, None)] * 3,
                # As many here as there: the first by code, whatever the order of rows.
                ("cyd", "H9", STAY, None),
                ("cyd", "H2", OUTPATIENT, None),
            ]
        ),
        "prescriber",
        "dr_code",
    )
    assert found.to_dict() == {"ada": "H1", "cyd": "H2"}


def test_a_shop_belongs_to_its_chain_and_a_single_shop_to_none():
    rows = [(None, "P1", PHARMACY, "chain"), (None, "P2", PHARMACY, None), (None, "P3", PHARMACY, "chain")]
    found = affiliations(visits(rows), "pharmacy", "fixmedins_code")
    assert found.to_dict() == {"P1": "chain", "P3": "chain"}


@pytest.mark.parametrize("subject", ["patient", "visit", "hospital", "group"])
def test_others_belong_nowhere(subject):
    assert subject not in PLACES
    assert affiliations(visits([("ada", "H1", STAY, None)]), subject, "dr_code").empty


def test_where_the_whole_place_does_it_the_place_is_the_standard():
    """Four doctors of one hospital at .6: the rest of it, shrunk by one doctor's worth of peers, is .475."""
    found = centre_of_place(null(), sample([0.6] * 4 + [0.1] * 3, [50] * 7), places(0, 0, 0, 0, 1, 1, -1))
    assert PRIOR_SUBJECTS == 1
    assert found[:4] == pytest.approx([(3 * 0.6 + PEERS) / 4] * 4)
    # The honest hospital, and who belongs nowhere, are compared with the peers.
    assert found[4:] == pytest.approx([PEERS] * 3)


def test_who_does_it_alone_is_no_standard_for_himself():
    found = centre_of_place(null(), sample([0.9, 0.1, 0.1], [50] * 3), places(0, 0, 0))
    assert found[0] == PEERS
    # But for the others, who are compared with him and each other.
    assert found[1:] == pytest.approx([(0.9 + 0.1 + PEERS) / 3] * 2)


def test_a_place_below_the_peers_does_not_accuse():
    found = centre_of_place(null(centre=(0.5,)), sample([0.9, 0.0, 0.0], [50] * 3), places(0, 0, 0))
    assert found.tolist() == [0.5, 0.5, 0.5]


def test_a_single_subject_of_a_place_and_unknown_values_leave_the_peers():
    found = centre_of_place(null(), sample([0.9, np.nan, 0.8], [50] * 3), places(0, 1, 1))
    assert found == pytest.approx([PEERS, (0.8 + PEERS) / 2, PEERS])


def test_nobody_belongs_anywhere():
    assert centre_of_place(null(), sample([0.9, 0.2], [50, 9]), places(-1, -1)).tolist() == [PEERS, PEERS]


def test_counts_are_compared_by_their_exposure():
    """Ninety events in a hundred visits of one, none in three hundred of the others."""
    found = centre_of_place(null("count"), sample([90, 0, 0], [100, 200, 100]), places(0, 0, 0))
    # Without his own events the rest has fewer than the peers.
    assert found[0] == PEERS
    assert found[1] == pytest.approx((90 + 100 * PEERS) / 300)
    assert found[2] == pytest.approx((90 + 100 * PEERS) / 400)


def slow_centre(statistic: str, peers: tuple[float, ...], s: Sample, place: np.ndarray) -> list[float]:
    """For each subject a loop over the others of its place."""
    out, prior = [], median(s.n.tolist())
    for me in range(len(s.value)):
        centre = peers[s.group[me]]
        if place[me] < 0:
            out.append(centre)
            continue
        amount = rows = 0.0
        for other in range(len(s.value)):
            if other != me and place[other] == place[me] and s.value[other] == s.value[other]:
                own = s.value[other] - (0 if statistic == "count" else s.expected[other])
                amount += own if statistic == "count" else own * s.n[other]
                rows += s.n[other]
        out.append(max(centre, (amount + prior * centre) / (rows + prior)))
    return out


@pytest.mark.parametrize("statistic", ["proportion", "count", "mean", "plain"])
@pytest.mark.parametrize("seed", range(4))
def test_the_centre_equals_its_twin(statistic, seed):
    random = np.random.default_rng(seed)
    size, peers = 60, (0.1, 0.4)
    value = random.uniform(0, 1, size)
    value[random.random(size) < 0.2] = np.nan
    n = random.integers(1, 90, size)
    expected, group = random.uniform(0, 0.3, size), random.integers(0, 2, size)
    s = sample(value * n if statistic == "count" else value, n, expected, group)
    place = random.integers(-1, 12, size)
    found = centre_of_place(null(statistic, peers), s, place)
    assert found == pytest.approx(slow_centre(statistic, peers, s, place))
    assert (found > np.array(peers)[s.group]).any()


def hospitals_of_five(share: float) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Sixty doctors at random; of twelve hospitals of five all at the first do one thing so often. The last
    doctor belongs nowhere."""
    random, columns = np.random.default_rng(3), measures_of("prescriber")
    names = [*columns, *(expected_column(name) for name, (entry, _days) in columns.items() if entry.case_mix)]
    doctors = [f"d{number}" for number in range(60)]
    values = pd.DataFrame(random.uniform(0.0, 0.1, (60, len(names))), doctors, names)
    counted = {entry.support_column(days) for entry, days in columns.values()} - {None}
    values[sorted(counted)] = 200.0
    values.loc[doctors[:5], "co_visit_share_365d"] = share
    places = pd.Series([f"H{number // 5}" for number in range(59)], doctors[:59])
    return values, pd.Series("all", doctors, name="peers"), places


def test_where_all_of_a_hospital_do_it_each_differs_less_from_it_than_from_the_peers():
    values, peers, places = hospitals_of_five(0.8)
    usual = fit_peers("prescriber", values, peers)
    own, other = z_within_place(usual, values, peers, places), usual.z_scores(values, peers)
    assert own.index.equals(values.index) and own.columns.equals(other.columns)
    column = "co_visit_share_365d"
    assert (other.loc["d0":"d4", column] > 7).all() and (own.loc["d0":"d4", column] < 3).all()
    # Whoever belongs nowhere is compared with the peers; nobody looks worse beside his own place.
    assert own.loc["d59"].equals(other.loc["d59"]) and (own <= other + 1e-9).all(axis=None)


def test_one_who_does_it_alone_differs_from_his_hospital_as_from_the_peers():
    values, peers, places = hospitals_of_five(0.05)
    values.loc["d4", "co_visit_share_365d"] = 0.8
    usual = fit_peers("prescriber", values, peers)
    own = z_within_place(usual, values, peers, places)["co_visit_share_365d"]
    assert own["d4"] > 3 and (own.drop("d4") < 1).all()
