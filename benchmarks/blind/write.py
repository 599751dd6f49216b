"""Writes a city: its input, and beside it what is true."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.blind.city import City
from benchmarks.blind.plan import AS_OF
from benchmarks.blind.tables import Tables

CLEARED_ALIKE = 0.12
CLEARED_OTHERS = {"patient": 0.0015, "prescriber": 0.02, "pharmacy": 0.05, "hospital": 0.06}


def label(city: City) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The truth with what inspectors know of it, and their cases: guilty confirmed, honest cleared."""
    rng = city.rng
    truth = pd.DataFrame(city.truth, columns=["subject_type", "subject_id", "scheme"])
    truth = truth.drop_duplicates(["subject_type", "subject_id"], ignore_index=True)
    truth["labelled"] = rng.random(len(truth)) < city.plan.labelled
    confirmed = truth[truth.labelled].drop(columns="labelled")
    confirmed = confirmed.assign(clue_stas=rng.choice(["2", "4"], len(confirmed), p=[0.85, 0.15]))
    cleared = _cleared(city, truth).assign(clue_stas="3", scheme=None)
    cases = pd.concat([confirmed, cleared], ignore_index=True)
    n = len(cases)
    close = AS_OF - rng.integers(2, 240, n) * np.timedelta64(86_400, "s")
    cases = cases.assign(
        case_id=[f"K{i:06d}" for i in rng.permutation(n) + 1],
        begndate=city.plan.start,
        enddate=close - np.timedelta64(30 * 86_400, "s"),
        cfm_amt=np.where(cases.clue_stas == "3", 0.0, rng.lognormal(9, 1, n).round(2)),
        close_date=close,
    )
    # The names of half of the schemes were never entered.
    cases["scheme"] = cases.scheme.where(rng.random(n) < 0.6)
    return truth, cases.sort_values("close_date", ignore_index=True)


def _cleared(city: City, truth: pd.DataFrame) -> pd.DataFrame:
    """Honest subjects that were inspected: some look-alikes, and some that nothing speaks against."""
    alike = pd.DataFrame(city.alike, columns=["subject_type", "subject_id", "kind"]).drop_duplicates(
        ["subject_type", "subject_id"]
    )
    found = [alike[city.rng.random(len(alike)) < CLEARED_ALIKE][["subject_type", "subject_id"]]]
    place = city.places
    ids = {
        "patient": city.people.psn_no,
        "prescriber": city.doctors.code,
        "pharmacy": place.code[place.kind == "P"],
        "hospital": place.code[place.kind == "H"],
    }
    for kind, names in ids.items():
        drawn = names[city.rng.random(len(names)) < CLEARED_OTHERS[kind]]
        found.append(pd.DataFrame({"subject_type": kind, "subject_id": drawn}))
    cleared = pd.concat(found).drop_duplicates()
    either = pd.concat(
        [
            truth[["subject_type", "subject_id"]],
            pd.DataFrame(city.neutral, columns=["subject_type", "subject_id"]),
        ]
    )
    known = pd.MultiIndex.from_frame(either)
    return cleared[~pd.MultiIndex.from_frame(cleared).isin(known)]


def write(city: City, tables: Tables, out: Path) -> None:
    """Write `out/input/*.parquet` and the truth, look-alikes, neutral subjects and rings beside it."""
    (out / "input").mkdir(parents=True, exist_ok=True)
    truth, cases = label(city)
    for name, table in {**tables, "insp_case_d": cases}.items():
        table.to_parquet(out / "input" / f"{name}.parquet", index=False)
    guilty = pd.MultiIndex.from_frame(truth[["subject_type", "subject_id"]])
    alike = pd.DataFrame(city.alike, columns=["subject_type", "subject_id", "kind"]).drop_duplicates()
    neutral = pd.DataFrame(city.neutral, columns=["subject_type", "subject_id"]).drop_duplicates()
    truth.to_parquet(out / "truth.parquet", index=False)
    for name, table in (("lookalikes", alike), ("neutral", neutral)):
        innocent = ~pd.MultiIndex.from_frame(table[["subject_type", "subject_id"]]).isin(guilty)
        table[innocent].to_parquet(out / f"{name}.parquet", index=False)
    pd.DataFrame(city.rings, columns=["ring", "subject_id"]).to_parquet(out / "rings.parquet", index=False)
