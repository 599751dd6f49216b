"""The catalogue declares what the measures produce, in words, units and schemes that reports can use."""

import re

import pytest

from features.measures.aggregation import ROWS
from features.measures.catalogue import CATALOGUE, FAMILIES, UNITS, expected_column, measures_of
from tests.features.town import SUBJECTS

# Schemes that each kind of subject can commit or bear the traces of (schemes.md §1).
SCHEMES = {
    "hospital": "M01 M02 M03 M04 M10 M11 M12 M13 M24 M25 M28 M29 M30 M33 M34 M44 M46",
    "pharmacy": "M05 M06 M09 M15 M16 M18 M19 M20 M21 M22 M40 M42 M47",
    "prescriber": "M01 M03 M04 M05 M12 M19 M22 M24 M28 M31 M33 M40 M48",
}


@pytest.mark.parametrize("subject", ["visit", *SUBJECTS])
def test_every_subject_is_looked_at_from_many_sides(subject):
    assert len([name for kind, name in CATALOGUE if kind == subject]) >= 25


@pytest.mark.parametrize("subject", SCHEMES)
def test_every_scheme_of_a_subject_is_spoken_for(subject):
    spoken = {
        scheme for (kind, _name), entry in CATALOGUE.items() if kind == subject for scheme in entry.schemes
    }
    assert set(SCHEMES[subject].split()) <= spoken


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: f"{entry.subject}-{entry.name}")
def test_a_measure_can_be_put_into_words(entry):
    assert re.search(r"[\u4e00-\u9fff]", entry.zh)
    assert re.search(r"[a-z]", entry.en) and not re.search(r"[\u4e00-\u9fff]", entry.en)
    assert entry.unit in UNITS and entry.family in FAMILIES
    assert entry.direction in (1, -1) and entry.materiality > 0
    assert entry.schemes and len(set(entry.schemes)) == len(entry.schemes)
    assert all(re.fullmatch(r"M(0[1-9]|[1-4]\d|50)", scheme) for scheme in entry.schemes)


@pytest.mark.parametrize("subject", ["visit", *SUBJECTS])
def test_no_two_measures_of_a_subject_say_the_same(subject):
    for language in ("zh", "en"):
        words = [getattr(entry, language) for (kind, _name), entry in CATALOGUE.items() if kind == subject]
        assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize("subject", ["visit", *SUBJECTS])
def test_support_is_a_measure_over_the_same_window(subject):
    columns = measures_of(subject)
    for entry, days in columns.values():
        if entry.support:
            assert (subject, entry.support) in CATALOGUE
            assert f"{entry.support}_{days}d" in columns or entry.support in columns


@pytest.mark.parametrize("subject", SUBJECTS)
def test_bases_are_known_and_the_first_one_holds_every_subject(subject):
    bases = [entry.base for entry, _days in measures_of(subject).values()]
    assert bases[0] == "visits"
    assert {base.split("/")[0] for base in bases} <= set(ROWS)


@pytest.mark.parametrize("subject", ["visit", *SUBJECTS])
def test_declared_columns_are_those_produced(a_night, subject):
    produced = a_night.measured[subject]
    declared = measures_of(subject)
    assert list(produced.columns) == [
        *declared,
        *(expected_column(c) for c in declared if declared[c][0].mix),
    ]
    assert (produced.dtypes == "float64").all()
    assert produced.index.is_unique
