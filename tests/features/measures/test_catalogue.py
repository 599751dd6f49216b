"""The catalogue declares what the measures produce, in words, units and schemes that reports can use."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import features.measures
from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.measures import shared_admissions, shared_medicines, shared_volume
from features.measures.aggregation import ROWS
from features.measures.catalogue import (
    ALL_WINDOWS,
    CATALOGUE,
    CONTEXT,
    FAMILIES,
    HIGH,
    HINT,
    LONG_WINDOWS,
    LOW,
    PROOF,
    STRONG,
    UNITS,
    VISIT_FILTERS,
    Measure,
    SharedMeasure,
    declare,
    expected_column,
    measure,
    measures_of,
    shared,
    spec,
)
from tests.features.measures.tables import facts
from tests.features.town import SUBJECTS

PROBE = "catalogue probe"

# Schemes that each kind of subject can commit or bear the traces of (docs/schemes.md).
SCHEMES = {
    "hospital": "M01 M02 M03 M04 M10 M11 M12 M13 M24 M25 M28 M29 M30 M31 M33 M34 M43 M44 M46 M50",
    "pharmacy": "M05 M06 M07 M09 M15 M16 M18 M19 M20 M21 M22 M40 M42 M43 M47",
    "prescriber": "M01 M03 M04 M05 M12 M19 M22 M24 M25 M28 M29 M31 M33 M40 M43 M48 M50",
}


@pytest.fixture
def probe():
    """A kind of subject whose measures leave the catalogue after the test."""
    yield PROBE
    for key in [key for key in CATALOGUE if key[0] == PROBE]:
        del CATALOGUE[key]


def count(v, w):
    return v.mdtrt_id.count(where=w)


def test_what_a_declaration_leaves_out(probe):
    assert measure(probe, "数", "count", "visits", "frequency", "M01 M02", materiality=3)(count) is count
    entry = CATALOGUE[probe, "count"]
    assert entry == Measure(
        subject=probe, name="count", zh="数", en="count", unit="visits", direction=HIGH, materiality=3,
        evidence_weight=HINT, schemes=("M01", "M02"), windows=LONG_WINDOWS, family="frequency", base="visits",
        support=None, case_mix=False, statistic="plain", unpaid=False, compute=entry.compute,
    )  # fmt: skip
    assert measures_of(probe) == {"count_365d": (entry, 365), "count_1095d": (entry, 1095)}


@pytest.mark.parametrize(
    "unit, support, arises",
    [
        ("share", "count", "proportion"),
        ("days", "count", "mean"),
        ("share", None, "plain"),
        ("flag", None, "count"),
        ("flag", "count", "count"),
    ],
)
def test_how_a_measure_arises_where_it_is_not_said(probe, unit, support, arises):
    words = ("数", "count", unit, "frequency", "M01")
    measure(probe, *words, materiality=1, support=support)(count)
    assert CATALOGUE[probe, "count"].statistic == arises
    del CATALOGUE[probe, "count"]
    measure(probe, *words, materiality=1, support=support, statistic="plain")(count)
    assert CATALOGUE[probe, "count"].statistic == "plain"


def test_a_measure_is_declared_once_a_kind_of_subject(probe):
    template = shared("数", "count", "visits", "frequency", windows=ALL_WINDOWS, evidence_weight=STRONG)(
        count
    )
    declare(probe, template, "M01", materiality=1)
    with pytest.raises(ValueError, match="declared twice"):
        declare(probe, template, "M01", materiality=1)


def test_kinds_of_subject_differ_in_what_they_say(probe):
    template = shared("数", "count", "visits", "frequency", windows=ALL_WINDOWS, evidence_weight=STRONG)(
        count
    )
    declare(probe, template, "M01", materiality=1)
    entry = CATALOGUE.pop((probe, "count"))
    assert list(entry.columns()) == ["count_30d", "count_90d", "count_365d", "count_1095d"]
    assert (entry.evidence_weight, entry.zh, entry.family) == (STRONG, "数", "frequency")
    own = {
        "zh": "量",
        "en": "amount",
        "family": "money",
        "windows": (),
        "direction": LOW,
        "support": "persons",
    }
    declare(probe, template, "M02", materiality=2, case_mix=True, base="visits/day", **own)
    other = CATALOGUE[probe, "count"]
    assert {name: getattr(other, name) for name in own} == own
    assert other.columns() == {"count": None} and other.case_mix and other.base == "visits/day"
    # What the template says is untouched.
    assert template.traits == {"windows": ALL_WINDOWS, "evidence_weight": STRONG}


def test_a_visit_has_no_window():
    assert all(entry.windows == () for (subject, _name), entry in CATALOGUE.items() if subject == "visit")


@pytest.mark.parametrize(
    "over,expected",
    [
        ("visits", ["stay", "course", "seen", "course seen", "bought"]),
        ("admissions", ["stay"]),
        ("consultations", ["seen"]),
        ("purchases", ["bought"]),
        ("joint", ["stay", "bought"]),
    ],
)
def test_which_visits_a_measure_looks_at(over, expected):
    v = facts(
        [
            {"mdtrt_id": "stay", "kind": STAY, "course": False, "joint": True, "inside": True},
            {"mdtrt_id": "course", "kind": STAY, "course": True, "joint": False, "inside": True},
            {"mdtrt_id": "seen", "kind": OUTPATIENT, "course": False, "joint": False, "inside": True},
            {"mdtrt_id": "course seen", "kind": OUTPATIENT, "course": True, "joint": False, "inside": True},
            {"mdtrt_id": "bought", "kind": PHARMACY, "course": False, "joint": True, "inside": True},
            {"mdtrt_id": "stay of long ago", "kind": STAY, "course": False, "joint": True, "inside": False},
            {
                "mdtrt_id": "bought long ago",
                "kind": PHARMACY,
                "course": False,
                "joint": True,
                "inside": False,
            },
        ]
    )
    assert v.filter(VISIT_FILTERS[over](v, v.inside)).to_pandas()["mdtrt_id"].tolist() == expected


def test_weights_fall_from_contradiction_to_what_is_only_learnt():
    assert PROOF > STRONG > HINT > CONTEXT == 0


def test_windows_of_patterns_are_the_long_ones_of_volumes():
    assert ALL_WINDOWS == (30, 90, 365, 1095) and ALL_WINDOWS[-2:] == LONG_WINDOWS


def test_no_unit_and_no_family_is_left_over():
    entries = CATALOGUE.values()
    assert {entry.family for entry in entries} == set(FAMILIES)
    assert {entry.unit for entry in entries} == set(UNITS) - {"years"}


def test_what_a_model_may_know_of_its_columns():
    known = spec("hospital")
    assert list(known.columns) == ["measure", "family", "evidence_weight", "schemes", "signature"]
    assert list(known.index) == list(measures_of("hospital"))
    row = known.loc["overlap_share_365d"]
    assert tuple(row) == ("overlap_share", "stay", PROOF, ("M10", "M01"), ("M01",))


SHARED = [
    (module, name, template)
    for module in (shared_volume, shared_medicines, shared_admissions)
    for name, template in vars(module).items()
    if isinstance(template, SharedMeasure)
]


def test_what_is_shared_is_shared():
    """A measure that one kind of subject alone has stands in the module of that."""
    kinds = Counter(name for subject, name in CATALOGUE if subject != "visit")
    assert len(SHARED) > 60
    assert [name for _module, name, _template in SHARED if kinds[name] < 2] == []
    assert all(template.compute.__name__ == name for _module, name, template in SHARED)


def test_no_two_modules_declare_the_same_measure():
    """The same name with the same body in two modules would be one measure declared twice."""
    seen = Counter()
    for path in Path(features.measures.__path__[0]).glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                seen[node.name, "".join(map(ast.unparse, node.body))] += 1
    assert len(seen) > 200 and max(seen.values()) == 1


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
    # The plain number of findings and the shape of distributions are evidence of no scheme.
    of_none = (
        entry.name.startswith(("findings", "visits_with_findings_share")) or entry.family == "distribution"
    )
    assert bool(entry.schemes) != of_none
    assert len(set(entry.schemes)) == len(entry.schemes)
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
def test_declared_columns_are_those_produced(town_snapshot, subject):
    produced = town_snapshot.measured[subject]
    declared = measures_of(subject)
    assert list(produced.columns) == [
        *declared,
        *(expected_column(c) for c in declared if declared[c][0].case_mix),
    ]
    assert (produced.dtypes == "float64").all()
    assert produced.index.is_unique
