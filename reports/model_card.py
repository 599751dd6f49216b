"""The card of a model: what it was trained on, what it is good and bad at, what not to use it for.

After Mitchell et al. 2019, Model Cards for Model Reporting (doi 10.1145/3287560.3287596).
"""

from datetime import date
from typing import Any

import pandas as pd

from reports.scheme_texts import scheme_name
from reports.subject_words import SUBJECT_WORDS
from reports.templates import render

# A confirmed subject counts as found where this share of all subjects has a lower score.
FOUND_ABOVE = 0.9


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
    """Scheme, confirmed subjects, and the share of them that a model which had not seen them ranked above
    FOUND_ABOVE of all subjects it was judged on; largest scheme first."""
    if model.out_of_fold_scores is None:
        return []
    place = model.out_of_fold_scores["score"].rank(pct=True)
    confirmed = model.out_of_fold_scores.index[model.out_of_fold_scores["target"] == 1].intersection(
        cases.index
    )
    schemes = cases.loc[confirmed, "scheme"].fillna("")
    found = place[confirmed].ge(FOUND_ABOVE).groupby(schemes).agg(["size", "mean"])
    order = found.sort_values("size", ascending=False, kind="stable")
    return [
        (scheme_name(scheme or None, "en") or "no scheme named", int(size), float(mean))
        for scheme, size, mean in order.itertuples(name=None)
    ]
