"""Public data sets → the tables of the contract: one module a data set.

An adapter only renames, joins and adds up what its source says. It drops no row: what the pipeline cannot use
is left to `claims.checks`, which gives every such row a reason and a place in the quarantine.
"""

from collections.abc import Callable
from pathlib import Path

from claims.adapters import de_synpuf

# Name of a data set → the function that reads its folder and writes the contract's tables to another.
ADAPTERS: dict[str, Callable[[Path, Path], None]] = {"de-synpuf": de_synpuf.adapt}
