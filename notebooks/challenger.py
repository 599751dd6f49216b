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
# # A challenger for the champion
#
# Trains another model for one kind of subject on the last night of a store, evaluates it on subjects it has
# not seen, logs it to MLflow beside the champion, compares the two and moves the alias `champion` when the
# challenger is better. The next night scores with whatever holds the alias.
#
# Open it with Jupyter and jupytext; another store is named by the environment variable
# `FUNDGUARD_NOTEBOOK_STORE`.

# %%
import os
from datetime import date
from pathlib import Path

import pandas as pd

import pipelines
from claims.store import Store, scratch
from features.measures.catalogue import CONTEXT, spec
from models.evaluation import ranking_metrics, shuffled_auc
from models.learner import Learner, out_of_fold
from models.subject_model import SubjectModel
from models.training_data import MIN_CONFIRMED, training_set
from pipelines.champions import registry
from pipelines.measure import measure
from pipelines.settings import settings_of
from pipelines.train import fit_model, outcomes

ROOT = Path(pipelines.__file__).parents[1]
store = Store(ROOT / os.environ.get("FUNDGUARD_NOTEBOOK_STORE", "demo/store"))
settings = settings_of(store.path)
models = registry(store, settings)

# %% [markdown]
# ## The night and what inspections have found
#
# Only outcomes closed before the night are known. A kind of subject with too few of them has no learnt part.

# %%
as_of = date.fromisoformat(max(store.runs.iterdir()).name)
with scratch(store.path) as work:
    snapshot = measure(store, as_of, work, settings.rules)
    known = {subject: outcomes(snapshot.claims, subject) for subject in snapshot.subjects}
pd.DataFrame({subject: found.value_counts() for subject, found in known.items()}, index=[1, 0]).fillna(
    0
).astype(int).rename({1: "confirmed", 0: "cleared"})

# %%
kind = max(known, key=lambda subject: known[subject].sum())
measured, inspected = snapshot.subjects[kind], known[kind]
assert inspected.sum() >= MIN_CONFIRMED, f"{inspected.sum()} confirmed {kind}s are too few to learn from"
print(f"{kind}: {len(measured.values):,} subjects, {inspected.sum()} confirmed")

# %% [markdown]
# ## The idea
#
# Measures marked `CONTEXT` say how large a subject is, not what it does. Large subjects are inspected more
# often, so a model may learn who gets inspected. The challenger does without them.

# %%
columns = spec(kind)
lean = columns[columns["evidence_weight"] > CONTEXT]
print(f"the champion's recipe sees {len(columns)} measures, the challenger {len(lean)}")

# %% [markdown]
# ## Out of fold
#
# Each subject is scored by a model that has not seen it. Subjects that nobody inspected stand among the
# honest ones, so the figures are low rather than high.

# %%
sets = {
    name: training_set(measured.z_scores[chosen.index], inspected, settings.seed)
    for name, chosen in {"champion's recipe": columns, "challenger": lean}.items()
}
metrics = pd.DataFrame(
    {
        name: ranking_metrics(data.target, out_of_fold(data, Learner(settings.seed)))
        for name, data in sets.items()
    }
)
metrics.round(3)

# %% [markdown]
# With outcomes shuffled among the subjects the same machinery must find nothing: an AUC around one half.
# The tests do this fifty times; a few are enough to see a leak.

# %%
chance = shuffled_auc(sets["challenger"], 3, settings.seed)
print(f"AUC with shuffled outcomes: {chance.mean():.2f}")

# %% [markdown]
# ## Beside the champion
#
# Both recipes fitted to the whole night. What inspectors feel is how far the head of the list changes.

# %%
parts_of = (measured.z_scores, measured.graph, measured.rules)
challenger = SubjectModel(kind, lean, settings.seed).fit(
    measured.z_scores, inspected, measured.graph, measured.rules
)
champion = models.champion(kind)
lists = {
    name: model.score(model.parts(*parts_of))["score"].sort_values(ascending=False, kind="stable").index
    for name, model in {
        "the champion": champion.model,
        "its recipe, fitted again": fit_model(kind, measured, inspected, settings),
        "the challenger": challenger,
    }.items()
}
for name, order in lists.items():
    same = len(set(order[:500]) & set(lists["the champion"][:500]))
    print(f"{name}: {same} of its first 500 are among the champion's")

# %% [markdown]
# ## Into MLflow
#
# The same call as in the night: parameters, metrics, signature and the model, registered as a new version.
# Nothing uses it yet. `mlflow/README.md` says how to look at it in MLflow's pages.

# %%
version = models.log(
    challenger,
    measured.z_scores[lean.index].head(50),
    as_of.isoformat(),
    {"recipe": "without context measures"},
)
print(f"{champion.name}: the champion is version {champion.version}, the challenger version {version}")

# %% [markdown]
# ## Promote
#
# The alias moves only for a clear gain. Moving it back to the old version undoes the promotion.

# %%
gain = metrics["challenger"] - metrics["champion's recipe"]
print(gain.round(3).to_string())
if gain["average_precision"] > 0.02:
    models.promote(kind, version)
print(f"champion now: version {models.champion(kind).version}")
