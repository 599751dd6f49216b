"""Audit rules: what bureaus check on every bill, one function a rule, in modules by theme.

A new rule is one function under `features.rules.declaration.rule` in the module of its theme; nothing else
has to list it. Ids are those of `docs/rules.md`.
"""

import importlib
import pkgutil

for _name in sorted(found.name for found in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_name}")
