"""Verdicts come back: a night's workbook, filled in by hand, becomes cases that the nights after the close
date know."""

import shutil
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pytest

from claims.as_of import claims_as_of
from claims.duckdb_backend import connect
from claims.errors import InputError, StoreError
from claims.store import Store, scratch
from pipelines.cases import VerdictsRefused, import_verdicts
from reports.subject_words import SUBJECT_WORDS
from reports.suspect_sheet import SUSPECT_COLUMNS
from reports.workbook import write_workbook
from reports.workbook_guide import GUIDE_TITLES
from tests.conftest import fundguard
from tests.tiny import World

AS_OF, CLOSED = "2025-01-01", date(2025, 1, 20)
SUSPECTS = pd.DataFrame(
    [
        ("hospital", "H1", 1, 0.9, 5000.0, "M10", []),
        ("hospital", "H2", 2, 0.5, 400.0, None, []),
        ("pharmacy", "0042", 1, 0.8, 70.0, "M18", []),
        ("patient", "anna", 1, 0.7, 60.0, "M05", []),
        ("group", "G1", 1, 0.6, 50.0, "M02", []),
    ],
    columns=["subject_type", "subject_id", "rank", "score", "amount_at_risk", "scheme", "reasons"],
).astype({"scheme": object})
SUSPECTS = SUSPECTS.assign(story_zh=None, story_en=None, explained_by=None)
EVIDENCE = pd.DataFrame(
    columns=[
        "subject_type",
        "subject_id",
        "scheme",
        "mdtrt_id",
        "setl_id",
        "amount",
        "disputed",
        "why",
        "why_en",
    ]
)
MEMBERS = pd.DataFrame(columns=["group_id", "kind", "member_type", "member_id", "weight"])
WORDS = {
    "zh": {"confirmed": "查实", "partly": "部分查实", "cleared": "排除", "pending": "待查"},
    "en": {
        "confirmed": "confirmed",
        "partly": "partly confirmed",
        "cleared": "cleared",
        "pending": "pending",
    },
}


@pytest.fixture(scope="module")
def claims(tmp_path_factory) -> Path:
    """A folder of claims, and beside it a store that holds them and no case."""
    world = World()
    world.person("anna")
    for hospital in ("H1", "H2"):
        world.hospital(hospital)
        world.stay("anna", hospital, "2024-03-01", 5)
    folder = world.write(tmp_path_factory.mktemp("claims") / "in")
    Store(folder.parent / "store").ingest(folder)
    return folder


@pytest.fixture
def store(claims, tmp_path) -> Store:
    return Store(shutil.copytree(claims.parent / "store", tmp_path / "store"))


class Filled:
    """A night's workbook as an investigator writes into it."""

    def __init__(self, file: Path, language: str = "zh", snapshot: str = AS_OF):
        names = pd.Series(dtype=object)
        write_workbook(file, SUSPECTS, EVIDENCE, MEMBERS, names, snapshot, language)
        self.file, self.english = file, language == "en"
        self.book, self.words = openpyxl.load_workbook(file), WORDS[language]

    def sheet(self, subject: str):
        return self.book[SUBJECT_WORDS[subject][self.english]]

    def write(self, subject: str, row: int, **cells) -> "Filled":
        """Write into a row by the columns' names; row 2 holds the first suspect."""
        heads = [cell.value for cell in self.sheet(subject)[1]]
        for name, value in cells.items():
            place = heads.index(SUSPECT_COLUMNS[name][self.english]) + 1
            cell = self.sheet(subject).cell(row, place)
            cell.value = value
            if isinstance(value, str):
                # As in a cell of text, which the remarks are: no formula, whatever it begins with.
                cell.data_type = "s"
        return self

    def saved(self) -> Path:
        self.book.save(self.file)
        return self.file


@pytest.fixture(params=["zh", "en"])
def filled(request, tmp_path) -> Filled:
    """In both languages: two confirmed, one cleared, one pending, one empty."""
    form = Filled(tmp_path / "suspects.xlsx", request.param)
    words = form.words
    form.write("hospital", 2, verdict=words["confirmed"], verified=1234.5, remark="=见 3 号笔录")
    form.write("hospital", 3, verdict=words["pending"], remark="下周再去")
    form.write("pharmacy", 2, verdict=words["cleared"])
    form.write("patient", 2, verdict=words["partly"], verified=60)
    form.saved()
    return form


