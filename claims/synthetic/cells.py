"""Cells of the contract's columns: numbered ids, names, times, codes and yuan as Arrow arrays."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from claims.synthetic.world import City

Values = np.ndarray | pd.Series | pd.Index


def _unknown(known: Values | None) -> np.ndarray | None:
    return None if known is None else ~np.asarray(known, dtype=bool)


def numbered(base: int, numbers: Values, known: Values | None = None) -> pa.Array:
    """Ids as text; null where not known."""
    return pc.cast(
        pa.array(base + np.asarray(numbers, dtype=np.int64), mask=_unknown(known)),
        pa.string(),
    )


def named(names: object, numbers: Values, known: Values | None = None) -> pa.Array:
    """Text by number; null where not known (by default: where the number is negative)."""
    numbers = np.asarray(numbers)
    mask = numbers < 0 if known is None else _unknown(known)
    return pa.array(names, pa.string(), from_pandas=True).take(pa.array(np.maximum(numbers, 0), mask=mask))


def moment(city: City, seconds: Values, known: Values | None = None) -> pa.Array:
    """Times, from seconds since the first midnight; null where not known."""
    start = np.datetime64(city.clock.start, "s")
    time = (start + np.asarray(seconds, dtype=np.int64)).astype("datetime64[us]")
    return pa.array(time, pa.timestamp("us"), mask=_unknown(known))


def day(city: City, seconds: Values, known: Values | None = None) -> pa.Array:
    """Dates, from seconds since the first midnight; null where not known."""
    return pc.cast(moment(city, np.asarray(seconds) // 86_400 * 86_400, known), pa.date32())


def text(values: object) -> pa.Array:
    """Text; null where there is none."""
    return pa.array(np.asarray(values, dtype=object), pa.string(), from_pandas=True)


def flag(values: object, known: Values | None = None) -> pa.Array:
    """0 or 1; null where not known."""
    return named(["0", "1"], np.asarray(values).astype(int), known)


def yuan(cents: Values) -> pa.Array:
    """Yuan, from cents."""
    return pa.array(np.asarray(cents) / 100.0)
