"""The card of a model: what it was trained on, what it is good and bad at, what not to use it for (Mitchell et al. 2019)."""

from datetime import date
from typing import Any

import pandas as pd

from reports.scheme_texts import scheme_name
from reports.templates import render
from reports.workbook import SUBJECT_WORDS


def card(model: Any, cases: pd.DataFrame, subjects: int, as_of: date, tags: dict[str, str]) -> str:
    """The card as Markdown; it counts and never names.

    Args:
        model: a fitted `models.subject_model.SubjectModel`.
        cases: decided cases of the kind by subject_id; ``scheme`` is looked at.
        subjects: how many there are of the kind.
        tags: what was trained on: ``visits``, ``claims``.
    """
    return render(
        "model_card.md.j2",
        kind=SUBJECT_WORDS[model.subject][1].lower(),
        model=model,
        subjects=subjects,
        as_of=as_of.isoformat(),
        tags=tags,
        schemes=by_scheme(model, cases),
    )


def by_scheme(model: Any, cases: pd.DataFrame) -> list[tuple[str, int, float]]:
    """Scheme, confirmed subjects, and the share of them that a model which had not seen them put before nine tenths of
    all it was judged on; largest scheme first."""
    if model.held_out is None:
        return []
    place = model.held_out["score"].rank(pct=True)
    confirmed = model.held_out.index[model.held_out["target"] == 1].intersection(cases.index)
    named = cases.loc[confirmed, "scheme"].fillna("")
    found = place[confirmed].ge(0.9).groupby(named).agg(["size", "mean"])
    order = found.sort_values("size", ascending=False, kind="stable")
    return [
        (scheme_name(scheme or None, "en") or "no scheme named", int(row["size"]), float(row["mean"]))
        for scheme, row in order.iterrows()
    ]
