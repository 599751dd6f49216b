"""Shares of z-values beyond a level, and their picture."""

from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from benchmarks.calibration import BOUND, qq_plot, shares, z_values
from features.measures.catalogue import measures_of, spec


def z_table(z: np.ndarray, kind: str = "hospital") -> pd.DataFrame:
    return pd.DataFrame({"kind": kind, "peers": "level2", "column": "split_share_365d", "z": z})


def test_shares_beyond_the_levels_are_counted_by_kind_and_peers():
    calibrated = z_table(norm.ppf((np.arange(10_000) + 0.5) / 10_000))
    heavy = z_table(1.5 * calibrated.z.to_numpy(), "pharmacy")
    found = shares(pd.concat([calibrated, heavy]), ["kind", "peers"])
    assert found.loc[("hospital", "level2")].tolist() == pytest.approx([10_000, 0.01, 0.001])
    assert found.loc[("pharmacy", "level2"), "0.01"] > BOUND * 0.01
    # A z-value on the level is not beyond it.
    assert shares(z_table(np.array([norm.isf(0.01)])), ["kind"]).loc["hospital", "0.01"] == 0


def test_only_measures_that_are_evidence_are_looked_at():
    columns = list(measures_of("hospital"))
    z_scores = pd.DataFrame(1.0, ["H1", "H2"], columns)
    z_scores.loc["H2", "split_share_365d"] = np.nan
    seen = SimpleNamespace(z_scores=z_scores, peers=pd.Series("level2", z_scores.index))
    kinds = {"hospital": seen}
    for kind in ("patient", "visit", "prescriber", "pharmacy"):
        nobody = pd.DataFrame(columns=list(spec(kind).index), dtype=float)
        kinds[kind] = SimpleNamespace(z_scores=nobody, peers=pd.Series(dtype=object))
    found = z_values([SimpleNamespace(subjects=kinds)])
    assert set(found.kind) == {"hospital"}
    assert (found.column == "split_share_365d").sum() == 1 and (found.column == "idle_share_365d").sum() == 2
    assert not found.column.isin(["visits_365d", "findings_365d"]).any()


def test_the_picture_draws_heavy_tails_above_the_diagonal():
    normal = norm.ppf((np.arange(1_000) + 0.5) / 1_000)
    picture = qq_plot(pd.concat([z_table(normal), z_table(2 * normal, "visit")]))
    lines = [line.attrib for line in ElementTree.fromstring(picture).iter("line")]
    curves = [line for line in lines if line["stroke-width"] == "1.5"]
    colours = {line["stroke"] for line in curves}
    assert len(colours) == 2
    tops = {
        colour: min(float(line["y2"]) for line in curves if line["stroke"] == colour) for colour in colours
    }
    assert sorted(tops.values())[0] < sorted(tops.values())[1] - 50
