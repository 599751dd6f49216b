"""Every line of a CSV file is a record, part of one, blank or set aside; a slow twin judges each line."""

import csv
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import claims.csv_records as csv_records
from claims.csv_records import MOST_JOINED, separate
from claims.encodings import UTF8
from claims.errors import InputError


def separated(folder: Path, content: bytes, width: int = 3, encoding: str = UTF8) -> tuple[list, list, list]:
    """Records as the csv module reads the clean copy, their rows, and (row, text) of the lines set aside."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "t.csv").write_bytes(content)
    found = separate(folder / "t.csv", encoding, width, folder)
    with found.clean.open(encoding="utf-8", newline="") as text:
        records = list(csv.reader(text, strict=True))
    broken = [tuple(row.values()) for row in pq.read_table(found.broken).to_pylist()]
    assert (len(records), len(broken)) == (found.readable, found.unreadable)
    shifts = dict(found.shifts)
    rows, shift = [], 0
    for number in range(1, len(records) + 1):
        shift = shifts.get(number, shift)
        rows.append(number + shift)
    return records, rows, broken


def twin(content: bytes, width: int) -> tuple[list, list, list]:
    """The same by a loop over lines that a reader can check."""
    body = content.partition(b"\n")[2]
    lines = body.split(b"\n")[:-1] if body.endswith(b"\n") else body.split(b"\n") if body else []
    records, rows, broken, at = [], [], [], 0
    while at < len(lines):
        if lines[at].rstrip(b"\r") == b"":
            at += 1
            continue
        fields = parsed(lines[at], width)
        stop = at if fields else joined(lines, at, width)
        if fields is None and stop > at:
            inner = b"\n".join([*lines[at:stop], lines[stop].rstrip(b"\r")])
            fields = next(csv.reader([inner.decode()], strict=True))
        if fields:
            records.append(fields)
            rows.append(at + 1)
        else:
            broken.append((at + 1, lines[at].rstrip(b"\r").decode("utf-8", "backslashreplace")))
        at = stop + 1
    return records, rows, broken


def joined(lines: list[bytes], first: int, width: int) -> int:
    """The line where a field that the first line leaves open ends; the first line where none does."""
    if lines[first].count(b'"') % 2 == 0 or not readable(lines[first]):
        return first
    for stop in range(first + 1, min(first + MOST_JOINED + 1, len(lines))):
        line = lines[stop]
        if parsed(line, width) or not readable(line) or line.split(b'"')[0].count(b",") >= width - 1:
            return first
        if line.count(b'"') % 2:
            text = re.sub(rb"\r*\n", b" ", b"\n".join(lines[first : stop + 1]))
            inside = all(b"\n".join(lines[first : n + 1]).count(b'"') % 2 for n in range(first, stop))
            return stop if inside and parsed(text, width) else first
    return first


def readable(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def parsed(line: bytes, width: int) -> list[str] | None:
    """The fields of a line by a state machine; None where it is no record."""
    line = line.rstrip(b"\r")
    if not line or b"\0" in line or b"\r" in line or not readable(line):
        return None
    fields, field, state = [], "", "start"
    for sign in line.decode():
        if state in ("start", "bare", "closed") and sign == ",":
            fields, field, state = [*fields, field], "", "start"
        elif state == "start" and sign == '"':
            state = "quoted"
        elif state in ("start", "bare") and sign != '"':
            field, state = field + sign, "bare"
        elif state == "quoted":
            field, state = (field, "closed") if sign == '"' else (field + sign, "quoted")
        elif state == "closed" and sign == '"':
            field, state = field + sign, "quoted"
        else:
            return None
    fields.append(field)
    return fields if state != "quoted" and len(fields) == width else None


LINES = {
    b"1,2,3": [["1", "2", "3"]],
    b'"a,b","c""d",""': [["a,b", 'c"d', ""]],
    b",,": [["", "", ""]],
    b'1,2,"two\nlines"': [["1", "2", "two\nlines"]],
    b'"two\n\nlines",2,3': [["two\n\nlines", "2", "3"]],
    b"1,2": [],  # a field too few
    b"1,2,3,4": [],
    b'1,2,"3': [],  # a stray quote at the beginning, in the middle, at the end of a field
    b'1,2"2,3': [],
    b'1,2,3"': [],
    b'1,"2"x,3': [],
    b"1,\xff,3": [],  # no UTF-8
    b"1,\xe5\xbc,3": [],
    b"1,\0,3": [],
    b"1,\r,3": [],  # a bare carriage return
}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\r\n"])
def test_a_line_costs_at_most_itself(tmp_path, line, end):
    before, after = b"0,0,0" + end, b"9,9,9" + end + b"8,8,8"
    records, rows, broken = separated(tmp_path, b"a,b,c" + end + before + line + end + after)
    assert records == [["0", "0", "0"], *LINES[line], ["9", "9", "9"], ["8", "8", "8"]]
    assert rows[0] == 1 and rows[-1] == rows[-2] + 1 == 3 + line.count(b"\n") + 1
    assert [row for row, _ in broken] == ([] if LINES[line] else [2])
    if not LINES[line]:
        assert broken[0][1] == line.decode("utf-8", "backslashreplace")


def test_two_stray_quotes_never_swallow_the_records_between(tmp_path):
    lines = ['1,2,"3', *["4,5,6"] * 200, '7,8,9"']
    records, _, broken = separated(tmp_path, "\n".join(["a,b,c", *lines]).encode())
    assert len(records) == 200 and broken == [(1, '1,2,"3'), (202, '7,8,9"')]
    # Side by side they would be one record of three fields, but the second has the delimiters of its own.
    assert separated(tmp_path, b'a,b,c\n1,2,"3\n4,5,6"\n')[2] == [(1, '1,2,"3'), (2, '4,5,6"')]


def test_a_field_may_span_so_many_lines_and_no_more(tmp_path):
    for lines, records in ((MOST_JOINED, 1), (MOST_JOINED + 1, 0)):
        text = 'a,b\n1,"' + "\n" * lines + '"\n'
        assert len(separated(tmp_path, text.encode(), 2)[0]) == records


def test_a_line_may_have_so_many_bytes_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_records, "LONGEST_LINE", 10)
    records, _, broken = separated(tmp_path, b"a,b\n12345,7890\n12345,67890\n", 2)
    assert records == [["12345", "7890"]] and broken == [(2, "12345,67890")]
    with pytest.raises(InputError, match=r"t.csv: line longer than 640 bytes"):
        separated(tmp_path, b"a,b\n" + b"x" * 700, 2)


SIGNS = st.sampled_from(
    [b",", b",", b'"', b"\n", b"\n", b"\r\n", b"\r\r\n", b"a", b"b", b"\xff", "中".encode(), b"\0", b"\r"]
)


@settings(max_examples=600, deadline=None)
@given(
    st.lists(SIGNS | st.sampled_from([b"1,2\n", b'"x"', b',"', b'"\n']), max_size=30),
    st.sampled_from([5, 7, 4096]),
)
def test_separating_equals_its_twin(tmp_path_factory, parts, chunk):
    """However the file is cut into chunks."""
    content = b"h,h\n" + b"".join(parts)
    folder = tmp_path_factory.mktemp("twin")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("claims.encodings.CHUNK", chunk)
        assert separated(folder, content, 2) == twin(content, 2)


def test_gb18030_is_written_as_utf_8(tmp_path):
    content = 'a,b\n张三,"李,四"\n'.encode("gb18030") + b"1,\x81\n"
    assert separated(tmp_path, content, 2, "gb18030") == ([["张三", "李,四"]], [1], [(2, "1,\\x81")])


def test_the_work_grows_with_the_lines_and_not_with_their_square(tmp_path, monkeypatch):
    """Bytes that are looked at one record at a time, for a file with twice as many broken lines."""
    looked_at = []
    judge = csv_records._is_record

    def counted(block, first, last, width):
        looked_at.append(int(block.ends[last] - block.starts[first]))
        return judge(block, first, last, width)

    monkeypatch.setattr(csv_records, "_is_record", counted)
    sums = []
    for size in (500, 1000, 2000):
        looked_at.clear()
        separated(tmp_path, b"a,b,c\n" + b'1,2,"3\n' * size)
        sums.append(sum(looked_at) + 1)
    assert sums[2] <= 2.2 * sums[1] <= 4.84 * sums[0]