@pytest.fixture
def plain(tmp_path) -> Filled:
    return Filled(tmp_path / "suspects.xlsx", "en")


def cases(store: Store) -> pd.DataFrame:
    """What the store holds of inspections, by case_id."""
    with scratch() as work:
        con = connect(work)
        tables = store.tables(con)
        frame = tables["insp_case_d"].to_pandas() if "insp_case_d" in tables else pd.DataFrame()
        con.disconnect()
    return frame.set_index("case_id").sort_index() if len(frame) else frame


def refused(file: Path, store: Store) -> list[str]:
    """The lines that an import is refused with; the store must stay as it was."""
    before = store.generation
    with pytest.raises(VerdictsRefused) as error:
        import_verdicts(file, store, CLOSED)
    assert store.generation == before
    assert str(error.value) == f"{file}: {len(error.value.lines)} to mend, nothing was taken"
    return error.value.lines


def test_decided_rows_become_cases_and_open_ones_do_not(filled, store):
    assert import_verdicts(filled.file, store, CLOSED) == (3, 0)
    found = cases(store)
    assert found.index.tolist() == [
        "2025-01-01/hospital/H1", "2025-01-01/patient/anna", "2025-01-01/pharmacy/0042",
    ]  # fmt: skip
    assert found.subject_type.tolist() == ["hospital", "patient", "pharmacy"]
    assert found.subject_id.tolist() == ["H1", "anna", "0042"]
    assert found.scheme.tolist() == ["M10", "M05", "M18"]
    assert found.clue_stas.tolist() == ["2", "4", "3"]
    assert found.cfm_amt.tolist()[:2] == [1234.5, 60] and pd.isna(found.cfm_amt.iloc[2])
    assert (found.close_date == pd.Timestamp(CLOSED)).all()


def test_a_remark_is_kept(filled, store):
    import_verdicts(filled.file, store, CLOSED)
    memo = cases(store).memo
    assert memo["2025-01-01/hospital/H1"] == "=见 3 号笔录" and memo.notna().sum() == 1


def test_a_file_that_comes_twice_changes_nothing(filled, store):
    import_verdicts(filled.file, store, CLOSED)
    before, generation = cases(store), store.generation
    # On another day, too: the case was closed when it was closed.
    assert import_verdicts(filled.file, store, date(2025, 2, 3)) == (0, 3)
    assert store.generation == generation
    pd.testing.assert_frame_equal(cases(store), before)


def test_a_list_is_filled_bit_by_bit(filled, store):
    import_verdicts(filled.file, store, CLOSED)
    filled.write("hospital", 3, verdict=filled.words["confirmed"], verified="1,000").saved()
    assert import_verdicts(filled.file, store, date(2025, 2, 3)) == (1, 3)
    found = cases(store).loc["2025-01-01/hospital/H2"]
    assert (found.cfm_amt, found.close_date) == (1000, pd.Timestamp("2025-02-03"))
    assert pd.isna(found.scheme)


def test_the_next_night_has_cases_of_its_own(filled, store, tmp_path):
    import_verdicts(filled.file, store, CLOSED)
    later = Filled(tmp_path / "later.xlsx", snapshot="2025-01-02")
    later.write("hospital", 2, verdict="排除").saved()
    assert import_verdicts(later.file, store, CLOSED) == (1, 0)
    assert cases(store).clue_stas["2025-01-02/hospital/H1"] == "3" and len(cases(store)) == 4


def test_sorted_rows_moved_columns_and_missing_sheets_are_read_as_they_are(plain, store):
    plain.write("hospital", 3, verdict="cleared")
    sheet = plain.sheet("hospital")
    sheet.insert_cols(1)
    sheet.move_range("A3:Z3", rows=2)
    del plain.book[SUBJECT_WORDS["visit"][1]]
    assert import_verdicts(plain.saved(), store, CLOSED) == (1, 0)
    assert cases(store).index.tolist() == ["2025-01-01/hospital/H2"]


