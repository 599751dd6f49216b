"""How well a run finds what a synthetic city hides, kind by kind and scheme by scheme.

    python benchmarks/detection.py CITY RUN      CITY = what `fundguard simulate` wrote, RUN =
    STORE/runs/AS_OF

k is the number of guilty that no confirmed outcome names; those it names are left out of the list, and so
are visits of guilty patients that the truth does not list. Prints precision
at k, how many of the first hundred are innocent look-alikes, recall in the first 2k by scheme, and the same
of a plain baseline: subjects in order of the fund's payment. `benchmarks/schemes.py` compares several
cities with more baselines.
"""

import sys
from pathlib import Path

from planted import FUND, FUNDGUARD, KINDS, Planted


def main(city: Path, run: Path) -> None:
    """Print the table."""
    planted = Planted.read(city, run)
    print(f"{'kind':<11}{'k':>5}{'precision@k':>13}{'baseline':>10}{'look-alikes in top 100':>24}")
    for kind in KINDS:
        guilty, orders = planted.guilty(kind), planted.orders[kind]
        wanted = set(guilty["subject_id"])
        k = len(wanted)
        hits, base = (sum(x in wanted for x in orders[who][:k]) / max(k, 1) for who in (FUNDGUARD, FUND))
        alike = len(planted.look_alikes(kind) & set(orders[FUNDGUARD][:100]))
        print(f"{kind:<11}{k:>5}{hits:>13.3f}{base:>10.3f}{alike:>18}")
        first = set(orders[FUNDGUARD][: 2 * k])
        for scheme, members in guilty.groupby("scheme")["subject_id"]:
            print(f"    {scheme} recall in the first 2k {members.isin(first).mean():.2f} of {len(members)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
