"""From facts about visits to measures of subjects: one aggregation for all measures and windows of a
subject."""

from collections import defaultdict
from collections.abc import Callable
from functools import reduce

import ibis
import pandas as pd
from ibis import _

from claims.as_of import NAMED_BY, OUTPATIENT, PHARMACY, STAY
from features.comparison.case_mix import expected
from features.measures.catalogue import Measure, measures_of
from features.measures.formulas import settled_by_month, unoperated
from features.rounding import rounded
from features.windows import YEARS

# Which of some visits are meant.
Rows = Callable[[ibis.Table], ibis.Table]
# Kind of subject → the column of the facts that names it, and which facts are about it.
KEYS: dict[str, tuple[str, Rows]] = {
    "patient": (NAMED_BY["patient"], lambda facts: facts),
    "prescriber": (NAMED_BY["prescriber"], lambda facts: facts.filter(facts.dr_code.notnull())),
    "pharmacy": (NAMED_BY["pharmacy"], lambda facts: facts.filter(facts.is_pharmacy)),
    "hospital": (NAMED_BY["hospital"], lambda facts: facts.filter(~facts.is_pharmacy)),
    "group": ("group_id", lambda facts: facts),
}
# Column → measure and window in days.
Taken = dict[str, tuple[Measure, int | None]]
# The scratch database's table of who belongs to which group: group_id, psn_no.
MEMBERS = "members_found"
# The first half of a base ``ROWS/OTHER``: which of a subject's visits are counted.
ROWS: dict[str, Rows] = {
    "visits": lambda facts: facts,
    "stays": lambda facts: facts.filter(facts.kind == STAY),
    "unoperated": lambda facts: facts.filter(facts.kind == STAY, unoperated(facts)),
    "discharges": lambda facts: facts.filter(facts.kind == STAY, ~settled_by_month(facts)),
    "purchases": lambda facts: facts.filter(facts.kind == PHARMACY),
    "unprescribed": lambda facts: facts.filter(facts.kind == PHARMACY, facts.dr_code.isnull()),
    "outpatient": lambda facts: facts.filter(facts.kind == OUTPATIENT),
    "dialysis": lambda facts: facts.filter(facts.dialysis > 0),
}


def measure_visits(facts: ibis.Table) -> ibis.Table:
    """The measures of every visit: column ``subject_id`` and those of the catalogue.

    Args:
        facts: one row a visit (`features.visits.facts.visit_facts`).
    """
    entries = {column: entry for column, (entry, _days) in measures_of("visit").items()}
    taken = {
        column: _number(entry.compute(facts, ibis.literal(True)), entry.unit)
        for column, entry in entries.items()
    }
    return facts.select(subject_id=facts.mdtrt_id, **taken)


def measure_subjects(facts: ibis.Table, subject: str) -> pd.DataFrame:
    """The measures of every subject of a kind that was seen in the last years.

    Args:
        facts: `features.visits.facts.visit_facts`, one row a visit; of groups, `group_facts`.
        subject: patient, prescriber, pharmacy, hospital or group.

    Returns:
        One row a subject, index ``subject_id``, columns as `measures_of`, then the expected values of those
        that are adjusted for case mix (`expected_column`).
    """
    key, choose = KEYS[subject]
    seen = choose(facts.filter(facts.days_ago <= YEARS)).mutate(subject_id=_[key])
    # A view, for hundreds of expressions are compiled against its columns then and not against their
    # definitions.
    con = seen.get_backend()
    con.create_view(_view(subject), seen, overwrite=True)
    rows = subject_facts(con, subject)
    bases: dict[tuple[str, int | None], Taken] = defaultdict(dict)
    for column, (entry, days) in measures_of(subject).items():
        # Plain visits serve all windows in one pass; counts by another column need a pass a window.
        bases[entry.base, None if entry.base == "visits" else days][column] = (entry, days)
    frames = [_take(rows, base, window, taken) for (base, window), taken in bases.items()]
    joined = reduce(lambda left, right: left.join(right, how="left"), frames)
    return joined[list(measures_of(subject))].join(expected(rows, subject)).sort_index()


def subject_facts(con: ibis.BaseBackend, subject: str) -> ibis.Table:
    """Facts of the last years' visits with the subject of a kind they belong to, ``subject_id``.

    Args:
        con: where `measure_subjects` measured that kind.
        subject: kind of subject.
    """
    return con.table(_view(subject))


def _view(subject: str) -> str:
    return f"facts_of_{subject}"


def of_subjects(visits: ibis.Table, subject: str) -> ibis.Table:
    """Visits with the subject of a kind they belong to, ``subject_id``; one row for each group of the
    visitor.

    Args:
        visits: rows with the columns that KEYS of the kind look at.
        subject: kind of subject.
    """
    if subject == "visit":
        return visits.mutate(subject_id=_.mdtrt_id)
    if subject == "group":
        members = visits.get_backend().table(MEMBERS)
        return visits.inner_join(members.select("psn_no", subject_id=_.group_id), "psn_no")
    key, choose = KEYS[subject]
    return choose(visits).mutate(subject_id=_[key])


def _take(facts: ibis.Table, base: str, window: int | None, taken: Taken) -> pd.DataFrame:
    rows = facts if base == "visits" else counted(facts, base, window)
    values = {}
    for column, (entry, days) in taken.items():
        inside = rows.days_ago <= days if base == "visits" and days else ibis.literal(True)
        values[column] = _number(entry.compute(rows, inside), entry.unit)
    frame: pd.DataFrame = rows.group_by("subject_id").aggregate(**values).to_pandas()
    return frame.set_index("subject_id")


_COUNTED = ("subject_id", "days_ago", "kind", "dialysis", "psn_no", "fund_pay_sumamt")
# What some of ROWS look at besides.
_EXTRA_COLUMNS = {"unoperated": ("operated",), "discharges": ("los", "interim"), "unprescribed": ("dr_code",)}


def counted(facts: ibis.Table, base: str, window: int | None) -> ibis.Table:
    """A subject's visits counted by another column.

    Args:
        facts: with ``subject_id``, one row a visit.
        base: ``ROWS/OTHER``: key of ROWS, and the column to count by; its nulls are not counted.
        window: days back from the as-of date; None for all.

    Returns:
        subject_id, other (value of the column), n (visits), fund (yuan), persons.
    """
    kind, other = base.split("/")
    # Facts have over a hundred columns, and each makes a query longer to compile: take the few that are
    # looked at.
    rows = ROWS[kind](facts.select(*dict.fromkeys([*_COUNTED, *_EXTRA_COLUMNS.get(kind, ()), other])))
    if window:
        rows = rows.filter(rows.days_ago <= window)
    rows = rows.filter(rows[other].notnull())
    return rows.group_by("subject_id", other=rows[other]).aggregate(
        n=_.count(), fund=_.fund_pay_sumamt.sum(), persons=_.psn_no.nunique()
    )


def _number(value: ibis.Value, unit: str) -> ibis.Value:
    return rounded(value, 2 if unit == "yuan" else 6)
