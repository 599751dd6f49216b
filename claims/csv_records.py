"""The records of a CSV file: lines that can be read go into a clean copy, all others aside, whole.

A record is a line with as many fields as the header, quoted as in RFC 4180. A quoted field may hold line
breaks only where no line that it joins could be a record of its own: a stray quote costs its own line alone.
Time and memory: one pass over the bytes in chunks, without a loop over the lines that can be read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from claims.encodings import BOM, UTF8, chunks_of, decodes
from claims.errors import InputError

_COMMA, _QUOTE, _LF, _CR, _NUL = b',"\n\r\0'
# A quoted field joins at most so many lines, and a line is read up to so many bytes.
MOST_JOINED = 50
LONGEST_LINE = 1 << 20
# Bytes that may stand before a quote that opens a field, and after one that closes it.
_BEFORE, _AFTER = np.zeros((2, 256), dtype=bool)
_BEFORE[[_COMMA, _LF, _QUOTE]] = _AFTER[[_COMMA, _LF, _CR, _QUOTE]] = True
_BROKEN = pa.schema([("row", pa.int64()), ("raw", pa.string())])


@dataclass
class Records:
    """What a CSV file holds.

    Attributes:
        clean: UTF-8 file of the readable records, without the header.
        broken: Parquet file of the other lines: ``row``, ``raw``.
        readable, unreadable: how many there are.
        shifts: (number of a record, its row less that number) where the difference changes; row 1 is the line
            below the header, blank lines count.
        joined: does a record span several lines?
    """

    clean: Path
    broken: Path
    readable: int = 0
    unreadable: int = 0
    shifts: list[tuple[int, int]] = field(default_factory=list)
    joined: bool = False


def separate(path: Path, encoding: str, width: int, work: Path) -> Records:
    """Copy the readable records of a file and set the other lines aside.

    Args:
        encoding: of the file.
        width: fields of the header.
        work: folder for the two files.

    Raises:
        InputError: the file cannot be read to its end.
    """
    records = Records(work / f"{path.name}.clean.csv", work / f"{path.name}.broken.parquet")
    row = 1
    with records.clean.open("wb") as clean, pq.ParquetWriter(records.broken, _BROKEN) as broken:
        for block in _blocks(path, encoding, width):
            clean.write(block.clean(encoding))
            rows = row + np.flatnonzero(block.first)
            _add_shifts(records, rows)
            aside = np.flatnonzero(block.aside)
            if len(aside):
                texts = [block.text(line, encoding) for line in aside.tolist()]
                broken.write_table(pa.table([row + aside, texts], schema=_BROKEN))
            records.readable += len(rows)
            records.unreadable += len(aside)
            records.joined |= bool(block.joined.any())
            row += len(block.starts)
    return records


def _add_shifts(records: Records, rows: np.ndarray) -> None:
    shift = rows - np.arange(records.readable + 1, records.readable + 1 + len(rows))
    last = records.shifts[-1][1] if records.shifts else -1
    changes = np.flatnonzero(np.diff(shift, prepend=last))
    records.shifts += [(int(records.readable + 1 + n), int(shift[n])) for n in changes]


@dataclass
class _Block:
    """Whole lines of a file.

    Attributes:
        first: lines that begin a readable record.
        joined: lines that continue one.
        aside: lines that cannot be read; the others are blank.
        returns: bytes that are carriage returns before a line feed, also where there are several.
    """

    data: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    first: np.ndarray
    joined: np.ndarray
    aside: np.ndarray
    returns: np.ndarray

    def clean(self, encoding: str) -> bytes:
        """The readable records as UTF-8, each closed by a line feed."""
        kept = np.repeat(self.first | self.joined, self.ends - self.starts + 1)
        # A record ends where the next line does not continue it.
        closing = ~np.append(self.joined[1:], False)
        kept[self.returns[closing[np.searchsorted(self.ends, self.returns)]]] = False
        content = self.data.tobytes() if kept.all() else self.data[kept].tobytes()
        return content if encoding == UTF8 else content.decode(encoding).encode(UTF8)

    def head(self, lines: int) -> "_Block":
        """The first lines."""
        starts, ends, first, joined, aside = (
            of_lines[:lines] for of_lines in (self.starts, self.ends, self.first, self.joined, self.aside)
        )
        size = self.starts[lines]
        returns = self.returns[self.returns < size]
        return _Block(self.data[:size], starts, ends, first, joined, aside, returns)

    def text(self, line: int, encoding: str) -> str:
        """A line as far as it can be decoded."""
        raw = self.data[self.starts[line] : self.ends[line]].tobytes()
        return raw.decode(encoding, "backslashreplace").rstrip("\r")


def _blocks(path: Path, encoding: str, width: int) -> Iterator[_Block]:
    rest, header = b"", True
    for chunk in chunks_of(path):
        rest += chunk
        if header and b"\n" in rest:
            rest, header = rest.removeprefix(BOM).partition(b"\n")[2], False
        cut = rest.rfind(b"\n") + 1
        if not cut and len(rest) > 64 * LONGEST_LINE:
            raise InputError(f"{path.name}: line longer than {64 * LONGEST_LINE:,} bytes")
        if not header and cut:
            block, used = _read(rest[:cut], encoding, width, False)
            rest = rest[used:]
            yield block
    if not header and rest:
        yield _read(rest if rest.endswith(b"\n") else rest + b"\n", encoding, width, True)[0]


def _read(lines: bytes, encoding: str, width: int, last: bool) -> tuple[_Block, int]:
    """Judge lines; trailing ones that the next chunk may continue are left for it.

    Returns:
        The block and how many bytes it takes.
    """
    data = np.frombuffer(lines, dtype=np.uint8)
    ends = np.flatnonzero(data == _LF)
    starts = np.append(0, ends[:-1] + 1)
    returns = _line_ends(data)
    commas, sound = _fields(data, starts, ends, returns)
    barred = ends - starts > LONGEST_LINE
    barred[_undecodable(data, starts, ends, encoding)] = True
    blank = ends - starts == np.bincount(np.searchsorted(ends, returns), minlength=len(ends))
    first = sound & (commas == width - 1) & ~blank & ~barred
    block = _Block(data, starts, ends, first, np.zeros_like(first), np.zeros_like(first), returns)
    whole = _join(block, barred, width)
    block.aside = ~(block.first | block.joined | blank)
    return (block, len(lines)) if last or whole == len(ends) else (block.head(whole), int(starts[whole]))


def _line_ends(data: np.ndarray) -> np.ndarray:
    """Carriage returns before a line feed; a file converted twice has two of them at each line."""
    returns = np.flatnonzero(data == _CR)
    closing = data[returns + 1] == _LF
    if not closing.all():
        last_of_run = np.append(np.diff(returns) != 1, True)
        closing = closing[last_of_run][np.cumsum(last_of_run) - last_of_run]
    line_ends: np.ndarray = returns[closing]
    return line_ends


def _fields(
    data: np.ndarray, starts: np.ndarray, ends: np.ndarray, returns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Delimiters outside quotes of each line, and whether its quotes and control bytes are in order."""
    delimiters, quotes = data == _COMMA, data == _QUOTE
    sound = np.ones(len(ends), dtype=bool)
    if quotes.any():
        count = np.add.reduceat(quotes, starts, dtype=np.int32)
        before = ((np.cumsum(count) - count) % 2).astype(bool)
        inside = np.logical_xor.accumulate(quotes) ^ np.repeat(before, ends - starts + 1)
        misplaced = quotes & ~_well_placed(data, inside)
        sound = (count % 2 == 0) & ~np.logical_or.reduceat(misplaced, starts)
        delimiters &= ~inside
    stray = data == _CR
    stray[returns] = False
    stray = np.flatnonzero(stray | (data == _NUL))
    sound[np.searchsorted(ends, stray)] = False
    return np.add.reduceat(delimiters, starts, dtype=np.int32), sound


