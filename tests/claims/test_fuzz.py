"""Files damaged at random: never anything but an `InputError`, never a row lost or changed in silence.

Prescriptions have codes, times and numbers and need no parents. Damaged files are read many at a time, as
parts of one table, so that hundreds of them take seconds; each names its rows after itself.
"""

import gzip
import random
from collections import Counter
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pytest

from claims.checks import Held, Load, check
from claims.duckdb_backend import connect
from claims.errors import InputError
from claims.readers import open_part, part_of
from claims.tables import TABLES, Table

ROWS, TODAY = 12, date(2026, 11, 24)
TABLE = TABLES["rx_d"]
HEADER = "hi_rxno,psn_no,dr_code,fixmedins_code,prsc_time,valid_days,memo"
SPOILT = [
    b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xe5\xbc", b"\x81", b"\\", b"'", b";", b"\t",
    b" ", b"-1", b"1900-01-01", b"9999-12-31", b"infinity", b"1e999", b"nan", b"NULL", b"\xef\xbb\xbf",
]  # fmt: skip


def lines_of(name: str, text: str) -> list[bytes]:
    """A file whose rows bear its name."""
    rows = [
        f"{name}-{n},p{n},d{n % 3},H{n % 2},2024-03-{n + 1:02} 09:00:00,{n % 5 + 1},{text}"
        for n in range(ROWS)
    ]
    return [line.encode() for line in (HEADER, *rows)]


def damaged(rng: random.Random, content: bytes) -> bytes:
    """One to three faults anywhere: bytes put in, taken out, exchanged or repeated, or the end missing."""
    for _ in range(rng.randint(1, 3)):
        if not content:
            break
        at, stop = sorted(rng.sample(range(len(content) + 1), 2))
        stop = min(stop, at + rng.choice([1, 1, 2, 40]))
        content = rng.choice(
            [
                content[:at] + rng.choice(SPOILT) + content[at:],
                content[:at] + rng.choice(SPOILT) + content[stop:],
                content[:at] + content[stop:],
                content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :],
                content[:stop] + content[at:stop] + content[stop:],
                content[:at] if rng.random() < 0.2 else content[:at] + content[at + 1 :],
            ]
        )
    return content


def required(con: ibis.BaseBackend) -> Held:
    """A store that has the required tables, empty."""
    tables = {}
    for name, table in TABLES.items():
        if table.required:
            types = {column: declared.dtype.type for column, declared in table.columns.items()}
            tables[name] = con.create_table(f"held_{name}", schema=ibis.schema(types))
    return Held(tables)


def readable(con: ibis.BaseBackend, path: Path, work: Path) -> str:
    """Empty where a file can be read as a part, otherwise the message, which names the file."""
    return refusal(con, TABLE, path, 10_000 + int(path.name[1:5]), work)


def refusal(con: ibis.BaseBackend, table: Table, path: Path, number: int, work: Path) -> str:
    """Why a file cannot be read as a part of a table, in one line that names the file; empty where it can."""
    work.mkdir()
    try:
        open_part(con, part_of(table, path, number), work)
    except InputError as error:
        assert path.name in str(error) and "\n" not in str(error), error
        return str(error)
    return ""


def load_of(
    files: dict[str, bytes], ending: str, folder: Path
) -> tuple[Load, dict[str, str], ibis.BaseBackend]:
    """Load the files that can be read, and say why not of the others."""
    (folder / "in" / "rx_d").mkdir(parents=True)
    (folder / "scratch").mkdir()
    con, refused = connect(folder / "scratch"), {}
    for name, content in files.items():
        path = folder / "in" / "rx_d" / f"{name}{ending}"
        path.write_bytes(content)
        if why := readable(con, path, folder / f"work-{name}"):
            refused[name] = why
            path.unlink()
    (folder / "work").mkdir()
    return check(con, folder / "in", folder / "work", required(con), today=TODAY), refused, con


def quarantined(load: Load) -> pd.DataFrame:
    return load.quarantine.to_pandas()


FILES, BATCHES, QUICK = 40, 14, 3  # 560 damaged files, 120 of them in every run of the tests


