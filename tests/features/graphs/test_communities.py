"""Groups drawn by hand, and the ids they keep from run to run."""

import hashlib
from itertools import combinations

import igraph
import pandas as pd
import pytest

from features.graphs.communities import communities, name_groups


def drawn(*cliques: str, extra: tuple[str, ...] = (), strength: float = 5.0) -> pd.DataFrame:
    """Edges between all letters of a clique, and single ones."""
    both = [tuple(sorted(pair)) for clique in cliques for pair in combinations(clique, 2)]
    both += [tuple(sorted(pair)) for pair in extra]
    return pd.DataFrame([(a, b, strength) for a, b in both], columns=["a", "b", "neg_log10_fdr"])


def groups(found: pd.DataFrame, key: str = "group") -> set[str]:
    return {"".join(sorted(members)) for _group, members in found.groupby(key).psn_no}


def test_two_cliques_joined_by_one_edge_stay_two():
    assert groups(communities(drawn("abcde", "vwxyz", extra=("ev",)))) == {"abcde", "vwxyz"}


@pytest.mark.parametrize("ties, home", [(2, 1), (9, 0)])
def test_a_ring_and_a_home_that_share_one_person_are_two(ties, home):
    """Twenty residents, four dealers, and a resident who deals: the ring is too small beside the home for
    modularity to tell them apart. He is counted where he is linked more."""
    residents, dealers = "abcdefghijklmnopqrst", "wxyz"
    found = drawn(residents, dealers, extra=tuple(f"M{one}" for one in residents[:ties] + dealers))
    sides = [residents, dealers]
    sides[home] += "M"
    assert groups(communities(found)) == {"".join(sorted(side)) for side in sides}


def test_pairs_that_one_person_brings_along_stay_his_group():
    """The holder of a drawer of cards comes with two at a time; without him none of them is a group."""
    pairs = drawn("ab", "cd", "ef", "gh")
    held = drawn(extra=tuple(f"M{one}" for one in "abcdefgh"))
    assert groups(communities(pd.concat([pairs, held]))) == {"Mabcdefgh"}


def test_a_person_with_a_single_edge_is_no_member():
    assert groups(communities(drawn("abcd", extra=("dq",)))) == {"abcd"}


def test_a_chain_of_single_edges_between_two_groups_is_no_member():
    found = communities(drawn("abcd", "wxyz", extra=("dm", "mw")))
    assert groups(found) in ({"abcd", "wxyz"}, {"abcdm", "wxyz"}, {"abcd", "mwxyz"})
    assert found[found.psn_no == "m"].empty


def test_a_couple_is_no_group_and_three_are():
    assert groups(communities(drawn("ab", "xyz"))) == {"xyz"}


def test_no_edges_no_groups():
    found = communities(drawn())
    assert found.empty and list(found.columns) == ["group", "psn_no", "weight"]


def test_the_strength_of_edges_decides_between_groups():
    """m has two edges to either group, and stronger ones to one of them."""
    found = drawn("abcd", "wxyz", extra=("am", "bm", "mw", "mx"))
    to_first = found.b.eq("m")
    assert groups(communities(found.assign(neg_log10_fdr=5.0 + 5 * to_first))) == {"abcdm", "wxyz"}
    to_second = found.a.eq("m")
    assert groups(communities(found.assign(neg_log10_fdr=5.0 + 5 * to_second))) == {"abcd", "mwxyz"}


def test_weight_is_strength_within_the_group_relative_to_the_strongest_member():
    found = communities(drawn("abcd", extra=("ae", "be"))).set_index("psn_no").weight
    # a and b have four edges, c and d three, e two.
    assert found.to_dict() == {"a": 1.0, "b": 1.0, "c": 0.75, "d": 0.75, "e": 0.5}


def test_strong_edges_weigh_more_than_many():
    edges = drawn("abcd").assign(neg_log10_fdr=[20.0, 5.0, 5.0, 5.0, 5.0, 5.0])
    found = communities(edges).set_index("psn_no").weight
    assert found.to_dict() == {"a": 1.0, "b": 1.0, "c": 0.5, "d": 0.5}


