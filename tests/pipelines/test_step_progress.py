"""Progress is shown at a terminal and nowhere else."""

import sys

import pytest

from pipelines.step_log import Digest
from pipelines.step_progress import step_at_work, step_done, step_line


class Result:
    """As much of a step's result as the line looks at."""

    def counts(self):
        return {"visit": 30201, "rules_run": 97, "suspects": Digest("abc")}


def test_a_line_has_seconds_and_counts_and_no_digests():
    assert step_line("measure", 12.34, Result().counts()) == "measure     12.3 s  visit 30,201 · rules run 97"
    assert step_line("ingest", 0.06, {}) == "ingest       0.1 s"
    many = {f"n{n}": n for n in range(9)}
    assert step_line("x", 1.0, many).endswith("n5 5")


@pytest.mark.parametrize("terminal", [True, False])
def test_only_a_terminal_is_told(monkeypatch, capsys, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with step_at_work("measure"):
        step_done("measure", 1.0, Result())
    assert ("30,201" in capsys.readouterr().err) is terminal
