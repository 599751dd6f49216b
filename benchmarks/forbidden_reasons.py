"""What finished runs show an inspector that they must not: missing values, model terms, internal keys, raw
durations, reasons at or below the median or on a few peers, windows longer than the data, papers that show
nothing:

    python -m benchmarks.forbidden_reasons RUN ...

Read are all pages, the workbook, the stories, the reasons and their papers; prints the count of each run (0
is wanted) and the first offences.
"""

import sys
from pathlib import Path

from tests.reports.forbidden import run_offences

SHOWN = 20


def main(runs: list[Path]) -> int:
    """Print the offences; returns how many there are in all."""
    total = 0
    for run in runs:
        found = run_offences(run)
        pages = len(list(run.rglob("*.html")))
        print(f"{run}: {len(found)} in {pages} pages, the workbook, the stories and the reasons")
        print("".join(f"  {offence}\n" for offence in found[:SHOWN]), end="")
        total += len(found)
    return total


if __name__ == "__main__":
    sys.exit(1 if main([Path(run) for run in sys.argv[1:]]) else 0)
