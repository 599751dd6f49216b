"""What cells are read as; whatever is ambiguous or impossible is not read at all."""

from datetime import date, datetime

import ibis
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.errors import StoreError
from claims.tables import BIRTH, CODE, EVENT, FLAG, NUMBER, TIME, VALIDITY
from claims.values import filled, impossible, parse, refuse_unknown, text_of

TODAY = date(2026, 11, 24)


def read(cells: list, kind: str, dtype: str = "string") -> list:
    rows = ibis.memtable({"n": range(len(cells)), "cell": cells}, schema={"n": "int64", "cell": dtype})
    found = rows.select("n", value=parse(rows.cell, kind)).order_by("n").to_pyarrow().column("value")
    return found.to_pylist()


TIMES = {
    "2024-03-01": datetime(2024, 3, 1),
    "2024/3/1": datetime(2024, 3, 1),
    "20240301": datetime(2024, 3, 1),
    "2024-03-01 09": datetime(2024, 3, 1, 9),
    "2024-03-01 9:05": datetime(2024, 3, 1, 9, 5),
    "2024/03/01 09:05:07": datetime(2024, 3, 1, 9, 5, 7),
    "2024-03-01T09:05:07.25": datetime(2024, 3, 1, 9, 5, 7, 250000),
    "202403010905": datetime(2024, 3, 1, 9, 5),
    "20240301090507": datetime(2024, 3, 1, 9, 5, 7),
    " 2024-03-01 23:59:59 ": datetime(2024, 3, 1, 23, 59, 59),
    "2024-03-01 09:05:07+08:00": datetime(2024, 3, 1, 9, 5, 7),  # local time says so itself
    "2024-03-01 09:05:07 +0800": datetime(2024, 3, 1, 9, 5, 7),
    "2024-03-01T09:05:07+08": datetime(2024, 3, 1, 9, 5, 7),
}
NO_TIMES = [
    "someday", "2024-02-30", "2024-13-01", "2024-03-01 24:00:00", "2024-03-01 09:60", "2024-03-01 23:59:60",
    "24-03-01", "01/03/24", "3/1/2024", "1.3.2024", "2024-03", "2024",  # order or century not known
    "2024-03-01 09:00 PM", "2024-03-01 09:00:00 a.m.", "2024-03-01 上午9:00", "2024年3月1日",
    "2024-03-01 09:00:00Z", "2024-03-01 09:00:00 UTC", "2024-03-01 09:00:00+00:00",
    "2024-03-01 09:00:00+09", "2024-03-01 09:00 Asia/Shanghai", "2024-03-01 09:00:00 CST",  # a zone
    "1709254800", "1709254800000", "19783", "45352.375", "2024030109",  # a number of no unit
    "infinity", "-infinity", "epoch", "now", "today", "0044-03-15 (BC)", "-2024-03-01", "12024-03-01",
]  # fmt: skip


def test_times():
    assert read(list(TIMES), TIME) == list(TIMES.values())
    assert read(["", None, "  "], TIME) == [None] * 3


@pytest.mark.parametrize("cell", NO_TIMES)
def test_what_is_no_time_is_not_read(cell):
    assert read([cell], TIME) == [None]


def test_typed_times():
    stamps = [datetime(2024, 3, 1, 9), None]
    assert read(stamps, TIME, "timestamp(3)") == read(stamps, TIME, "timestamp(9)") == stamps
    assert read([date(2024, 3, 1)], TIME, "date") == [datetime(2024, 3, 1)]
    assert read([datetime(2024, 3, 1, 1)], TIME, "timestamp('UTC')") == [datetime(2024, 3, 1, 9)]
    assert read([20240301, 1709254800], TIME, "int64") == [datetime(2024, 3, 1), None]
    assert read([20240301.0], TIME, "float64") == [datetime(2024, 3, 1)]


