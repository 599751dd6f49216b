"""The name of a list entry: the scheme whose own signature stands, not the one with most measures."""

import numpy as np
import pandas as pd
import pytest

from models.scheme_naming import (
    CLOSE_SIGNATURE,
    MIN_NEG_LOG10_P,
    NEAREST,
    SUBORDINATE_TO,
    SUPERSEDING_SHARE,
    contradicted,
    named_scheme,
    nearest_schemes,
)

SCHEMES = tuple(sorted({"M09", *SUBORDINATE_TO, *(end for ends in SUBORDINATE_TO.values() for end in ends)}))


def table(**numbers: float) -> pd.DataFrame:
    """One subject, nothing in the schemes that are not given."""
    return pd.DataFrame([{scheme: numbers.get(scheme, 0.0) for scheme in SCHEMES}], ["s"])


def name(evidence: dict[str, float] | None = None, **signatures: float) -> str | None:
    """The scheme named, where the evidence is as large as the signatures unless said otherwise."""
    found = named_scheme(table(**signatures), table(**(signatures | (evidence or {}))))["s"]
    return None if pd.isna(found) else found


def test_the_scheme_with_most_measures_gives_way_to_the_one_that_is_signed():
    """Template bills, short stays and examinations add up for M01, which nothing signs; deaths sign M09."""
    assert name({"M01": 30.0, "M09": 6.0}, M01=0.5, M09=2.0) == "M09"
    assert name({"M01": 30.0}, M01=0.5) is None


def test_a_signature_stands_from_one_in_forty_on():
    assert name(M09=MIN_NEG_LOG10_P) == "M09"
    assert name(M09=MIN_NEG_LOG10_P - 1e-9) is None


def test_of_signatures_close_together_the_one_with_more_evidence_names():
    strongest = 8.0
    close, far = CLOSE_SIGNATURE * strongest, CLOSE_SIGNATURE * strongest - 1e-9
    assert name({"M01": 9.0, "M09": 20.0}, M01=strongest, M09=close) == "M09"
    assert name({"M01": 9.0, "M09": 20.0}, M01=strongest, M09=far) == "M01"
    assert name({"M01": 9.0, "M09": 8.5}, M01=strongest, M09=close) == "M01"


def test_a_scheme_without_evidence_is_named_where_its_signature_alone_stands():
    assert name({"M09": 0.0}, M09=3.0) == "M09"


@pytest.mark.parametrize(
    "means, end", [(means, end) for means, ends in SUBORDINATE_TO.items() for end in ends]
)
def test_the_means_of_another_scheme_gives_way_where_that_one_stands(means, end):
    close = SUPERSEDING_SHARE * 9.0
    assert name({means: 30.0}, **{means: 9.0, end: close}) == end
    assert name({means: 30.0}, **{means: 9.0, end: close - 1e-9}) == means
    barely = {means: MIN_NEG_LOG10_P, end: MIN_NEG_LOG10_P - 1e-9}
    assert name({means: 30.0}, **barely) == means
    assert name(**{means: 9.0}) == means


def test_what_is_no_means_does_not_give_way():
    assert name({"M09": 30.0}, M09=9.0, M05=2.0) == "M09"


def test_means_of_schemes_that_a_kind_of_subject_does_not_have_are_no_trouble():
    only = table(M21=5.0)[["M09", "M21"]]
    assert named_scheme(only, only).to_list() == ["M21"]


def test_a_scheme_gives_way_only_where_the_subject_itself_shows_the_other():
    """One fetches medicine with a prescription used twice and hoards it; another only uses it twice."""
    signatures = pd.concat([table(M21=5.0, M05=2.0), table(M21=5.0)]).set_axis(["hoards", "uses"])
    assert named_scheme(signatures, signatures).to_dict() == {"hoards": "M05", "uses": "M21"}


def test_each_subject_has_a_name_of_its_own_or_none():
    signatures = pd.concat([table(M09=5.0), table(M05=5.0), table()]).set_axis(["a", "b", "c"])
    found = named_scheme(signatures, signatures)
    assert found.fillna("none").to_dict() == {"a": "M09", "b": "M05", "c": "none"}
    assert found.eq(named_scheme(signatures.iloc[::-1], signatures.iloc[::-1])[::-1]).sum() == 2


def test_the_two_nearest_are_told_whether_they_stand_or_not():
    assert nearest_schemes(table(M09=0.9, M10=1.1, M05=0.3)).to_list() == ["M10 M09"]
    # Ties in the order of the ids.
    assert nearest_schemes(table(M09=0.9, M10=0.9, M05=0.9)).to_list() == ["M05 M09"]
    assert len(nearest_schemes(table())["s"].split()) == NEAREST == 2
    assert nearest_schemes(table(M09=1.0)[["M09"]]).to_list() == ["M09"]


FAMILY_WISE = MIN_NEG_LOG10_P + np.log10(len(SCHEMES))


def doubtful(named: str | None, signature: float, **visits: int) -> bool:
    """Is a hospital's name contradicted by the number of visits in dispute for each scheme?"""
    signatures = table(**({named: signature} if named else {}))
    counts = pd.DataFrame([visits], ["s"]) if visits else pd.DataFrame()
    return bool(contradicted(pd.Series([named], ["s"], dtype=object), signatures, counts)["s"])


def test_three_visits_name_no_hospital_with_hundreds_of_another_scheme():
    """Unless the signature stands beyond what one of so many signatures reaches by chance."""
    assert doubtful("M02", FAMILY_WISE - 0.01, M02=3, M28=559)
    assert not doubtful("M02", FAMILY_WISE, M02=3, M28=559)
    assert not doubtful("M28", FAMILY_WISE - 0.01, M02=3, M28=559)


@pytest.mark.parametrize("others, expected", [(10, False), (11, True)])
def test_a_name_gives_way_to_significantly_more_visits(others, expected):
    """Three and eleven differ by more than two standard deviations of their sum, three and ten do not."""
    assert (others > 3 + 2 * (3 + others) ** 0.5) is expected
    assert doubtful("M09", MIN_NEG_LOG10_P, M09=3, M28=others) is expected


@pytest.mark.parametrize("others, expected", [(4, False), (5, True)])
def test_without_visits_of_its_own_a_name_gives_way_beyond_four_of_another(others, expected):
    """Four are two standard deviations of four above none, and no more."""
    assert doubtful("M09", MIN_NEG_LOG10_P, M28=others) is expected


def test_visits_of_the_means_count_for_the_end_and_of_the_end_for_the_means():
    assert not doubtful("M19", MIN_NEG_LOG10_P, M06=40) and not doubtful("M10", MIN_NEG_LOG10_P, M01=40)
    # Neither is kin of the other: each is told by the other's visits.
    assert not doubtful("M22", MIN_NEG_LOG10_P, M40=40) and not doubtful("M40", MIN_NEG_LOG10_P, M22=40)
    assert doubtful("M19", MIN_NEG_LOG10_P, M28=40)
    # Nor those that an inspector would look into together.
    assert not doubtful("M19", MIN_NEG_LOG10_P, M05=40) and not doubtful("M16", MIN_NEG_LOG10_P, M15=40)


def test_who_has_no_name_or_no_visits_in_dispute_has_nothing_to_contradict():
    assert not doubtful(None, 0.0, M28=40) and not doubtful("M02", MIN_NEG_LOG10_P)
