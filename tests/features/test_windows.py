"""The windows are declared in one place."""

import ast
from pathlib import Path

from features.measures.catalogue import ALL_WINDOWS, LONG_WINDOWS
from features.windows import MONTH, QUARTER, YEAR, YEARS

ROOT = Path(__file__).parents[2]


def test_flows_are_watched_over_all_windows_and_patterns_over_the_long_ones():
    assert ALL_WINDOWS == (MONTH, QUARTER, YEAR, YEARS) == (30, 90, 365, 1095) and LONG_WINDOWS == (
        YEAR,
        YEARS,
    )


def test_no_other_module_writes_the_days_of_a_year():
    """Walk the source: 365 and 1095 stand in `features/windows.py` alone."""
    found = set()
    modules = (
        path for folder in ("features", "models", "pipelines") for path in (ROOT / folder).rglob("*.py")
    )
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in (365, 1095) and node.value is not True:
                found.add(path.name)
    assert found == {"windows.py"}
