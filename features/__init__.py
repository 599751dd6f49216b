"""From claims to measures, graphs and findings as of a date.

The modules of `features.measures` enter their measures into the catalogue when they are imported, so whoever
imports anything from here finds it complete. The order of the imports, by name, is the order of the columns,
on which models that sample columns depend.
"""

import importlib
import pkgutil

from features import measures

for _name in sorted(found.name for found in pkgutil.iter_modules(measures.__path__)):
    importlib.import_module(f"{measures.__name__}.{_name}")
