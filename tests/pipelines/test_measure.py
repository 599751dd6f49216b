"""Measuring: what a snapshot holds, that it is closed whatever happens, and the parts that follow from it."""

import re
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import duckdb
import ibis
import numpy as np
import pandas as pd
import pytest
from ibis.backends.duckdb import Backend

import claims.duckdb_backend
import pipelines.measure
from claims.duckdb_backend import CachingBackend, connected
from claims.errors import InputError, StoreError
from claims.store import Store
from pipelines.measure import measure
from pipelines.score_parts import graph_part_of, rule_part_of, visit_rule_parts
from pipelines.snapshot import Measured, NetworkResult, Snapshot, missing_measures
from tests.tiny import World

AS_OF = date(2025, 1, 1)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    """Twelve people who each saw one hospital four times."""
    world = World()
    world.hospital("H1")
    for number in range(12):
        world.person(f"p{number}")
        for month in range(1, 5):
            world.visit(f"p{number}", "H1", f"2024-{month:02}-{number + 1:02} 09:00", lines=[("lab", 1, 30)])
    folder = tmp_path_factory.mktemp("measured")
    found = Store(folder / "store")
    found.ingest(world.write(folder / "in"))
    return found


@pytest.fixture
def connections(monkeypatch) -> list:
    """The connections that are made while the test runs."""
    made, connect = [], claims.duckdb_backend.connect

    def recorded(*args: Path):
        made.append(connect(*args))
        return made[-1]

    for module in (claims.duckdb_backend, pipelines.measure):
        monkeypatch.setattr(module, "connect", recorded)
    return made


@pytest.fixture(scope="module")
def first_night(store, tmp_path_factory) -> Snapshot:
    """The first night of the store, measured and closed: its statements are kept."""
    with closing(measure(store, AS_OF, tmp_path_factory.mktemp("first-night"))) as snapshot:
        assert not is_closed(snapshot.claims.con)
    return snapshot


def is_closed(con) -> bool:
    try:
        con.raw_sql("SELECT 1")
    except duckdb.ConnectionException:
        return True
    return False


def test_a_snapshot_without_findings_or_links_is_measured(first_night):
    counts = first_night.counts()
    assert (counts["visit"], counts["patient"], counts["hospital"]) == (48, 12, 1)
    assert counts["groups"] == counts["edges"] == 0 and "group" not in first_night.subjects
    patients = first_night.subjects["patient"]
    assert (patients.rules == 0).all() and patients.graph.isna().all()
    assert is_closed(first_night.claims.con)


@pytest.mark.parametrize("as_of", [date(2023, 1, 1), date(2024, 1, 1)])
def test_measuring_that_fails_closes_its_connection(store, tmp_path, connections, as_of):
    with pytest.raises(StoreError, match=f"was settled before {as_of}$"):
        measure(store, as_of, tmp_path)
    assert len(connections) == 1 and is_closed(connections[0])