def test_whoever_has_one_strong_edge_pulls_nobody_out_of_a_group():
    edges = pd.concat([drawn("abc"), drawn(extra=("aq",), strength=90.0)], ignore_index=True)
    assert groups(communities(edges)) == {"abc"}


def test_members_of_a_group_share_a_name_and_groups_do_not():
    found = communities(drawn("abc", "xyz"))
    assert found.groupby("group").psn_no.agg("".join).sort_values().tolist() == ["abc", "xyz"]
    assert set(found.group) == {"a", "x"}


def named(*cliques: str, before: pd.DataFrame | None = None) -> pd.DataFrame:
    rows = [(f"group {number}", who, 1.0) for number, clique in enumerate(cliques) for who in clique]
    earlier = pd.DataFrame({"group_id": [], "psn_no": []}, dtype=object) if before is None else before
    return name_groups(pd.DataFrame(rows, columns=["group", "psn_no", "weight"]), earlier)


def test_a_new_group_is_named_after_its_members():
    found = named("cab")
    digest = hashlib.sha256(b"a|b|c").hexdigest()[:12]
    assert found.to_numpy().tolist() == [[f"G{digest}", who, 1.0] for who in "abc"]
    assert list(found.columns) == ["group_id", "psn_no", "weight"] and list(found.index) == [0, 1, 2]


def test_a_group_keeps_its_name_while_most_stay():
    before = named("abcdefgh")
    assert set(named("abcdefxy", before=before).group_id) == set(before.group_id)


@pytest.mark.parametrize("staying, kept", [("abcd", False), ("abcde", True)])
def test_half_of_the_members_are_not_enough_to_keep_the_name(staying, kept):
    before = named("abcdefgh")
    after = named(staying + "uvwxyz", before=before)
    assert (set(after.group_id) == set(before.group_id)) == kept


def test_when_a_group_splits_the_larger_part_keeps_the_name():
    before = named("abcdefgh")
    after = named("fgh", "abcde", before=before).groupby("group_id").psn_no.agg("".join)
    assert after[before.group_id[0]] == "abcde" and len(after) == 2


def test_when_groups_merge_the_name_of_the_larger_is_left():
    before = named("abcde", "uvwxyz")
    after = named("abcdeuvwxyz", before=before)
    larger = before[before.psn_no == "u"].group_id.iloc[0]
    assert set(after.group_id) == {larger}


def test_of_two_earlier_groups_of_one_size_the_smaller_id_is_kept():
    before = pd.DataFrame({"group_id": ["G2"] * 3 + ["G1"] * 3, "psn_no": list("abcxyz")})
    assert set(named("abcxyz", before=before).group_id) == {"G1"}


def test_two_groups_never_share_an_earlier_name():
    """Earlier G1 and G2 overlap, so both are continued by the first group; the second group takes what is
    left."""
    before = pd.DataFrame({"group_id": ["G1"] * 4 + ["G2"] * 3, "psn_no": list("abcd") + list("bcx")})
    after = named("abcd", "xyz", before=before)
    names = after.groupby("group_id").psn_no.agg("".join)
    assert names["G1"] == "abcd" and "G2" not in names and len(names) == 2


def test_the_order_of_members_and_groups_does_not_matter():
    pd.testing.assert_frame_equal(named("abc", "xyz"), named("zyx", "cba"))
    before = named("abc", "xyz")
    pd.testing.assert_frame_equal(named("abcd", "wxyz", before=before), named("zyxw", "dcba", before=before))


def test_the_search_for_divisions_ends(monkeypatch):
    """Without a bound it went on for ever in one city, between divisions that differ by rounding."""
    passes, search = [], igraph.Graph.community_leiden

    def counted(graph, *given, **more):
        passes.append(more["n_iterations"])
        return search(graph, *given, **more)

    monkeypatch.setattr(igraph.Graph, "community_leiden", counted)
    pairs = [(a, b, 5.0) for a, b in combinations("abcd", 2)]
    found = communities(pd.DataFrame(pairs, columns=["a", "b", "neg_log10_fdr"]))
    assert set(found.psn_no) == set("abcd") and passes and min(passes) > 0
