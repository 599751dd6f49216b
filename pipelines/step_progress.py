"""How far a run is, for whoever waits at a terminal: the step at work, and a line for each that is done.

Nothing is shown where stderr is no terminal, because there one plain line is the contract's way to fail.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pipelines.step_log import Figure

# Figures of a line at most; the log has all.
_FIGURES = 6


@contextmanager
def step_at_work(step: str) -> Iterator[None]:
    """Show that a step is at work."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(step):
        yield


def step_done(step: str, seconds: float, result: Any) -> None:
    """Say that a step is done, how long it took and what it counted."""
    if sys.stderr.isatty():
        counts = result.counts() if hasattr(result, "counts") else {}
        print(step_line(step, seconds, counts), file=sys.stderr)


def step_line(step: str, seconds: float, counts: Mapping[str, Figure]) -> str:
    """`measure   12.3 s  visit 30,201 · patient 5,086`; digests of files are left out."""
    numbers = [(name, n) for name, n in counts.items() if isinstance(n, int | float)][:_FIGURES]
    said = " · ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in numbers)
    return f"{step:<9}{seconds:7.1f} s  {said}".rstrip()
