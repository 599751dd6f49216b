"""Persons are replaced before anything is kept; nothing that counts or links changes."""

import hashlib
import hmac
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from claims.duckdb_backend import connect
from claims.errors import StoreError
from claims.pseudonyms import DIGITS, PERSONAL, VARIABLE, Key, read_key
from claims.store import Store, scratch
from claims.tables import TABLES
from pipelines.cases import import_verdicts
from pipelines.ingest import ingest
from pipelines.settings import Settings
from tests.pipelines.test_cases import Filled
from tests.tiny import World

SECRET = "correct horse battery staple, 32+"
# Nobody else's identifiers are in any file by chance.
ANNA, BERT, DOCTOR, CARD = "PSN42080001", "PSN42080002", "DOC42080001", "420102196001010028"


def world() -> World:
    made = World()
    made.person(ANNA, certno=CARD, tel="13800000001")
    made.person(BERT)
    made.hospital("H1")
    made.add("dr_info_b", dr_code=DOCTOR, fixmedins_code="H1", certno=CARD)
    made.visit(ANNA, "H1", "2024-03-01 09:00", chfpdr_code=DOCTOR, lines=[("lab", 1, 30)])
    made.visit("PSN42089999", "H1", "2024-03-02 09:00")  # nobody knows him: quarantine
    made.visit(BERT, "H1", "2024-03-03 09:00")
    made.rows["mdtrt_d"][-1]["begntime"] = "someday"
    for subject, subject_id in (("patient", ANNA), ("prescriber", DOCTOR), ("hospital", "H1")):
        made.add(
            "insp_case_d", case_id=f"c-{subject}", subject_type=subject, subject_id=subject_id, clue_stas="2",
            close_date="2024-05-01", memo=f"seen with {BERT}",
        )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    """A store filled under a key, with its mapping beside it; one file is CSV and has a broken line."""
    folder = tmp_path_factory.mktemp("pseudonyms")
    source = world().write(folder / "in")
    persons = pd.read_parquet(source / "psn_info_b.parquet")
    (source / "psn_info_b.parquet").unlink()
    persons.assign(psn_name="王小明").to_csv(source / "psn_info_b.csv", index=False)
    with (source / "psn_info_b.csv").open("a") as file:
        file.write(f'{ANNA},"broken\n')
    key = Key(SECRET.encode(), folder / "safe/mapping.parquet")
    Store(folder / "store").ingest(source, key=key, today=date(2024, 6, 1))
    return folder


def table(store: Store, name: str) -> pd.DataFrame:
    with scratch() as work:
        con = connect(work)
        found = store.tables(con)[name].to_pandas()
        con.disconnect()
    return found


def test_no_person_is_in_any_file_of_the_store(loaded):
    files = {path: path.read_bytes() for path in (loaded / "store").rglob("*") if path.is_file()}
    # Parquet may compress: what it holds is searched, too.
    files |= {path: pd.read_parquet(path).to_csv().encode() for path in files if path.suffix == ".parquet"}
    for secret in (ANNA, BERT, DOCTOR, CARD, "13800000001", "PSN42089999", "王小明", SECRET):
        assert [path for path, content in files.items() if secret.encode() in content] == []
    # The search would find them: institutions and visits stay.
    assert any(b"H1" in content for content in files.values())


def test_a_pseudonym_is_the_hmac_and_links_as_the_identifier_did(loaded):
    store = Store(loaded / "store")
    anna, doctor, card = (
        hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()[:DIGITS]
        for text in (ANNA, DOCTOR, CARD)
    )
    persons, doctors = table(store, "psn_info_b").set_index("psn_no"), table(store, "dr_info_b")
    assert persons.certno[anna] == doctors.certno[0] == card and doctors.dr_code[0] == doctor
    visit = table(store, "mdtrt_d").iloc[0]
    assert (visit.psn_no, visit.chfpdr_code, visit.fixmedins_code) == (anna, doctor, "H1")
    cases = table(store, "insp_case_d").set_index("subject_type")
    assert cases.subject_id.to_dict() == {"patient": anna, "prescriber": doctor, "hospital": "H1"}
    assert cases.memo.isna().all() and Key(SECRET.encode()).pseudonym(ANNA) == anna


