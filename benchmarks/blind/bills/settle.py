"""Settlements: what fund, personal account and patient pay; refunds and rows that do not count."""

import numpy as np
import pandas as pd

from benchmarks.blind.catalogue import items
from benchmarks.blind.city import City

IN_SCOPE = {"01": 1.0, "02": 0.9, "03": 0.0}
DEDUCTIBLE = {"02": 800.0, "05": 450.0, "08": 220.0, "11": 120.0}
# (employees, residents) for stays, general outpatient care, registered chronic care, pharmacies.
RATES = {"2": (0.86, 0.68), "11": (0.55, 0.5), "13": (0.55, 0.5), "14": (0.8, 0.7), "41": (0.65, 0.55)}
AID = 0.9
INVALID, REISSUED = 0.0037, 0.002


def in_scope(lines: pd.DataFrame) -> np.ndarray:
    """Yuan of each line within the policy's scope."""
    share = items().chrgitm_lv.map(IN_SCOPE).to_numpy()[lines["item"]]
    return np.round(lines.cnt.to_numpy() * lines.pric.to_numpy() * share, 2)


def _rate(visits: pd.DataFrame, employee: np.ndarray) -> np.ndarray:
    kind = visits.med_type.where(~visits.med_type.str.startswith("2"), "2")
    pair = np.array([RATES[k] for k in RATES])[kind.map(list(RATES).index).to_numpy()]
    return np.where(visits.pooled.astype(bool), np.where(employee, pair[:, 0], pair[:, 1]), 0.0)


def _by_visit(amount: np.ndarray, lines: pd.DataFrame, visits: int) -> np.ndarray:
    return np.round(np.bincount(lines.visit, weights=amount, minlength=visits), 2)


def settle(city: City, visits: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """One row a visit with total, in-scope amount and payments; visits without lines have zeros."""
    people = city.people
    total = _by_visit((lines.cnt * lines.pric).round(2).to_numpy(), lines, len(visits))
    scope = _by_visit(in_scope(lines), lines, len(visits))
    employee = people.insutype.eq("310").to_numpy()[visits.psn]
    ward = visits.med_type.str.startswith("2").to_numpy()
    level = city.places.hosp_lv.map(DEDUCTIBLE).fillna(0).to_numpy()[visits.inst]
    pooled = np.maximum(scope - np.where(ward, level, 0), 0) * _rate(visits, employee)
    poor = people.psn_idet_type.notna().to_numpy()[visits.psn] & ward
    fund = np.round(pooled + np.where(poor, (scope - pooled) * AID, 0), 2)
    rest = np.round(total - fund, 2)
    card = (employee | visits.med_type.eq("41").to_numpy()) & (city.rng.random(len(visits)) < 0.9) & ~ward
    account = np.where(card, rest, 0.0)
    cash = np.where(visits.waived.astype(bool), 0.0, rest - account)
    lag = visits.lag.to_numpy(dtype=float).astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "visit": np.arange(len(visits)),
            "psn": visits.psn,
            "inst": visits.inst,
            "med_type": visits.med_type,
            "time": visits.end.to_numpy() + lag,
            "medfee_sumamt": total,
            "inscp_amt": scope,
            "fund_pay_sumamt": fund,
            "hifp_pay": np.round(pooled, 2),
            "acct_pay": account,
            "cash_payamt": np.round(cash, 2),
            "refd_setl_flag": "0",
            "setl_type": "2",
            "vali_flag": "1",
        }
    )


MONEY = ["medfee_sumamt", "inscp_amt", "fund_pay_sumamt", "hifp_pay", "acct_pay", "cash_payamt"]


def correct(city: City, rows: pd.DataFrame) -> pd.DataFrame:
    """Refunds (most are settled anew), invalid rows and rows of a later reissue beside the settlements."""
    rng = city.rng
    back = rows[rng.random(len(rows)) < city.plan.refunds].copy()
    back["time"] += pd.to_timedelta(rng.integers(300, 200_000, len(back)), unit="s")
    negative = back.assign(refd_setl_flag="1", **{name: -back[name] for name in MONEY})
    anew = back[rng.random(len(back)) < 0.85].copy()
    anew["time"] += pd.to_timedelta(rng.integers(60, 900, len(anew)), unit="s")
    void = rows[rng.random(len(rows)) < INVALID].assign(vali_flag="0")
    third = rows[rng.random(len(rows)) < REISSUED].assign(setl_type="3")
    return pd.concat([rows, negative, anew, void, third], ignore_index=True)