def test_groups_have_verdicts_too(plain, store):
    assert import_verdicts(plain.write("group", 2, verdict="confirmed").saved(), store, CLOSED) == (1, 0)
    assert cases(store).subject_type.tolist() == ["group"]


@pytest.mark.parametrize("day, count", [(20, 0), (21, 3)])
def test_a_verdict_is_known_after_its_close_date(filled, store, day, count):
    import_verdicts(filled.file, store, CLOSED)
    with scratch() as work:
        con = connect(work)
        known = claims_as_of(con, store.tables(con), date(2025, 1, day))
        assert known["insp_case_d"].count().execute() == count
        con.disconnect()


def test_every_row_goes_through_the_checks_and_the_last_load_stays_the_claims(filled, store):
    load = store.last_load()
    import_verdicts(filled.file, store, CLOSED)
    report = pd.read_json(sorted((store.path / "loads").glob("*.json"))[-1], typ="series")
    assert report["tables"] == {
        "insp_case_d": {"in": 3, "kept": 3, "quarantined": 0, "set_aside": 0, "identical": 0}
    }
    assert report["quarantine"] == {} and store.last_load() == load
    assert not list(store.path.glob(".work-*"))


# What is refused


@pytest.mark.parametrize(
    "cells, message",
    [
        ({"verdict": "cleared"}, ["another verdict (confirmed, here cleared)", "another verified amount"]),
        ({"verified": 1}, ["another verified amount (1,234.50, here 1.00)"]),
        ({"verified": None}, ["another verified amount (1,234.50, here none)"]),
        ({"remark": "anna admits it"}, ["another remark"]),
    ],
)
def test_a_case_that_is_there_already_is_never_overwritten(plain, store, cells, message):
    plain.write("hospital", 2, verdict="confirmed", verified=1234.5, remark="file 7")
    import_verdicts(plain.saved(), store, CLOSED)
    if cells.get("verdict") == "cleared":
        cells = cells | {"verified": None}
    plain.write("hospital", 2, **cells).write("hospital", 3, verdict="cleared")
    lines = refused(plain.saved(), store)
    assert len(lines) == len(message)
    for line, words in zip(lines, message, strict=True):
        assert line.startswith("sheet Hospitals, row 2: the case is there already with ") and words in line
        assert "anna" not in line
    assert cases(store).clue_stas.to_dict() == {"2025-01-01/hospital/H1": "2"}


def test_a_case_of_another_source_is_not_overwritten_either(plain, claims, store, tmp_path):
    folder = shutil.copytree(claims, tmp_path / "in")
    case = {"case_id": "2025-01-01/patient/anna", "subject_type": "patient", "subject_id": "anna"}
    pd.DataFrame([case | {"clue_stas": "3", "close_date": "2025-01-09"}]).to_parquet(
        folder / "insp_case_d.parquet"
    )
    store.ingest(folder)
    (line,) = refused(plain.write("patient", 2, verdict="confirmed").saved(), store)
    assert "another verdict (cleared, here confirmed)" in line


