"""`python -m benchmarks.blind OUT --seed N [--hard] [--persons N]`: writes a city and says what is in it."""

import argparse
from collections import Counter
from pathlib import Path

from benchmarks.blind.build import build
from benchmarks.blind.plan import draw_plan
from benchmarks.blind.write import write


def main() -> None:
    """Read the command line, build, write, print counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blind", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--hard", action="store_true", help="diluted guilt")
    parser.add_argument("--persons", type=int, help="insured people (drawn by the seed if not given)")
    given = parser.parse_args()
    plan = draw_plan(given.seed, given.hard, given.persons)
    city, tables = build(plan)
    write(city, tables, given.out)
    print(plan)
    print({name: len(table) for name, table in tables.items()})
    print(
        {
            f"{s} {k}": n
            for (k, s), n in sorted(
                Counter((k, s) for k, _id, s in city.truth).items(), key=lambda x: x[0][::-1]
            )
        }
    )


if __name__ == "__main__":
    main()
