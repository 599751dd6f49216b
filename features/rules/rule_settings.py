"""Thresholds that a bureau sets in `fundguard.toml`, checked against the declared parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from claims.errors import StoreError
from features.rules.declaration import RULES, Parameter, Rule

Value = float | date
Given = float | date | str


@dataclass(frozen=True)
class RuleSettings:
    """Values that differ from the defaults: rule id → parameter → value; a date may be an ISO string.

    Raises:
        StoreError: an unknown rule or parameter, or a value that is no number or no date.
    """

    values: Mapping[str, Mapping[str, Given]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no rule declares, so that a slip of the pen never leaves a default in force
        unnoticed."""
        for rule_id, given in self.values.items():
            if rule_id not in RULES:
                raise StoreError(f"settings: unknown rule {rule_id}")
            self._check(RULES[rule_id], given)

    def _check(self, entry: Rule, given: Mapping[str, Given]) -> None:
        for name, value in given.items():
            if name not in entry.parameters:
                valid = ", ".join(entry.parameters) or "none"
                raise StoreError(
                    f"settings: rule {entry.rule_id} has no parameter {name}; its parameters: {valid}"
                )
            _value(entry, name, value)

    def of(self, entry: Rule) -> dict[str, Value]:
        """All parameters of a rule, set or default."""
        defaults = {name: parameter.default for name, parameter in entry.parameters.items()}
        given = self.values.get(entry.rule_id, {})
        return defaults | {name: _value(entry, name, value) for name, value in given.items()}


def _value(entry: Rule, name: str, given: Given) -> Value:
    """A setting in the type of its parameter."""
    dated = isinstance(entry.parameters[name].default, date)
    value = _as_date(given) if dated else _as_number(given)
    if value is None:
        wanted = "a date (YYYY-MM-DD)" if dated else "a number"
        raise StoreError(f"settings: rule {entry.rule_id} parameter {name} is not {wanted}: {given!r}")
    return value


def _as_date(given: Given) -> date | None:
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    try:
        value = date.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return None
    # Compact and week spellings are ISO, too, but 20250701 is more often a number gone astray.
    return value if value and value.isoformat() == given else None


def _as_number(given: Given) -> float | None:
    return given if isinstance(given, int | float) and not isinstance(given, bool) else None


def parameter_text(parameter: Parameter) -> str:
    """A default as the documentation and a settings file write it."""
    default = parameter.default
    return default.isoformat() if isinstance(default, date) else f"{default:g}"
