# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One suspect, from the list to the numbers behind it
#
# Takes a store with at least one run (`make demo` makes one), measures the same night again with the
# night's own functions, and looks at the first suspect of a kind: what was measured, where that stands
# among its peers, and what each measure adds to the score. Nothing is written.
#
# Open it with Jupyter and jupytext; another store is named by the environment variable
# `FUNDGUARD_NOTEBOOK_STORE`.

# %%
import os
import textwrap
from datetime import date
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import pipelines
from claims.store import Store, scratch
from features.comparison.peer_groups import PEER_WORDS
from features.measures.catalogue import measures_of
from models.fusion import probability
from pipelines.champions import registry
from pipelines.measure import measure
from pipelines.settings import settings_of

ROOT = Path(pipelines.__file__).parents[1]
store = Store(ROOT / os.environ.get("FUNDGUARD_NOTEBOOK_STORE", "demo/store"))
settings = settings_of(store.path)
kind = "patient"  # or hospital, pharmacy, prescriber, group, visit

# %% [markdown]
# ## The list
#
# The last run of the store. Its folder has the name of its night.

# %%
run = max(store.runs.iterdir())
as_of = date.fromisoformat(run.name)
suspects = pd.read_parquet(run / "suspects.parquet", filters=[("subject_type", "==", kind)])
suspects = suspects.sort_values("rank").set_index("subject_id")
suspects.drop(columns=["subject_type", "reasons"]).head(10)

# %%
suspect = suspects.index[0]
for reason in suspects.loc[suspect, "reasons"]:
    print(f"{reason['contribution']:6.2f}  {reason['text_en']}\n        {reason['text_zh']}")

# %% [markdown]
# ## The claims behind it
#
# The fee lines of the visits that the run names as evidence.

# %%
print(suspects.at[suspect, "story_en"])
store.lines(suspect, kind, run).head(20)

# %% [markdown]
# ## The measures of the night
#
# `measure` is the step that the night itself runs. Its scratch folder is gone afterwards; what stays are
# frames of subjects × measures.

# %%
with scratch(store.path) as work:
    snapshot = measure(store, as_of, work, settings.rules)
measured = snapshot.subjects[kind]
print(f"{len(measured.values):,} subjects, {measured.values.shape[1]} columns; peers:")
measured.peers.map(lambda group: PEER_WORDS[group][1]).value_counts()

# %% [markdown]
# A difference is stated in robust units of the peer group, signed so that more is more suspicious.

# %%
group = measured.peers[suspect]
entries = measures_of(kind)
shown = pd.DataFrame(
    {
        "meaning": {column: entry.en for column, (entry, _days) in entries.items()},
        "value": measured.values.loc[suspect],
        "peers' median": measured.reference.median.loc[group],
        "difference": measured.z_scores.loc[suspect],
    }
).sort_values("difference", ascending=False)
shown.head(15)

# %% [markdown]
# ## Its place among the peers
#
# The four measures that stand furthest out, each over the window where it does so most.

# %%
peers = measured.values[measured.peers == group]
furthest = shown.drop_duplicates("meaning").index[:4]
figure, axes = plt.subplots(1, len(furthest), figsize=(4 * len(furthest), 3), layout="constrained")
for axis, column in zip(axes, furthest, strict=True):
    values = peers[column].dropna()
    axis.hist(values, bins=40, color="#9db8d2")
    axis.axvline(measured.values.at[suspect, column], color="#c0392b", label="the suspect")
    axis.axvline(values.median(), color="#1f4e79", linestyle="--", label="median")
    axis.set_title(textwrap.fill(shown.at[column, "meaning"], 32), fontsize="medium")
    axis.set(yscale="symlog", xlabel=f"{column} ({entries[column][0].unit})")
axes[0].set_ylabel(f"peers ({len(peers):,})")
axes[0].legend()
plt.show()

# %% [markdown]
# ## What each measure adds
#
# The champion, loaded from the registry as the night loads it. Contributions are log-odds; with the base
# they add up to the raw score, and the raw score is the score of the list.

# %%
champion = registry(store, settings).champion(kind)
model = champion.model
one = [suspect]
z_scores = measured.z_scores.loc[one]
parts = model.parts(z_scores, measured.graph.loc[one], measured.rules.loc[one])
contributions = model.contributions(z_scores, parts).loc[suspect]
raw = model.fusion.raw(parts)
print(f"{champion.name} version {champion.version}")
print(f"contributions add up to {contributions.sum():.6f}, the raw score is {raw.iloc[0]:.6f}")
np.testing.assert_allclose(contributions.sum(), raw.iloc[0], atol=1e-6)
np.testing.assert_allclose(probability(raw).iloc[0], suspects.at[suspect, "score"], atol=1e-6)

# %%
strongest = contributions.drop("base").sort_values(key=abs, ascending=False).head(12)[::-1]
figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
axis.barh(strongest.index, strongest, color=["#c0392b" if value > 0 else "#1f4e79" for value in strongest])
axis.set(xlabel="log-odds added to the score", title=f"{kind} {suspect}")
plt.show()
