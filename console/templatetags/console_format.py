"""Filters of the templates: numbers, states and steps as the reports write them."""

from datetime import datetime
from typing import Any

from django import template

from console.clock import local
from console.words import (
    ACTIONS,
    AUDIT_ACTIONS,
    DETAILS,
    FIELDS,
    HOW,
    NOT_NOW,
    NOT_SAID,
    PAGES,
    RIGHT_WORDS,
    ROLES,
    STATES,
    YES_NO,
    language,
    state_word,
    word,
)
from reports.number_texts import MISSING, amount_text, score_text
from reports.scheme_texts import scheme_or_pending
from reports.subject_words import SUBJECT_WORDS, subject_word

register = template.Library()


@register.filter
def amount(value: Any) -> str:
    """Yuan or a count, without decimals."""
    return amount_text(None if value is None else float(value))


@register.filter
def yuan(value: Any) -> str:
    """Yuan with their unit."""
    return f"{amount(value)}元" if language() == "zh" else f"{amount(value)} yuan"


@register.filter
def share(value: float | None) -> str:
    """A score from 0 to 1."""
    return score_text(value)


@register.filter
def scheme(value: str | None) -> str:
    """A scheme with its name."""
    return scheme_or_pending(value or None, language())


@register.filter
def kind(value: str) -> str:
    """What one subject of a kind is called."""
    return subject_word(value, language())


@register.filter
def state(value: str) -> str:
    """A state with its sign."""
    return state_word(value)


@register.filter
def action(value: str) -> str:
    """A step of an inspection, or an entry of the audit log."""
    return word(AUDIT_ACTIONS if value not in ACTIONS else ACTIONS, value)


@register.filter
def field(value: str) -> str:
    """What a field of an inspection is called."""
    return word(FIELDS, value)


@register.filter
def field_value(value: Any) -> str:
    """A value of a field in an event."""
    if value in (None, ""):
        return MISSING
    return state_word(value) if value in STATES else str(value)


@register.filter
def not_now(value: str) -> str:
    """Why something cannot be done now."""
    return word(NOT_NOW, value)


@register.filter
def moment(value: datetime | None) -> str:
    """Day and minute in Asia/Shanghai."""
    return f"{local(value):%Y-%m-%d %H:%M}" if value else MISSING


@register.filter
def model_name(value: str) -> str:
    """Kind of subject and model of a line of the workload."""
    kind_name, _space, model = value.partition(" ")
    return f"{subject_word(kind_name, language())} {model}".strip()


def _detail(value: Any) -> str:
    if isinstance(value, bool):
        return word(YES_NO, str(value))
    return word(HOW, str(value)) if value not in (None, "") else MISSING


@register.filter
def details_text(value: dict[str, Any]) -> str:
    """The details of an entry of the audit log on one line."""
    parts = []
    for name, found in value.items():
        if isinstance(found, dict):
            steps = found.items()
            parts += [
                f"{word(FIELDS, key)} → {field_value(pair[-1])}" for key, pair in steps if key in FIELDS
            ]
        elif isinstance(found, list):
            parts.append(
                f"{word(DETAILS, name)} {', '.join(word(ROLES | RIGHT_WORDS, str(one)) for one in found)}"
            )
        elif name == "kind":
            parts.append(subject_word(found, language()) if found in SUBJECT_WORDS else word(PAGES, found))
        elif name == "page" and isinstance(found, str):
            parts.append(word(PAGES, found))
        elif name not in NOT_SAID:
            parts.append(f"{word(DETAILS, name)} {_detail(found)}")
    return " · ".join(parts)
