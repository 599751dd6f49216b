"""How pages are made from data: Jinja templates beside this module; everything they print is escaped."""

from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined


def render(template: str, **data: Any) -> str:
    """A page of a template (its file name in this folder) and what it prints."""
    return _ENVIRONMENT.get_template(template).render(**data)


def _number(value: float | None) -> str:
    return "" if value is None or pd.isna(value) else f"{value:,.0f}"


def _change(value: float | None) -> str:
    return "—" if value is None or pd.isna(value) else f"{value:+,.0f}".replace("-", "−")


def _percent(value: float | None) -> str:
    return "—" if value is None or pd.isna(value) else f"{value:+,.1f}%".replace("-", "−")


def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,  # names come from whoever registered the person or institution
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"number": _number, "change": _change, "percent": _percent}
    return found


_ENVIRONMENT = _environment()
