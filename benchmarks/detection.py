"""How well a run finds what a synthetic city hides, kind by kind and scheme by scheme.

    python benchmarks/detection.py CITY RUN      CITY = what `fundguard simulate` wrote, RUN = STORE/runs/AS_OF

k is the number of guilty that no confirmed outcome names; those it names are left out of the list. Prints precision
at k, how many of the first hundred are innocent look-alikes, recall in the first 2k by scheme, and the same of a
plain baseline: subjects in order of the fund's payment.
"""

import sys
from pathlib import Path

import pandas as pd


def lists(run: Path) -> pd.DataFrame:
    """The ranked suspects of a run."""
    return pd.read_parquet(run / "suspects.parquet", columns=["subject_type", "subject_id", "rank", "score"])


def fund_order(city: Path, subject: str) -> pd.Index:
    """Subjects in order of what the fund paid for them: what a bureau has without fundguard."""
    visits = pd.read_parquet(city / "input/mdtrt_d.parquet")
    paid = pd.read_parquet(city / "input/setl_d.parquet").groupby("mdtrt_id")["fund_pay_sumamt"].sum()
    visits = visits.assign(paid=visits["mdtrt_id"].map(paid).fillna(0))
    key = {"patient": "psn_no", "visit": "mdtrt_id", "prescriber": "chfpdr_code"}.get(
        subject, "fixmedins_code"
    )
    if subject in ("pharmacy", "hospital"):
        visits = visits[visits["fixmedins_code"].str.startswith("P" if subject == "pharmacy" else "H")]
    return visits.groupby(key)["paid"].sum().sort_values(ascending=False).index


def main(city: Path, run: Path) -> None:
    """Print the table."""
    ranked, truth = lists(run), pd.read_parquet(city / "truth.parquet")
    innocent = pd.read_parquet(city / "innocent.parquet")
    cases = pd.read_parquet(city / "input/insp_case_d.parquet")
    cases = cases[cases["clue_stas"].isin(["2", "4"])]
    print(f"{'kind':<11}{'k':>5}{'precision@k':>13}{'baseline':>10}{'look-alikes in top 100':>24}")
    for subject in ("hospital", "pharmacy", "prescriber", "patient", "visit"):
        named = set(cases[cases["subject_type"] == subject]["subject_id"])
        guilty = truth[(truth["subject_type"] == subject) & ~truth["subject_id"].isin(named)]
        wanted = set(guilty["subject_id"])
        order = ranked[ranked["subject_type"] == subject].sort_values("rank")["subject_id"]
        order = order[~order.isin(named)]
        plain = [x for x in fund_order(city, subject) if x not in named]
        k = len(wanted)
        alike = set(innocent[innocent["subject_type"] == subject]["subject_id"])
        hits, base = (sum(x in wanted for x in list(found)[:k]) / max(k, 1) for found in (order, plain))
        print(f"{subject:<11}{k:>5}{hits:>13.3f}{base:>10.3f}{sum(x in alike for x in order.head(100)):>18}")
        first = set(order.head(2 * k))
        for scheme, members in guilty.groupby("scheme")["subject_id"]:
            print(f"    {scheme} recall in the first 2k {members.isin(first).mean():.2f} of {len(members)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
