"""Audit rules: what bureaus check on every bill, one function a rule, in modules by theme.

A new rule is one function under `features.rules.engine.rule` in the module of its theme; nothing else has to know
of it. Its id, fields and starting threshold are those of `domain/schemes.md` §2.
"""

from features.rules import billing, drugs, eligibility, limits, pharmacies, prescribers, sessions, stays

__all__ = ["billing", "drugs", "eligibility", "limits", "pharmacies", "prescribers", "sessions", "stays"]
