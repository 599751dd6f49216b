"""Files of all tables damaged at random, loaded together: rows add up against a count of lines, and what was
not damaged is read as ever, or follows a row that was."""

import random
import re
from datetime import date
from pathlib import Path

import ibis
import pytest

from claims.checks import Held, Load, check
from claims.duckdb_backend import connect
from claims.quarantine import FOLLOWS, REPEATED, UNKNOWN
from claims.tables import TABLES
from tests.claims.test_fuzz import damaged, refusal
from tests.tiny import World

TODAY = date(2026, 11, 24)
# What a sound row is refused for when another one is damaged.
BY_OTHERS = {FOLLOWS, UNKNOWN, REPEATED}


def world(name: str) -> World:
    """Two people, two places, and a row or two of every table of the contract."""
    made = World()
    anna, bo = made.person(f"{name}anna"), made.person(f"{name}bo", certno="420102196001010028")
    hospital, shop = made.hospital(f"{name}H1"), made.pharmacy(f"{name}P1")
    made.add("dr_info_b", dr_code=f"{name}D1", fixmedins_code=hospital, dr_prac_type="1")
    for day in (1, 2, 3):
        visit = dict(chfpdr_code=f"{name}D1", lines=[("lab", 1, 30), ("pill", 2, 9.5)])
        made.visit(anna, hospital, f"2024-03-0{day} 09:00:00", **visit)
        made.purchase(bo, shop, f"2024-03-0{day} 10:00:00", lines=[("pill", 1, 9.5)])
        made.sell(f"M{2 * day:05}", "pill", f"2024-03-0{day} 10:01:00", f"{name}trace{day}")
        made.add(
            "rx_d", hi_rxno=f"{name}R{day}", psn_no=bo, dr_code=f"{name}D1", fixmedins_code=hospital,
            prsc_time=f"2024-03-0{day} 09:30:00", valid_days=7,
        )  # fmt: skip
    made.add("psn_die_regn_d", psn_no=bo, die_date="2024-06-01", data_souc="1")
    made.add("ltci_trt_d", psn_no=anna, trt_begndate="2024-01-01", trt_enddate="2024-02-01")
    made.add("acdt_rec_d", acdt_no=f"{name}A1", psn_no=anna, acdt_time="2024-02-01 08:00:00", acdt_type="1")
    made.add(
        "psn_sign_d", sign_sn=f"{name}S1", psn_no=anna, fixmedins_code=hospital, serv_type="3",
        sign_in_time="2024-03-01 09:00:00",
    )  # fmt: skip
    made.case("patient", bo, "2", "2024-05-01")
    return made


def delivery(folder: Path, parts: int) -> dict[Path, bytes]:
    """The files of a delivery, each table in so many parts."""
    files = {}
    for number in range(parts):
        name = f"f{number:02}"
        for path in world(name).write(folder / name, as_csv="utf-8").iterdir():
            content = re.sub(rb"\b([MSLNC]\d{5})\b", name.encode() + rb"\1", path.read_bytes())
            files[Path(path.stem) / f"{name}.csv"] = content
    return files


def load_of(files: dict[Path, bytes], folder: Path) -> tuple[Load, ibis.BaseBackend]:
    for path, content in files.items():
        (folder / "in" / path.parent).mkdir(parents=True, exist_ok=True)
        (folder / "in" / path).write_bytes(content)
    (folder / "work").mkdir()
    con = connect(folder / "work")
    return check(con, folder / "in", folder / "work", Held(), today=TODAY), con


def spoilt(rng: random.Random, content: bytes) -> bytes:
    """A file that is damaged, three times in four below its header."""
    if rng.random() < 0.25:
        return damaged(rng, content)
    header, rows = content.split(b"\n", 1)
    return header + b"\n" + damaged(rng, rows)


def readable(files: dict[Path, bytes], folder: Path) -> dict[Path, bytes]:
    """Those of the files that can be read one by one; the others are refused in a line that names them."""
    folder.mkdir()
    con, found = connect(folder), {}
    for number, (path, content) in enumerate(files.items()):
        (folder / f"{number}").mkdir()
        file = folder / f"{number}" / path.name
        file.write_bytes(content)
        if not refusal(con, TABLES[path.parent.name], file, number, file.parent / "work"):
            found[path] = content
    con.disconnect()
    return found


def kept(load: Load, table: str) -> dict[tuple[int, int], tuple]:
    """The rows that are taken, by number of the part and row."""
    frame = load.tables[table].to_pandas().astype(object).astype(str)
    places = zip(frame.pop("_part").astype(int), frame.pop("_row").astype(int), strict=True)
    return dict(
        zip(places, frame[list(TABLES[table].columns)].itertuples(index=False, name=None), strict=True)
    )


@pytest.mark.parametrize(
    "parts, seed", [(3, 0), *[pytest.param(25, seed, marks=pytest.mark.slow) for seed in (1, 2)]]
)
def test_damaged_tables(tmp_path, parts, seed):
    rng, whole = random.Random(seed), delivery(tmp_path / "made", parts)
    before, con = load_of(whole, tmp_path / "before")
    sound = {table: kept(before, table) for table in before.tables}
    con.disconnect()
    taken = readable({path: spoilt(rng, content) for path, content in whole.items()}, tmp_path / "tried")
    assert len(taken) > len(whole) / 2
    # One of each table is left as it was, so that every table is there.
    taken |= {path: whole[path] for path in whole if path.stem == "f00"}
    load, con = load_of(taken, tmp_path / "after")
    bad = load.quarantine.to_pandas()
    for table in load.rows:
        names = sorted(path.name for path in taken if path.parent.name == table)
        lines = [[line.rstrip(b"\r") for line in taken[Path(table) / name].split(b"\n")] for name in names]
        original = _by_line(whole, table, sound[table])
        rows, refused = kept(load, table), bad[bad.table == table]
        _adds_up(load, table, lines, len(rows), len(refused))
        heads = {whole[path].split(b"\n")[0] for path in whole if path.parent.name == table}
        intact = [one[0] in heads for one in lines]
        for (part, row), values in rows.items():
            if intact[part] and lines[part][row] in original:
                assert values == original[lines[part][row]], (table, names[part], row)
        for one in refused.itertuples():
            part = names.index(one.file)
            if intact[part] and lines[part][one.row] in original:
                assert one.reason in BY_OTHERS, (table, one)
    con.disconnect()


def _by_line(whole: dict[Path, bytes], table: str, rows: dict[tuple[int, int], tuple]) -> dict[bytes, tuple]:
    """What each line of the sound files is read as."""
    names = sorted(path for path in whole if path.parent.name == table)
    lines = [whole[path].split(b"\n") for path in names]
    return {lines[part][row].rstrip(b"\r"): values for (part, row), values in rows.items()}


def _adds_up(load: Load, table: str, lines: list[list[bytes]], taken: int, refused: int) -> None:
    """Rows in are the lines that the files have, but those that a quoted field joins; all have a place."""
    counted = [sum(line != b"" for line in one[1:]) for one in lines]
    joined = sum(
        len(one) for one, count in zip(lines, counted, strict=True) if count and b'"' in b"".join(one)
    )
    assert sum(counted) - joined <= load.rows[table] <= sum(counted), table
    assert load.rows[table] == taken + refused + load.repeats.get(table, 0), table
