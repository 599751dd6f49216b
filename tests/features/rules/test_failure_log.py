"""A failed rule says what failed and where, and never a value of a row."""

import logging

import pytest

from features.rules.failure_log import exception_types, frames, log_failure, redacted


def failing(text: str) -> BaseException:
    """An exception with frames and a cause."""
    try:
        try:
            raise KeyError("psn-77")
        except KeyError as cause:
            raise ValueError(text) from cause
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Could not convert string '420800001001' to INT32", "Could not convert string ? to INT#"),
        ('duplicate key "dr_code: D7" of 张三', "duplicate key ? of 张三"),
        ("of `psn_no` and “李四” and ‘王五’", "of ? and ? and ?"),
        ("cut off in 'the middle of a na", "cut off in ?"),
        ('cut off in "the middle', "cut off in ?"),
        ("two\nlines 'one\ntwo' 12.5", "two\nlines ? #.#"),
        ("nothing to hide", "nothing to hide"),
        ("", ""),
    ],
)
def test_quoted_literals_and_digits_are_redacted(text, kept):
    assert redacted(text) == kept


def test_types_name_the_cause():
    assert exception_types(failing("x")) == "ValueError from KeyError"
    assert exception_types(ValueError("x")) == "ValueError"


def test_an_exception_raised_while_handling_another_names_it():
    with pytest.raises(RuntimeError) as caught:
        try:
            raise KeyError("a")
        except KeyError:
            raise RuntimeError("b")  # noqa: B904  the implicit context is what is tested
    assert exception_types(caught.value) == "RuntimeError from KeyError"


def test_frames_are_file_line_and_function_on_one_line():
    text = frames(failing("x"))
    assert text.startswith("features/rules/test_failure_log.py:") and text.endswith(" failing")
    assert "\n" not in text and frames(ValueError("never raised")) == ""


def test_frames_stand_outermost_first():
    def outer():
        raise failing("x")

    with pytest.raises(ValueError) as caught:
        outer()
    functions = [frame.split(" ")[-1] for frame in frames(caught.value).split(" > ")]
    assert functions == ["test_frames_stand_outermost_first", "outer", "failing"]


def test_the_error_has_no_text_and_the_debug_record_a_redacted_one(caplog):
    caplog.set_level(logging.DEBUG, logger="fundguard.rules")
    log_failure("R084", failing("no 'psn-77' in 2024"))
    error, debug = caplog.records
    assert (error.name, error.levelname, debug.levelname) == ("fundguard.rules", "ERROR", "DEBUG")
    assert error.getMessage().startswith("rule R084 failed: ValueError from KeyError at features/rules/")
    assert debug.getMessage() == "rule R084 failed, text with values redacted: no ? in #"
    assert "psn-77" not in caplog.text and "2024" not in error.getMessage().partition(" at ")[0]


def test_without_debugging_no_text_is_logged(caplog):
    caplog.set_level(logging.INFO, logger="fundguard.rules")
    log_failure("R084", failing("nothing quoted"))
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "nothing quoted" not in caplog.text
