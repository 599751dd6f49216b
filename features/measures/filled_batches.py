"""Measures of prescriptions that are filled in batches at one pharmacy for the same people (M19,
`features.graphs.batch_filling`)."""

from ibis import Table, Value

from features.measures.catalogue import STRONG, declare, measure, shared


@shared(
    "同一医师处方由同一批人成批取药的占比",
    "share of purchases filled in batches together with the same other people", "share",
    "co_visit", evidence_weight=STRONG, over="purchases", support="purchases",
)  # fmt: skip
def clustered_fill_share(v: Table, w: Value) -> Value:
    """Purchases in batches beyond chance ÷ purchases."""
    return (v.co_fillers > 0).fill_null(False).mean(where=w)


declare("prescriber", clustered_fill_share, "M19", materiality=0.05)
declare("pharmacy", clustered_fill_share, "M19", materiality=0.02, over="visits", support="visits")


@shared(
    "与同一批人成批取药的次数", "purchases filled in batches together with the same other people", "visits",
    "co_visit", evidence_weight=STRONG,
)  # fmt: skip
def clustered_fills(v: Table, w: Value) -> Value:
    """Purchases in batches beyond chance."""
    return v.mdtrt_id.count(where=w & (v.co_fillers > 0).fill_null(False))


declare("patient", clustered_fills, "M19", materiality=2)
declare("group", clustered_fills, "M19", materiality=10)


@measure(
    "visit", "与同一批人成批取药的人数", "people whose prescriptions are filled in the same batches",
    "persons", "supply", "M19", materiality=3,
)  # fmt: skip
def co_fillers(v: Table, w: Value) -> Value:
    """People of the batch who are in others, too, beyond chance."""
    return v.co_fillers.fill_null(0)
