"""Which encoding a text file has; what is not readable as UTF-8 or GB18030 is named."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from claims.errors import InputError

CHUNK = 1 << 22
UTF8, GB18030 = "utf-8", "gb18030"
BOM = codecs.BOM_UTF8

# How files begin that are no delimited text, and what they are.
_SIGNATURES = {
    codecs.BOM_UTF32_LE: "UTF-32 text",
    codecs.BOM_UTF32_BE: "UTF-32 text",
    codecs.BOM_UTF16_LE: "UTF-16 text",
    codecs.BOM_UTF16_BE: "UTF-16 text",
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "a gzip file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"BZh": "a bzip2 file",
}
# A sample with this share of NUL bytes is text of two or four bytes a character without a byte order mark.
_NUL_SHARE, _LEAST_NULS = 0.1, 4
# The second byte of a character of GB 2312 is at least A1; in Big5 a third of them is below. Rare characters
# of GBK have such bytes too, but are few.
_GB2312, _BIG5_SHARE, _LEAST_BIG5 = 0xA1, 0.15, 8
# By chance one in eight lines with a single character of GB 18030 is UTF-8 too.
_MAJORITY = 0.8
# One pair of such bytes may as well be what is left of a character of UTF-8.
_LEAST_GB18030 = 2
_SAMPLE = 100_000


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked where its name ends in ``.gz``."""
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def chunks_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file in pieces.

    Raises:
        InputError: the file cannot be read to its end.
    """
    try:
        with open_bytes(path) as raw:
            while chunk := raw.read(CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error


def encoding_of(path: Path) -> str:
    """UTF8 or GB18030; a file with a few undecodable bytes keeps the encoding of its other bytes.

    Raises:
        InputError: the file cannot be read, is no text, or is text in another encoding.
    """
    decoder, is_utf8 = codecs.getincrementaldecoder(UTF8)(), True
    for number, chunk in enumerate(chunks_of(path)):
        if number == 0:
            _refuse_signature(path, chunk)
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            is_utf8 = False
            break
    return UTF8 if is_utf8 else _other_encoding(path)


def _other_encoding(path: Path) -> str:
    """The encoding of a file that is not wholly UTF-8."""
    lines = _foreign_lines(path)
    strange = [line for line in lines if not decodes(line, UTF8)]
    if len(strange) < _MAJORITY * len(lines):
        return UTF8
    second = _second_bytes(b"\n".join(strange))
    if len(second) < _LEAST_GB18030:
        return UTF8
    low = (second < _GB2312).mean()
    if low > _BIG5_SHARE and len(second) >= _LEAST_BIG5 and all(decodes(line, "big5") for line in strange):
        raise InputError(f"{path.name} is Big5 text: save it as UTF-8 or GB18030")
    # A stray byte stands before an ASCII letter or digit, a Chinese character of GB 2312 has two high bytes.
    return UTF8 if low > 0.5 else GB18030


def _foreign_lines(path: Path) -> list[bytes]:
    """A sample of the lines with bytes beyond ASCII."""
    found, rest = [], b""
    for chunk in chunks_of(path):
        *lines, rest = (rest + chunk).split(b"\n")
        found += [line for line in lines if not line.isascii()]
        if len(found) > _SAMPLE:
            return found
    return found if rest.isascii() else [*found, rest]


def _refuse_signature(path: Path, start: bytes) -> None:
    for signature, what in _SIGNATURES.items():
        if start.startswith(signature):
            raise InputError(f"{path.name} is {what}: save it as CSV in UTF-8 or GB18030")
    nuls = start[:4096].count(0)
    if nuls >= _LEAST_NULS and nuls > _NUL_SHARE * len(start[:4096]):
        raise InputError(
            f"{path.name} is UTF-16 or UTF-32 text or no text: save it as CSV in UTF-8 or GB18030"
        )
    if b"\r" in start and b"\n" not in start:
        raise InputError(f"{path.name}: its lines end in a bare carriage return: save it with LF or CRLF")


def _second_bytes(text: bytes) -> np.ndarray:
    """Second bytes of the two-byte characters, taken from the left."""
    data = np.frombuffer(text + b"\n", dtype=np.uint8)
    high = np.flatnonzero(data >= 0x81)
    # Every second byte of a run of adjacent high bytes begins a character.
    run = np.cumsum(np.diff(high, prepend=-9) > 1)
    place = np.arange(len(high)) - np.searchsorted(run, run)
    return np.asarray(data[high[place % 2 == 0] + 1])


def decodes(line: bytes, encoding: str) -> bool:
    """Has the encoding all bytes of the line?"""
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
