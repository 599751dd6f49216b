"""Headers and files that cannot be read are one line that names the file and the column."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from claims.duckdb_backend import connect
from claims.errors import InputError
from claims.readers import open_part, part_of
from claims.tables import TABLES

PERSONS = TABLES["psn_info_b"]
HEADER = "psn_no,gend,insutype,brdy"


@pytest.fixture
def con(tmp_path):
    (tmp_path / "scratch").mkdir()
    con = connect(tmp_path / "scratch")
    yield con
    con.disconnect()


def csv(tmp_path, text: str | bytes, name: str = "psn_info_b.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parquet(tmp_path, **columns):
    rows = {
        "psn_no": ["p1", "p2"],
        "gend": ["1", "2"],
        "insutype": ["310", "310"],
        "brdy": ["1960-01-01", None],
    }
    pq.write_table(pa.table(rows | columns), tmp_path / "psn_info_b.parquet")
    return tmp_path / "psn_info_b.parquet"


def contents(con, path, tmp_path) -> list[tuple]:
    part = part_of(PERSONS, path, 0)
    rows = open_part(con, part, tmp_path / "scratch").rows
    cells = {name: part.cell(rows, name) for name in ("psn_no", "gend", "insutype", "brdy")}
    return list(rows.select("_row", **cells).order_by("_row").to_pandas().itertuples(index=False, name=None))


@pytest.mark.parametrize(
    "header, words",
    [
        ("", "is empty: it has no header row"),
        ("\n" + HEADER, "is empty: it has no header row"),
        (HEADER + ",", "column 5 of the header row has no name"),
        ("psn_no,,gend,insutype,brdy", "column 2 of the header row has no name"),
        (HEADER + ",gend", "column gend stands twice in the header row"),
        (HEADER + ",GEND", "column GEND and gend differ only in case or blanks in the header row"),
        (HEADER + ", gend ", "column  gend  and gend differ only in case or blanks in the header row"),
        ("psn_no,gend,insutype", "required column brdy is missing"),
        ('psn_no,"gend,insutype,brdy', "the header row cannot be read"),
        (HEADER.replace(",", ";"), "required column psn_no is missing"),
    ],
)
def test_a_header_that_cannot_be_read(tmp_path, header, words):
    with pytest.raises(InputError, match=f"psn_info_b.csv.*{words}|{words}.*psn_info_b.csv"):
        part_of(PERSONS, csv(tmp_path, header + "\n"), 0)


def test_headers_in_any_order_and_case(con, tmp_path):
    path = csv(tmp_path, 'BRDY,"Gend", insutype ,psn_no\r\n1960-01-01,1,310,p1\r\n')
    assert contents(con, path, tmp_path) == [(1, "p1", "1", "310", "1960-01-01")]


INTERNAL = [
    "_row",
    "_part",
    "_reason",
    "_field",
    "_record",
    "c0",
    "c1",
    "file",
    "row",
    "filename",
    "_filled_gend",
]


@pytest.mark.parametrize("name", INTERNAL)
def test_names_that_we_use_ourselves_are_names_like_others(con, tmp_path, name):
    path = csv(tmp_path, f"{name},{HEADER}\nx,p1,1,310,\ny,p2,2,310,\n")
    assert [row[:2] for row in contents(con, path, tmp_path)] == [(1, "p1"), (2, "p2")]


@pytest.mark.parametrize("name", INTERNAL)
def test_and_in_parquet(con, tmp_path, name):
    path = parquet(tmp_path, **{name: ["x", "y"]})
    assert [row[:2] for row in contents(con, path, tmp_path)] == [(1, "p1"), (2, "p2")]


def test_one_name_is_reserved_in_parquet(con, tmp_path):
    with pytest.raises(InputError, match="psn_info_b.parquet: column file_row_number is a reserved name"):
        contents(con, parquet(tmp_path, file_row_number=[7, 8]), tmp_path)


@pytest.mark.parametrize(
    "column, values, words",
    [
        ("brdy", [[1], [2]], "column brdy holds list<.*> and not a time"),
        ("brdy", [True, False], "column brdy holds bool and not a time"),
        ("brdy", [datetime.time(9), datetime.time(10)], "column brdy holds time64.* and not a time"),
        ("psn_no", [b"p1", b"p2"], "column psn_no holds binary and not a code"),
        ("psn_no", [{"a": 1}, {"a": 2}], "column psn_no holds struct<.*> and not a code"),
        ("gend", [datetime.date(2024, 1, 1)] * 2, "column gend holds date32.* and not a code"),
        ("GEND", ["1", "2"], "column GEND and gend differ only in case"),
    ],
)
def test_parquet_of_wrong_types(tmp_path, column, values, words):
    with pytest.raises(InputError, match=f"psn_info_b.parquet: {words}"):
        part_of(PERSONS, parquet(tmp_path, **{column: values}), 0)


def test_parquet_of_other_types_that_can_be_read(con, tmp_path):
    stamps = pd.to_datetime(["1960-01-01", None])
    path = parquet(tmp_path, psn_no=[1, 2], gend=pa.array(["1", "2"]).dictionary_encode(), brdy=stamps)
    assert [row[:3] for row in contents(con, path, tmp_path)] == [(1, 1, "1"), (2, 2, "2")]


def test_pages_that_cannot_be_read_are_named_by_column(con, tmp_path):
    number = 5_000
    rows = {name: [f"{name}-{n * 7919 % 99991}" for n in range(number)] for name in HEADER.split(",")}
    path = tmp_path / "psn_info_b.parquet"
    pq.write_table(pa.table(rows), path, compression="zstd", use_dictionary=False)
    chunk = pq.read_metadata(path).row_group(0).column(2)
    content = bytearray(path.read_bytes())
    begin = chunk.data_page_offset + 40
    content[begin : begin + 2_000] = bytes(2_000)
    path.write_bytes(content)
    with pytest.raises(InputError, match="psn_info_b.parquet: column insutype cannot be read"):
        contents(con, path, tmp_path)


@pytest.mark.parametrize("kept", [0, 3, 50, 200, -1])
def test_a_parquet_file_that_was_cut_off(con, tmp_path, kept):
    path = parquet(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match="psn_info_b.parquet"):
        contents(con, path, tmp_path)


def test_rows_keep_their_number_whatever_stands_between(con, tmp_path):
    lines = ["p1,1,310,", "", "broken", "p2,2,310,", '"p', "p3,1,310,"]
    path = csv(tmp_path, "\n".join([HEADER, *lines]))
    assert [row[:2] for row in contents(con, path, tmp_path)] == [(1, "p1"), (4, "p2"), (6, "p3")]
    many = [f"p{n},1,310," if n % 3 else "broken" for n in range(1, 2001)]
    path = csv(tmp_path / "scratch", "\n".join([HEADER, *many]))
    part = part_of(PERSONS, path, 1)
    opened = open_part(con, part, tmp_path / "scratch")
    found = opened.rows.select("_row", number=part.cell(opened.rows, "psn_no")).to_pandas()
    assert opened.unreadable == 666 and (found.number == "p" + found._row.astype(str)).all()
    assert np.array_equal(np.sort(found._row), [n for n in range(1, 2001) if n % 3])
