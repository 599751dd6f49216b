"""How values are written for people: with their unit, in Chinese and English; a missing value never as a
number.

Everything that prints a number of a measure takes its text from here, amounts and scores from
`reports.number_texts`.
"""

from features.measures.catalogue import UNITS, Measure
from features.windows import DAYS_A_MONTH, DAYS_A_YEAR, MONTH, MONTHS_ABOVE, QUARTER, YEAR, YEARS
from reports.number_texts import is_missing

# What stands in a sentence where a value is missing.
NOT_KNOWN = ("不详", "not known")
# Window of a measure in days → words.
_PERIODS = {
    MONTH: ("近30天", "in the last 30 days"),
    QUARTER: ("近三个月", "in the last three months"),
    YEAR: ("近一年", "in the last year"),
    YEARS: ("近三年", "in the last three years"),
}
# Said instead of a window that is longer than the claims go back.
_WHOLE_PERIOD = ("有数据以来", "since the data begin")
# The first claims may be of a few days after the data begin.
COVERED_WITHIN = 7
# Said of an excess that is none.
_NO_EXCESS = ("持平或更低", "none")
_FLAG = (("否", "no"), ("是", "yes"))
# Measures in days that count days of a calendar rather than state how long something took: a count stays a
# count.
COUNTED_DAYS = frozenset(
    (
        "days_together",
        "same_predecessor_days",
        "purchase_days",
        "stay_days",
        "idle_days",
        "long_term_care_days",
    )
)
# A duration of so many days or more is stated in years.
YEARS_FROM = YEAR
# Of a duration of so many days, tenths say nothing.
WHOLE_DAYS_FROM = 10
# Seconds from which a duration is stated in minutes, hours, days.
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_DURATIONS = ("days", "days_per_visit")
# English units that are no plural of a thing counted.
_UNCOUNTED = ("yuan",)


def period(days: int | None, days_of_claims: int | None = None) -> tuple[str, str]:
    """A window in words, in Chinese and English; empty where there is none.

    Args:
        days_of_claims: how many days the claims go back, where that is known.
    """
    if days is None:
        return "", ""
    if not is_covered(days, days_of_claims):
        return _WHOLE_PERIOD
    return _PERIODS.get(days, ("", ""))


def is_covered(days: int, days_of_claims: int | None) -> bool:
    """Do the claims go back as far as a window, but for a few days? Yes where that is not known."""
    return days_of_claims is None or days <= days_of_claims + COVERED_WITHIN


def measure_value(entry: Measure, value: float | None, language: str) -> str:
    """A value of a measure with its unit; durations in natural units, counts of days in days."""
    return value_with_unit(value, entry.unit, language, natural=entry.name not in COUNTED_DAYS)


def value_with_unit(value: float | None, unit: str, language: str, natural: bool = True) -> str:
    """A value with its unit.

    Args:
        unit: key of UNITS.
        language: zh or en.
        natural: long durations in months and years.
    """
    english = language == "en"
    if value is None or is_missing(float(value)):
        return NOT_KNOWN[english]
    if unit == "flag":
        return _FLAG[int(value >= 0.5)][english]
    if unit == "seconds":
        return _seconds(value, english)
    text = number(value, unit)
    if unit == "share" and text.startswith("-"):
        # A share of an excess.
        return _NO_EXCESS[english]
    if natural and unit in _DURATIONS and value >= WHOLE_DAYS_FROM:
        text = f"{value:,.0f}"
    if natural and unit in _DURATIONS and value > MONTHS_ABOVE:
        return _long_duration(value, english) + ("" if unit == "days" else ("/次", " a visit")[english])
    zh, en, _format = UNITS[unit]
    return f"{text} {unit_of(text, en)}".strip() if english else f"{text}{zh}"


def number(value: float, unit: str) -> str:
    """A value as its unit is written, without the unit; whole days and per cent without decimals."""
    text = format(value, UNITS[unit][2]).removesuffix(".0").replace(".0%", "%")
    return text.removeprefix("-") if text in ("-0", "-0%") else text


def days_text(days: float, language: str) -> str:
    """A duration in days: days up to two months, then months, then years."""
    return value_with_unit(days, "days", language)


def share_of_peers(share: float) -> str:
    """A share of the peers in per cent, never rounded up to all of them."""
    return f"{min(share * 100, 99.9):.1f}%"


def _long_duration(days: float, english: bool) -> str:
    if days < YEARS_FROM:
        months = round(days / DAYS_A_MONTH)
        return f"about {months} months" if english else f"约{months}个月"
    years = f"{days / DAYS_A_YEAR:,.1f}".removesuffix(".0")
    return f"about {years} {'year' if years == '1' else 'years'}" if english else f"约{years}年"


def _seconds(value: float, english: bool) -> str:
    if value < _MINUTE:
        text = f"{value:,.0f}"
        return f"{text} {unit_of(text, 'seconds')}" if english else f"{text}秒"
    if value >= 2 * _DAY:
        return days_text(round(value / _DAY), "en" if english else "zh")
    size, zh, en = (_MINUTE, "分钟", "minutes") if value < _HOUR else (_HOUR, "小时", "hours")
    text = f"{value / size:,.0f}"
    return f"about {text} {unit_of(text, en)}" if english else f"约{text}{zh}"


def unit_of(text: str, unit: str) -> str:
    """An English unit beside a number: one visit, two visits."""
    if text != "1" or unit in _UNCOUNTED or " " in unit:
        return unit
    return {"boxes": "box", "people": "person"}.get(unit, unit.removesuffix("s"))