@pytest.mark.parametrize(
    "cells, column, message",
    [
        ({"verdict": "perhaps"}, "Verdict", "is none of confirmed, partly confirmed, cleared, pending"),
        ({"verdict": 2}, "Verdict", "is none of confirmed, partly confirmed, cleared, pending"),
        ({"verdict": "confirmed", "verified": -1}, "Verified amount (yuan)", "is below 0"),
        ({"verdict": "confirmed", "verified": "about 100"}, "Verified amount (yuan)", "is no amount in yuan"),
        ({"verdict": "confirmed", "verified": "nan"}, "Verified amount (yuan)", "is no amount in yuan"),
        ({"verdict": "confirmed", "verified": True}, "Verified amount (yuan)", "is no amount in yuan"),
        ({"verdict": "pending", "verified": "x"}, "Verified amount (yuan)", "is no amount in yuan"),
        ({"verified": 100}, "Verified amount (yuan)", "an amount without a verdict"),
        ({"verdict": "cleared", "verified": 100}, "Verified amount (yuan)", "an amount on a cleared row"),
        ({"verdict": "confirmed", "subject_id": 42}, "Id", "is not the text that was written there"),
        ({"verdict": "confirmed", "scheme": "fraud"}, "Suspected scheme", "names no scheme"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_and_nothing_is_taken(plain, store, cells, column, message):
    plain.write("hospital", 2, **cells).write("patient", 2, verdict="confirmed")
    assert refused(plain.saved(), store) == [f"sheet Hospitals, row 2, column {column}: {message}"]


def test_everything_that_is_wrong_is_said_at_once(tmp_path, store):
    form = Filled(tmp_path / "suspects.xlsx")
    form.write("hospital", 2, verdict="有问题", verified=-3).write(
        "pharmacy", 2, verdict="查实", verified="若干"
    )
    assert refused(form.saved(), store) == [
        "sheet 医疗机构, row 2, column 核查结论: is none of 查实, 部分查实, 排除, 待查",
        "sheet 医疗机构, row 2, column 查实金额(元): is below 0",
        "sheet 药店, row 2, column 查实金额(元): is no amount in yuan",
    ]


def test_a_row_that_stands_twice_with_two_verdicts_is_a_conflict(plain, store):
    plain.write("hospital", 2, verdict="confirmed").write("hospital", 3, subject_id="H1", verdict="cleared")
    assert refused(plain.saved(), store) == [
        "sheet Hospitals, row 3: the case is there already with another verdict (confirmed, here cleared)"
    ]


def test_a_sheet_or_column_under_another_name_is_not_passed_over(plain, store):
    plain.write("hospital", 2, verdict="confirmed").sheet("hospital").title = "Clinics"
    plain.sheet("patient")["H1"] = "Money"
    assert refused(plain.saved(), store) == [
        "sheet Clinics: was renamed, so the kind of its subjects is not known",
        "sheet Patients: column Verified amount (yuan) is missing",
    ]


def test_a_file_that_is_no_list_of_a_night_is_refused(plain, store, tmp_path):
    (tmp_path / "list.xlsx").write_text("not a workbook")
    (tmp_path / "list.csv").write_text("a,b")
    for name in ("list.xlsx", "list.csv"):
        with pytest.raises(InputError, match=r"is no workbook: save the filled list as \.xlsx$"):
            import_verdicts(tmp_path / name, store, CLOSED)
    del plain.book[GUIDE_TITLES[1]]
    with pytest.raises(InputError, match="no sheet 说明 or Read me names the as-of date of the list$"):
        import_verdicts(plain.saved(), store, CLOSED)


def test_nothing_was_closed_before_its_night_nor_enters_an_empty_store(filled, store, tmp_path):
    with pytest.raises(InputError, match="closed on 2024-12-31, before its as-of date, 2025-01-01$"):
        import_verdicts(filled.file, store, date(2024, 12, 31))
    with pytest.raises(StoreError, match="holds no claims yet"):
        import_verdicts(filled.file, Store(tmp_path / "nowhere"), CLOSED)
    assert not (tmp_path / "nowhere").exists()
    with Store(store.path).locked(), pytest.raises(StoreError, match="is in use"):
        import_verdicts(filled.file, store, CLOSED)


# The command


def test_the_command_says_what_it_took_and_what_it_cannot_take(plain, store):
    file = plain.write("hospital", 2, verdict="confirmed", verified=9).saved()
    done = fundguard("cases", "import", file, "--store", store.path)
    assert (done.status, done.out, done.err) == (0, "1 verdicts taken, 0 there already\n", "")
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    assert 0 <= (pd.Timestamp(today) - cases(store).close_date.iloc[0]).days <= 1

    plain.write("hospital", 2, verdict="cleared", verified=None).write("patient", 2, verdict="?")
    done = fundguard("cases", "import", plain.saved(), "--store", store.path, "--closed", "2025-01-20")
    assert done.status == 1 and done.out == "" and done.left_behind == []
    assert done.err.splitlines() == [
        "sheet Patients, row 2, column Verdict: is none of confirmed, partly confirmed, cleared, pending",
        "sheet Hospitals, row 2: the case is there already with another verdict (confirmed, here cleared)",
        "sheet Hospitals, row 2: the case is there already with another verified amount (9.00, here none)",
        f"fundguard: {file}: 3 to mend, nothing was taken",
    ]