@pytest.mark.parametrize(
    "batch", [pytest.param(n, marks=[pytest.mark.slow] if n >= QUICK else []) for n in range(BATCHES)]
)
def test_damaged_csv_files(tmp_path, batch):
    rng = random.Random(batch)
    encoding = ["utf-8", "utf-8", "gb18030"][batch % 3]
    quoted = batch % 2 == 1
    whole, files = {}, {}
    for number in range(FILES):
        name = f"f{number:04}"
        lines = lines_of(name, '"续方,慢病"' if quoted else "续方")
        lines = [line.decode().encode(encoding) for line in lines]
        whole[name] = lines
        files[name] = damaged(rng, (b"\r\n" if number % 3 else b"\n").join(lines) + b"\n")
    load, refused, con = load_of(files, ".csv", tmp_path)
    assert len(refused) < FILES / 2
    taken = {name: content for name, content in files.items() if name not in refused}
    bad = quarantined(load)
    kept = load.tables["rx_d"].to_pandas()
    con.disconnect()

    # Rows in are the lines that the files have, counted without our reader.
    counted = {
        name: sum(line.strip(b"\r") != b"" for line in content.split(b"\n")[1:])
        for name, content in taken.items()
    }
    joined = sum(content.count(b"\n") > ROWS + 1 for content in taken.values())
    assert sum(counted.values()) - joined <= load.rows["rx_d"] <= sum(counted.values())
    assert load.rows["rx_d"] == len(kept) + len(bad) + load.repeats.get("rx_d", 0)

    # A line not damaged, below a header not damaged, is kept as it was, unless a damaged line that got
    # its key stands before it.
    before = {line: (name, n) for name, lines in whole.items() for n, line in enumerate(lines[1:])}
    held = {row.hi_rxno: row for row in kept.itertuples()}
    repeated = " ".join(bad.raw[bad.reason.str.startswith("key repeated")])
    compared = 0
    for content in taken.values():
        header, *lines = (line.rstrip(b"\r") for line in content.split(b"\n"))
        for name, n in (before[line] for line in set(lines) & set(before) if header == HEADER.encode()):
            if f'"{name}-{n}"' not in repeated:
                row, compared = held[f"{name}-{n}"], compared + 1
                assert (row.psn_no, row.dr_code, row.fixmedins_code) == (f"p{n}", f"d{n % 3}", f"H{n % 2}")
                assert (
                    row.prsc_time == pd.Timestamp(f"2024-03-{n + 1:02} 09:00") and row.valid_days == n % 5 + 1
                )
    assert compared > FILES * ROWS / 3
    # Nothing is kept that could not have been meant.
    assert kept.prsc_time.between("1990-01-01", "2027-11-25").all()


def test_damaged_parquet_files(tmp_path):
    rng, files = random.Random(1), {}
    for number in range(60):
        name = f"f{number:04}"
        frame = pd.DataFrame(
            [line.decode().split(",") for line in lines_of(name, "x")[1:]], columns=HEADER.split(",")
        )
        frame.to_parquet(tmp_path / "whole.parquet", index=False)
        files[name] = damaged(rng, (tmp_path / "whole.parquet").read_bytes())
    load, refused, con = load_of(files, ".parquet", tmp_path)
    bad, kept = quarantined(load), load.tables["rx_d"].to_pandas() if "rx_d" in load.tables else []
    con.disconnect()
    assert load.rows.get("rx_d", 0) == len(kept) + len(bad) + load.repeats.get("rx_d", 0)
    assert load.rows.get("rx_d", 0) == ROWS * (len(files) - len(refused))


def test_damaged_gzip_files(tmp_path):
    rng, files = random.Random(2), {}
    for number in range(40):
        name = f"f{number:04}"
        files[name] = damaged(rng, gzip.compress(b"\n".join(lines_of(name, "x") * 3)))
    load, refused, con = load_of(files, ".csv.gz", tmp_path)
    con.disconnect()
    assert Counter("cannot be read" in why for why in refused.values())[True] > len(files) / 2


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_file_that_goes_while_it_is_read(tmp_path, ending):
    (tmp_path / "scratch").mkdir()
    con, path = connect(tmp_path / "scratch"), tmp_path / f"rx_d{ending}"
    rows = [line.decode().split(",") for line in lines_of("f0000", "x")]
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    frame.to_csv(path, index=False) if ending == ".csv" else frame.to_parquet(path, index=False)
    part = part_of(TABLE, path, 0)
    path.unlink()
    with pytest.raises(InputError, match=f"rx_d{ending} cannot be read"):
        open_part(con, part, tmp_path / "scratch")
    con.disconnect()
