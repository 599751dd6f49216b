"""A request reads one version of one night; a night that is being written is never half seen."""

import shutil
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.urls import reverse

from claims.errors import StoreError
from console import run_reader
from console.run_reader import Run, RunReplaced, last_run
from console.subject_lists import Wanted, choices, page_of, rows_of
from console.tokens import token_of
from pipelines.explain.subject_directory import DIRECTORY
from pipelines.explain.suspect_reasons import SUSPECTS
from tests.console.made_run import AS_OF, FIRST, HOSPITAL, NORTH, SECOND, SOUTH, suspect, write_run


@pytest.fixture
def restored(store):
    """The run as it was, once more."""
    yield
    write_run(store, AS_OF)


def test_the_last_run_is_read_and_the_one_before_compared(login):
    run = last_run()
    assert (run.as_of, run.before.name[:10]) == (AS_OF, "2025-01-01")
    rows, _count = page_of(run, Wanted("patient", None), 1)
    assert rows[0]["rank_before"] == 1
    assert "未变" in login("supervisor").get("/lists/patient/").content.decode()


def test_a_night_that_is_being_written_is_not_there(store, login):
    half = store / "versions" / "runs" / "2025-01-03.000001"
    half.mkdir()
    (half / "suspects.parquet").write_bytes(b"PAR1 half")
    try:
        answer = login("supervisor").get("/")
        assert answer.status_code == 200 and AS_OF.isoformat() in answer.content.decode()
    finally:
        shutil.rmtree(half)


def test_a_request_keeps_the_version_it_began_with(store, restored):
    run = last_run()
    version = run.folder
    assert rows_of(run, [("patient", FIRST)])
    write_run(store, AS_OF, run_id="run-2")
    assert last_run().folder != version and last_run().info["run_id"] == "run-2"
    with pytest.raises(RunReplaced):
        rows_of(run, [("patient", SECOND)])


@pytest.mark.parametrize("name", ["dossier", "print"])
def test_a_page_asked_for_while_the_night_is_replaced_begins_again(store, login, restored, monkeypatch, name):
    client, address = login("supervisor"), reverse(name, args=[token_of("patient", FIRST)])
    rows, replaced = Run.rows, []

    def replacing(run: Run, sql: str, values):
        if not replaced:
            replaced.append(run.folder)
            write_run(store, AS_OF, run_id="run-2")
        return rows(run, sql, values)

    monkeypatch.setattr(run_reader.Run, "rows", replacing)
    answer = client.get(address)
    assert answer.status_code == 200 and "run-2" in answer.content.decode() and not replaced[0].exists()


def test_without_a_run_the_pages_say_so(login, monkeypatch):
    def none() -> Run:
        raise StoreError("no run")

    monkeypatch.setattr("console.middleware.last_run", none)
    assert login("supervisor").get("/").status_code == 503


@pytest.mark.parametrize(
    "wanted, found",
    [
        (Wanted("patient", None), 90),
        (Wanted("patient", [NORTH]), 45),
        (Wanted("patient", [NORTH, SOUTH]), 90),
        (Wanted("patient", []), 0),
        (Wanted("patient", None, area=SOUTH), 45),
        (Wanted("patient", [NORTH], area=SOUTH), 0),
        (Wanted("patient", None, scheme="M03"), 1),
        (Wanted("patient", None, least=52_000.0), 1),
        (Wanted("patient", None, least=52_000.01), 0),
        (Wanted("patient", None, text=SECOND[3:]), 1),
        (Wanted("patient", None, text="' OR 1=1 --"), 0),
        (Wanted("patient", None, only=[FIRST, SECOND]), 2),
        (Wanted("patient", None, without=[FIRST, SECOND]), 88),
        (Wanted("hospital", None, levels=["05"]), 1),
        (Wanted("hospital", None, levels=["02"]), 0),
        (Wanted("hospital", None, text="北区"), 1),
        (Wanted("patient", None, order="money; DROP TABLE x"), 90),
    ],
)
def test_filters(wanted, found):
    rows, count = page_of(last_run(), wanted, 1)
    assert count == found and len(rows) == min(found, 50)


def test_pages_follow_each_other():
    first, _n = page_of(last_run(), Wanted("patient", None), 1)
    second, _n = page_of(last_run(), Wanted("patient", None), 2)
    assert [row["rank"] for row in first + second] == list(range(1, 91))
    assert page_of(last_run(), Wanted("patient", None), 3)[0] == []


def test_what_can_be_chosen_is_what_occurs():
    found = choices(last_run(), "hospital")
    assert found == {"scheme": ["M10"], "area": [NORTH], "level": ["05"]}
    assert rows_of(last_run(), [("hospital", HOSPITAL), ("hospital", "H-none")]).keys() == {
        ("hospital", HOSPITAL)
    }


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """A run of 100,000 patients."""
    folder = tmp_path_factory.mktemp("large")
    row, n = suspect("patient", "", 3), 100_000
    columns = {name: [value] * n for name, value in row.items()}
    columns |= {"subject_id": [f"4208{i:013}" for i in range(n)], "rank": list(range(1, n + 1))}
    pq.write_table(pa.table(columns, SUSPECTS), folder / "suspects.parquet")
    place = {"subject_type": columns["subject_type"], "subject_id": columns["subject_id"], "name": [None] * n}
    place |= {"area": [f"42080{i % 9}100001" for i in range(n)], "level": [None] * n}
    pq.write_table(pa.table(place, DIRECTORY), folder / "directory.parquet")
    return folder


@pytest.mark.parametrize("page", [1, 1_999])
def test_a_page_of_a_hundred_thousand_takes_no_time(large, page):
    run = Run(large, None)
    wanted = Wanted("patient", None, area="4208", order="money")
    spent = []
    for _n in range(3):
        begin = time.process_time()
        rows, count = page_of(run, wanted, page)
        spent.append(time.process_time() - begin)
    assert count == 100_000 and len(rows) == 50
    # Under 300 ms locally; the CPU of both cores together, so that a busy machine does not count.
    assert min(spent) < 0.3


def test_an_old_run_without_a_directory_is_named(store, restored):
    (last_run().folder / "directory.parquet").unlink()
    with pytest.raises(StoreError, match="run that night again"):
        last_run()


def test_a_dossier_of_tables_has_the_history_that_one_of_the_night_has(login):
    """Of the third patient no dossier was drawn; she stood in the list before, too."""
    client = login("supervisor")
    page = client.get(reverse("dossier", args=[token_of("patient", "42080000000000003")])).content.decode()
    assert "<td>2025-01-01</td>" in page.split("以往名单")[1]


def test_the_outcome_that_a_workbook_brought_stands_beside_the_dossier(login):
    client = login("supervisor")
    seen = client.get(reverse("dossier", args=[token_of("patient", SECOND)])).content.decode()
    assert "× 排除 2024-05-06" in seen
    assert (
        "前次核查结论"
        not in client.get(reverse("dossier", args=[token_of("patient", FIRST)])).content.decode()
    )
