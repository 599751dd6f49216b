"""Visits made by hand, with the columns of the facts that the graphs read."""

from datetime import date, timedelta
from itertools import combinations

import ibis
import pandas as pd

from claims.as_of import OUTPATIENT, PHARMACY
from tests.in_memory import engine

AS_OF = date(2024, 12, 31)
SCHEMA = ibis.schema(
    dict(fixmedins_code="string", kind="string", psn_no="string", day="date", second="int64",
         mdtrt_id="string",
         course="boolean", days_ago="float64", dr_code="string", is_pharmacy="boolean", supply_days="float64",
         days_on_hand="float64", referred_to="string", referred_stay="string", village="string", dx3="string",
         template="int64", n_items="int64", operated="boolean", rehab="float64")
)  # fmt: skip


class VisitBook:
    """Visits one by one; a column that is not given is null."""

    def __init__(self):
        self.rows = []

    def add(self, person: str, place: str, days_ago: int, minute: float = 0, kind=OUTPATIENT, **more) -> str:
        """A visit so many days before AS_OF, so many minutes after eight o'clock; returns its id."""
        day = AS_OF - timedelta(days=days_ago)
        row = dict.fromkeys(SCHEMA.names) | {
            "fixmedins_code": place, "kind": kind, "psn_no": person, "day": day, "days_ago": float(days_ago),
            "second": (day - date(1970, 1, 1)).days * 86400 + 8 * 3600 + round(60 * minute),
            "mdtrt_id": f"M{len(self.rows):06}", "course": False, "is_pharmacy": kind == PHARMACY,
        }  # fmt: skip
        self.rows.append(row | more)
        return str((row | more)["mdtrt_id"])

    def add_together(self, people: list[str], place: str, days: list[int], minute: float = 0, **more) -> None:
        """These people one after the other, two minutes apart, on each of these days."""
        for day in days:
            for number, person in enumerate(people):
                self.add(person, place, day, minute + 2 * number, **more)

    def facts(self) -> ibis.Table:
        """The visits as a table of a database of its own."""
        frame = pd.DataFrame(self.rows, columns=SCHEMA.names)
        return engine().create_table("facts", ibis.memtable(frame, schema=SCHEMA))


def pairs_of(found: pd.DataFrame) -> set[frozenset]:
    """The pairs of an edge table, whatever their direction."""
    return {frozenset(pair) for pair in zip(found.a, found.b, strict=True)}


def every_pair(people: list[str]) -> set[frozenset]:
    """All pairs of these people."""
    return {frozenset(pair) for pair in combinations(people, 2)}


def people_in(found: pd.DataFrame) -> set[str]:
    """Everybody who has an edge."""
    return set(found.a) | set(found.b)
