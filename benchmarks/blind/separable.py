"""Whether guilt can be seen at all: one simple statistic for each scheme from the raw tables, and its AUC.

    python -m benchmarks.blind.separable CITY

A check of the cities, not of the project: if nothing simple tells the guilty from everybody else, nobody
can be blamed for not finding them. The statistics are in `statistics.py`.
"""

import sys
from pathlib import Path

import duckdb
import pandas as pd
from scipy.stats import rankdata

from benchmarks.blind.statistics import STATISTICS, VIEWS

KINDS = {
    "patient": "select psn_no id from psn_info_b",
    "prescriber": "select distinct dr_code id from dr_info_b",
    "pharmacy": "select fixmedins_code id from fixmedins_b where fixmedins_type = '2'",
    "hospital": "select fixmedins_code id from fixmedins_b where fixmedins_type = '1'",
}


def auc(value: pd.Series, guilty: pd.Series) -> float:
    """Probability that a guilty subject has the larger value; ties count half."""
    rank, n = rankdata(value), int(guilty.sum())
    return float((rank[guilty.to_numpy()].sum() - n * (n + 1) / 2) / (n * (len(value) - n)))


def open_city(city: Path) -> duckdb.DuckDBPyConnection:
    """A connection with a view for each table of the input and those the statistics share."""
    con = duckdb.connect(config={"threads": 2})
    for path in sorted((city / "input").glob("*.parquet")):
        con.sql(f"create view {path.stem} as from '{path}'")
    for name, query in VIEWS.items():
        con.sql(f"create table {name} as {query}")
    return con


def left_out(con: duckdb.DuckDBPyConnection, city: Path, kind: str, truth: pd.DataFrame) -> set[str]:
    """Subjects that are neither guilty nor innocent: the neutral, and doctors of guilty hospitals."""
    neutral = pd.read_parquet(city / "neutral.parquet")
    out = set(neutral.subject_id[neutral.subject_type == kind])
    if kind == "prescriber":
        doctors = con.sql("select dr_code, fixmedins_code from dr_info_b").df()
        out |= set(
            doctors.dr_code[doctors.fixmedins_code.isin(truth.subject_id[truth.subject_type == "hospital"])]
        )
    return out


def separate(city: Path) -> pd.DataFrame:
    """Scheme, kind of subject, guilty, AUC against the innocent, and look-alikes among the first as many."""
    con = open_city(city)
    truth = pd.read_parquet(city / "truth.parquet")
    alike = set(pd.read_parquet(city / "lookalikes.parquet").subject_id)
    rows = []
    for (scheme, kind), query in STATISTICS.items():
        guilty = set(truth.subject_id[(truth.scheme == scheme) & (truth.subject_type == kind)])
        if not guilty:
            continue
        table = con.sql(KINDS[kind]).df().merge(con.sql(query).df(), on="id", how="left")
        other = (left_out(con, city, kind, truth) | set(truth.subject_id)) - guilty
        table = table[~table.id.isin(other)]
        value, bad = table.value.astype(float).fillna(-1), table.id.isin(guilty)
        first = table.id[value.rank(ascending=False, method="first") <= len(guilty)]
        rows.append(
            (
                scheme,
                kind,
                len(guilty),
                round(auc(value, bad), 3),
                first.isin(guilty).sum(),
                first.isin(alike - guilty).sum(),
            )
        )
    return pd.DataFrame(
        rows, columns=["scheme", "subject_type", "guilty", "auc", "guilty_first", "alike_first"]
    )


if __name__ == "__main__":
    table = separate(Path(sys.argv[1]))
    print(table.to_string(index=False))
    print(f"mean AUC {table.auc.mean():.3f}, least {table.auc.min():.3f}")
