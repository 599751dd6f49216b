"""What the inspectors found: late, few, and blind to some schemes (`insp_case_d`)."""

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic.clock import DAY
from claims.synthetic.ledger import Books
from claims.synthetic.world import City

UNSEEN_SHARE = 1 / 3  # of the planted schemes, at least: no outcome ever
FOUND_SHARE = (0.15, 0.35)  # of the guilty of a scheme the inspectors look for
CLEARED_SHARE = 0.4  # of all inspections (magnitudes 8, clue precision ~60 %)
PARTLY_SHARE = 0.2  # of confirmed cases
LEAST_CLEARED = 8
CLEARED_GUILTY = 0.03  # of cleared subjects: guilty ones who were missed
BILLS_OF_CASE = 8  # of one instance at most: inspectors pull some of the guilty bills, not all
DELAY = (30, 200)  # days from the conduct to the outcome
SUBJECT_COLUMN = {
    "patient": "person",
    "prescriber": "doctor",
    "pharmacy": "place",
    "hospital": "place",
    "visit": "visit",
}
COLUMNS = ["subject_type", "subject", "scheme", "status", "begin", "end", "amount", "close"]


def inspect(city: City, books: Books, truth: pd.DataFrame, innocent: pd.DataFrame) -> pd.DataFrame:
    """Cases in order of their close: confirmed guilty subjects of the visited schemes, and cleared ones."""
    rng = city.rng("outcomes")
    seen = _seen_schemes(rng, truth)
    found = _confirmed(city, rng, books, truth, seen)
    cleared = _cleared(city, rng, books, truth, innocent, seen, len(found))
    cases = pd.concat([found, cleared], ignore_index=True).drop_duplicates(["subject_type", "subject"])
    return cases.sort_values(["close", "subject_type", "subject"], ignore_index=True)[COLUMNS]


def _seen_schemes(rng: Generator, truth: pd.DataFrame) -> list[str]:
    """The schemes that get outcomes. Schemes planted together are seen or unseen together."""
    together = {tuple(sorted(set(rows.scheme))): None for _, rows in truth.groupby("plant")}
    families = list(together)
    schemes = sorted(set(truth.scheme))
    unseen: set[str] = set()
    for chosen in rng.permutation(len(families)):
        if len(unseen) < UNSEEN_SHARE * len(schemes):
            unseen |= set(families[chosen])
    return [scheme for scheme in schemes if scheme not in unseen]


def _confirmed(
    city: City, rng: Generator, books: Books, truth: pd.DataFrame, seen: list[str]
) -> pd.DataFrame:
    share = {scheme: rng.uniform(*FOUND_SHARE) for scheme in seen}
    guilty = truth[truth.scheme.isin(seen)]
    chance = guilty.scheme.map(share).astype(float)
    # Blatant conduct is found more often; institutions and doctors are few, so each type shows up.
    chance *= 0.6 + 0.6 * guilty.strength
    chance[~guilty.subject_type.isin(["patient", "visit"])] = 0.6
    found = guilty[rng.random(len(guilty)) < chance].sample(frac=1, random_state=rng)
    bill = (found.subject_type == "visit") & (
        found.groupby(["plant", "subject_type"]).cumcount() >= BILLS_OF_CASE
    )
    found = found[~bill].drop_duplicates(["subject_type", "subject"])
    status = np.where(rng.random(len(found)) < PARTLY_SHARE, "4", "2")
    dated = _dated(city, rng, books, found, guilty_only=True).assign(status=status)
    dated["amount"] = (dated.amount * rng.uniform(0.5, 1.0, len(dated))).round().astype("int64")
    return dated.loc[dated.close < city.clock.horizon]


def _cleared(
    city: City,
    rng: Generator,
    books: Books,
    truth: pd.DataFrame,
    innocent: pd.DataFrame,
    seen: list[str],
    found: int,
) -> pd.DataFrame:
    """Honest subjects of every type, look-alikes among them, and a rare guilty one who was missed."""
    wanted = max(LEAST_CLEARED, round(found * CLEARED_SHARE / (1 - CLEARED_SHARE)))
    alike = innocent.sample(min(len(innocent), round(wanted * 0.4)), random_state=rng)
    missed = truth[truth.scheme.isin(seen)]
    missed = missed.sample(min(len(missed), round(wanted * CLEARED_GUILTY)), random_state=rng)
    honest = _honest(city, rng, books, truth, wanted)
    rows = pd.concat([honest, alike, missed])[["subject_type", "subject"]].drop_duplicates()
    rows["scheme"] = rng.choice(np.array([*seen, None], dtype=object), len(rows)) if seen else None
    dated = _dated(city, rng, books, rows, guilty_only=False).assign(status="3", amount=0)
    return dated[dated.close < city.clock.horizon].head(wanted)


def _honest(city: City, rng: Generator, books: Books, truth: pd.DataFrame, wanted: int) -> pd.DataFrame:
    """Subjects without guilt, drawn from the visits of the first months, one type after the other."""
    early = books.visits[(books.visits.plant == 0) & (books.visits.settle < 0.7 * city.clock.horizon)]
    rows = early.sample(min(len(early), wanted * 20), random_state=rng)
    shop = city.places.table.kind.to_numpy()[rows.place] == "pharmacy"
    each = -(-wanted // 5)
    parts = {
        "patient": rows.person,
        "visit": rows.index.to_series(),
        "prescriber": rows.doctor[rows.doctor >= 0],
        "pharmacy": rows.place[shop],
        "hospital": rows.place[~shop],
    }
    frames = []
    for kind, numbers in parts.items():
        guilty = truth.subject[truth.subject_type == kind]
        clean = numbers[~numbers.isin(guilty)].drop_duplicates()
        # Few institutions: only a small part of them is ever visited without a finding.
        most = each if kind in ("patient", "visit", "prescriber") else max(1, min(each, len(clean) // 6))
        frames.append(pd.DataFrame({"subject_type": kind, "subject": clean.to_numpy()[:most]}))
    mixed = pd.concat(frames, ignore_index=True)
    return mixed.assign(turn=mixed.groupby("subject_type").cumcount()).sort_values("turn", kind="stable")


def _dated(city: City, rng: Generator, books: Books, rows: pd.DataFrame, guilty_only: bool) -> pd.DataFrame:
    """The conduct of each subject in the books: from, to, what the fund paid (cents), and the close date."""
    paid = np.bincount(books.settlements.visit, books.settlements.fund, len(books.visits))
    visits = books.visits.assign(paid=paid, visit=books.visits.index)
    visits = visits[(visits.settle < city.clock.horizon) & ((visits.plant > 0) | (not guilty_only))]
    parts = []
    for kind, wanted in rows.groupby("subject_type"):
        column = SUBJECT_COLUMN[str(kind)]
        mine = visits[visits[column].isin(wanted.subject)].groupby(column)
        # Inspectors move on what they see by the middle of the conduct, not on its last day.
        conduct = mine.agg(
            begin=("begin", "min"), end=("settle", "max"), known=("settle", "median"), amount=("paid", "sum")
        )
        parts.append(wanted.merge(conduct, left_on="subject", right_index=True))
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    cases = pd.concat(parts, ignore_index=True)
    known = cases.known.to_numpy().astype("int64") // DAY
    room = np.clip(city.clock.days - 1 - known, DELAY[0], DELAY[1])
    return cases.assign(close=(known + rng.integers(DELAY[0], room + 1)) * DAY)
