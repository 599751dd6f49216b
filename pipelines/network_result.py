"""Part of the step that measures: links beyond chance, the groups they form, and which groups have an honest
reason."""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import ClaimsAsOf
from features.graphs import communities
from features.graphs.group_profiles import described, group_facts, honest_reasons, hubs, village_shares
from features.graphs.neighbour_outcomes import neighbour_outcomes
from features.graphs.network import Network, build_network, inside_of, kinds_of, links, outer_joined, stored
from features.measures.aggregation import MEMBERS
from features.visits.facts import with_counts
from pipelines.snapshot import NetworkResult


def network_result(
    claims: ClaimsAsOf, facts: ibis.Table, before: pd.DataFrame
) -> tuple[ibis.Table, NetworkResult]:
    """Find links and groups.

    Args:
        before: group_id, psn_no of the groups of the run before.

    Returns:
        The facts with two more kinds of column (how many people each visit links its patient to, and the
        outcomes of the patient's neighbours), and the network.
    """
    con = claims.con
    network = build_network(claims, facts)
    members = communities.name_groups(communities.communities(network.people), before)
    kept = stored(con, MEMBERS, members)
    excused, profiles = _profiles(claims, facts, network, kept)
    # Links outside groups are couples, and those inside an excused group have an honest reason: neither is
    # evidence.
    has_reason = members.group_id.map(excused).notna()
    counts = links(con, network, _pairs_within(network, members[~has_reason]), "suspicious_pairs")
    linking_visits = ibis.union(network.co_attendance, network.co_oversupply, network.co_filling).semi_join(
        con.table("suspicious_pairs"), ["a", "b"]
    )
    excused_pairs = _pairs_within(network, members[has_reason])
    facts = _without_excused_signs(con, facts, network, excused_pairs)
    facts = with_counts(
        con, facts, outer_joined(counts, neighbour_outcomes(claims, facts, linking_visits)), "facts_linked"
    )
    shared, inside = hubs(group_facts(facts, kept)), inside_of(network.edges, members)
    # Where people with an honest reason to meet go is nobody's business.
    shared = shared[shared["group_id"].map(excused).isna()].reset_index(drop=True)
    result = NetworkResult(network.edges, inside, members, kinds_of(inside), shared, profiles, excused)
    return facts, result


def _profiles(
    claims: ClaimsAsOf, facts: ibis.Table, network: Network, members: ibis.Table
) -> tuple[pd.Series, pd.DataFrame]:
    """Honest reasons of the groups and what the groups did; all links count here, excused or not."""
    con = claims.con
    counts = links(con, network, network.people, "people")
    of_members = with_counts(con, facts.semi_join(members, "psn_no"), counts, "facts_of_members")
    visits = group_facts(of_members, members)
    shares = con.create_table("village_shares", village_shares(facts))
    return honest_reasons(visits, shares), described(visits)


def _without_excused_signs(
    con: ibis.BaseBackend, facts: ibis.Table, network: Network, pairs: pd.DataFrame
) -> ibis.Table:
    """The facts without what a group with an honest reason brings with it, for the people and for the place:
    swipes in a row of a carer with everybody's card and prescriptions of the home's doctor, stays with alike
    bills of those treated together."""
    met = ibis.union(network.co_attendance, network.co_filling)
    met = met.semi_join(stored(con, "excused_pairs", pairs[["a", "b"]]), ["a", "b"])
    joined = facts.left_join(met.select("mdtrt_id").distinct().mutate(_excused=True), "mdtrt_id")
    joined = joined.drop("mdtrt_id_right").mutate(_excused=_._excused.fill_null(False))
    twins = (joined._excused & joined.twins.notnull()).ifelse(0, joined.twins)
    gone = {
        name: joined._excused.ifelse(None, joined[name])
        for name in ("same_predecessor_days", "prescribing_dr")
    }
    return joined.mutate(burst=joined.burst & ~joined._excused, twins=twins, **gone).drop("_excused")


def _pairs_within(network: Network, members: pd.DataFrame) -> pd.DataFrame:
    """The linked pairs of which both are in one of the members' groups."""
    return inside_of(network.people.assign(a_type="patient", b_type="patient"), members)
