"""How pages are made from data: Jinja templates beside this module; everything they print is escaped."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.number_texts import MISSING, amount_text, cents_text, is_missing, score_text

# A change beyond this says that there was next to nothing before, and no more.
MOST_PERCENT = 999


def render(template: str, **data: Any) -> str:
    """A page of a template (its file name in this folder) and what it prints."""
    return _ENVIRONMENT.get_template(template).render(**data)


def render_body(template: str, **data: Any) -> str:
    """What stands between head and foot of a page, for a page of another's making: its block ``body``."""
    found = _ENVIRONMENT.get_template(template)
    return "".join(found.blocks["body"](found.new_context(data)))


def _change(value: float | None) -> str:
    return MISSING if is_missing(value) else _signed(f"{value:+,.0f}")


def _percent(value: float | None) -> str:
    if is_missing(value) or value is None:
        return MISSING
    return f"≥ +{MOST_PERCENT + 1:,}%" if value > MOST_PERCENT else _signed(f"{value:+,.1f}%")


def _signed(text: str) -> str:
    """A change with its sign; none where nothing changed."""
    return text[1:] if text.strip("+-0.%") == "" else text.replace("-", "−")


def _or_else(value: Any, otherwise: str) -> Any:
    return otherwise if is_missing(value) or value == "" else value


def _printable(value: Any) -> Any:
    """What a template prints without a filter: a missing value as such, and no number that has not been
    rounded."""
    if is_missing(value):
        return MISSING
    if isinstance(value, float):
        raise TypeError(f"a page would print the unrounded number {value!r}: pass it through a filter")
    return value


def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,  # names come from whoever registered the person or institution
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    found.filters |= {
        "number": amount_text,
        "cents": cents_text,
        "score": score_text,
        "change": _change,
        "percent": _percent,
        "or_else": _or_else,
    }
    return found


_ENVIRONMENT = _environment()
