"""The monitoring step of a run: volume of claims against the usual, quarantine rate, drift, outcomes fed
back, age of the models.

What it finds stands in `monitoring.json` of the run; it holds counts and shares, never a person.
"""

import math
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import pandas as pd
from ibis import _

from claims.as_of import CONFIRMED, ClaimsAsOf, last_cases
from claims.store import Report, Store
from models.population_stability import Profile, profiles, stability
from pipelines.monitoring_file import Monitoring, monitored
from pipelines.score import Scores
from pipelines.settings import Settings
from pipelines.snapshot import Snapshot
from pipelines.step_log import logged_step

# Usual of a day: median of the same weekday in so many weeks before; under half of them it is unknown.
WEEKS = 8
# Outside of these multiples of the usual a day is off, if by more standard deviations of a Poisson count.
LEAST_VOLUME, MOST_VOLUME, SIGMAS = 0.5, 2.0, 3.0
# Loads before this one that define the usual share of quarantined rows; how much more of the rows is a jump.
LOADS, QUARANTINE_JUMP = 10, 0.02
# Without loads before, so large a share is too much.
QUARANTINE_MOST = 0.05
# So large a share of the measures of a kind drifts, or its score does: drift.
DRIFTED_SHARE = 0.2
# Days of outcomes from which the share confirmed is taken.
OUTCOME_WINDOW = 90
# Subjects at most from which a profile is taken, evenly from all.
_PROFILED = 20_000


@logged_step("monitor")
def monitor(
    snapshot: Snapshot, scores: Scores, store: Store, load: Report, settings: Settings, as_of: date
) -> Monitoring:
    """Watch a night.

    Args:
        load: the latest load of the bureau.
    """
    nights = monitored(store.runs_before(as_of))
    loads = [report for report in store.loads() if not report.partial]
    seen = Monitoring(
        as_of.isoformat(),
        volume(snapshot.claims, as_of),
        quarantine(load, loads[1 : LOADS + 1]),
        outcomes(snapshot.claims, as_of),
        _models(scores, as_of),
        {},
    )
    seen.profiles.update(_profiles(snapshot, scores, nights))
    seen.drift.update(_drift(seen, nights))
    first = date.fromisoformat(nights[0].as_of) if nights else as_of
    seen.alarms.update(alarms(seen, settings, (as_of - first).days))
    return seen


def volume(claims: ClaimsAsOf, as_of: date) -> dict[str, Any]:
    """Visits first settled on the day before, and the usual of that weekday."""
    settled = claims.visits.setl_time.date()
    first = as_of - timedelta(days=7 * WEEKS + 1)
    days = claims.visits.filter(settled >= first).group_by(day=settled).aggregate(n=_.count())
    found = days.to_pandas()
    counts = pd.Series(found["n"].to_numpy(dtype=int), pd.to_datetime(found["day"]).dt.date)
    day = as_of - timedelta(days=1)
    before = [day - timedelta(days=7 * week) for week in range(1, WEEKS + 1)]
    known = [int(counts.get(one, 0)) for one in before if len(counts) and one >= counts.index.min()]
    usual = float(pd.Series(known).median()) if len(known) * 2 >= WEEKS else None
    return {"day": day.isoformat(), "visits": int(counts.get(day, 0)), "usual": usual}


def quarantine(load: Report, before: list[Report]) -> dict[str, Any]:
    """Rows of a load that were quarantined, and the usual share."""
    rows, bad = _rows(load)
    shares = [one[1] / one[0] for one in map(_rows, before) if one[0]]
    usual = float(pd.Series(shares).median()) if shares else None
    return {"rows": rows, "quarantined": bad, "share": bad / rows if rows else 0.0, "usual": usual}


def _rows(report: Report) -> tuple[int, int]:
    tables = report.tables.values()
    return sum(table["in"] for table in tables), sum(table["quarantined"] for table in tables)


