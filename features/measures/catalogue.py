"""The catalogue of measures: each with its unit, meaning, direction and the schemes that it is evidence of.

A measure is one function under the decorator `measure`, in the module of its kind of subject; one that
several kinds of subject share stands once, under `shared`, and each of their modules enters it with
`declare`. Nothing else has to know of it: reports take their words from here, so no reason shown to an
investigator lacks any.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypedDict, Unpack

import ibis
import pandas as pd

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.comparison.funnel import StatisticKind
from features.measures.signatures import signature_schemes
from features.windows import MONTH, QUARTER, YEAR, YEARS

HIGH: Final = 1
LOW: Final = -1
PROOF, STRONG, HINT, CONTEXT = 3.0, 1.5, 0.7, 0.0
# Volumes are taken over all windows; patterns that need many visits over the long ones.
ALL_WINDOWS = (MONTH, QUARTER, YEAR, YEARS)
LONG_WINDOWS = (YEAR, YEARS)

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
    "multiple": ("倍", "times", ",.2f"),
    "per_day": ("次/天", "a day", ",.1f"),
    "yuan_per_day": ("元/天", "yuan a day", ",.0f"),
    "sessions": ("次", "sessions", ",.0f"),
    "visits_per_person": ("次/人", "a person", ",.1f"),
    "yuan_per_visit": ("元/次", "yuan a visit", ",.0f"),
    "days_per_visit": ("天/次", "days a visit", ",.1f"),
    "per_thousand": ("盒", "in a thousand boxes", ",.1f"),
    "years": ("岁", "years", ",.0f"),
}

# Families into which contributions are summed before they become reasons.
FAMILIES = {
    "money": ("费用金额", "amounts paid"),
    "frequency": ("就诊频次", "how often"),
    "supply": ("用药数量", "quantity of medicine"),
    "co_visit": ("结伴聚集", "co-visits and clustering"),
    "card_timing": ("刷卡时序", "order and pace of cards"),
    "stay": ("住院过程", "course of the stay"),
    "content": ("费用构成", "content of the bill"),
    "price": ("价格与病组", "prices and disease groups"),
    "trace": ("追溯码与处方", "trace codes and prescriptions"),
    "identity": ("身份与签到", "identity and presence"),
    "rules": ("审核规则", "audit rules"),
    "concentration": ("对象集中", "concentration"),
    "outcomes": ("相关对象的核查结果", "outcomes of others"),
    "distribution": ("数值分布", "shape of distributions"),
}


# (base table, which of its rows are in the window) → the measure's expression. Ibis values have no static
# types.
Compute = Callable[[ibis.Table, ibis.Value], ibis.Value]

# Which visits of the window a measure looks at. A course of treatment (dialysis, chemotherapy) brings people
# back by plan, so that its visits say nothing about admissions or consultations.
Over = Literal["visits", "admissions", "consultations", "purchases", "joint"]
VISIT_FILTERS: dict[Over, Compute] = {
    "visits": lambda v, w: w,
    "admissions": lambda v, w: w & (v.kind == STAY) & ~v.course,
    "consultations": lambda v, w: w & (v.kind == OUTPATIENT) & ~v.course,
    "purchases": lambda v, w: w & (v.kind == PHARMACY),
    "joint": lambda v, w: w & v.joint,
}


@dataclass(frozen=True)
class Measure:
    """One number about a subject and what it means.

    Attributes:
        subject: kind of subject it is taken of.
        name: stem of its column; with windows, ``NAME_30d`` and so on.
        zh, en: its meaning, in words that stand before a value.
        unit: key of UNITS.
        direction: HIGH when more is more suspicious, LOW when less is.
        materiality: smallest difference from the peers that an inspector would care about, in the unit. A
            share (or rate, or age) that differs by less does not stand out, also where nearly all agree
            (`features.comparison.null_distribution`), nor do fewer events of a count beyond those expected;
            other units are compared as log(1 + x / materiality) (`features.comparison.peers`). Our own
            starting values, to be calibrated with a bureau.
        evidence_weight: how seldom an honest explanation fits: PROOF where the record itself is a
            contradiction, STRONG for conduct that needs explaining, HINT for what counts only together with
            other signs, CONTEXT for size, outcomes of others and the shape of distributions, which carry no
            weight unless outcomes of inspections give them one.
        schemes: ids of the schemes (`docs/schemes.md`) that it is evidence of.
        windows: days back from the as-of date; empty where time does not matter.
        family: key of FAMILIES.
        base: table it is taken from: ``visits``, or ``ROWS/OTHER`` for the subject's rows counted by OTHER
            (`features.measures.aggregation`).
        support: measure that counts the rows or the exposure that this one rests on, and so how far it
            varies by sampling.
        case_mix: compared with what the subject's own mix of diseases, ages and kinds of visit leads one to
            expect (`features.comparison.case_mix`); for means and ratios of sums over visits.
        statistic: of what kind it is (`features.comparison.funnel`): a proportion of the rows that its
            support counts, a mean or ratio over them, a count of events by that exposure, or plain. Unless
            declared, flags are counts, shares (and parts of a thousand) with a support proportions, others
            with a support means.
        unpaid: it is the patient's paying little or nothing that is suspicious, which is no sign of a
            recipient of medical assistance.
        compute: (base table, which rows are in the window) → expression.
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
    case_mix: bool
    statistic: StatisticKind
    unpaid: bool
    compute: Compute

    def columns(self) -> dict[str, int | None]:
        """Column names and the window of each."""
        return {f"{self.name}_{days}d": days for days in self.windows} or {self.name: None}

    def support_column(self, days: int | None) -> str | None:
        """Column of the measure that counts the rows, in the same window where it has that; None without
        one."""
        if self.support is None:
            return None
        windows = CATALOGUE[self.subject, self.support].windows
        return f"{self.support}_{days}d" if days in windows else self.support


