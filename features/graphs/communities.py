"""Edges → groups: communities of people who meet beyond chance, trimmed to their core, with lasting names."""

import hashlib
import random

import igraph
import networkx
import pandas as pd

# Two people are a couple; from three on it is company (M02, M26).
LEAST_MEMBERS = 3
_SEED = 0


def communities(edges: pd.DataFrame) -> pd.DataFrame:
    """Find groups by Leiden's algorithm on the surprise of the edges (Traag et al. 2019, doi 10.1038/s41598-019-41695-z).

    Args:
        edges: a, b, surprise, as `features.graphs.covisit.edges`.

    Returns:
        group (number), psn_no, weight (share of the group's surprise on the member's edges, 0 to 1).
    """
    graph = igraph.Graph.TupleList(edges[["a", "b", "neg_log10_fdr"]].itertuples(index=False), weights=True)
    # Whoever hangs on by a single edge met one member, not the group; left in, he may draw that member out of it.
    graph = graph.subgraph([v for v, k in enumerate(graph.coreness()) if k >= 2])
    igraph.set_random_number_generator(random.Random(_SEED))
    found = graph.community_leiden("modularity", weights="weight", n_iterations=-1)
    rows = []
    for number, members in enumerate(found):
        # Igraph for the whole city, where networkx would take minutes; networkx for what was found.
        core = networkx.k_core(graph.subgraph(members).to_networkx(vertex_attr_hashable="name"), 2)
        for part in networkx.connected_components(core):
            if len(part) >= LEAST_MEMBERS:
                strength = dict(core.degree(part, weight="weight"))
                most, first = max(strength.values()), min(part)
                rows += [(f"{number}-{first}", name, strength[name] / most) for name in sorted(part)]
    return pd.DataFrame(rows, columns=["group", "psn_no", "weight"])


def name_groups(found: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Give each group a lasting id: that of the earlier group most of whose members it holds, or a new one.

    Args:
        found: group, psn_no, weight.
        before: group_id, psn_no of the run before; may be empty.

    Returns:
        group_id, psn_no, weight, sorted.
    """
    shared = (
        found.merge(before, on="psn_no").groupby(["group", "group_id"]).size().rename("shared").reset_index()
    )
    shared = shared.merge(before.groupby("group_id").size().rename("was"), on="group_id")
    shared = shared[shared["shared"] * 2 > shared["was"]]
    shared = shared.sort_values(["shared", "group_id", "group"], ascending=[False, True, True])
    names: dict[str, str] = {}
    for row in shared.itertuples():
        if row.group not in names and row.group_id not in names.values():
            names[row.group] = row.group_id
    for group, members in found.groupby("group")["psn_no"]:
        digest = hashlib.sha256("|".join(sorted(members)).encode()).hexdigest()
        names.setdefault(group, f"G{digest[:12]}")
    named = found.assign(group_id=found["group"].map(names))[["group_id", "psn_no", "weight"]]
    return named.sort_values(["group_id", "psn_no"], ignore_index=True)
