"""What a text file is written in, by its bytes."""

import gzip

import pytest

from claims.encodings import encoding_of
from claims.errors import InputError

CHINESE = "编码,名称\n1,第一人民医院\n2,中心卫生院\n3,社区卫生服务站\n"
TRADITIONAL = "編碼,名稱\n1,臺北市立聯合醫院\n2,國立臺灣大學醫學院附設醫院\n3,衛生福利部\n"


def of(tmp_path, content: bytes, name: str = "t.csv") -> str:
    (tmp_path / name).write_bytes(content)
    return encoding_of(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312"])
def test_chinese_is_read_as_it_was_written(tmp_path, encoding):
    assert of(tmp_path, CHINESE.encode(encoding)) == ("utf-8" if "utf" in encoding else "gb18030")


def test_one_name_is_enough(tmp_path):
    assert of(tmp_path, "code,name\n1,a\n2,张三\n3,b\n".encode("gb18030")) == "gb18030"
    # 镕 and 堃 are GBK characters beyond GB 2312: their second byte may look like ASCII.
    assert of(tmp_path, "编码,名称\n1,朱镕基医院\n2,陶喆堃医院\n".encode("gb18030")) == "gb18030"


@pytest.mark.parametrize("stray", [b"\xff", b"\xe9a", b"\x80\x80", b"\xe5\xbc"])
def test_a_broken_byte_does_not_change_the_encoding(tmp_path, stray):
    assert of(tmp_path, b"code,name\n1,a\n2," + stray + b",\n") == "utf-8"
    assert of(tmp_path, CHINESE.encode() + b"4," + stray + b",\n") == "utf-8"
    assert of(tmp_path, CHINESE.encode("gb18030") + b"4," + stray + b",\n") == "gb18030"


@pytest.mark.parametrize(
    "content, what",
    [
        (CHINESE.encode("utf-16"), "UTF-16"),
        (CHINESE.encode("utf-16-le"), "UTF-16"),
        ("code,name\n1,a\n".encode("utf-16-be"), "UTF-16"),
        (CHINESE.encode("utf-32"), "UTF-32"),
        (TRADITIONAL.encode("big5"), "Big5"),
        (b"PAR1" + b"x" * 20, "a Parquet file"),
        (b"PK\x03\x04" + b"x" * 20, "a ZIP archive or an Excel workbook"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "a gzip file"),
        (b"a,b\r1,2\r", "bare carriage return"),
    ],
)
def test_what_is_not_read_is_named(tmp_path, content, what):
    with pytest.raises(InputError, match=f"t.csv.*{what}"):
        of(tmp_path, content)


def test_a_damaged_gzip_file_is_named(tmp_path):
    whole = gzip.compress(CHINESE.encode() * 500)
    assert of(tmp_path, whole, "t.csv.gz") == "utf-8"
    for damaged in (whole[:-12], whole[:40] + b"\0\0\0\0" + whole[44:], b"code,name\n1,a\n"):
        with pytest.raises(InputError, match="t.csv.gz cannot be read"):
            of(tmp_path, damaged, "t.csv.gz")
