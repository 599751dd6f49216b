"""Drafts become records: settlements, sales with trace codes, prescriptions, sign-ins.

The only place that decides who pays, which box was sold and who signed in; nothing here looks at whether
a visit is honest. Amounts are in cents (fen) so that the parts add up exactly.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic.clock import DAY, MINUTE
from claims.synthetic.diagnoses import of_kind
from claims.synthetic.drafts import NO_CODE, NO_SALE, Drafts, ragged
from claims.synthetic.timeline import is_purchase, is_stay
from claims.synthetic.world import City

IN_SCOPE = {"1": 1.0, "2": 0.9, "3": 0.0}  # share of a line the fund considers, by class A, B, C
DEDUCTIBLE = np.array([0, 25_000, 50_000, 90_000])  # cents of a stay, by grade of the hospital
EMPLOYEE_STAY = np.array([0, 0.92, 0.90, 0.86])
RESIDENT_STAY = np.array([0, 0.80, 0.70, 0.58])  # residents bear about 37 % of inpatient cost (magnitudes 1)
POOLED_OUTPATIENT = 0.5
CHRONIC_SHARE = 0.72
AID_SHARE = 0.7  # medical aid for the poor, of what is left in scope
CHRONIC_MED = (14, 15)
NO_SALE_SHARE, NO_CODE_SHARE = 0.012, 0.025  # of honest pharmacy lines, on average over shops
FRESH_SERIALS = 5 * 10**12  # own codes are numbered below, shared ones above


@dataclass
class Books:
    """Numbers and seconds still, sorted by time; `contract_tables` gives them ids."""

    visits: pd.DataFrame
    lines: pd.DataFrame
    settlements: pd.DataFrame
    sales: pd.DataFrame
    prescriptions: pd.DataFrame
    signs: pd.DataFrame


def settle(city: City, draft: Drafts) -> Books:
    """All books of a draft."""
    rng = city.rng("ledger")
    visits, lines = _by_time(city, rng, draft)
    lines["amount"] = (lines["count"] * lines.price * 100).round().astype("int64")
    scope = city.catalogue.items.level.map(IN_SCOPE).to_numpy()[lines.item]
    lines["in_scope"] = (lines.amount * scope).round().astype("int64")
    prescriptions = _prescriptions(city, rng, visits)
    return Books(
        visits,
        lines,
        _settlements(city, rng, visits, lines),
        _sales(city, rng, visits, lines),
        prescriptions,
        _signs(city, rng, visits, lines),
    )


def _by_time(city: City, rng: Generator, draft: Drafts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Visits and lines in the order of time, ties in random order; what has not happened yet is left out."""
    order = np.lexsort((rng.random(len(draft.visits)), draft.visits.begin.to_numpy()))
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    visits = draft.visits.take(order).reset_index(drop=True)
    visits["open"] = visits.settle >= city.clock.horizon
    visits["turn"] = visits.groupby(["place", is_stay(visits.med)]).cumcount()
    lines = draft.lines.assign(visit=position[draft.lines.visit])
    lines = lines[lines.time < city.clock.horizon]
    order = np.lexsort((rng.random(len(lines)), lines.time.to_numpy()))
    return visits, lines.take(order).reset_index(drop=True)