def _well_placed(data: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Would a quote here stand at the edge of a field, or beside the other of a doubled one?"""
    opens = np.append(True, _BEFORE[data[:-1]])
    closes = np.append(_AFTER[data[1:]], True)
    return np.where(inside, opens, closes)


def _undecodable(data: np.ndarray, starts: np.ndarray, ends: np.ndarray, encoding: str) -> list[int]:
    """Numbers of the lines with bytes that the encoding does not have."""
    lines = data.tobytes()
    if lines.isascii():
        return []
    try:
        lines.decode(encoding)
        return []
    except UnicodeDecodeError:
        foreign = np.flatnonzero(np.logical_or.reduceat(data >= 0x80, starts))
    return [n for n in foreign.tolist() if not decodes(lines[starts[n] : ends[n]], encoding)]


def _join(block: _Block, barred: np.ndarray, width: int) -> int:
    """Join lines that a quoted field spans (`first`, `joined`).

    Args:
        barred: lines that cannot be part of a record.

    Returns:
        The line from which on a field may still be open; the number of lines where none is.
    """
    quoted = block.data == _QUOTE
    odd = np.flatnonzero(np.add.reduceat(quoted, block.starts, dtype=np.int32) % 2)
    if not len(odd):
        return len(block.ends)
    commas, quotes = np.flatnonzero(block.data == _COMMA), np.flatnonzero(quoted)
    # Delimiters that a field would hold that is still open when the line begins.
    close = np.append(quotes, len(block.data))[np.searchsorted(quotes, block.starts)]
    inside = np.searchsorted(commas, np.minimum(close, block.ends)) - np.searchsorted(commas, block.starts)
    stops = np.cumsum(block.first | barred | (inside >= width - 1))
    done = -1
    for line, stop in zip(odd.tolist(), [*odd[1:].tolist(), len(block.ends)], strict=True):
        if line <= done or barred[line] or stop - line > MOST_JOINED:
            continue
        if stop == len(block.ends):
            return line if stops[-1] == stops[line] else len(block.ends)
        if stops[stop] == stops[line] and _is_record(block, line, stop, width):
            block.first[line], block.joined[line + 1 : stop + 1], done = True, True, stop
    return len(block.ends)


def _is_record(block: _Block, first: int, last: int, width: int) -> bool:
    """Are these lines one record, with line breaks inside of quotes?"""
    data = block.data[block.starts[first] : block.ends[last] + 1].copy()
    breaks = np.flatnonzero(data[:-1] == _LF)
    quotes = np.flatnonzero(data == _QUOTE)
    if (np.searchsorted(quotes, breaks) % 2 == 0).any():
        return False
    returns = _line_ends(data)
    within = returns < breaks[-1]
    data[breaks] = data[returns[within]] = ord(" ")
    commas, sound = _fields(data, np.array([0]), np.array([len(data) - 1]), returns[~within])
    return bool(sound[0] and commas[0] == width - 1)
