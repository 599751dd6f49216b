"""How values of measures are written for people: with their unit, in Chinese and English."""

from features.measures.catalogue import UNITS

# Window of a measure in days → words.
_PERIODS = {
    30: ("近30天", "in the last 30 days"),
    90: ("近90天", "in the last 90 days"),
    365: ("近一年", "in the last year"),
    1095: ("近三年", "in the last three years"),
}
_FLAG = (("否", "no"), ("是", "yes"))


def period(days: int | None) -> tuple[str, str]:
    """A window in words, in Chinese and English; empty where there is none."""
    return ("", "") if days is None else _PERIODS.get(days, ("", ""))


def value_with_unit(value: float, unit: str, language: str) -> str:
    """A value of a measure with its unit.

    Args:
        unit: key of UNITS.
        language: zh or en.
    """
    english = language == "en"
    if unit == "flag":
        return _FLAG[int(value >= 0.5)][english]
    zh, en, _format = UNITS[unit]
    return f"{number(value, unit)} {en}".strip() if english else f"{number(value, unit)}{zh}"


def number(value: float, unit: str) -> str:
    """A value as its unit is written, without the unit; whole days without decimals."""
    text = format(value, UNITS[unit][2]).removesuffix(".0")
    return text.removeprefix("-") if text in ("-0", "-0.0%") else text


def share_of_peers(share: float) -> str:
    """A share of the peers in per cent, never rounded up to all of them."""
    return f"{min(share * 100, 99.9):.1f}%"