class Traits(TypedDict, total=False):
    """What a declaration may leave out (`Measure`), and ``over``: the visits of the window that are looked
    at."""

    evidence_weight: float
    direction: Literal[1, -1]
    windows: tuple[int, ...]
    over: Over
    base: str
    support: str | None
    case_mix: bool
    statistic: StatisticKind
    unpaid: bool


@dataclass(frozen=True)
class SharedMeasure:
    """A measure as several kinds of subject have it; schemes and materiality are each subject's own
    (`declare`).

    Attributes:
        zh, en, unit, family, compute: as of `Measure`.
        traits: as they hold unless a kind of subject has its own.
    """

    zh: str
    en: str
    unit: str
    family: str
    traits: Traits
    compute: Compute


CATALOGUE: dict[tuple[str, str], Measure] = {}


def measure(
    subject: str,
    zh: str,
    en: str,
    unit: str,
    family: str,
    schemes: str,
    *,
    materiality: float,
    **traits: Unpack[Traits],
) -> Callable[[Compute], Compute]:
    """Enter the decorated function into the catalogue, under its own name, as a measure of one kind of
    subject.

    Measures are taken over the long windows unless others are named; a single visit has none.

    Args:
        subject, zh, en, unit, family, materiality: see `Measure`.
        schemes: ids, separated by blanks.
        traits: see `Traits`.

    Raises:
        ValueError: the kind of subject has a measure of this name already.
    """

    def enter(compute: Compute) -> Compute:
        declare(
            subject, SharedMeasure(zh, en, unit, family, traits, compute), schemes, materiality=materiality
        )
        return compute

    return enter


def shared(
    zh: str, en: str, unit: str, family: str, **traits: Unpack[Traits]
) -> Callable[[Compute], SharedMeasure]:
    """Make the decorated function a measure that several kinds of subject share; `declare` enters it for
    each."""
    return lambda compute: SharedMeasure(zh, en, unit, family, traits, compute)


def declare(
    subject: str,
    template: SharedMeasure,
    schemes: str,
    *,
    materiality: float,
    zh: str | None = None,
    en: str | None = None,
    family: str | None = None,
    **traits: Unpack[Traits],
) -> None:
    """Enter a shared measure into the catalogue for one kind of subject, under the name of its function.

    Args:
        subject, materiality: see `Measure`.
        schemes: ids, separated by blanks.
        zh, en, family, traits: where the kind of subject differs from the others that share the measure.

    Raises:
        ValueError: the kind of subject has a measure of this name already.
    """
    key = (subject, template.compute.__name__)
    if key in CATALOGUE:
        raise ValueError(f"measure {key} is declared twice")
    own: Traits = {**template.traits, **traits}
    CATALOGUE[key] = Measure(
        subject=subject,
        name=template.compute.__name__,
        zh=zh or template.zh,
        en=en or template.en,
        unit=template.unit,
        direction=own.get("direction", HIGH),
        materiality=materiality,
        evidence_weight=own.get("evidence_weight", HINT),
        schemes=tuple(schemes.split()),
        windows=own.get("windows", () if subject == "visit" else LONG_WINDOWS),
        family=family or template.family,
        base=own.get("base", "visits"),
        support=own.get("support"),
        case_mix=own.get("case_mix", False),
        statistic=own.get("statistic", _statistic(template.unit, own.get("support"))),
        unpaid=own.get("unpaid", False),
        compute=_restricted(template.compute, own.get("over", "visits")),
    )


def _statistic(unit: str, support: str | None) -> StatisticKind:
    """Kind of statistic of a measure where its declaration does not say it."""
    if unit == "flag":
        # Yes or no, once: as significant as it is rare among the peers.
        return "count"
    if support is None:
        return "plain"
    return "proportion" if unit in ("share", "per_thousand") else "mean"


def _restricted(compute: Compute, over: Over) -> Compute:
    """The measure, of those visits of the window only that it looks at."""
    looked_at = VISIT_FILTERS[over]
    return lambda v, w: compute(v, looked_at(v, w))


def measures_of(subject: str) -> dict[str, tuple[Measure, int | None]]:
    """Column → (measure, window in days) of one kind of subject, in the order of declaration."""
    return {
        column: (entry, days)
        for entry in CATALOGUE.values()
        if entry.subject == subject
        for column, days in entry.columns().items()
    }


def expected_column(column: str) -> str:
    """Column that holds, for a measure adjusted for case mix, what the subject's mix leads one to expect."""
    return f"{column}_expected"


def spec(subject: str) -> pd.DataFrame:
    """What a model may know of its columns: index column; measure, family, evidence_weight, schemes (tuple of
    ids), signature (tuple of ids: `features.measures.signatures`)."""
    rows = [
        (
            column,
            entry.name,
            entry.family,
            entry.evidence_weight,
            entry.schemes,
            signature_schemes(subject, entry.name),
        )
        for column, (entry, _days) in measures_of(subject).items()
    ]
    names = ["column", "measure", "family", "evidence_weight", "schemes", "signature"]
    return pd.DataFrame(rows, columns=names).set_index("column")
