"""Subjects made at random, for the tests of what is learnt from outcomes."""

import numpy as np
import pandas as pd


def subjects(size: int = 400, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        random.normal(size=(size, 6)), [f"s{n}" for n in range(size)], [f"m{n}" for n in range(6)]
    )


def opposites() -> tuple[pd.DataFrame, pd.Series]:
    """Subjects of whom a random half is inspected, guilty where two measures point in opposite directions."""
    features = subjects(600)
    return features, ((features.m1 > 0) ^ (features.m2 > 0)).astype(int).iloc[:300]
