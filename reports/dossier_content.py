"""A dossier as text that a run keeps (JSON), so that others can show the same page later."""

import json
from dataclasses import fields
from datetime import date
from typing import Any

import pandas as pd
from markupsafe import Markup

from features.measures.catalogue import measures_of
from reports.dossier import Dossier
from reports.last_case import LastCase
from reports.number_texts import is_missing
from reports.subject_charts import Strip

# What the run says of itself in `run.json`; two runs of the same claims have the same contents.
_OF_THE_RUN = "run"


def to_json(dossier: Dossier) -> str:
    """A dossier without the number of its run."""
    content = {field.name: getattr(dossier, field.name) for field in fields(Dossier)}
    content["strips"] = [_strip_content(strip) for strip in dossier.strips]
    content["origin"] = {key: value for key, value in dossier.origin.items() if key != _OF_THE_RUN}
    return json.dumps(content, ensure_ascii=False, default=_plain)


def from_json(text: str, run_id: str) -> Dossier:
    """The dossier of a text of `to_json`; a strip of a measure that is no longer declared is left out.

    Raises:
        ValueError: the text was written by a version whose dossiers held something else.
    """
    content = json.loads(text)
    names = {field.name for field in fields(Dossier)}
    if names != set(content):
        raise ValueError(f"a dossier of another version: {sorted(names ^ set(content))}")
    content["strips"] = _strips(content["subject"], content["strips"])
    content["pictures"] = {name: Markup(picture) for name, picture in content["pictures"].items()}
    content["supporting_records"] = {int(n): rows for n, rows in content["supporting_records"].items()}
    content["last_case"] = content["last_case"] and LastCase(*content["last_case"])
    content["origin"] = {_OF_THE_RUN: run_id, **content["origin"]}
    return Dossier(**content)


def _strip_content(strip: Strip) -> dict[str, Any]:
    entry, days = strip.measure
    return {
        "number": strip.number,
        "measure": [entry.name, days],
        "quantiles": strip.quantiles,
        "value": strip.value,
        "days_of_claims": strip.days_of_claims,
    }


def _strips(subject: str, rows: list[dict[str, Any]]) -> list[Strip]:
    declared = {(entry.name, days): (entry, days) for entry, days in measures_of(subject).values()}
    return [
        Strip(
            row["number"],
            declared[tuple(row["measure"])],
            tuple(row["quantiles"]),
            row["value"],
            row["days_of_claims"],
        )
        for row in rows
        if tuple(row["measure"]) in declared
    ]


def _plain(value: Any) -> Any:
    """What JSON has no word for: numbers of NumPy, days, missing values."""
    if is_missing(value):
        return None
    if isinstance(value, date | pd.Timestamp):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"no JSON for {type(value).__name__}")
