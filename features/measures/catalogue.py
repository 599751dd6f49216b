"""The catalogue of measures: each with its unit, meaning, direction and the schemes it speaks for.

A measure is one function in the module of its subject, under the decorator `measure`; nothing else has to know
of it. Reports take their words from here, so no reason shown to an investigator lacks any.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import ibis
import pandas as pd

from features.windows import MONTH, QUARTER, YEAR, YEARS

HIGH, LOW = 1, -1
PROOF, STRONG, HINT, CONTEXT, LEARNT = 3.0, 1.5, 0.7, 0.2, 0.0
# Flows are watched over all windows; patterns that need many visits over the long ones.
FLOW = (MONTH, QUARTER, YEAR, YEARS)
PATTERN = (YEAR, YEARS)

SUBJECTS = ("visit", "patient", "prescriber", "pharmacy", "hospital", "group")

# unit → (Chinese, English, number format). A share is shown in per cent.
UNITS = {
    "yuan": ("元", "yuan", ",.0f"),
    "visits": ("次", "visits", ",.0f"),
    "days": ("天", "days", ",.1f"),
    "flag": ("", "", ""),
    "findings": ("条", "findings", ",.0f"),
    "times": ("次", "times", ",.0f"),
    "share": ("", "", ".1%"),
    "places": ("家", "places", ",.0f"),
    "villages": ("个", "villages", ",.0f"),
    "persons": ("人", "persons", ",.0f"),
    "items": ("项", "items", ",.0f"),
    "boxes": ("盒", "boxes", ",.0f"),
    "seconds": ("秒", "seconds", ",.0f"),
    "ratio": ("倍", "times the usual", ",.2f"),
    "per_day": ("次/天", "a day", ",.1f"),
    "yuan_per_day": ("元/天", "yuan a day", ",.0f"),
    "sessions": ("次", "sessions", ",.0f"),
    "visits_each": ("次/人", "a person", ",.1f"),
    "yuan_each": ("元/次", "yuan a visit", ",.0f"),
    "days_each": ("天/次", "days a visit", ",.1f"),
    "per_thousand": ("盒/千盒", "in a thousand boxes", ",.1f"),
    "years": ("岁", "years", ",.0f"),
}

# Families into which contributions are summed before they become reasons.
FAMILIES = {
    "money": ("费用金额", "amounts paid"),
    "frequency": ("就诊频次", "how often"),
    "supply": ("用药数量", "quantity of medicine"),
    "company": ("结伴聚集", "company and clustering"),
    "terminal": ("刷卡时序", "order and pace of cards"),
    "stay": ("住院过程", "course of the stay"),
    "content": ("费用构成", "content of the bill"),
    "price": ("价格与病组", "prices and disease groups"),
    "trace": ("追溯码与处方", "trace codes and prescriptions"),
    "identity": ("身份与签到", "identity and presence"),
    "rules": ("审核规则", "audit rules"),
    "concentration": ("对象集中", "concentration"),
    "outcomes": ("相关对象的核查结果", "outcomes of others"),
}


@dataclass(frozen=True)
class Measure:
    """What one number about a subject means.

    Attributes:
        subject: kind of subject it is taken of.
        name: stem of its column; with windows, ``NAME_30d`` and so on.
        zh, en: what it says, in words that stand before a value.
        unit: key of UNITS.
        direction: HIGH when more is more suspicious, LOW when less is.
        least: smallest difference from the peers that an inspector would care about, in the unit; it keeps a
            measure on which nearly all agree from making a stranger of everyone else. Our own starting values,
            to be calibrated with a bureau.
        telling: how seldom an honest explanation fits: PROOF where the record itself is a contradiction, STRONG
            for conduct that needs explaining, HINT for what counts only beside other signs, CONTEXT for size, LEARNT for
            what says nothing unless outcomes teach it.
        schemes: ids of `domain/schemes.md` that it speaks for.
        windows: days back from the night; empty where time does not matter.
        family: key of FAMILIES.
        base: table it is taken from: ``visits``, or ``ROWS/OTHER`` for the subject's rows counted by OTHER
            (`features.measures.aggregation`).
        support: measure that counts what this one is an average of; small counts are drawn to the peers.
        mix: compared with what the subject's own mix of diseases, ages and kinds of visit leads one to expect
            (`features.comparison.case_mix`); for means and ratios of sums over visits.
        take: (base table, which rows are in the window) → expression.
    """

    subject: str
    name: str
    zh: str
    en: str
    unit: str
    direction: int
    materiality: float
    evidence_weight: float
    schemes: tuple[str, ...]
    windows: tuple[int, ...]
    family: str
    base: str
    support: str | None
    mix: bool
    take: Callable[[ibis.Table, ibis.Value], ibis.Value]

    def columns(self) -> dict[str, int | None]:
        """Column names and the window of each."""
        return {f"{self.name}_{days}d": days for days in self.windows} or {self.name: None}


CATALOGUE: dict[tuple[str, str], Measure] = {}


def measure(
    subject: str,
    zh: str,
    en: str,
    unit: str,
    schemes: str,
    *,
    materiality: float,
    family: str,
    evidence_weight: float = HINT,
    direction: Literal[1, -1] = HIGH,
    windows: tuple[int, ...] | None = None,
    base: str = "visits",
    support: str | None = None,
    mix: bool = False,
) -> Callable:
    """Enter the decorated function into the catalogue under its own name (see `Measure` for the words).

    Measures are taken over the long windows unless others are named; a single visit has none.
    """
    if windows is None:
        windows = () if subject == "visit" else PATTERN

    def enter(take: Callable) -> Callable:
        key = (subject, take.__name__)
        if key in CATALOGUE:
            raise ValueError(f"measure {key} is declared twice")
        CATALOGUE[key] = Measure(
            subject, take.__name__, zh, en, unit, direction, materiality, evidence_weight, tuple(schemes.split()),
            windows, family, base, support, mix, take,
        )  # fmt: skip
        return take

    return enter


def measures_of(subject: str) -> dict[str, tuple[Measure, int | None]]:
    """Column → (measure, window in days) of one kind of subject, in the order of declaration."""
    return {
        column: (entry, days)
        for entry in CATALOGUE.values()
        if entry.subject == subject
        for column, days in entry.columns().items()
    }


def expected_column(column: str) -> str:
    """Column that holds, beside that of a measure with a mix, what the subject's mix leads one to expect."""
    return f"{column}_expected"


def spec(subject: str) -> pd.DataFrame:
    """What a model may know of its columns: index column; measure, family, telling, schemes (tuple of ids)."""
    rows = [
        (column, entry.name, entry.family, entry.evidence_weight, entry.schemes)
        for column, (entry, _days) in measures_of(subject).items()
    ]
    return pd.DataFrame(
        rows, columns=["column", "measure", "family", "evidence_weight", "schemes"]
    ).set_index("column")
