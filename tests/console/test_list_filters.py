"""Filtered and sorted lists, each against a loop over the rows of a random run."""

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console.run_reader import Row, Run
from console.subject_lists import ORDERS, Wanted, choices, counts, page_of, subject_row, with_change
from pipelines.explain.subject_directory import DIRECTORY
from pipelines.explain.suspect_reasons import SUSPECTS
from tests.console.made_run import suspect

AREAS = ["420801100001", "420801200001", "420802100001", "42080", None]
NAMES = ["北区医院", "北区药店", "it's 100%_off", None]


def random_rows(seed: int, n: int = 70) -> list[Row]:
    """Subjects of two kinds with their places, in no order; both kinds use the same identifiers."""
    draw = random.Random(seed)
    rows: list[Row] = []
    for kind in ("patient", "hospital"):
        for rank, number in enumerate(draw.sample(range(n), n), 1):
            listed = suspect(kind, f"id-{number:03}", rank, scheme=draw.choice(["M03", "M10", None]))
            listed |= {"amount_at_risk": draw.choice([0.0, 10.0, 10.01, 500.0]), "score": 1 / (1 + rank // 3)}
            place = {"name": draw.choice(NAMES), "area": draw.choice(AREAS)}
            rows.append(listed | place | {"level": draw.choice(["02", "05", None])})
    draw.shuffle(rows)
    return rows


def written(folder: Path, rows: Sequence[Row]) -> None:
    folder.mkdir(parents=True)
    # Whom no directory names is still listed.
    places = [row for row in rows if row["area"] or row["name"]]
    for name, schema, kept in (("suspects", SUSPECTS, rows), ("directory", DIRECTORY, places)):
        cut = [{column: row.get(column) for column in schema.names} for row in kept]
        pq.write_table(pa.Table.from_pylist(cut, schema), folder / f"{name}.parquet")


@pytest.fixture(scope="module", params=[1, 2])
def made(request, tmp_path_factory) -> tuple[Run, list[Row], dict[str, int]]:
    """A run, its rows, and the ranks of the patients the night before."""
    folder, rows = tmp_path_factory.mktemp("lists"), random_rows(request.param)
    earlier = random_rows(request.param + 10, 50)
    written(folder / "now", rows)
    written(folder / "before", earlier)
    ranks = {row["subject_id"]: row["rank"] for row in earlier if row["subject_type"] == "patient"}
    return Run(folder / "now", folder / "before"), [known(row) for row in rows], ranks


def known(row: Row) -> Row:
    """A row as the list knows it: nothing of a place that the directory does not name."""
    named = row["area"] or row["name"]
    return row if named else row | {"level": None}


def by_hand(rows: list[Row], wanted: Wanted) -> list[Row]:
    """The rows somebody wants, one condition after the other."""
    found = [row for row in rows if row["subject_type"] == wanted.kind]
    if wanted.prefixes is not None:
        found = [row for row in found if any((row["area"] or "-").startswith(p) for p in wanted.prefixes)]
    if wanted.area:
        found = [row for row in found if (row["area"] or "").startswith(wanted.area)]
    if wanted.scheme:
        found = [row for row in found if row["scheme"] == wanted.scheme]
    if wanted.levels:
        found = [row for row in found if row["level"] in wanted.levels]
    if wanted.text:
        found = [
            row for row in found if wanted.text in row["subject_id"] or wanted.text in (row["name"] or "")
        ]
    if wanted.only is not None:
        found = [row for row in found if row["subject_id"] in wanted.only]
    found = [row for row in found if row["subject_id"] not in wanted.without]
    return [row for row in found if row["amount_at_risk"] >= wanted.least]


def place_in(wanted: Wanted, row: Row) -> Any:
    """What a list is sorted by; unknown values come last, and first whoever shows no rank."""
    blinded = row["subject_id"] in wanted.blinded
    rank = (0, wanted.blinded.index(row["subject_id"])) if blinded else (1, row["rank"])
    last = {"name": row["name"], "area": row["area"], "scheme": row["scheme"]}
    if wanted.order in last:
        return (last[wanted.order] is None, last[wanted.order] or "", rank)
    score = -math.inf if blinded else -row["score"]
    return ({"rank": 0.0, "score": score, "money": -row["amount_at_risk"]}[wanted.order], rank)


def wishes(seed: int) -> Wanted:
    draw = random.Random(seed)
    some = [f"id-{n:03}" for n in range(0, 70, draw.choice([2, 3, 7]))]
    return Wanted(
        kind=draw.choice(["patient", "patient", "hospital"]),
        prefixes=draw.choice([None, None, [], ["420801"], ["420801", "420802"], ["4208011"]]),
        scheme=draw.choice(["", "", "", "M03", "M99"]),
        area=draw.choice(["", "", "420801", "42080"]),
        levels=draw.choice([(), (), (), ("05",), ("02", "05")]),
        least=draw.choice([0.0, 0.0, 10.0, 10.01]),
        text=draw.choice(["", "", "", "id-0", "北区", "100%_", "'", "\\"]),
        order=draw.choice(list(ORDERS)),
        only=draw.choice([None, None, None, None, some, []]),
        without=draw.choice([(), (), some]),
        blinded=draw.choice([(), ("id-069", "id-003", "id-041", "id-999")]),
    )


@pytest.mark.parametrize("seed", range(40))
def test_a_list_is_what_a_loop_over_its_rows_finds(made, seed):
    run, rows, _ranks = made
    wanted = wishes(seed)
    expected = sorted(by_hand(rows, wanted), key=lambda row: place_in(wanted, row))
    found, count = page_of(run, wanted, 1, size=1_000)
    assert [row["subject_id"] for row in found] == [row["subject_id"] for row in expected]
    assert count == len(expected)
    for row in found:
        shown = [row[name] is not None for name in ("rank", "score", "rule_score")]
        assert shown == [row["subject_id"] not in wanted.blinded] * 3


def test_the_wishes_find_something_nothing_and_part(made):
    """A comparison proves little where all lists are empty, or whole."""
    sizes = [page_of(made[0], wishes(seed), 1)[1] for seed in range(40)]
    assert min(sizes) == 0 and max(sizes) >= 25 and len(set(sizes)) > 6


def test_pages_of_any_size_are_the_list_cut_into_pieces(made):
    run, wanted = made[0], Wanted("patient", None, order="scheme")
    whole, count = page_of(run, wanted, 1, size=count_of(run))
    for size in (1, 9, 70, 71):
        pages = [page_of(run, wanted, number, size)[0] for number in range(1, count // size + 2)]
        assert [row for page in pages for row in page] == whole
    assert page_of(run, wanted, 0, 9) == page_of(run, wanted, -3, 9) == page_of(run, wanted, 1, 9)


def count_of(run: Run) -> int:
    found = counts(run)
    assert found == {"patient": 70, "hospital": 70}
    return found["patient"]


def test_a_row_says_what_rank_its_subject_had_the_night_before(made):
    run, _rows, ranks = made
    listed, _count = page_of(run, Wanted("patient", None), 1, size=100)
    assert [row["rank_before"] for row in listed] == [ranks.get(row["subject_id"]) for row in listed]
    assert {None} < {row["rank_before"] for row in listed}
    assert all(row["rank_before"] is None for row in with_change(Run(run.folder, None), "patient", listed))


def test_what_can_be_chosen_occurs_in_the_list_and_nothing_else_does(made):
    run, rows, _ranks = made
    mine = [row for row in rows if row["subject_type"] == "hospital"]
    found = choices(run, "hospital")
    assert found["scheme"] == ["M03", "M10"] and found["level"] == ["02", "05"]
    assert found["area"] == sorted({row["area"][:6] for row in mine if row["area"]})
    assert choices(run, "group") == {"scheme": [], "area": [], "level": []}


def test_a_subject_is_found_by_kind_and_identifier(made):
    run, rows, _ranks = made
    for kind in ("patient", "hospital"):
        (expected,) = (r for r in rows if (r["subject_type"], r["subject_id"]) == (kind, "id-007"))
        found = subject_row(run, kind, "id-007")
        assert found is not None and found["rank"] == expected["rank"]
        assert found["story_zh"] == expected["story_zh"] and found["area"] == expected["area"]
    assert subject_row(run, "pharmacy", "id-007") is None and subject_row(run, "patient", "id-07") is None
