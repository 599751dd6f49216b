"""Workload and hit rates: how many inspections are open, and how many of the decided were confirmed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from scipy.stats import binomtest

from console.case_work import OUTCOMES
from console.models import Inspection, State

_HITS = (State.CONFIRMED, State.PARTLY)


@dataclass(frozen=True)
class Line:
    """Inspections of one assignee, scheme or model.

    Attributes:
        label: as it is stored; empty where there is none.
        alerts, open, decided, confirmed: how many; confirmed also in part. What was withdrawn is an alert and
            neither open nor decided.
        found, recovered: yuan.
    """

    label: str
    alerts: int
    open: int
    decided: int
    confirmed: int
    found: float
    recovered: float

    @property
    def rate(self) -> str:
        """Confirmed ÷ decided with its 95 % interval (Wilson 1927); empty before anything is decided."""
        if not self.decided:
            return ""
        low, high = binomtest(self.confirmed, self.decided).proportion_ci(0.95, "wilson")
        return f"{self.confirmed / self.decided:.0%} ({low:.0%}–{high:.0%})"

    @property
    def of_alerts(self) -> str:
        """Confirmed ÷ alerts, the undecided among them."""
        return f"{self.confirmed / self.alerts:.0%}"


def by_person(inspections: Iterable[Inspection]) -> list[Line]:
    """A line for each assignee, the drawn too: they are work like any other."""
    return _lines(inspections, lambda i: i.assignee.username if i.assignee else "")


def by_scheme(inspections: Iterable[Inspection]) -> list[Line]:
    """A line for each scheme that the list named; the drawn are no alerts."""
    return _lines((i for i in inspections if not i.drawn), lambda i: i.scheme_listed)


def by_model(inspections: Iterable[Inspection]) -> list[Line]:
    """A line for each kind of subject and the model that ranked it; the drawn are no alerts."""
    return _lines((i for i in inspections if not i.drawn), lambda i: f"{i.kind} {i.model}".strip())


def _lines(inspections: Iterable[Inspection], label: Callable[[Inspection], str]) -> list[Line]:
    groups: dict[str, list[Inspection]] = {}
    for inspection in inspections:
        groups.setdefault(label(inspection), []).append(inspection)
    lines = [_line(name, group) for name, group in groups.items()]
    return sorted(lines, key=lambda line: (-line.alerts, line.label))


def _line(label: str, group: list[Inspection]) -> Line:
    decided = [inspection for inspection in group if inspection.state in OUTCOMES]
    return Line(
        label,
        len(group),
        sum(inspection.is_open for inspection in group),
        len(decided),
        sum(inspection.state in _HITS for inspection in decided),
        float(sum(inspection.amount_found or 0 for inspection in decided)),
        float(sum(inspection.amount_recovered or 0 for inspection in decided)),
    )