def outcomes(claims: ClaimsAsOf, as_of: date) -> dict[str, Any]:
    """Decided cases of late, and when the last became known."""
    cases = last_cases(claims, decided=True)
    closed = pd.to_datetime(cases.close_date)
    late = cases[closed >= pd.Timestamp(as_of) - pd.Timedelta(days=OUTCOME_WINDOW)]
    confirmed = int(late.clue_stas.isin(CONFIRMED).sum())
    since = int((pd.Timestamp(as_of) - closed.max()).days) if len(cases) else None
    return {"decided": len(late), "confirmed": confirmed, "days_since": since}


def _models(scores: Scores, as_of: date) -> dict[str, Any]:
    return {
        kind: {
            "version": found.champion,
            "trained": found.trained,
            "days": (as_of - date.fromisoformat(found.trained)).days,
        }
        for kind, found in scores.subjects.items()
    }


def _profiles(snapshot: Snapshot, scores: Scores, nights: list[Monitoring]) -> dict[str, Any]:
    """Profiles of the measures and the score of each kind, on the bins of the champion's first night."""
    found = {}
    for kind, scored in scores.subjects.items():
        values = snapshot.subjects[kind].values
        table = values.select_dtypes("number").assign(score=scored.ranked["score"].reindex(values.index))
        some = table.iloc[:: max(1, math.ceil(len(table) / _PROFILED))]
        made = profiles(some, _reference(nights, kind, scored.champion))
        found[kind] = {column: asdict(profile) for column, profile in made.items()}
    return found


def _reference(nights: list[Monitoring], kind: str, champion: str) -> dict[str, Profile] | None:
    """Profiles of the first night that the champion scored."""
    for night in nights:
        if night.models.get(kind, {}).get("version") == champion and kind in night.profiles:
            return {column: Profile(**profile) for column, profile in night.profiles[kind].items()}
    return None


def _drift(seen: Monitoring, nights: list[Monitoring]) -> dict[str, Any]:
    found = {}
    for kind, now in seen.profiles.items():
        then = _reference(nights, kind, seen.models[kind]["version"])
        if then is not None:
            both = {c: stability(Profile(**now[c]), then[c]) for c in now if c in then}
            score, moved = both.pop("score")
            far = sorted(((c, index) for c, (index, much) in both.items() if much), key=lambda one: -one[1])
            found[kind] = {
                "score": score,
                "score_drifted": moved,
                "measures": len(both),
                "drifted": len(far),
                "worst": [list(one) for one in far[:3]],
            }
    return found


def alarms(seen: Monitoring, settings: Settings, nights_since: int) -> dict[str, Any]:
    """What is off, by code, with the figures that say so.

    Args:
        nights_since: days since the first night that is kept.
    """
    found: dict[str, Any] = {}
    usual, visits = seen.volume["usual"], seen.volume["visits"]
    if usual and abs(visits - usual) > SIGMAS * math.sqrt(usual):
        if visits <= LEAST_VOLUME * usual:
            found["low_volume" if visits else "no_data"] = seen.volume
        elif visits >= MOST_VOLUME * usual:
            found["high_volume"] = seen.volume
    if _jumped(seen.quarantine):
        found["quarantine"] = seen.quarantine
    drifted = {
        kind: one
        for kind, one in seen.drift.items()
        if one["score_drifted"] or one["drifted"] > DRIFTED_SHARE * one["measures"]
    }
    if drifted:
        found["drift"] = drifted
    since = seen.outcomes["days_since"]
    if (nights_since if since is None else since) > settings.outcome_days:
        found["no_outcomes"] = {"days": since, "limit": settings.outcome_days}
    old = {kind: one["days"] for kind, one in seen.models.items() if one["days"] > settings.model_days}
    if old:
        found["old_model"] = {"days": max(old.values()), "kinds": sorted(old), "limit": settings.model_days}
    return found


def _jumped(found: dict[str, Any]) -> bool:
    usual, rows = found["usual"], found["rows"]
    if usual is None or not rows:
        return bool(found["share"] > QUARANTINE_MOST)
    noise = math.sqrt(rows * usual * (1 - usual) + 1)
    surplus = found["quarantined"] - rows * usual
    return bool(surplus > SIGMAS * noise and found["share"] > usual + QUARANTINE_JUMP)
