"""The rule part of a score, 0 to 1: how much the findings of the audit rules say against a subject.

A finding of a rarely broken rule counts more than one of a rule that every tenth visit breaks. The rules that
one visit breaks are combined as independent causes (noisy-OR: Pearl 1988, Probabilistic Reasoning in
Intelligent Systems, §4.3); a subject with many visits has their mean, shrunk toward zero, on a saturating
scale.
"""

import numpy as np
import pandas as pd

# A rule that one visit in 10**4 breaks, or fewer, has the full weight. Own starting value.
FULL_WEIGHT_DECADES = 4.0
# The full weight is below one, so that a second rule still adds to the first. Own starting value.
FULL_WEIGHT = 0.8
# Prior visits without a finding added to a subject's own, so that one finding on one visit is no rate. Own
# starting value.
PRIOR_VISITS = 10
# Mean rule part of the visits at which the rule part of their subject is one half. Own starting value.
HALF_MEAN = 0.1
# Decimals kept of sums of logarithms, whose last digits depend on the order of addition.
_DECIMALS = 9


def rule_weights(visits: pd.Series, total: int) -> pd.Series:
    """Weight of each rule by its rarity: 0 where every visit breaks it, FULL_WEIGHT at one in
    10**FULL_WEIGHT_DECADES.

    Args:
        visits: number of visits that break each rule, more than 0.
        total: number of all visits.
    """
    rarity: pd.Series = -np.log10(visits / total) / FULL_WEIGHT_DECADES
    return FULL_WEIGHT * rarity.clip(0, 1)


def visit_rule_part(broken: pd.DataFrame, total: int) -> pd.DataFrame:
    """The rule part of each visit that breaks a rule; every other visit has 0.

    Args:
        broken: mdtrt_id, rule_id; one row a visit and rule.
        total: number of all visits.

    Returns:
        mdtrt_id, rule_part.
    """
    # Without findings the column is text, and so would be what is mapped from it.
    weight = broken["rule_id"].map(rule_weights(broken.groupby("rule_id").size(), total)).astype(float)
    logarithms = pd.Series(np.log1p(-weight), broken.index)
    log_complement: pd.Series = logarithms.groupby(broken["mdtrt_id"]).sum()
    part: pd.Series = -np.expm1(log_complement)
    return part.round(_DECIMALS).rename("rule_part").reset_index()


def subject_rule_part(total_part: pd.Series, visits: pd.Series) -> pd.Series:
    """The rule part of subjects with many visits: their shrunk mean m, as m / (m + HALF_MEAN).

    Args:
        total_part: sum of the rule parts of each subject's visits.
        visits: number of the subject's visits.
    """
    mean = total_part / (visits + PRIOR_VISITS)
    return mean / (mean + HALF_MEAN)
