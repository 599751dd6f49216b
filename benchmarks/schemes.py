"""How well runs find each planted scheme, against plain baselines on the same subjects: Markdown tables.

    python benchmarks/schemes.py CITY RUN [CITY RUN …]      CITY = what `fundguard simulate` wrote, RUN =
    STORE/runs/AS_OF

Give cities of one setting together (several seeds, all open or all hidden): counts are pooled over them,
and the range over the cities follows fundguard's figure in brackets. k is the number of guilty of a kind
that no confirmed outcome names, in each city; those it names are left out of every list, and so are visits
of guilty patients that the truth does not list. The baselines (`planted.py`) see each subject's totals:
their order by fund payment, an isolation forest, and the learner of the models where outcomes allow it. A
group finds a ring if most of its members are of the ring, and each ring is found once; the baselines order
the same groups by the totals of their members.
"""

import sys
from collections import defaultdict
from pathlib import Path

from planted import FOREST, FUND, FUNDGUARD, KINDS, LEARNER, Planted

WHO = (FUNDGUARD, FUND, FOREST, LEARNER)
FIRST = 100

Share = tuple[int, int]  # found, of how many
Cells = dict[str, list[Share]]  # by whose list, one share a city


def by_scheme(cities: list[Planted]) -> dict[tuple[str, str], Cells]:
    """(scheme, kind) → share of its guilty in the first 2k."""
    found = defaultdict(lambda: defaultdict(list))
    for city in cities:
        for kind in KINDS:
            guilty, orders = city.guilty(kind), city.orders[kind]
            k = guilty["subject_id"].nunique()
            for who, order in orders.items():
                first = set(order[: 2 * k])
                for scheme, members in guilty.groupby("scheme")["subject_id"]:
                    found[scheme, kind][who].append((int(members.isin(first).sum()), len(members)))
    return dict(sorted(found.items()))


def by_kind(cities: list[Planted]) -> tuple[dict[str, Cells], dict[str, Cells]]:
    """Kind → guilty among the first k; kind → look-alikes among the first hundred."""
    precision, alike = defaultdict(lambda: defaultdict(list)), defaultdict(lambda: defaultdict(list))
    for city in cities:
        for kind in KINDS:
            wanted, innocent = set(city.guilty(kind)["subject_id"]), city.look_alikes(kind)
            for who, order in city.orders[kind].items():
                if wanted:
                    hits = len(wanted & set(order[: len(wanted)]))
                    precision[kind][who].append((hits, len(wanted)))
                first = order[:FIRST]
                alike[kind][who].append((len(innocent & set(first)), len(first)))
    return precision, alike


def by_group(cities: list[Planted]) -> dict[str, Cells]:
    """Precision and recall of the groups at the number of planted rings, and recall at twice that."""
    found = {name: defaultdict(list) for name in ("precision at n", "recall at n", "recall at 2n")}
    for city in cities:
        groups = city.members.groupby("group_id")["psn_no"].agg(set)
        n = len(city.rings)
        for who, order in city.orders.get("group", {}).items():
            hits = [_ring(groups[group], city.rings) for group in order]
            once = len({ring for ring in hits[:n] if ring is not None})
            twice = len({ring for ring in hits[: 2 * n] if ring is not None})
            found["precision at n"][who].append((once, min(n, len(order))))
            found["recall at n"][who].append((once, n))
            found["recall at 2n"][who].append((twice, n))
    return found


def _ring(group: set[str], rings: list[set[str]]) -> int | None:
    """Number of the ring that most of a group belongs to."""
    shared = [len(group & ring) for ring in rings]
    most = max(range(len(rings)), key=shared.__getitem__, default=None)
    return most if most is not None and 2 * shared[most] > len(group) else None


def table(title: str, heads: tuple[str, ...], rows: dict[tuple[str, ...], Cells]) -> None:
    """Print shares: the pooled one of each list, fundguard's range over the cities, how many there were to
    find."""
    print(f"\n### {title}\n")
    print("| " + " | ".join([*heads, "of", *WHO]) + " |")
    print("|" + "---|" * len(heads) + "---:|" * (1 + len(WHO)))
    for key, cells in rows.items():
        of = sum(n for _hits, n in cells[FUNDGUARD])
        shares = [_pooled(cells[who], ranged=who == FUNDGUARD) if who in cells else "–" for who in WHO]
        print("| " + " | ".join([*key, str(of), *shares]) + " |")


def _pooled(shares: list[Share], ranged: bool) -> str:
    total = sum(n for _hits, n in shares)
    text = f"{sum(hits for hits, _n in shares) / total:.2f}" if total else "–"
    each = [hits / n for hits, n in shares if n]
    return f"{text} ({min(each):.2f}–{max(each):.2f})" if ranged and len(each) > 1 else text


def main(folders: list[Path]) -> None:
    """Print the tables."""
    cities = [Planted.read(city, run) for city, run in zip(folders[::2], folders[1::2], strict=True)]
    precision, alike = by_kind(cities)
    table("Recall of each scheme in the first 2k", ("scheme", "kind"), by_scheme(cities))
    table("Precision at k", ("kind",), {(kind,): cells for kind, cells in precision.items()})
    table(f"Look-alikes in the first {FIRST}", ("kind",), {(kind,): cells for kind, cells in alike.items()})
    groups = {(name,): cells for name, cells in by_group(cities).items() if cells}
    table("Groups against the n planted rings, one hit a ring", ("figure",), groups)


if __name__ == "__main__":
    main([Path(folder) for folder in sys.argv[1:]])
