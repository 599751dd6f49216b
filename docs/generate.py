"""The catalogue of measures as a page: `python docs/generate.py > docs/measures.md` (or `make docs`)."""

from pages import row

from features.measures.catalogue import (
    CATALOGUE,
    CONTEXT,
    FAMILIES,
    HIGH,
    HINT,
    PROOF,
    STRONG,
    SUBJECTS,
    UNITS,
    Measure,
)

TITLES = {
    "visit": "Visits",
    "patient": "Patients",
    "prescriber": "Prescribers",
    "pharmacy": "Pharmacies",
    "hospital": "Hospitals",
    "group": "Groups",
}
WEIGHTS = {PROOF: "proof", STRONG: "strong", HINT: "hint", CONTEXT: "context"}
HEAD = """\
# Measures

Written by `make docs` from `features/measures/`; a test keeps it up to date.

A measure is one number about one subject as of a date. **Suspicious** says on which side of its peers a
subject draws attention. **Evidence** says how seldom an honest explanation fits: *proof* where the record
contradicts itself, *strong* for conduct that needs explaining, *hint* for what counts only together with
other signs, *context* for size, for outcomes of others and for the shape of distributions, which carry no
weight unless outcomes of inspections give them one; that shape only the learner looks at.
**Days** are the windows back from the as-of date; empty where time does not matter. Measures of one
**family** are alike, so only the strongest of them counts for a scheme. What is adjusted **by mix** is not
compared as it is but by its distance from what the subject's own diseases, ages and kinds of visit have
elsewhere (`features/comparison/case_mix.py`).
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, _families(), *map(_table, SUBJECTS)])


def _families() -> str:
    names = "; ".join(f"*{name}* {en} ({zh})" for name, (zh, en) in FAMILIES.items())
    return f"Families: {names}.\n"


def _table(subject: str) -> str:
    rows = [entry for entry in CATALOGUE.values() if entry.subject == subject]
    return "\n".join(
        [
            f"## {TITLES[subject]} ({len(rows)})",
            "",
            "| measure | meaning | 含义 | unit | suspicious | evidence | schemes | days | family | by mix |",
            "|---|---|---|---|---|---|---|---|---|---|",
            *map(_row, rows),
            "",
        ]
    )


def _row(entry: Measure) -> str:
    return row(
        f"`{entry.name}`",
        entry.en,
        entry.zh,
        UNITS[entry.unit][1] or entry.unit,
        "high" if entry.direction == HIGH else "low",
        WEIGHTS[entry.evidence_weight],
        " ".join(entry.schemes),
        ", ".join(map(str, entry.windows)),
        entry.family,
        "yes" if entry.case_mix else "",
    )


if __name__ == "__main__":
    print(page(), end="")