def test_the_quarantine_keeps_the_row_without_the_person(loaded):
    [file] = (loaded / "store/loads").glob("*.quarantine.parquet")
    refused = pd.read_parquet(file)
    assert set(refused.reason) >= {"unreadable value", "not found in its parent table", "broken row"}
    assert refused[refused.reason == "broken row"].raw.isna().all()
    someday = refused[refused.reason == "unreadable value"].raw.iloc[0]
    assert "someday" in someday and Key(SECRET.encode()).pseudonym(BERT) in someday


def test_the_mapping_leads_back_and_is_for_its_owner_alone(loaded):
    file = loaded / "safe/mapping.parquet"
    back = pd.read_parquet(file).set_index("pseudonym").identifier
    assert {ANNA, BERT, DOCTOR, CARD, "PSN42089999"} <= set(back) and back.index.is_unique
    assert all(Key(SECRET.encode()).pseudonym(known) == pseudonym for pseudonym, known in back.items())
    assert not file.stat().st_mode & 0o077


def test_another_key_or_none_is_refused_and_the_same_changes_nothing(loaded, tmp_path):
    store = Store(loaded / "store")
    for key in (None, Key(b"another key of thirty-two letters")):
        with pytest.raises(StoreError, match="were loaded with another pseudonym key"):
            store.ingest(loaded / "in", key=key)
    again = store.ingest(loaded / "in", key=Key(SECRET.encode()), today=date(2024, 6, 1))
    assert again.tables["mdtrt_d"]["kept"] == 0 and again.tables["mdtrt_d"]["identical"] == 1


def test_verdicts_name_pseudonyms_and_are_not_replaced_again(loaded, tmp_path):
    form = Filled(tmp_path / "suspects.xlsx", "en", "2024-06-01")
    anna = Key(SECRET.encode()).pseudonym(ANNA)
    form.write("patient", 2, verdict="confirmed", verified=5, subject_id=anna)
    store = Store(loaded / "store")
    assert import_verdicts(form.saved(), store, date(2024, 6, 2)) == (1, 0)
    cases = table(store, "insp_case_d")
    assert cases[cases.case_id == f"2024-06-01/patient/{anna}"].subject_id.tolist() == [anna]


def test_columns_that_name_persons_are_columns_of_the_contract():
    known = {column for one in TABLES.values() for column in one.columns}
    assert known >= PERSONAL


# The key


@pytest.fixture
def key_file(tmp_path, monkeypatch) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    return file


def test_the_environment_goes_before_the_file_and_neither_is_no_key(key_file, monkeypatch):
    assert read_key(None) is None and read_key(key_file) == Key(SECRET.encode())
    monkeypatch.setenv(VARIABLE, SECRET[::-1])
    assert read_key(key_file) == Key(SECRET[::-1].encode()) and SECRET not in repr(read_key(key_file))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(key_file, mode):
    key_file.chmod(mode)
    with pytest.raises(StoreError, match=f"^{key_file} can be read by others than its owner: chmod 600 it$"):
        read_key(key_file)


def test_a_missing_or_short_key_is_one_line(key_file, tmp_path):
    with pytest.raises(StoreError, match="cannot be read$"):
        read_key(tmp_path / "nowhere")
    key_file.write_text("x" * 31)
    with pytest.raises(StoreError, match="fewer than 32 characters$"):
        read_key(key_file)
    key_file.write_text("x" * 32)
    assert read_key(key_file) is not None


def test_the_step_takes_the_key_from_the_settings(key_file, tmp_path):
    key_file.chmod(0o644)
    with pytest.raises(StoreError, match="can be read by others"):
        ingest(Store(tmp_path / "store"), tmp_path, Settings(pseudonym_key_file=key_file), date(2024, 6, 1))
