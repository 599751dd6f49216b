"""The log of a run: figures only, clean stderr unless a level is set, failures by their type."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.step_log import LOGGER, Digest, Figure, configure_logging, line, logged_step


@dataclass(frozen=True)
class Counts:
    """A result that says what a test wants it to say."""

    figures: dict[str, Figure]

    def counts(self) -> Mapping[str, Figure]:
        """The figures."""
        return self.figures


@logged_step("measure")
def work(figures: dict[str, Figure], fail: str | None = None) -> Counts:
    """A step; ``fail`` is the text of its error."""
    if fail:
        raise KeyError(fail)
    LOGGER.getChild("rules").error("rule R1 failed: KeyError")
    return Counts(figures)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The logger as it was before the test."""
    before = LOGGER.level, LOGGER.propagate, list(LOGGER.handlers)
    yield
    for handler in set(LOGGER.handlers) - set(before[2]):
        handler.close()
    LOGGER.level, LOGGER.propagate, LOGGER.handlers = before


def test_a_line_holds_the_figures_in_their_order():
    found = line("score", "end", seconds=1.5, patient=12, suspects=Digest("0a1b"))
    assert found == "step=score event=end seconds=1.50 patient=12 suspects=0a1b"


def test_nothing_is_said_unless_it_is_asked_for(capfd):
    configure_logging()
    work({"patient": 3})
    with pytest.raises(KeyError):
        work({}, fail="p1")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "level, words", [("INFO", ["end", "R1"]), ("DEBUG", ["begin", "end", "R1"]), ("ERROR", ["R1"])]
)
def test_a_level_brings_its_lines_to_stderr(capfd, level, words):
    configure_logging(level)
    work({"patient": 3})
    out, err = capfd.readouterr()
    assert out == ""
    assert [word for word in ("begin", "end", "R1") if re.search(rf"\b{word}\b", err)] == words
    assert ("patient=3" in err) == ("end" in words)


def test_a_file_has_times_levels_steps_and_counts_and_is_appended_to(tmp_path, capfd):
    file = tmp_path / "logs/run.log"
    for _time in range(2):
        configure_logging(None, file)
        work({"patient": 3, "suspects": Digest("0a1b2c")})
    pattern = (
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} INFO fundguard\.measure "
        r"step=measure event=end seconds=\d+\.\d\d patient=3 suspects=0a1b2c"
    )
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4 and all(re.fullmatch(pattern, text) for text in lines[1::2])
    assert capfd.readouterr().err == ""


def test_a_failure_is_named_by_its_type_and_its_text_is_kept_back(tmp_path):
    configure_logging("DEBUG", tmp_path / "run.log")
    with pytest.raises(KeyError, match="4208000001"):
        work({}, fail="4208000001")
    text = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert "ERROR fundguard.measure step=measure event=failed" in text and "type=KeyError" in text
    assert "4208000001" not in text


def test_what_was_configured_before_no_longer_holds(tmp_path, capfd):
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    configure_logging("INFO", first)
    configure_logging(None, second)
    work({"patient": 3})
    assert first.read_text(encoding="utf-8") == "" and "patient=3" in second.read_text(encoding="utf-8")
    assert capfd.readouterr().err == ""


def test_handlers_of_other_libraries_repeat_nothing(tmp_path, capfd):
    other = logging.FileHandler(tmp_path / "other.log")
    logging.getLogger().addHandler(other)
    try:
        configure_logging("INFO")
        work({"patient": 3})
    finally:
        logging.getLogger().removeHandler(other)
        other.close()
    assert Path(tmp_path / "other.log").read_text(encoding="utf-8") == ""
    assert capfd.readouterr().err.count("patient=3") == 1


def test_a_step_keeps_its_name_and_words():
    assert work.__name__ == "work" and work.__doc__ == "A step; ``fail`` is the text of its error."