def _settlements(city: City, rng: Generator, visits: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    total = np.bincount(lines.visit, lines.amount, len(visits)).astype(np.int64)
    scope = np.bincount(lines.visit, lines.in_scope, len(visits)).astype(np.int64)
    pooled = np.where(visits.waived, scope, _pooled_pay(city, visits, scope))
    poor = city.people.poor.to_numpy()[visits.person]
    aided = poor & (is_stay(visits.med) | visits.med.isin(CHRONIC_MED).to_numpy())
    fund = pooled + np.where(aided, AID_SHARE * (scope - pooled), 0).astype(np.int64)
    # The destitute (2304, 2307) are treated free of charge in hospital.
    destitute = city.people.identity.isin(["2304", "2307"]).to_numpy()[visits.person]
    fund = np.where(visits.waived | (destitute & is_stay(visits.med)), total, fund)
    account = _account_pay(city, rng, visits, total - fund)
    settled = pd.DataFrame(
        {
            "visit": np.arange(len(visits)),
            "time": visits.settle,
            "total": total,
            "in_scope": scope,
            "fund": fund,
            "pooled": pooled,
            "account": account,
            "cash": total - fund - account,
            "refund": False,
            "valid": True,
            "kind": rng.choice(["1", "2"], len(visits), p=[0.985, 0.015]),
        }
    )
    return settled[~visits.open & (total > 0)].reset_index(drop=True)


def _pooled_pay(city: City, visits: pd.DataFrame, scope: np.ndarray) -> np.ndarray:
    """What the pooled fund pays (hifp_pay), in cents."""
    grade = city.grade(visits.place.to_numpy())
    employee = (city.people.insutype == "310").to_numpy()[visits.person]
    stay_share = np.where(employee, EMPLOYEE_STAY[grade], RESIDENT_STAY[grade])
    pharmacy = is_purchase(visits.med)
    chronic = visits.med.isin(CHRONIC_MED).to_numpy() | (pharmacy & (visits.group >= 0).to_numpy())
    dialysed = (visits.med == 14).to_numpy() & visits.diagnosis.isin(of_kind("dialysis")).to_numpy()
    stay = is_stay(visits.med)
    share = np.select(
        [stay, dialysed, chronic, pharmacy],
        [stay_share, 0.9, CHRONIC_SHARE, np.where(visits.pooled, POOLED_OUTPATIENT, 0.0)],
        POOLED_OUTPATIENT * np.where(employee, 1.1, 0.9),
    )
    deductible = np.where(stay, DEDUCTIBLE[grade], np.where(chronic | pharmacy, 0, 1_000))
    return np.asarray((np.maximum(0, scope - deductible) * share).round().astype(np.int64))


def _account_pay(city: City, rng: Generator, visits: pd.DataFrame, rest: np.ndarray) -> np.ndarray:
    """Employees pay what is left from their personal account, wholly, in part or not at all; cents."""
    employee = (city.people.insutype == "310").to_numpy()[visits.person]
    luck = rng.random(len(visits))
    usual = np.where(is_purchase(visits.med), 0.88, np.where(is_stay(visits.med), 0.35, 0.7))
    part = np.where(luck < usual, np.where(luck < 0.85 * usual, 1.0, rng.random(len(visits))), 0.0)
    # Families may share an account, so that some residents pay from one too.
    shared = ~employee & (rng.random(len(visits)) < 0.22)
    return (rest * np.where(employee | shared, part, 0.0)).round().astype(np.int64)


def _sales(city: City, rng: Generator, visits: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """One row a box sold at a pharmacy; a row without a code stands for all boxes of its line."""
    sold = np.flatnonzero(is_purchase(visits.med)[lines.visit])
    place = visits.place.to_numpy()[lines.visit.to_numpy()[sold]]
    care = rng.gamma(0.6, 1 / 0.6, len(city.places.table))[place]  # some shops scan less carefully
    luck = rng.random(len(sold))
    trace = lines.trace.to_numpy()[sold].copy()
    slips = (trace == 0) & (luck < NO_SALE_SHARE * care)
    forgets = (trace == 0) & ~slips & (luck < (NO_SALE_SHARE + NO_CODE_SHARE) * care)
    trace[slips], trace[forgets] = NO_SALE, NO_CODE
    sold, trace = sold[trace != NO_SALE], trace[trace != NO_SALE]
    boxes = lines["count"].to_numpy()[sold]
    row, box = ragged(np.where(trace == NO_CODE, 1, np.ceil(boxes)))
    line, trace = sold[row], trace[row]
    serial = rng.permutation(len(line)).astype(np.int64)
    shared = (trace > 0) & (box == 0)
    serial[shared] = FRESH_SERIALS + trace[shared].astype(np.int64)
    serial[trace == NO_CODE] = -1
    rows = lines.take(line)
    return pd.DataFrame(
        {
            "line": line,
            "visit": rows.visit.to_numpy(),
            "item": rows.item.to_numpy(),
            "place": visits.place.to_numpy()[rows.visit],
            "time": rows.time.to_numpy(),
            "count": np.where(trace == NO_CODE, boxes[row], 1.0),
            "serial": serial,
            "split": False,
        }
    )


def _prescriptions(city: City, rng: Generator, visits: pd.DataFrame) -> pd.DataFrame:
    written = np.flatnonzero(((visits.prescribed > 0) & (visits.doctor >= 0)).to_numpy())
    rows = visits.take(written)
    doctor = rows.doctor.to_numpy()
    shop = is_purchase(rows.med)
    before = np.where(shop, rng.integers(15 * MINUTE, 2 * DAY, len(rows)), -rng.integers(60, 600, len(rows)))
    time = np.where(shop, rows.begin - before, np.minimum(rows.begin - before, rows.end))
    home = city.places.doctors.home.to_numpy()[doctor]
    supply = rows.prescribed.to_numpy()
    papers = pd.DataFrame(
        {
            "visit": written,
            "person": rows.person.to_numpy(),
            "doctor": doctor,
            "place": np.where(shop, home, rows.place),
            "time": time,
            "valid_days": np.where(supply > 60, 90, np.where(supply > 7, 30, 3)),
            "repeats": np.where(supply > 60, 3, 1),
        }
    )
    return papers.sort_values(["time", "visit"], ignore_index=True)


def _signs(city: City, rng: Generator, visits: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """One sign-in a visit, day and kind of service (dialysis, large examination, rehabilitation)."""
    service = city.catalogue.items.service.fillna("").to_numpy()[lines.item]
    signed = visits.signed.to_numpy()[lines.visit]
    rows = lines[(service != "") & signed].assign(service=service[(service != "") & signed])
    rows["day"] = rows.time // DAY
    rows = rows.drop_duplicates(["visit", "service", "day"], ignore_index=True)
    dialysis = (rows.service == "1").to_numpy()
    time = rows.time.to_numpy() - rng.integers(30, 600, len(rows))
    stayed = np.where(dialysis, rng.integers(220, 265, len(rows)), rng.integers(12, 50, len(rows))) * MINUTE
    gone = np.where(rng.random(len(rows)) < 0.97, time + stayed, -1)
    signs = pd.DataFrame(
        {
            "person": visits.person.to_numpy()[rows.visit],
            "place": visits.place.to_numpy()[rows.visit],
            "service": rows.service,
            "time": time,
            "gone": gone,
        }
    )
    return signs.sort_values(["time", "person"], ignore_index=True)