def test_a_load_that_fails_closes_its_connection(store, tmp_path, connections):
    (tmp_path / "setl_d.csv").write_text("no_key,of_the_contract\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError):
        store.ingest(tmp_path)
    assert all(map(is_closed, connections))


def test_an_empty_store_is_not_measured(tmp_path):
    with pytest.raises(StoreError, match="holds no claims yet: run 'fundguard ingest' first$"):
        measure(Store(tmp_path / "none"), AS_OF, tmp_path)


def network(inside: list[tuple], excused: dict[str, str | None]) -> NetworkResult:
    """A network of which only the pairs inside groups matter."""
    edges = pd.DataFrame(inside, columns=["group_id", "a", "b", "neg_log10_fdr"])
    members = edges[["group_id", "a"]].rename(columns={"a": "psn_no"})
    nothing = pd.DataFrame()
    return NetworkResult(
        nothing, edges, members, pd.Series(), nothing, nothing, pd.Series(excused, dtype=object)
    )


VISITS = ibis.memtable(
    pd.DataFrame(
        {
            "mdtrt_id": ["v1", "v2", "v3", "v4", "v5"],
            "psn_no": ["p1", "p1", "p2", "p2", "p3"],
            "co_visitors": [3, 0, 0, 0, 0],
            "co_fillers": [0, 0, 0, 1, 0],
        }
    )
)


def test_the_rule_part_of_a_visit_is_its_own_and_of_a_person_the_shrunk_mean():
    hits = ibis.memtable(pd.DataFrame({"mdtrt_id": ["v1", "v1"], "rule_id": ["R1", "R1"]}))
    parts = visit_rule_parts(hits, VISITS)
    assert list(parts.mdtrt_id) == ["v1"] and 0 < parts.rule_part[0] < 1
    stored = ibis.memtable(parts)
    visits = rule_part_of(VISITS, "visit", "mdtrt_id", stored)
    assert visits["v1"] == pytest.approx(parts.rule_part[0]) and (visits[["v2", "v3", "v4"]] == 0).all()
    people = rule_part_of(VISITS, "patient", "psn_no", stored)
    assert people["p1"] > people["p2"] == 0 and people["p1"] < visits["v1"]


def test_without_findings_there_is_no_rule_part():
    hits = ibis.memtable(pd.DataFrame({"mdtrt_id": [], "rule_id": []}, dtype=str))
    parts = visit_rule_parts(hits, VISITS)
    assert list(parts.columns) == ["mdtrt_id", "rule_part"] and parts.empty


def test_the_graph_part_of_visits_people_and_groups():
    met = network([("g1", "p1", "p2", 10.0), ("g2", "p3", "p4", 10.0)], {"g1": None, "g2": "household"})
    visits = graph_part_of("visit", VISITS, "mdtrt_id", met)
    assert visits.to_dict() == {"v1": 0.5, "v2": 0.0, "v3": 0.0, "v4": 0.25, "v5": 0.0}
    assert graph_part_of("patient", VISITS, "psn_no", met).to_dict() == {"p1": 0.25, "p2": 0.25, "p3": 0.0}
    # Whoever does not choose how many visits there are has their share.
    assert graph_part_of("hospital", VISITS, "psn_no", met).to_dict() == {"p1": 0.5, "p2": 0.5, "p3": 0.0}
    groups = graph_part_of("group", VISITS, "group_id", met)
    # The household stays on the list, a tenth as strong.
    assert groups.to_dict() == pytest.approx({"g1": 0.5, "g2": 0.05})
    assert graph_part_of("patient", VISITS, "psn_no", network([], {})).empty


def test_missing_measures_are_named_in_the_order_of_the_schema():
    z_scores = pd.DataFrame({"b": [0.0]}, ["p1"])
    nothing = pd.Series(np.nan, ["p1"])
    measured = Measured(z_scores, nothing, None, z_scores, nothing, nothing)
    assert missing_measures(pd.DataFrame(index=["c", "b", "a"]), measured) == ["c", "a"]


@pytest.mark.usefixtures("first_night")
def test_the_second_night_takes_every_statement_as_it_would_be_compiled(store, tmp_path, monkeypatch):
    """A digest that overlooked something would give the SQL of another expression."""
    drawn_name, compile_anew, wrong, compiled = re.compile(r"ibis_\w+"), Backend.compile, [], []

    def compared(con, expr, /, **options):
        found, before = compile_once(con, expr, **options), len(con.statements._new)
        compiled.append(before)
        if drawn_name.sub("", found) != drawn_name.sub("", compile_anew(con, expr, **options)):
            wrong.append(found)
        return found

    compile_once = CachingBackend.compile
    monkeypatch.setattr(CachingBackend, "compile", compared)
    with closing(measure(store, AS_OF - timedelta(days=1), tmp_path)):
        pass
    assert len(compiled) > 200 and not wrong
    assert compiled[-1] == 0, "a statement of the second night was not known from the first"


def engine_memory(con: CachingBackend) -> float:
    """What the engine may take of memory, in GiB."""
    (limit,) = con.raw_sql("SELECT current_setting('memory_limit')").fetchall()[0]
    number, unit = limit.split()
    return float(number) * {"MiB": 1 / 1024, "GiB": 1.0, "TiB": 1024.0}[unit]


def test_the_engine_leaves_memory_to_frames_and_models_once_everything_is_measured(store, tmp_path):
    with closing(measure(store, AS_OF, tmp_path)) as snapshot:
        left = engine_memory(snapshot.claims.con)
    (tmp_path / "fresh").mkdir()
    with connected(tmp_path / "fresh") as fresh:
        ratio = left / engine_memory(fresh)
    assert ratio == pytest.approx(0.5, abs=0.02)