def test_numbers():
    numbers = {
        "1": 1.0,
        "-2.50": -2.5,
        "+3": 3.0,
        ".5": 0.5,
        "7.": 7.0,
        "1e3": 1000.0,
        " 4 ": 4.0,
        "1E-2": 0.01,
    }
    assert read(list(numbers), NUMBER) == list(numbers.values())
    unreadable = [
        "one",
        "1,234.5",
        "1_000",
        "0x10",
        "12元",
        "nan",
        "inf",
        "1e400",
        "--1",
        "",
        "1e12",
        "-1e12",
    ]
    assert read(unreadable, NUMBER) == [None] * len(unreadable)
    assert read(["999999999999", "-999999999999.99"], NUMBER) == [999999999999.0, -999999999999.99]
    assert read([1.5, float("nan"), float("inf"), None], NUMBER, "float64") == [1.5, None, None, None]


def test_codes_keep_their_digits():
    assert read(["007", " x ", "", None], CODE) == ["007", "x", None, None]
    assert read([42_0800_100_000_000_001], CODE, "int64") == ["420800100000000001"]
    # What floating point rounded is not what was sent; below 2**53 it holds every whole number.
    assert read([12.0, 1.5, 2.0**53 - 1, 2.0**53], CODE, "float64") == [
        "12",
        "1.5",
        "9007199254740991.0"[:-2],
        None,
    ]
    assert read([True, False], CODE, "boolean") == ["1", "0"]


@given(st.lists(st.text(" \t\n\r\v\f!~a0\u00a0\u3000居", max_size=6), min_size=1))
def test_a_code_is_its_text_without_blanks_around_it(cells):
    """Blanks of ASCII, as `str.strip` of them; what else looks blank belongs to the code."""
    trimmed = [cell.strip(" \t\n\r\v\f") for cell in cells]
    assert read(cells, CODE) == [text or None for text in trimmed]
    rows = ibis.memtable({"n": range(len(cells)), "cell": cells})
    held = rows.select("n", held=filled(rows.cell)).order_by("n").to_pyarrow().column("held")
    assert held.to_pylist() == [bool(text) for text in trimmed]


def test_flags():
    assert read(["1", "TRUE", "false", "0", ""], FLAG) == ["1", "1", "0", "0", None]


def test_filled():
    rows = ibis.memtable(pd.DataFrame({"text": ["x", " ", None], "number": [1.0, 2.0**60, float("nan")]}))
    found = rows.select(text=filled(rows.text), number=filled(rows.number)).to_pandas()
    assert found.text.tolist() == [True, False, False] and found.number.tolist() == [True, True, False]
    assert rows.select(text=text_of(rows.number)).to_pandas().text.tolist()[0] == "1"


@pytest.mark.parametrize(
    "period, first, last",
    [
        (EVENT, "1990-01-01", "2027-11-25 23:59:59"),
        (BIRTH, "1880-01-01", "2027-11-25 23:59:59"),
        (VALIDITY, "1900-01-01", "9999-12-31 23:59:59"),
    ],
)
def test_the_edges_of_what_is_possible(period, first, last):
    second = ibis.interval(seconds=1)
    early, late = (ibis.literal(text).cast("timestamp(6)") for text in (first, last))
    cells = [early - second, early, late, late + second]
    found = [ibis.duckdb.connect().execute(impossible(cell, period, TODAY)) for cell in cells]
    assert found == [True, False, False, True]


def test_without_today_only_the_infinite_future_is_impossible():
    con = ibis.duckdb.connect()
    far = ibis.literal("9999-01-01").cast("timestamp(6)")
    assert not con.execute(impossible(far, EVENT, None))
    for text in ("infinity", "-infinity"):
        assert con.execute(impossible(ibis.literal(text).cast("timestamp(6)"), VALIDITY, None))


@pytest.mark.parametrize("place", ["setl_d.colour", "visits.med_type", "setl_d.medfee_sumamt", "setl_type"])
def test_a_value_map_for_what_is_no_code_is_refused(place):
    with pytest.raises(StoreError, match=place):
        refuse_unknown({place: {"a": "b"}})
    refuse_unknown({"setl_d.setl_type": {"8": "3"}})
