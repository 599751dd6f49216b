"""Groups from edges: communities of people linked beyond chance, trimmed to their 2-core; lasting ids."""

import hashlib
import math
import random

import igraph
import networkx
import pandas as pd

# A couple is no group; from three members on it is one (M02, M26).
LEAST_MEMBERS = 3
# A group is divided where the modularity of its best division is above so many times that of a random graph
# of its size and density. Own starting value.
DIVISIBLE = 1.5
# Passes of the Leiden algorithm over a graph: until nothing changes, it may go on for ever between divisions
# whose modularity differs by less than rounding does. Own starting value; most graphs need fewer than ten.
PASSES = 20
# An earlier group passes its id on to a group that holds more than this share of its members.
_SAME_GROUP = 0.5
_SEED = 0


def communities(edges: pd.DataFrame) -> pd.DataFrame:
    """Find groups by the Leiden algorithm on the edges, weighted by ``neg_log10_fdr`` (Traag et al. 2019, doi
    10.1038/s41598-019-41695-z).

    Args:
        edges: a, b, neg_log10_fdr, as `features.graphs.covisit.edges`.

    Returns:
        group (its first member), psn_no, weight (strength of the member's edges in the group relative to
        the strongest member, 0 to 1).
    """
    graph = igraph.Graph.TupleList(edges[["a", "b", "neg_log10_fdr"]].itertuples(index=False), weights=True)
    # Whoever has a single edge met one member, not the group; kept, he could pull that member out of its
    # group.
    graph = graph.subgraph([v for v, k in enumerate(graph.coreness()) if k >= 2])
    igraph.set_random_number_generator(random.Random(_SEED))
    parts = [part for component in graph.decompose() for part in _split(component)]
    rows = [row for part in parts for row in _core(part)]
    return pd.DataFrame(rows, columns=["group", "psn_no", "weight"])


def _split(graph: igraph.Graph) -> list[igraph.Graph]:
    """A graph taken apart as long as its best division is better than that of a random graph.

    Modularity has a resolution limit (Fortunato and Barthélemy 2007, doi 10.1073/pnas.0605965104): rings that
    share a house would be one community of a large graph. It also divides a ring that hangs together.
    """
    found = graph.community_leiden("modularity", weights="weight", n_iterations=PASSES)
    divided = len(found) > 1 and found.q > DIVISIBLE * _random_modularity(graph.vcount(), graph.density())
    parts = list(found) if divided else _sides_of_cut_vertex(graph)
    if len(parts) == 1:
        return [graph]
    return [part for members in parts for part in _split(graph.subgraph(members))]


def _sides_of_cut_vertex(graph: igraph.Graph) -> list[list[int]]:
    """The two sides of a graph that hangs together by one member alone, each a group without that member; the
    whole graph where there is no such member.

    Whoever lives in a home and deals in drugs with others makes no ring of the home. Modularity does not see
    it where one side is much the smaller.

    Returns:
        The vertices of each side; the member belongs to the one that he is linked with more. Of several such
        members the one whose smaller side is the largest.
    """
    best: tuple[int, list[list[int]]] = (0, [list(range(graph.vcount()))])
    for cut in graph.articulation_points():
        rest = [v for v in range(graph.vcount()) if v != cut]
        pieces = graph.subgraph(rest).connected_components()
        sides = sorted(([rest[v] for v in piece] for piece in pieces), key=len)
        smaller, others = sides[-2], [v for side in sides if side is not sides[-2] for v in side]
        if len(smaller) >= LEAST_MEMBERS and len(smaller) > best[0]:
            edges = graph.es[graph.incident(cut)]
            there = sum(e["weight"] for e in edges if {e.source, e.target} & set(smaller))
            home = smaller if 2 * there > sum(edges["weight"]) else others
            best = len(smaller), [side + [cut] if side is home else side for side in (smaller, others)]
    return best[1]


def _random_modularity(members: int, density: float) -> float:
    """Modularity of the best division of a random graph (Guimerà et al. 2004, doi
    10.1103/PhysRevE.70.025101)."""
    return (1 - 2 / math.sqrt(members)) * math.pow(2 / (density * members), 2 / 3)


def _core(community: igraph.Graph) -> list[tuple[str, str, float]]:
    """The 2-core of a community, which hangs together as the community does, named after its first member;
    nothing below LEAST_MEMBERS: group, psn_no, weight."""
    # Communities are small, so networkx is fast enough for them; igraph has found them in the whole graph.
    core = networkx.k_core(community.to_networkx(vertex_attr_hashable="name"), 2)
    if len(core) < LEAST_MEMBERS:
        return []
    strength = dict(core.degree(weight="weight"))
    most, first = max(strength.values()), min(core)
    return [(first, name, strength[name] / most) for name in sorted(core)]


def name_groups(found: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Give each group a lasting id: that of the earlier group most of whose members it holds, or a new one.

    Args:
        found: group, psn_no, weight.
        before: group_id, psn_no of the run before; may be empty.

    Returns:
        group_id, psn_no, weight, sorted.
    """
    names = _kept_names(found, before)
    for group, members in found.groupby("group")["psn_no"]:
        digest = hashlib.sha256("|".join(sorted(members)).encode()).hexdigest()
        names.setdefault(str(group), f"G{digest[:12]}")
    named = found.assign(group_id=found["group"].map(names))[["group_id", "psn_no", "weight"]]
    return named.sort_values(["group_id", "psn_no"], ignore_index=True)


def _kept_names(found: pd.DataFrame, before: pd.DataFrame) -> dict[str, str]:
    """Group → id of the earlier group that it continues: of several the one with most members."""
    shared = found.merge(before, on="psn_no").groupby(["group", "group_id"]).size().rename("shared")
    earlier = before.groupby("group_id").size().rename("earlier")
    pairs = shared.reset_index().merge(earlier, on="group_id")
    pairs = pairs[pairs["shared"] > _SAME_GROUP * pairs["earlier"]]
    pairs = pairs.sort_values(["shared", "group_id", "group"], ascending=[False, True, True])
    names: dict[str, str] = {}
    for group, group_id in zip(pairs["group"], pairs["group_id"], strict=True):
        if group not in names and group_id not in names.values():
            names[group] = group_id
    return names
