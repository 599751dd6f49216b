"""How amounts, scores and missing values are written; nothing here takes long to import."""

import math
from typing import Any

# What stands in a table where a value is missing.
MISSING = "—"
# Missing values of pandas, by type: pandas itself is not needed to tell them.
_ABSENT = ("NAType", "NaTType")


def is_missing(value: Any) -> bool:
    """Is a value no number or text that could be printed: None, NaN, NaT, infinite?"""
    if value is None or type(value).__name__ in _ABSENT:
        return True
    return isinstance(value, float) and not math.isfinite(value)


def score_text(score: float | None) -> str:
    """A score, probability or metric from 0 to 1."""
    return _text(score, ".2f")


def amount_text(amount: float | None) -> str:
    """An amount or count without decimals."""
    return _text(amount, ",.0f")


def cents_text(amount: float | None) -> str:
    """An amount to the cent, where rows have to add up to their sum."""
    return _text(amount, ",.2f")


def _text(value: float | None, spec: str) -> str:
    return MISSING if value is None or is_missing(float(value)) else format(value, spec)


def yuan_text(amount: float, language: str) -> str:
    """A sum in yuan with its unit; what rounds to nothing is said to be less than one."""
    if 0 < amount < 0.5:
        return "不足1元" if language == "zh" else "less than 1 yuan"
    # A whole number, for a float that rounds to nothing keeps its sign.
    return f"{round(amount):,}元" if language == "zh" else f"{round(amount):,} yuan"


def expected_text(expected: float, language: str) -> str:
    """A number that is expected, without decimals; one below 1 in words."""
    if expected >= 1:
        return f"{expected:,.0f}"
    return "不足1" if language == "zh" else "less than one"
